#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Client-side caching with a RESP3 client of our own. usage: tracking_test.py PORT [--bench]

A reader keeps what it has read until it is told that it changed; a writer writes, and when its
write is answered, asks the reader's cache. It must never have the old value, once the reader has
taken in what lies in its socket at that moment. --bench: the delay from the write's sending to the
invalidation's arrival, and to the write's reply."""

import random
import select
import socket
import sys
import time

PORT = int(sys.argv[1])


class Resp3:
    """Sends commands, reads replies; pushes go to on_push, in their order with the replies."""

    def __init__(self, on_push=None):
        self.socket = socket.create_connection(("127.0.0.1", PORT), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.on_push = on_push
        self.call("HELLO", "3")

    def send(self, *words):
        out = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            out.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(out))

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def value(self):
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind in b"+,(":
            return rest.decode()
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"#":
            return rest == b"t"
        if kind == b"_":
            return None
        if kind in b"$=":
            size = int(rest)
            while len(self.buffer) < size + 2:
                self.fill()
            data, self.buffer = self.buffer[:size], self.buffer[size + 2:]
            return data.decode()
        if kind in b"*~":
            return [self.value() for _ in range(int(rest))]
        if kind == b"%":
            return {self.value(): self.value() for _ in range(int(rest))}
        if kind == b">":
            self.on_push([self.value() for _ in range(int(rest))])
            return self.push_seen
        raise RuntimeError("not RESP: %r" % line)

    push_seen = object()

    def read(self):
        while True:
            value = self.value()
            if value is not self.push_seen:
                return value

    def call(self, *words):
        self.send(*words)
        return self.read()

    def take_pushes(self):
        """What lies in the socket now, without waiting."""
        while self.buffer or select.select([self.socket], [], [], 0)[0]:
            if self.value() is not self.push_seen:
                raise RuntimeError("a reply nobody asked for")


class CachingReader:
    def __init__(self, *options):
        self.cache = {}
        self.connection = Resp3(self.on_push)
        assert self.connection.call("CLIENT", "TRACKING", "ON", *options) == "OK"
        self.reads = self.hits = self.told = 0

    def on_push(self, push):
        assert push[0] == "invalidate", push
        self.told += 1
        if push[1] is None:
            self.cache.clear()
        else:
            for key in push[1]:
                self.cache.pop(key, None)

    def get(self, key):
        self.reads += 1
        self.connection.take_pushes()
        if key in self.cache:
            self.hits += 1
            return self.cache[key]
        # The reply may be followed by its invalidation at once: only then is it dropped again.
        value = self.connection.call("GET", key)
        self.cache[key] = value
        return value


def check_no_stale_reads(rounds):
    writer = Resp3(lambda push: None)
    writer.call("FLUSHALL")
    readers = [CachingReader(), CachingReader("BCAST"), CachingReader("BCAST", "PREFIX", "k:1"),
               CachingReader("NOLOOP")]
    # The third hears of a part of the keys only, and may cache only those.
    model = {}
    chooser = random.Random(7)
    for _ in range(rounds):
        key = "k:%d" % chooser.randrange(20)
        action = chooser.randrange(12)
        if action < 4:
            model[key] = str(chooser.randrange(10 ** 9))
            writer.call("SET", key, model[key])
        elif action == 4:
            writer.call("DEL", key)
            model.pop(key, None)
        elif action == 5:
            writer.call("APPEND", key, "x")
            model[key] = model.get(key, "") + "x"
        elif action == 6:
            other = "k:%d" % chooser.randrange(20)
            writer.send("MULTI")
            writer.send("SET", key, "m1")
            writer.send("SET", other, "m2")
            writer.send("EXEC")
            for _ in range(4):
                writer.read()
            model[key] = "m1"
            model[other] = "m2"
        elif action == 7 and chooser.randrange(40) == 0:
            writer.call("FLUSHALL")
            model.clear()
        for reader in readers:
            asked = "k:%d" % chooser.randrange(20)
            if reader is readers[2] and not asked.startswith("k:1"):
                continue
            got = reader.get(asked)
            assert got == model.get(asked), (asked, got, model.get(asked))
    for reader in readers:
        assert reader.hits > 0 and reader.told > 0
    hits = sum(reader.hits for reader in readers)
    print("no stale read in %d reads, %d of them from the cache"
          % (sum(reader.reads for reader in readers), hits))


def percentile(values, part):
    return sorted(values)[int(len(values) * part)]


def bench(rounds):
    for options in ([], ["BCAST"]):
        reader = CachingReader(*options)
        writer = Resp3(lambda push: None)
        to_push, to_reply = [], []
        for i in range(rounds):
            reader.connection.call("GET", "bench")
            started = time.perf_counter()
            writer.send("SET", "bench", str(i))
            assert reader.connection.value() is reader.connection.push_seen
            to_push.append(time.perf_counter() - started)
            writer.read()
            to_reply.append(time.perf_counter() - started)
        print("%-7s invalidation after %.0f us at the median, %.0f us at 99%%; both received after"
              " %.0f us at the median" % (options[0] if options else "default",
                                          percentile(to_push, .5) * 1e6,
                                          percentile(to_push, .99) * 1e6,
                                          percentile(to_reply, .5) * 1e6))


if "--bench" in sys.argv:
    bench(5000)
else:
    check_no_stale_reads(4000)
