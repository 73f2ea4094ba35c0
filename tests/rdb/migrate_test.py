#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""MIGRATE: from Tiercel the replies and what becomes of the keys are those of redis-server, whatever
stands at the other end, and nobody else waits for a large one.

usage: migrate_test.py BUILD_DIR [--port P]   (two ports, P and P + 1)
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

from exchange_test import Client, Server, check, contents, fill, same


def script(source, target, port):
    """The same steps for every pair of servers; all that was answered."""
    out = []

    def to(client, *words):
        reply = client.run(*words)
        out.append((words, str(reply) if isinstance(reply, Exception) else reply))

    def migrate(*words):
        to(source, "MIGRATE", "127.0.0.1", port, *words)

    target.run("FLUSHALL")
    source.run("FLUSHALL")
    for name in ("a", "b", "c", "d", "e", "f", "g", "h", ""):
        source.run("SET", name, "value of " + name)
    source.run("PEXPIREAT", "b", 4102444800123)
    migrate("a", 0, 20000)
    to(source, "EXISTS", "a")
    to(target, "GET", "a")
    migrate("b", 0, 20000)
    expiry = target.run("PEXPIRETIME", "b")
    check("the expiry goes along: %r" % expiry, abs(expiry - 4102444800123) < 60000)
    migrate("", 0, 20000)
    to(target, "GET", "")
    migrate("a", 0, 20000)
    # Taken names, copies, other databases.
    source.run("SET", "a", "new")
    migrate("a", 0, 20000)
    migrate("a", 0, 20000, "COPY", "REPLACE")
    to(source, "GET", "a")
    to(target, "GET", "a")
    migrate("a", 0, 20000, "REPLACE")
    migrate("c", 5, 20000)
    migrate("d", 99, 20000)
    to(source, "EXISTS", "c", "d")
    target.run("SELECT", 5)
    to(target, "GET", "c")
    target.run("SELECT", 0)
    # Several keys, of which some are not there, and some are taken.
    migrate("", 0, 20000, "KEYS", "none", "nothing")
    target.run("DEL", "d")
    target.run("SET", "e", "taken")
    migrate("", 0, 20000, "COPY", "KEYS", "d", "none", "e", "f")
    to(source, "EXISTS", "d", "e", "f")
    target.run("DEL", "d", "f")
    migrate("", 0, 20000, "KEYS", "d", "none", "e", "f")
    to(source, "EXISTS", "d")
    to(source, "EXISTS", "e")
    to(source, "EXISTS", "f")
    to(target, "MGET", "d", "e", "f")
    # Passwords.
    target.run("CONFIG", "SET", "requirepass", "secret")
    target.run("AUTH", "secret")
    target.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    migrate("g", 0, 20000)
    migrate("g", 0, 20000, "AUTH", "wrong")
    migrate("g", 0, 20000, "AUTH2", "default", "wrong")
    migrate("g", 0, 20000, "AUTH2", "default", "secret")
    migrate("h", 0, 20000, "AUTH", "secret")
    to(target, "MGET", "g", "h")
    target.run("CONFIG", "SET", "requirepass", "")
    # In transactions and scripts.
    source.run("SET", "i", 1)
    source.run("SET", "j", 1)
    to(source, "MULTI")
    migrate("i", 0, 20000)
    to(source, "INCR", "i")
    to(source, "EXEC")
    to(source, "EVAL", "return redis.call('migrate', '127.0.0.1', ARGV[1], KEYS[1], '0', '20000')", 1, "j", port)
    to(source, "EXISTS", "j")
    to(target, "MGET", "i", "j")
    # The other side has closed the connection meanwhile.
    source.run("SET", "k", 1)
    target.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    migrate("k", 0, 20000)
    to(target, "GET", "k")
    # It does not answer in time. Then nobody knows; the key stays.
    source.run("SET", "l", 1)
    target.run("CLIENT", "PAUSE", 60000, "WRITE")
    migrate("l", 0, 100)
    to(source, "EXISTS", "l")
    target.run("CLIENT", "UNPAUSE")
    # What others hear.
    listener = Client(source.port)
    source.run("CONFIG", "SET", "notify-keyspace-events", "KEA")
    listener.run("PSUBSCRIBE", "__key*__:*")
    source.run("SET", "m", 1)
    watcher = Client(source.port)
    watcher.run("WATCH", "m")
    migrate("m", 0, 20000)
    while True:
        event = listener.reply()
        out.append(event)
        if event[2:] == [b"__keyevent@0__:del", b"m"]:
            break
    watcher.run("MULTI")
    watcher.run("PING")
    to(watcher, "EXEC")
    source.run("CONFIG", "SET", "notify-keyspace-events", "")
    return out


def all_types(source, target, port):
    target.run("FLUSHALL")
    source.run("FUNCTION", "FLUSH")
    target.run("FUNCTION", "FLUSH")
    truth = {name: value for name, value in contents(source).items() if name[0] != "function"}
    # The time to live is sent as a difference, and ends a moment later.
    for db, key in truth:
        if truth[db, key][1] > 0:
            source.run("SELECT", db)
            source.run("PERSIST", key)
    truth = {name: (value[0], -1, value[2]) for name, value in truth.items()}
    for db in (0, 5):
        source.run("SELECT", db)
        keys = [name[1] for name in truth if name[0] == db]
        for begin in range(0, len(keys), 7):
            reply = source.run("MIGRATE", "127.0.0.1", port, "", db, 60000, "KEYS", *keys[begin:begin + 7])
            check("MIGRATE %r: %r" % (keys[begin:begin + 7], reply), reply == b"OK")
        check("all are gone", source.run("DBSIZE") == 0)
    source.run("SELECT", 0)
    same("migrated", truth, contents(target))


def huge(source, target, port):
    """A large value goes while others are served; who would write to it waits."""
    fields = 300_000
    for begin in range(0, fields, 1000):
        source.run("HSET", "huge", *[w for i in range(begin, begin + 1000) for w in ("f%d" % i, "v" * 50)])
    source.run("SET", "small", 1)
    results = {}

    def move():
        results["moved"] = Client(source.port).run("MIGRATE", "127.0.0.1", port, "huge", 0, 60000)
        results["end"] = time.monotonic()

    def write():
        client = Client(source.port)
        results["written"] = client.run("HSET", "huge", "new", "field")
        results["written at"] = time.monotonic()
        results["fields"] = client.run("HLEN", "huge")

    mover = threading.Thread(target=move)
    mover.start()
    writer = threading.Thread(target=write)
    slowest, served, began = 0, 0, time.monotonic()
    while mover.is_alive():
        begin = time.monotonic()
        check("GET", source.run("GET", "small") == b"1")
        check("INCR", isinstance(source.run("INCR", "counter"), int))
        source.run("HGET", "huge", "f7")
        slowest = max(slowest, time.monotonic() - begin)
        served += 1
        if served == 3:
            writer.start()
    mover.join()
    writer.join()
    check("MIGRATE: %r" % results["moved"], results["moved"] == b"OK")
    check("the writer made a new hash: %r" % results, results["written"] == 1 and results["fields"] == 1)
    check("all fields arrived", target.run("HLEN", "huge") == fields)
    check("HGET", target.run("HGET", "huge", "f299999") == b"v" * 50)
    print("a hash of %d fields went in %.2f s; meanwhile %d rounds of others' commands, the slowest of %.0f ms" %
          (fields, results["end"] - began, served, slowest * 1000))
    check("others were served", served > 3)
    # Who asked has gone: the key goes all the same.
    source.run("DEL", "huge")
    for begin in range(0, 50_000, 1000):
        source.run("HSET", "left", *[w for i in range(begin, begin + 1000) for w in ("f%d" % i, "v" * 50)])
    client = Client(source.port)
    client.send("MIGRATE", "127.0.0.1", port, "left", 0, 60000)
    time.sleep(0.02)
    client.sock.close()
    deadline = time.time() + 30
    while source.run("EXISTS", "left") and time.time() < deadline:
        time.sleep(0.05)
    check("the key of a client that left", source.run("EXISTS", "left") == 0 and target.run("HLEN", "left") == 50_000)


def under_load(source, target, port):
    """Counters move while others increment them: no increment is lost, none is counted twice."""
    keys = ["count:%d" % i for i in range(200)]
    source.run("FLUSHALL")
    target.run("FLUSHALL")
    counted = {}
    stop = threading.Event()

    def count(number):
        client = Client(source.port)
        sums, i = {}, number
        while not stop.is_set():
            key = keys[i % len(keys)]
            client.run("INCR", key)
            sums[key] = sums.get(key, 0) + 1
            i += 7
        counted[number] = sums

    counters = [threading.Thread(target=count, args=(n,)) for n in range(3)]
    for thread in counters:
        thread.start()
    arrived = dict.fromkeys(keys, 0)
    end = time.monotonic() + 3
    moves = 0
    while time.monotonic() < end:
        for begin in range(0, len(keys), 5):
            some = keys[begin:begin + 5]
            reply = source.run("MIGRATE", "127.0.0.1", port, "", 0, 60000, "REPLACE", "KEYS", *some)
            check("MIGRATE: %r" % reply, reply in (b"OK", b"NOKEY"))
            moves += 1
            for key, value in zip(some, target.run("MGET", *some)):
                arrived[key] += int(value or 0)
            target.run("DEL", *some)
    stop.set()
    for thread in counters:
        thread.join()
    for key in keys:
        left = int(source.run("GET", key) or 0)
        expected = sum(sums.get(key, 0) for sums in counted.values())
        check("%s: %d arrived, %d are left, %d were acknowledged" % (key, arrived[key], left, expected),
              arrived[key] + left == expected)
    print("%d increments while %d migrations went on" % (sum(map(lambda s: sum(s.values()), counted.values())), moves))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--port", type=int, default=27895)
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="tiercel-migrate-")
    commands = {
        "redis": ["redis-server", "--save", "", "--appendonly", "no", "--enable-debug-command", "yes"],
        "tiercel": [str(pathlib.Path(args.build).resolve() / "bin" / "tiercel-server"), "--enable-debug-command", "yes"],
    }

    def server(kind, offset, name):
        return Server(commands[kind], args.port + offset, os.path.join(work, name))

    def pair(source_kind, target_kind):
        name = source_kind + "-" + target_kind
        return server(source_kind, 0, name + "-source"), server(target_kind, 1, name + "-target")

    try:
        truth = None
        for kinds in (("redis", "redis"), ("redis", "tiercel"), ("tiercel", "redis"), ("tiercel", "tiercel")):
            source_server, target_server = pair(*kinds)
            with source_server as source, target_server as target:
                source.port = args.port
                replies = script(source, target, args.port + 1)
                truth = truth or replies
                for expected, actual in zip(truth, replies):
                    check("%s to %s: %r instead of %r" % (*kinds, actual, expected), expected == actual)
                check("as many replies", len(truth) == len(replies))
                if "tiercel" in kinds:
                    source.run("FLUSHALL")
                    fill(source)
                    all_types(source, target, args.port + 1)
                if kinds[0] == "tiercel":
                    huge(source, target, args.port + 1)
                    under_load(source, target, args.port + 1)
            print("%s to %s: %d replies agree" % (*kinds, len(replies)))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
