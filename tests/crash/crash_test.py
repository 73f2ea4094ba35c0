#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Kills the server with SIGKILL at random moments under load, starts it again, and checks that
every acknowledged write is there, that nothing is there that was never sent, and that no
transaction (MSET: one record of the commit log; MULTI/EXEC, scripts) is half there.

usage: crash_test.py SERVER [--rounds N] [--seed N] [--policy always|everysec|no ...]

Each writer owns its keys and writes rising version numbers, so that after a crash a key must hold a
version v with acknowledged <= v <= sent. Counters are checked the same way (INCR must neither lose
nor repeat an acknowledged step), deletions and expiries too.
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
from resp_client import Client, ReplyError, Server  # noqa: E402

KEYS = 40
WRITERS = 4
FILL = b"x" * 300
SCRIPT = "for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1]) end"


class Writer(threading.Thread):
    """Writes until the connection breaks; remembers what it sent and what was acknowledged."""

    def __init__(self, index, port, state, seed, pipeline):
        super().__init__(daemon=True)
        self.index, self.port, self.state = index, port, state
        self.random = random.Random(seed)
        self.pipeline = pipeline
        self.failure = None

    def key(self, kind, n):
        return "w%d:%s:%d" % (self.index, kind, n)

    def next_command(self):
        state = self.state
        state["version"] += 1
        version = state["version"]
        kind = self.random.choice(("set", "set", "pair", "incr", "del", "multi", "script"))
        n = self.random.randrange(KEYS)
        if kind == "set":
            return kind, n, version, [("SET", self.key("s", n), b"%d:%s" % (version, FILL))]
        if kind == "pair":
            return kind, n, version, [("MSET", self.key("a", n), version, self.key("b", n), version)]
        if kind == "incr":
            return kind, n, version, [("INCR", self.key("i", n))]
        if kind == "multi" and state["has_multi"]:
            return kind, n, version, [("MULTI",), ("SET", self.key("x", n), version),
                                      ("SET", self.key("y", n), version), ("EXEC",)]
        if kind == "script":
            return kind, n, version, [("EVAL", SCRIPT, 2, self.key("p", n), self.key("q", n), version)]
        return "del", n, version, [("DEL", self.key("s", n))]

    def run(self):
        try:
            client = Client(self.port)
        except OSError:
            return
        try:
            while True:
                batch = [self.next_command() for _ in range(self.random.randint(1, self.pipeline))]
                for kind, n, version, _ in batch:
                    self.state["sent"].setdefault((kind, n), []).append(version)
                client.socket.sendall(b"".join(
                    Client.encode(*words) for command in batch for words in command[3]))
                for kind, n, version, commands in batch:
                    for _ in commands:
                        reply = client.read()
                    if kind == "incr":
                        last = self.state["incr"].get(n, 0)
                        if reply != last + 1:
                            self.failure = "INCR %d answered %r after %r" % (n, reply, last)
                        self.state["incr"][n] = reply
                    self.state["acked"].setdefault((kind, n), []).append(version)
        except ReplyError as error:
            self.failure = "unexpected error reply: %s" % error
        except (OSError, ConnectionError, ValueError):
            pass
        finally:
            client.close()


def number(value):
    return 0 if value is None else int(value.split(b":")[0])


def check_plain(client, writer, n, problems):
    """A key under SET and DEL: its value must be the last acknowledged operation's or a later one's."""
    state = writer.state
    key = writer.key("s", n)
    value = number(client.call("GET", key))
    sets = state["sent"].get(("set", n), [])
    dels = state["sent"].get(("del", n), [])
    acked = max((state["acked"].get(("set", n)) or [0])[-1],
                (state["acked"].get(("del", n)) or [0])[-1])
    allowed = {v for v in sets if v >= acked}
    if any(v >= acked for v in dels) or acked == 0:
        allowed.add(0)
    if value not in allowed:
        problems.append("%s holds version %d; acknowledged %d, allowed %s" %
                        (key, value, acked, sorted(allowed)[:5]))
    return value


def check_pair(client, writer, kind, names, n, problems):
    state = writer.state
    first, second = (number(client.call("GET", writer.key(name, n))) for name in names)
    acked = (state["acked"].get((kind, n)) or [0])[-1]
    if first != second:
        problems.append("w%d %s %d half there: %d, %d" % (writer.index, kind, n, first, second))
    if first < acked:
        problems.append("w%d %s %d lost: %d < %d" % (writer.index, kind, n, first, acked))


def check(port, writers, problems):
    client = Client(port)
    for writer in writers:
        if writer.failure:
            problems.append("w%d: %s" % (writer.index, writer.failure))
        state = writer.state
        for n in range(KEYS):
            check_plain(client, writer, n, problems)
            check_pair(client, writer, "pair", ("a", "b"), n, problems)
            check_pair(client, writer, "multi", ("x", "y"), n, problems)
            check_pair(client, writer, "script", ("p", "q"), n, problems)
            value = int(client.call("GET", writer.key("i", n)) or 0)
            sent = len(state["sent"].get(("incr", n), []))
            if not state["incr"].get(n, 0) <= value <= sent:
                problems.append("w%d counter %d is %d; acknowledged %d, sent %d" %
                                (writer.index, n, value, state["incr"].get(n, 0), sent))
            # What is there now is the truth that the next round builds on.
            state["incr"][n] = value
            state["sent"][("incr", n)] = [0] * value
    # DBSIZE must agree with a walk over the keys.
    cursor, seen = b"0", set()
    while True:
        cursor, keys = client.call("SCAN", cursor, "COUNT", 1000)
        seen.update(keys)
        if cursor == b"0":
            break
    size = client.call("DBSIZE")
    if size != len(seen):
        problems.append("DBSIZE says %d, SCAN found %d" % (size, len(seen)))
    client.close()


def settle(client_port, writers):
    """After a check, what is on the server becomes the starting point: forget older versions."""
    client = Client(client_port)
    for writer in writers:
        state = writer.state
        for kind, name in (("set", "s"), ("pair", "a"), ("multi", "x"), ("script", "p")):
            for n in range(KEYS):
                value = number(client.call("GET", writer.key(name, n)))
                state["sent"][(kind, n)] = [value] if value else []
                state["acked"][(kind, n)] = [value] if value else []
        for n in range(KEYS):
            state["sent"][("del", n)] = []
            state["acked"][("del", n)] = []
            if not state["sent"][("set", n)]:
                state["version"] += 1
                state["sent"][("del", n)] = [state["version"]]
                state["acked"][("del", n)] = [state["version"]]
    client.close()


def has_multi(port):
    client = Client(port)
    try:
        client.call("MULTI")
        client.call("DISCARD")
        return True
    except ReplyError:
        return False
    finally:
        client.close()


def run_policy(binary, policy, rounds, seed, options):
    rng = random.Random(seed)
    directory = tempfile.mkdtemp(prefix="tiercel-crash-")
    server = Server(binary, directory, "--appendfsync", policy, *options).start()
    multi = has_multi(server.port)
    states = [{"version": 0, "sent": {}, "acked": {}, "incr": {}, "has_multi": multi}
              for _ in range(WRITERS)]
    problems = []
    for round_number in range(rounds):
        writers = [Writer(i, server.port, states[i], rng.random(), rng.choice((1, 8, 64)))
                   for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(rng.uniform(0.01, 0.25))
        server.kill()
        for writer in writers:
            writer.join(30)
        server.start()
        check(server.port, writers, problems)
        settle(server.port, writers)
        if problems:
            print("policy %s, seed %d, round %d; directory kept: %s" %
                  (policy, seed, round_number, directory))
            for problem in problems[:10]:
                print("  " + problem)
            server.kill()
            return False
    server.stop()
    shutil.rmtree(directory)
    acked = sum(s["version"] for s in states)
    print("crash: policy %s, %d kills, %d writes sent, nothing lost" % (policy, rounds, acked))
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--policy", nargs="*", default=["always", "everysec", "no"])
    parser.add_argument("--option", nargs="*", default=[], help="name=value, for the server")
    arguments = parser.parse_args()
    options = []
    for option in arguments.option:
        name, value = option.split("=", 1)
        options += ["--" + name, value]
    print("crash: seed %d" % arguments.seed)
    passed = [run_policy(arguments.server, policy, arguments.rounds, arguments.seed, options)
              for policy in arguments.policy]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
