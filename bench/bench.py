#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Side by side with redis-server: throughput, CPU per operation, memory, cold reads, restart.

usage: bench.py BUILD_DIR [--sections hot,always,types,small,scripts,memory,cold,pubsub,import] [--import-keys N] [--quick] [--rounds N]
                [--only ROW]

Rounds of both servers are interleaved and medians taken, since machines are noisy; what is compared
is the CPU that the kernel charged to each server's threads, not the rate, which depends on the load
generator's core too. A column «target» says whether the issue's ratio is met.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests"))
sys.path.insert(0, HERE)
import bench_types  # noqa: E402
import import_bench  # noqa: E402
from memory_limit import MemoryLimit  # noqa: E402
from processes import cpu_seconds, memory_bytes  # noqa: E402
from resp_client import Client, Server  # noqa: E402

KEYS = 1_000_000
VALUE = 128

# name, command, keys touched per command
HOT = [("GET", ["GET", "KEY"]), ("SET", ["SET", "KEY", "VALUE"]), ("INCR", ["INCR", "KEY"]),
       ("MSET", ["MSET"] + ["KEY", "VALUE"] * 10)]
# Scripts, called by digest: name, source, arguments of EVALSHA after the digest, keys are counters.
SCRIPTS = [
    ("one GET", "return redis.call('GET', KEYS[1])", ["1", "KEY"]),
    ("rate limiter", """
        local used = tonumber(redis.call('GET', KEYS[1]) or '0')
        if used >= tonumber(ARGV[1]) then return 0 end
        if redis.call('INCR', KEYS[1]) == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
        return 1""", ["1", "KEY", "1000000", "3600"]),
    ("1,000 calls", "for i = 1, 1000 do redis.call('GET', KEYS[1]) end", ["1", "KEY"]),
    ("cjson round trip", """
        local t = cjson.decode(ARGV[1])
        t.seen = (t.seen or 0) + 1
        return cjson.encode(t)""",
     ["0", '{"id":12345,"name":"somebody","tags":["a","b","c"],"score":3.25,"nested":{"x":1,"y":[1,2,3]}}']),
    ("cmsgpack round trip", """
        local t = {id = 12345, name = ARGV[1], tags = {'a', 'b', 'c'}, score = 3.25}
        return cmsgpack.unpack(cmsgpack.pack(t)).name""", ["0", "somebody"]),
]
# loop thread / whole process, as ratios to Redis
TARGETS = {"GET": (1.0, 1.1), "SET": (1.0, 2.0)}

# subscribers, messages, payload bytes, PUBLISHes sent at once
PUBSUB = [(1, 100_000, 100, 1), (1, 400_000, 100, 16), (50, 10_000, 100, 1), (50, 40_000, 100, 16),
          (1000, 1_000, 100, 1), (1000, 2_000, 100, 16), (1000, 300, 10_000, 16)]


class Bench:
    def __init__(self, build, rounds, quick, only=None):
        self.load_binary = os.path.join(build, "bin", "tiercel-load")
        self.pubsub_binary = os.path.join(build, "bin", "tiercel-pubsub-load")
        self.tiercel_binary = os.path.join(build, "bin", "tiercel-server")
        self.rounds, self.quick, self.only = rounds, quick, only
        self.work = tempfile.mkdtemp(prefix="tiercel-bench-", dir=os.environ.get("BENCH_DIR"))
        self.servers = []

    # ---- servers and loads

    def redis(self, *options):
        return self.start("redis-server", "redis", "--save", "", "--appendonly", "yes",
                          "--auto-aof-rewrite-percentage", "0", *options)

    def tiercel(self, *options, name="tiercel"):
        return self.start(self.tiercel_binary, name, *options)

    def start(self, binary, name, *options):
        server = Server(binary, os.path.join(self.work, name), *options)
        self.servers.append(server)
        return server.start(timeout=600)

    def stop(self, server):
        server.stop(timeout=600)
        self.servers.remove(server)

    def clean(self):
        for server in self.servers:
            if server.process and server.process.poll() is None:
                server.kill()
        shutil.rmtree(self.work, ignore_errors=True)

    def load(self, server, command, **options):
        words = [self.load_binary, "--port", str(server.port)]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        return json.loads(subprocess.run(words + command, check=True, stdout=subprocess.PIPE).stdout)

    @staticmethod
    def wait_idle(server, limit=120.0):
        """Waits until the server's background work is done: less than 3 % of a core in each of three
        seconds, since compactions and collections of garbage come one after another."""
        end = time.monotonic() + limit
        quiet = 0
        _, before = cpu_seconds(server.process.pid)
        while quiet < 3 and time.monotonic() < end:
            time.sleep(1)
            _, now = cpu_seconds(server.process.pid)
            quiet = quiet + 1 if now - before < 0.03 else 0
            before = now

    def measured(self, server, command, settle=False, **options):
        """One load with the CPU it cost; with `settle` the background work that it leaves behind is
        waited for, and charged to it too; what an earlier load has left is waited for before."""
        if settle:
            self.wait_idle(server)
        main0, all0 = cpu_seconds(server.process.pid)
        result = self.load(server, command, **options)
        main1, _ = cpu_seconds(server.process.pid)
        if settle:
            self.wait_idle(server)
        _, all1 = cpu_seconds(server.process.pid)
        result["loop_us"] = (main1 - main0) / result["ops"] * 1e6
        result["process_us"] = (all1 - all0) / result["ops"] * 1e6
        return result

    def fill(self, server, keys=KEYS, value=VALUE):
        self.load(server, ["SET", "KEY", "VALUE"], keys=keys, requests=keys, value_bytes=value,
                  dist="sequential", clients=8, pipeline=100)

    # ---- sections

    def compare(self, title, policy, pipelines):
        print("\n### %s: %s keys of %d B, 50 clients, appendfsync %s, median of %d rounds\n" %
              (title, "{:,}".format(KEYS), VALUE, policy, self.rounds))
        self.print_head()
        redis = self.redis("--appendfsync", policy)
        tiercel = self.tiercel("--appendfsync", policy)
        for name, command in HOT:
            for server in (redis, tiercel):
                client = Client(server.port, timeout=300)
                client.call("FLUSHALL")
                client.close()
                if name != "INCR":
                    self.fill(server)
                self.wait_idle(server)
            for pipeline in pipelines:
                self.compare_one(name, command, pipeline, policy, redis, tiercel)
        self.stop(redis)
        self.stop(tiercel)

    def compare_one(self, name, command, pipeline, policy, redis, tiercel):
        requests = {1: 200_000, 16: 1_000_000, 100: 2_000_000}[pipeline]
        if name == "MSET":
            requests //= 8
        if policy == "always":
            requests //= 10
        if self.quick:
            requests //= 5
        targets = TARGETS.get(name) if policy == "everysec" else None
        self.compare_row("%s -P %d" % (name, pipeline), command, redis, tiercel, targets,
                         settle=name != "GET", keys=KEYS, requests=requests, pipeline=pipeline,
                         value_bytes=VALUE)

    @staticmethod
    def print_head():
        print("| workload | Redis ops/s | Tiercel ops/s | ratio | loop µs/op Redis | Tiercel | ratio |"
              " process µs/op Redis | Tiercel | ratio | target |")
        print("|---|---|---|---|---|---|---|---|---|---|---|")

    def compare_row(self, title, command, redis, tiercel, targets, prepare=None, **load):
        """One row of a table: medians of rounds by turns. `prepare(server)` runs before each;
        `targets`: the ratios allowed of the loop's thread and of the process, or None."""
        results = {redis: [], tiercel: []}
        for turn in range(self.rounds):
            for server in (redis, tiercel):
                if prepare:
                    prepare(server)
                results[server].append(self.measured(server, command, seed=turn + 1, **load))
        row = {server: {key: statistics.median(r[key] for r in rs)
                        for key in ("rate", "loop_us", "process_us")}
               for server, rs in results.items()}
        a, b = row[redis], row[tiercel]
        loop, process = b["loop_us"] / a["loop_us"], b["process_us"] / a["process_us"]
        verdict = ""
        if targets:
            verdict = "met" if loop <= targets[0] and process <= targets[1] else "MISSED"
        print("| %s | %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %s |" %
              (title, "{:,.0f}".format(a["rate"]), "{:,.0f}".format(b["rate"]),
               b["rate"] / a["rate"], a["loop_us"], b["loop_us"], loop,
               a["process_us"], b["process_us"], process, verdict), flush=True)

    def scripts(self):
        print("\n### Scripts: EVALSHA, 50 clients, pipeline 16, appendfsync everysec, median of %d rounds\n" %
              self.rounds)
        print("| script | Redis calls/s | Tiercel calls/s | ratio | loop µs/call Redis | Tiercel | ratio |"
              " target |")
        print("|---|---|---|---|---|---|---|---|")
        redis, tiercel = self.redis(), self.tiercel()
        for name, source, words in SCRIPTS:
            commands = {}
            for server in (redis, tiercel):
                client = Client(server.port, timeout=300)
                client.call("FLUSHALL")
                digest = client.call("SCRIPT", "LOAD", source).decode()
                client.close()
                self.load(server, ["SET", "KEY", "1"], keys=10_000, requests=10_000,
                          dist="sequential", clients=8, pipeline=100)
                commands[server] = ["EVALSHA", digest] + words
            requests = (2_000 if name.startswith("1,000") else 200_000) // (5 if self.quick else 1)
            results = {redis: [], tiercel: []}
            for turn in range(self.rounds):
                for server in (redis, tiercel):
                    results[server].append(self.measured(
                        server, commands[server], keys=10_000, requests=requests, pipeline=16,
                        seed=turn + 1))
            rate, loop = ([statistics.median(r[key] for r in results[s]) for s in (redis, tiercel)]
                          for key in ("rate", "loop_us"))
            print("| %s | %s | %s | %.2f | %.2f | %.2f | %.2f | %s |" %
                  (name, "{:,.0f}".format(rate[0]), "{:,.0f}".format(rate[1]), rate[1] / rate[0],
                   loop[0], loop[1], loop[1] / loop[0], "met" if loop[1] < loop[0] else "MISSED"),
                  flush=True)
        self.stop(redis)
        self.stop(tiercel)

    def memory(self):
        print("\n### RAM per key, %s keys\n" % "{:,}".format(KEYS))
        print("| value | Redis B/key | Tiercel hot tier B/key | ratio | target |")
        print("|---|---|---|---|---|")
        for value in (8, 32, 128, 512):
            figures = []
            for server in (self.redis("--appendonly", "no"), self.tiercel(name="tiercel-mem%d" % value)):
                client = Client(server.port, timeout=300)
                empty = self.used_by_keys(client)
                self.fill(server, value=value)
                figures.append((self.used_by_keys(client) - empty) / KEYS)
                client.close()
                self.stop(server)
            print("| %d B | %.0f | %.0f | %.2f | %s |" %
                  (value, figures[0], figures[1], figures[1] / figures[0],
                   "met" if figures[1] < figures[0] else "MISSED"), flush=True)

    @staticmethod
    def info(client, section="everything"):
        pairs = {}
        for line in client.call("INFO", section).decode().splitlines():
            if ":" in line:
                name, value = line.split(":", 1)
                pairs[name] = value
        return pairs

    def used_by_keys(self, client):
        info = self.info(client)
        return int(info.get("store_hot_bytes", info["used_memory"]))

    def cold(self):
        keys, value, limit = 10_000_000, 400, 1 << 30
        if self.quick:
            keys, limit = keys // 10, limit // 8
        maxmemory = limit * 4 // 10
        print("\n### Data 10 × maxmemory: %s keys of %d B, maxmemory %d MB, memory limit %d MB\n" %
              ("{:,}".format(keys), value, maxmemory >> 20, limit >> 20))
        options = ("--maxmemory", str(maxmemory))
        tiercel = self.tiercel(*options, name="cold")
        begin = time.monotonic()
        self.fill(tiercel, keys, value)
        print("filled in %.0f s; %s" % (time.monotonic() - begin, self.memory_line(tiercel, maxmemory)))
        self.stop(tiercel)
        with MemoryLimit(limit) as cgroup:
            print("memory cgroup: %s" % ("yes" if cgroup.active else "none here: the page cache helps"))
            begin = time.monotonic()
            tiercel = self.tiercel(*options, name="cold")
            print("start to first reply after a clean stop: %.2f s" % (time.monotonic() - begin))
            cgroup.add(tiercel.process.pid)
            print("\n| GET, 50 clients | ops/s | p50 µs | p99 µs | hit ratio | LRU's | anon RSS MB | target |")
            print("|---|---|---|---|---|---|---|---|")
            for dist, want in (("uniform", 20_000), ("zipf", 40_000)):
                self.cold_one(tiercel, dist, keys, want)
            print("\n" + self.memory_line(tiercel, maxmemory))
            self.load(tiercel, ["SET", "KEY", "VALUE"], keys=keys, value_bytes=value, requests=200_000)
            tiercel.process.send_signal(signal.SIGKILL)
            tiercel.process.wait()
            begin = time.monotonic()
            tiercel.start(timeout=600)
            taken = time.monotonic() - begin
            print("start to first reply after SIGKILL under writes: %.2f s (target 1 s: %s)" %
                  (taken, "met" if taken < 1 else "MISSED"))
            self.stop(tiercel)

    def cold_one(self, server, dist, keys, want):
        requests = keys // 10
        options = {"keys": keys, "dist": dist, "requests": requests}
        self.load(server, ["GET", "KEY"], seed=5, **options)  # Warms the tiers.
        client = Client(server.port)
        before = self.info(client)
        result = self.load(server, ["GET", "KEY"], seed=6, **options)
        after = self.info(client)
        client.close()
        hits = int(after["store_hot_hits"]) - int(before["store_hot_hits"])
        misses = int(after["store_hot_misses"]) - int(before["store_hot_misses"])
        lru = json.loads(subprocess.run(
            [self.load_binary, "--keys", str(keys), "--dist", dist, "--requests", str(requests * 2),
             "--simulate-lru", after["store_hot_entries"], "GET"],
            check=True, stdout=subprocess.PIPE).stdout)["lru_hit_ratio"]
        _, anon = memory_bytes(server.process.pid)
        ok = result["rate"] >= want and result["p99_us"] < 5000
        print("| %s | %s | %.0f | %.0f | %.3f | %.3f | %d | %s |" %
              (dist, "{:,.0f}".format(result["rate"]), result["p50_us"], result["p99_us"],
               hits / max(hits + misses, 1), lru, anon >> 20, "met" if ok else "MISSED"), flush=True)

    def pubsub(self):
        print("\n### Pub/Sub: one publisher, one channel, median of %d rounds\n" % self.rounds)
        print("| subscribers | payload | PUBLISHes at once | Redis messages/s | Tiercel | ratio |"
              " process µs/message Redis | Tiercel | ratio | target |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        redis = self.redis("--appendonly", "no")
        tiercel = self.tiercel(name="tiercel-pubsub")
        for subscribers, messages, payload, at_once in PUBSUB:
            if self.quick:
                messages //= 5
            results = {redis: [], tiercel: []}
            for _ in range(self.rounds):
                for server, measured in results.items():
                    measured.append(self.pubsub_one(server, subscribers, messages, payload, at_once))
            a, b = ({key: statistics.median(r[key] for r in results[server])
                     for key in ("rate", "process_us")} for server in (redis, tiercel))
            cpu = b["process_us"] / a["process_us"]
            print("| %d | %d B | %d | %s | %s | %.2f | %.2f | %.2f | %.2f | %s |" %
                  (subscribers, payload, at_once, "{:,.0f}".format(a["rate"]),
                   "{:,.0f}".format(b["rate"]), b["rate"] / a["rate"], a["process_us"],
                   b["process_us"], cpu, "met" if cpu <= 1 else "MISSED"), flush=True)
        self.stop(redis)
        self.stop(tiercel)

    def pubsub_one(self, server, *numbers):
        words = [self.pubsub_binary, str(server.port)] + [str(number) for number in numbers]
        _, before = cpu_seconds(server.process.pid)
        result = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
        _, after = cpu_seconds(server.process.pid)
        result["process_us"] = (after - before) / result["ops"] * 1e6
        return result

    @staticmethod
    def memory_line(server, maxmemory):
        _, anon = memory_bytes(server.process.pid)
        return "anonymous RSS %d MB = %.2f × maxmemory (target at most 1.25)" % (
            anon >> 20, anon / maxmemory)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--sections", default="hot,always,types,small,scripts,memory,cold,pubsub,import")
    parser.add_argument("--import-keys", type=int, default=KEYS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", help="of the section types, only rows whose name begins so")
    arguments = parser.parse_args()
    bench = Bench(arguments.build, arguments.rounds, arguments.quick, arguments.only)
    sections = {"hot": lambda: bench.compare("Hot", "everysec", (1, 16, 100)),
                "always": lambda: bench.compare("Hot, synced", "always", (1, 16, 100)),
                "types": lambda: bench_types.run(bench),
                "small": lambda: bench_types.small_collections(bench),
                "scripts": bench.scripts, "memory": bench.memory, "cold": bench.cold,
                "pubsub": bench.pubsub,
                "import": lambda: import_bench.run(bench, Client, arguments.import_keys)}
    try:
        for name in arguments.sections.split(","):
            sections[name]()
    finally:
        bench.clean()
    return 0


if __name__ == "__main__":
    sys.exit(main())
