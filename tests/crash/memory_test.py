#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Loads a server whose data is many times its maxmemory with keys of mixed sizes and types, from
several connections, and checks all the while that its anonymous memory stays within maxmemory and a
quarter.

usage: memory_test.py SERVER [--seconds N] [--maxmemory MB] [--seed N]
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from resp_client import Client, Server  # noqa: E402

CONNECTIONS = 8
NOISE = os.urandom(2 << 20)


def size_of_value(rng):
    """Mostly small, some of kilobytes, few of hundreds of them."""
    dice = rng.random()
    if dice < 0.6:
        return rng.randrange(10, 500)
    if dice < 0.95:
        return rng.randrange(500, 20_000)
    return rng.randrange(20_000, 600_000)


def command(rng):
    size = size_of_value(rng)
    start = rng.randrange(len(NOISE) - size)
    value = NOISE[start:start + size]
    number = rng.randrange(200_000)
    kind = rng.randrange(10)
    if kind < 4:
        return "SET", "s:%d" % number, value
    if kind < 7:
        return "GET", "s:%d" % number
    if kind == 7:
        return "RPUSH", "l:%d" % (number % 500), value[:5000]
    if kind == 8:
        return "ZADD", "z:%d" % (number % 500), number, value[:300]
    return "SETRANGE", "r:%d" % (number % 50), rng.randrange(1_000_000), value[:1000]


class Loader(threading.Thread):
    def __init__(self, port, seed, until):
        super().__init__(daemon=True)
        self.port, self.rng, self.until = port, random.Random(seed), until
        self.sent = 0
        self.bytes = 0
        self.failure = None

    def run(self):
        try:
            client = Client(self.port, timeout=60)
            while time.monotonic() < self.until:
                batch = [command(self.rng) for _ in range(self.rng.choice((1, 5, 20)))]
                data = b"".join(Client.encode(*words) for words in batch)
                client.socket.sendall(data)
                for _ in batch:
                    client.read()
                self.sent += len(batch)
                self.bytes += len(data)
            client.close()
        except Exception as error:  # noqa: BLE001: told by the main thread
            self.failure = repr(error)


def anonymous_bytes(pid):
    with open("/proc/%d/status" % pid) as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("no RssAnon")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--maxmemory", type=int, default=64, help="MB")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    print("memory: seed %d" % arguments.seed)
    directory = tempfile.mkdtemp(prefix="tiercel-memory-")
    server = Server(arguments.server, directory, "--maxmemory", "%dmb" % arguments.maxmemory).start()
    limit = arguments.maxmemory * 1024 * 1024 * 5 // 4
    until = time.monotonic() + arguments.seconds
    loaders = [Loader(server.port, arguments.seed + i, until) for i in range(CONNECTIONS)]
    for loader in loaders:
        loader.start()
    peak = 0
    while any(loader.is_alive() for loader in loaders):
        peak = max(peak, anonymous_bytes(server.process.pid))
        time.sleep(0.02)
    problems = [loader.failure for loader in loaders if loader.failure]
    written = sum(loader.bytes for loader in loaders)
    if peak > limit:
        problems.append("anonymous memory reached %.1f MB" % (peak / 2**20))
    if written < 2 * arguments.maxmemory * 2**20 and arguments.seconds >= 20:
        problems.append("only %d MB were written: not enough to prove anything" % (written >> 20))
    code = server.stop()
    if code != 0:
        problems.append("the server ended with %d" % code)
    shutil.rmtree(directory)
    print("memory: %d commands, %d MB sent, anonymous memory at most %.1f MB of %.1f MB allowed" %
          (sum(loader.sent for loader in loaders), written >> 20, peak / 2**20, limit / 2**20))
    for problem in problems:
        print("  " + problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
