#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Collections that are much larger than the memory the server may use: all types in one server,
filled, read at points, in deep ranges and as a whole, changed, killed, deleted; while its anonymous
memory stays within maxmemory and a quarter.

usage: large_test.py SERVER [--elements N] [--maxmemory-mb N] [--del-ms MS]

The issue's size is 5,000,000 elements with 64 MB; the default is one that CI has time for.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from resp_client import Client, ReplyError, Server  # noqa: E402

BATCH = 500  # Elements in one command.
PIPELINE = 8  # Commands under way.
STEP = 7919  # A prime: elements come in an order that is none.


class MemoryWatch(threading.Thread):
    """Looks at the server's anonymous memory all the time."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak_kb, self.ended = pid, 0, False

    def run(self):
        while not self.ended:
            try:
                with open("/proc/%d/status" % self.pid) as status:
                    for line in status:
                        if line.startswith("RssAnon:"):
                            self.peak_kb = max(self.peak_kb, int(line.split()[1]))
            except OSError:
                return
            time.sleep(0.05)


class Failed(Exception):
    pass


def check(what, wanted, got):
    if wanted != got:
        raise Failed("%s: wanted %r, got %r" % (what, wanted, got))


class Kind:
    """A type: how its element number i is written and read back, 0 <= i < count."""

    def __init__(self, name, key, count):
        self.name, self.key, self.count = name, key, count


class Hash(Kind):
    needs, size, whole = "hset", "HLEN", ("HGETALL",)

    def field(self, i):
        return b"field:%08d" % i

    def fill(self, numbers):
        return ["HSET", self.key] + [w for i in numbers for w in (self.field(i), b"value:%d" % i)]

    def point(self, client, i):
        check("HGET", b"value:%d" % i, client.call("HGET", self.key, self.field(i)))

    def deep(self, client, i, rows):
        names = [self.field(j) for j in range(i, i + rows)]
        check("HMGET", [b"value:%d" % j for j in range(i, i + rows)],
              client.call("HMGET", self.key, *names))

    def change(self, client):
        check("HSET", 0, client.call("HSET", self.key, self.field(7), b"value:7"))
        check("HSET", 1, client.call("HSET", self.key, b"new", b"1"))
        check("HDEL", 1, client.call("HDEL", self.key, b"new"))

    def read_whole(self, words):
        seen = 0
        for _ in range(self.count):
            field, value = next(words), next(words)
            check("HGETALL", field, b"field:%08d" % int(value[6:]))
            seen += int(value[6:])
        return seen


class SortedSet(Kind):
    needs, size, whole = "zadd", "ZCARD", ("ZRANGE", "0", "-1")

    def fill(self, numbers):
        return ["ZADD", self.key] + [w for i in numbers for w in (b"%d" % i, b"member:%08d" % i)]

    def point(self, client, i):
        check("ZSCORE", b"%d" % i, client.call("ZSCORE", self.key, b"member:%08d" % i))
        check("ZRANK", i, client.call("ZRANK", self.key, b"member:%08d" % i))

    def deep(self, client, i, rows):
        wanted = [b"member:%08d" % j for j in range(i, i + rows)]
        check("ZRANGE", wanted, client.call("ZRANGE", self.key, i, i + rows - 1))
        check("ZRANGEBYSCORE", wanted, client.call("ZRANGEBYSCORE", self.key, i, i + rows - 1))
        check("ZCOUNT", rows, client.call("ZCOUNT", self.key, i, i + rows - 1))
        check("ZREVRANGE", wanted[::-1], client.call(
            "ZREVRANGE", self.key, self.count - i - rows, self.count - i - 1))

    def change(self, client):
        check("ZADD", 1, client.call("ZADD", self.key, "-1", "new"))
        check("ZRANK", 0, client.call("ZRANK", self.key, "new"))
        check("ZREM", 1, client.call("ZREM", self.key, "new"))

    def read_whole(self, words):
        for i in range(self.count):
            check("ZRANGE", b"member:%08d" % i, next(words))
        return self.count * (self.count - 1) // 2


class List(Kind):
    needs, size, whole = "rpush", "LLEN", ("LRANGE", "0", "-1")
    ordered = True

    def fill(self, numbers):
        return ["RPUSH", self.key] + [b"element:%08d" % i for i in numbers]

    def point(self, client, i):
        check("LINDEX", b"element:%08d" % i, client.call("LINDEX", self.key, i))

    def deep(self, client, i, rows):
        check("LRANGE", [b"element:%08d" % j for j in range(i, i + rows)],
              client.call("LRANGE", self.key, i, i + rows - 1))

    def change(self, client):
        check("LPUSH", self.count + 1, client.call("LPUSH", self.key, "new"))
        check("LPOP", b"new", client.call("LPOP", self.key))
        check("RPOP", b"element:%08d" % (self.count - 1), client.call("RPOP", self.key))
        check("RPUSH", self.count,
              client.call("RPUSH", self.key, b"element:%08d" % (self.count - 1)))

    def read_whole(self, words):
        for i in range(self.count):
            check("LRANGE", b"element:%08d" % i, next(words))
        return self.count * (self.count - 1) // 2


class Set(Kind):
    needs, size, whole = "sadd", "SCARD", ("SMEMBERS",)

    def fill(self, numbers):
        return ["SADD", self.key] + [b"member:%08d" % i for i in numbers]

    def point(self, client, i):
        check("SISMEMBER", 1, client.call("SISMEMBER", self.key, b"member:%08d" % i))
        check("SISMEMBER", 0, client.call("SISMEMBER", self.key, b"nobody:%08d" % i))

    def deep(self, client, i, rows):
        check("SMISMEMBER", [1] * rows, client.call(
            "SMISMEMBER", self.key, *[b"member:%08d" % j for j in range(i, i + rows)]))

    def change(self, client):
        popped = client.call("SPOP", self.key)
        check("SCARD", self.count - 1, client.call("SCARD", self.key))
        check("SADD", 1, client.call("SADD", self.key, popped))

    def read_whole(self, words):
        return sum(int(next(words)[7:]) for _ in range(self.count))


class Stream(Kind):
    needs, size, whole = "xadd", "XLEN", ("XRANGE", "-", "+")
    ordered = True

    def fill_many(self, numbers):
        return [["XADD", self.key, "%d-0" % (i + 1), "f", b"value:%d" % i] for i in numbers]

    def entry(self, i):
        return [b"%d-0" % (i + 1), [b"f", b"value:%d" % i]]

    def point(self, client, i):
        name = "%d-0" % (i + 1)
        check("XRANGE", [self.entry(i)], client.call("XRANGE", self.key, name, name))

    def deep(self, client, i, rows):
        check("XRANGE", [self.entry(j) for j in range(i, i + rows)],
              client.call("XRANGE", self.key, i + 1, "+", "COUNT", rows))

    def read_whole(self, words):
        for i in range(self.count):
            check("XRANGE", b"%d-0" % (i + 1), next(words))
            check("XRANGE", (b"f", b"value:%d" % i), (next(words), next(words)))
        return self.count * (self.count - 1) // 2

    def change(self, client):
        self.added = getattr(self, "added", 0) + 1  # No ID comes twice, though the entry is gone.
        name = "%d-0" % (self.count + self.added)
        check("XADD", name.encode(), client.call("XADD", self.key, name, "f", "v"))
        check("XDEL", 1, client.call("XDEL", self.key, name))


def fill(client, kind):
    count = kind.count
    ordered = getattr(kind, "ordered", False)
    under_way = 0
    for begin in range(0, count, BATCH):
        numbers = range(begin, min(begin + BATCH, count))
        if not ordered:
            numbers = [i * STEP % count for i in numbers]
        commands = kind.fill_many(numbers) if hasattr(kind, "fill_many") else [kind.fill(numbers)]
        client.socket.sendall(b"".join(Client.encode(*words) for words in commands))
        under_way += len(commands)
        while under_way > PIPELINE * len(commands):
            client.read()
            under_way -= 1
    for _ in range(under_way):
        client.read()


def bulks(client):
    """The elements of an array reply, and of the arrays within it, one by one."""
    header = client.file.readline()
    if not header.startswith(b"*"):
        raise Failed("not an array: %r" % header)
    left = int(header[1:])
    while left > 0:
        left -= 1
        header = client.file.readline()
        if header.startswith(b"*"):
            left += int(header[1:])
        elif header.startswith(b"$"):
            yield client.file.read(int(header[1:]) + 2)[:-2]
        else:
            raise Failed("in an array: %r" % header)


def read_everything(client, kind):
    client.send(kind.whole[0], kind.key, *kind.whole[1:])
    words = bulks(client)
    check("sum of " + kind.whole[0], kind.count * (kind.count - 1) // 2, kind.read_whole(words))
    if next(words, None) is not None:
        raise Failed(kind.whole[0] + " has more elements than the key")


def hold_back_nothing(server, kinds):
    """While a client does not read its long reply, others write the same keys."""
    slow = [Client(server.port, timeout=600) for _ in kinds]
    for client, kind in zip(slow, kinds):
        client.send(kind.whole[0], kind.key, *kind.whole[1:])
    others = Client(server.port, timeout=600)
    for kind in kinds:
        for _ in range(20):
            kind.change(others)
    # What they get when they do read is what the keys were then.
    for client, kind in zip(slow[:2], kinds):
        check("sum of a slow reply", kind.count * (kind.count - 1) // 2,
              kind.read_whole(bulks(client)))
    for client in slow:
        client.close()


def read_all(client, kinds, chance):
    for kind in kinds:
        check(kind.size, kind.count, client.call(kind.size, kind.key))
        for _ in range(100):
            kind.point(client, chance.randrange(kind.count))
        for _ in range(20):
            kind.deep(client, chance.randrange(kind.count - 100), 100)


def store_info(client, name):
    for line in client.call("INFO", "store").splitlines():
        if line.startswith(name.encode() + b":"):
            return int(line.split(b":")[1])
    raise Failed("INFO has no " + name)


def delete_all(client, kinds, limit_ms):
    for kind in kinds:
        client.call("PING")
        begin = time.perf_counter()
        check("DEL", 1, client.call("DEL", kind.key))
        took_ms = (time.perf_counter() - begin) * 1000
        print("  DEL of a %s: %.3f ms" % (kind.name, took_ms))
        if took_ms > limit_ms:
            raise Failed("DEL of a %s took %.1f ms" % (kind.name, took_ms))


def what_is_stored(options, directory):
    """What tiercel-check counts in the store, by name. No server may have it open."""
    program = os.path.join(os.path.dirname(options.server), "tiercel-check")
    result = subprocess.run([program, directory], capture_output=True, text=True)
    if result.returncode != 0:
        raise Failed("tiercel-check:\n%s%s" % (result.stdout, result.stderr))
    lines = [line.rsplit(None, 1) for line in result.stdout.splitlines()]
    return {words[0].strip(): int(words[1]) for words in lines if len(words) == 2}


def collect_garbage(server, options, directory):
    """What is collected in the background goes on after a kill; in the end nothing is left."""
    server.restart()
    client = Client(server.port, timeout=600)
    check("DBSIZE", 0, client.call("DBSIZE"))
    begin = time.monotonic()
    at_rest = 0
    while at_rest < 20:  # It looks for garbage once a second.
        at_rest = at_rest + 1 if store_info(client, "store_garbage_pending") == 0 else 0
        if time.monotonic() - begin > 600:
            raise Failed("the garbage is not collected")
        time.sleep(0.1)
    # What is collected is not logged: without tables it would be collected again.
    noise = random.Random(options.seed)
    for i in range(2000):
        client.call("SET", "noise:%d" % i, noise.randbytes(8192))
    server.end_watch()
    server.stop()
    stored = what_is_stored(options, directory)
    check("garbage left", 0, stored["garbage to collect"])
    check("rows left", 0, stored["rows"])


def run(server, options, directory):
    chance = random.Random(options.seed)
    client = Client(server.port, timeout=600)
    count = options.elements
    kinds = [kind for kind in (
        Hash("hash", "h", count), SortedSet("sorted set", "z", count), List("list", "l", count),
        Stream("stream", "x", count), Set("set", "s", count))
        if client.call("COMMAND", "INFO", kind.needs)[0] is not None]

    def step(what, begin):
        print("  %s (%.1f s), %d MB of anonymous memory at most" % (
            what, time.monotonic() - begin, server.watch.peak_kb // 1024))
        sys.stdout.flush()

    for kind in kinds:
        begin = time.monotonic()
        fill(client, kind)
        step("filled a %s with %d elements" % (kind.name, count), begin)
    begin = time.monotonic()
    read_all(client, kinds, chance)
    step("read points and deep ranges", begin)
    for kind in kinds:
        begin = time.monotonic()
        read_everything(client, kind)
        step("read all of the %s" % kind.name, begin)
    for kind in kinds:
        kind.change(client)
    begin = time.monotonic()
    hold_back_nothing(server, kinds)
    step("wrote while others did not read", begin)

    begin = time.monotonic()
    server.restart()
    client = Client(server.port, timeout=600)
    read_all(client, kinds, chance)
    step("killed, started again and read", begin)
    for kind in kinds:
        kind.change(client)
    delete_all(client, kinds, options.del_ms)
    check("DBSIZE", 0, client.call("DBSIZE"))
    begin = time.monotonic()
    collect_garbage(server, options, directory)
    step("collected the rows", begin)


class WatchedServer(Server):
    watch = None
    peak_kb = 0

    def start(self, **how):
        super().start(**how)
        self.watch = MemoryWatch(self.process.pid)
        self.watch.peak_kb = self.peak_kb
        self.watch.start()
        return self

    def restart(self):
        self.end_watch()
        self.kill()
        self.start()

    def end_watch(self):
        self.watch.ended = True
        self.watch.join()
        self.peak_kb = self.watch.peak_kb


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--elements", type=int,
                        default=int(os.environ.get("LARGE_ELEMENTS", "200000")))
    parser.add_argument("--maxmemory-mb", type=int, default=None)
    parser.add_argument("--del-ms", type=float, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # As large in proportion as in the issue.
    megabytes = options.maxmemory_mb or 64
    directory = tempfile.mkdtemp(prefix="tiercel-large-")
    server = WatchedServer(options.server, directory, "--maxmemory", "%dmb" % megabytes)
    print("large: %d elements of each type, maxmemory %d MB" % (options.elements, megabytes))
    try:
        server.start()
        run(server, options, directory)
        bound_mb = megabytes * 1.25
        if server.peak_kb / 1024 > bound_mb:
            raise Failed("%d MB of anonymous memory, more than %d" % (server.peak_kb // 1024, bound_mb))
        print("large: passed; %d MB of anonymous memory at most" % (server.peak_kb // 1024))
        return 0
    except (Failed, ReplyError, OSError) as failure:
        print("large: FAILED: %s" % failure)
        return 1
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
