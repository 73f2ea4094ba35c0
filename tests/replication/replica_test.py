#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tiercel as the replica of a real redis-server: full and partial syncs, restarts, kill -9, a migration under load.

usage: replica_test.py BUILD_DIR [--port P] [--only NAME]   (three ports, P to P + 2)
"""

import argparse
import os
import pathlib
import random
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "rdb"))
from exchange_test import fill  # noqa: E402

from nodes import PATIENCE_S, Node, caught_up, check, link_up, same, until, work_folder  # noqa: E402

class Load(threading.Thread):
    """Writes of every type to the primary, none of which may be lost or done twice, until stopped."""

    def __init__(self, primary, seed, pause=0.0):
        super().__init__(daemon=True)
        self.client = primary.client()
        self.random = random.Random(seed)
        self.pause = pause
        self.over = threading.Event()
        self.rounds = 0
        self.start()

    def run(self):
        run, rng = self.client.run, self.random
        while not self.over.is_set():
            self.rounds += 1
            n, key = self.rounds, rng.randrange(50)
            # Counters and lists show a command that is done twice, or not at all.
            run("INCR", "counter")
            run("RPUSH", "log", n)
            run("LTRIM", "log", -500, -1)
            run("SELECT", 5)
            run("APPEND", "text:%d" % (key % 7), "%d," % n)
            run("SELECT", 0)
            run("MULTI")
            run("INCRBY", "both:a", n)
            run("INCRBY", "both:b", n)
            run("EXEC")
            run("HINCRBY", "hash:%d" % key, "f%d" % rng.randrange(20), 1)
            run("ZINCRBY", "zset", 1, "m%d" % rng.randrange(200))
            run("SADD", "set:%d" % key, rng.randrange(1000))
            run("SPOP", "set:%d" % key)
            run("XADD", "stream", "MAXLEN", "1000", "*", "n", n)
            run("LPUSH", "queue", n)
            run("LMOVE", "queue", "done", "RIGHT", "LEFT")
            run("LTRIM", "done", 0, 100)
            run("SET", "timed:%d" % key, n, "PX", 100000000 if key % 2 else 50)
            run("EVAL", "redis.call('INCR', KEYS[1]); return redis.call('SETRANGE', KEYS[2], ARGV[1], 'x')", 2,
                "scripted", "holes:%d" % key, rng.randrange(100))
            run("DEL", "set:%d" % rng.randrange(50))
            run("RENAME", "text:no", "text:nowhere")
            time.sleep(self.pause)

    def stop(self):
        self.over.set()
        self.join(PATIENCE_S)
        check("the writer has stopped", not self.is_alive())
        return self.rounds


class FakePrimary:
    """Accepts one replica after the other, greets each, and answers its PSYNC with the same bytes."""

    def __init__(self, port, reply, piece=1 << 20):
        self.reply = reply
        self.piece = piece
        self.left = 0  # Replicas that have gone.
        self.listener = socket.create_server(("127.0.0.1", port))
        self.over = False
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE_S)

    def serve(self):
        while not self.over:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            try:
                self.talk(sock)
            except OSError:
                pass
            sock.close()
            self.left += 1

    def talk(self, sock):
        sock.settimeout(0.2)
        asked = b""
        while not self.over:
            try:
                got = sock.recv(65536)
            except socket.timeout:
                continue
            if not got:
                return
            asked += got
            if b"PSYNC" in asked:
                for i in range(0, len(self.reply), self.piece):
                    sock.sendall(self.reply[i:i + self.piece])
                asked = b""
            elif b"PING" in asked or b"REPLCONF" in asked:
                if b"ACK" not in asked:
                    sock.sendall(b"+OK\r\n")
                asked = b""


class Tests:
    def __init__(self, binaries, port, work):
        self.binaries = binaries
        self.port = port
        self.work = work

    def redis(self, name, *options):
        return Node(["redis-server", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0",
                     "--repl-ping-replica-period", "1", "--enable-debug-command", "yes"], self.port, os.path.join(self.work, name), *options)

    def tiercel(self, name, *options, number=1):
        return Node([str(self.binaries / "tiercel-server"), "--enable-debug-command", "yes"], self.port + number,
                    os.path.join(self.work, name), *options)

    def follow(self, primary, replica):
        check("REPLICAOF", replica.run("REPLICAOF", "127.0.0.1", primary.port) == b"OK")
        until("the link is up", lambda: link_up(replica))

    # ---- One by one ------------------------------------------------------------------------------

    def test_full_sync(self):
        """Every type and encoding, from disk and without, and what is written after it."""
        for how in ("no", "yes"):
            with self.redis("full-primary-" + how, "--repl-diskless-sync", how) as primary, \
                    self.tiercel("full-replica-" + how) as replica:
                fill(primary.client())
                replica.run("SET", "was here", "before")
                check("a primary's role", replica.run("ROLE") == [b"master", 0, []])
                self.follow(primary, replica)
                same("full sync, diskless " + how, primary, replica)
                check("read only: %r" % replica.run("SET", "k", "v"),
                      str(replica.run("SET", "k", "v")) == "READONLY You can't write against a read only replica.")
                check("scripts, too", "READONLY" in str(replica.run("EVAL", "return redis.call('set', 'k', 'v')", 1, "k")))
                check("the same primary again",
                      replica.run("REPLICAOF", "127.0.0.1", primary.port) == b"OK Already connected to specified master")
                load = Load(primary, 1)
                until("some writes", lambda: load.rounds > 50)
                load.stop()
                caught_up(primary, replica)
                same("followed, diskless " + how, primary, replica)
                role = replica.run("ROLE")
                check("ROLE %r" % role, role[:4] == [b"slave", b"127.0.0.1", primary.port, b"connected"])
                info, theirs = replica.info("replication"), primary.info("replication")
                check("INFO", info["role"] == "slave" and info["master_replid"] == theirs["master_replid"])
                check("the primary knows us: %r" % theirs,
                      theirs["connected_slaves"] == "1" and "port=%d,state=online" % replica.port in theirs["slave0"])
                check("CLIENT LIST shows it", b"flags=M " in replica.run("CLIENT", "LIST", "TYPE", "master"))
                check("NO ONE", replica.run("REPLICAOF", "NO", "ONE") == b"OK")
                check("cut over", replica.run("SET", "k", "v") == b"OK" and replica.run("ROLE")[0] == b"master")
                check("and again", replica.run("REPLICAOF", "NO", "ONE") == b"OK")

    def test_lost_links(self):
        """A link that breaks again and again goes on where it was, in the same process and after kill -9."""
        with self.redis("lost-primary", "--repl-backlog-size", "64mb") as primary, \
                self.tiercel("lost-replica") as replica:
            self.follow(primary, replica)
            check("one full sync", primary.info("stats")["sync_full"] == "1")
            load = Load(primary, 2)
            def count():
                return int(replica.run("GET", "counter") or 0)

            def goes_on(times):
                until("partial sync %d" % times, lambda: int(primary.info("stats")["sync_partial_ok"]) >= times)
                before = count()
                until("writes come", lambda: count() > before + 20)

            goes_on(0)
            for i in range(1, 5):
                until("it can be killed", lambda: primary.run("CLIENT", "KILL", "TYPE", "replica") == 1)
                goes_on(i)
            for i in range(5, 10):
                replica.kill(signal.SIGKILL if i < 9 else signal.SIGTERM)
                replica.start("--replicaof", "127.0.0.1 %d" % primary.port)
                goes_on(i)
            rounds = load.stop()
            caught_up(primary, replica)
            stats = primary.info("stats")
            check("only one full sync: %r" % stats["sync_full"], stats["sync_full"] == "1")
            check("partial syncs: %r" % stats["sync_partial_ok"], stats["sync_partial_ok"] == "9")
            same("after lost links, %d rounds" % rounds, primary, replica)

    def test_migration(self):
        """From a Redis that is written to all the time: killed in the midst of the full sync and after it, cut over."""
        with self.redis("moved-primary", "--repl-backlog-size", "256mb") as primary, \
                self.tiercel("moved-replica", "--maxmemory", "100mb") as replica:
            client = primary.client()
            for i in range(0, 100000, 1000):
                client.run("MSET", *[w for k in range(i, i + 1000) for w in ("bulk:%d" % k, b"%d" % k * 20)])
            for i in range(0, 50000, 1000):
                client.run("HSET", "big", *[w for k in range(i, i + 1000) for w in ("f%d" % k, b"%d" % k * 10)])
            load = Load(primary, 3)
            check("REPLICAOF", replica.run("REPLICAOF", "127.0.0.1", primary.port) == b"OK")
            until("a sync begins", lambda: replica.info("replication").get("master_sync_in_progress") == "1" or
                  link_up(replica))
            replica.kill()
            replica.start("--replicaof", "127.0.0.1 %d" % primary.port)
            until("the link is up", lambda: link_up(replica))
            before = load.rounds
            until("writes", lambda: load.rounds > before + 50)
            replica.kill()
            replica.start("--replicaof", "127.0.0.1 %d" % primary.port)
            until("the link is up again", lambda: link_up(replica))
            rounds = load.stop()
            caught_up(primary, replica)
            check("cut over", replica.run("REPLICAOF", "NO", "ONE") == b"OK")
            same("migrated under load, %d rounds" % rounds, primary, replica)

    def test_authentication(self):
        """A password, and a user of the ACL."""
        for name, options, ours in (
                ("password", ["--requirepass", "secret"], ["--masterauth", "secret"]),
                ("user", ["--user", "copier", "on", ">word", "+psync", "+replconf", "+ping", "--requirepass", "other"],
                 ["--masteruser", "copier", "--masterauth", "word"])):
            primary = self.redis("auth-primary-" + name, *options)
            primary.password = (options[-1],)
            with primary, self.tiercel("auth-replica-" + name, *ours) as replica:
                primary.run("SET", "k", name)
                replica.run("CONFIG", "SET", "masterauth", "wrong")
                check("REPLICAOF", replica.run("REPLICAOF", "127.0.0.1", primary.port) == b"OK")
                time.sleep(0.5)
                check("not with a wrong password", not link_up(replica))
                replica.run("CONFIG", "SET", "masterauth", ours[-1])
                until("the link is up", lambda: link_up(replica))
                check("the data", replica.run("GET", "k") == name.encode())

    def test_stale_data(self):
        """What a replica answers while its primary is away."""
        with self.tiercel("stale-replica") as replica:
            with self.redis("stale-primary") as primary:
                primary.run("SET", "k", "v")
                self.follow(primary, replica)
                check("up", replica.run("GET", "k") == b"v")
            until("down", lambda: not link_up(replica))
            check("stale data are served", replica.run("GET", "k") == b"v")
            check("ROLE", replica.run("ROLE")[3] in (b"connect", b"connecting"))
            replica.run("CONFIG", "SET", "replica-serve-stale-data", "no")
            down = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
            check("or not", str(replica.run("GET", "k")) == down)
            check("INFO is", b"master_link_status:down" in replica.run("INFO"))
            client = replica.client()
            client.run("MULTI")
            check("queued or refused", str(client.run("GET", "k")) == down)
            check("EXEC", "EXECABORT" in str(client.run("EXEC")))
            check("NO ONE", replica.run("REPLICAOF", "NO", "ONE") == b"OK")
            check("its own master", replica.run("GET", "k") == b"v" and replica.run("SET", "k", "w") == b"OK")

    def test_expiry(self):
        """A replica hides what has expired, and deletes it when the primary says so."""
        with self.redis("expiry-primary") as primary, self.tiercel("expiry-replica") as replica:
            primary.run("DEBUG", "SET-ACTIVE-EXPIRE", "0")
            primary.run("SET", "before", "v", "PX", 1)
            self.follow(primary, replica)
            primary.run("SET", "after", "v", "PX", 300)
            primary.run("RPUSH", "list", "a")
            primary.run("PEXPIRE", "list", 300)
            caught_up(primary, replica)
            time.sleep(0.6)
            check("hidden", replica.run("MGET", "before", "after") == [None, None] and
                  replica.run("EXISTS", "list") == 0)
            check("but there: %r" % replica.run("DBSIZE"), replica.run("DBSIZE") == primary.run("DBSIZE") >= 2)
            check("the primary looks", primary.run("MGET", "before", "after") == [None, None])
            caught_up(primary, replica)
            check("gone: %r" % replica.run("DBSIZE"), replica.run("DBSIZE") == primary.run("DBSIZE") == 1)
            # Pushed to what is expired here, and there no more: it is made anew.
            primary.run("RPUSH", "list", "b")
            caught_up(primary, replica)
            check("made anew", replica.run("LRANGE", "list", 0, -1) == [b"b"] and replica.run("TTL", "list") == -1)
            # As primary it deletes by itself.
            primary.run("SET", "last", "v", "PX", 200)
            caught_up(primary, replica)
            replica.run("REPLICAOF", "NO", "ONE")
            until("it expires", lambda: replica.run("DBSIZE") == 1)

    def test_bad_primaries(self):
        """Whatever a primary sends, the old data stay until there are new ones."""
        with self.redis("good-primary") as primary, \
                self.tiercel("wary-replica", "--repl-timeout", "2", "--databases", "16") as replica:
            fill(primary.client())
            primary.run("SAVE")
            dump = (primary.directory / "dump.rdb").read_bytes()
            mark = b"m" * 40
            full = b"+FULLRESYNC " + b"a" * 40 + b" 100\r\n"
            far = b"REDIS0009\xfe\x11\x00\x03key\x01v\xff" + bytes(8)
            twice = b"REDIS0009\xfe\x00" + b"\x00\x01k\x01v" * 2 + b"\xff" + bytes(8)
            for what, reply in (
                    ("refuses", b"-ERR no\r\n"),
                    ("is no Redis", b"HTTP/1.1 400 Bad Request\r\n"),
                    ("is not synced itself", b"-NOMASTERLINK Can't SYNC while not connected with my master\r\n"),
                    ("gives no offset", b"+FULLRESYNC x\r\n"),
                    ("gives a wrong offset", b"+FULLRESYNC " + b"a" * 40 + b" x\r\n"),
                    ("sends no dump", full + b"+what\r\n"),
                    ("sends nothing", full),
                    ("sends a part", full + b"$%d\r\n" % len(dump) + dump[:len(dump) // 2]),
                    ("sends too little", full + b"$%d\r\n" % (len(dump) - 1) + dump),
                    ("sends too much", full + b"$%d\r\n" % (len(dump) + 1) + dump + b"x"),
                    ("sends a damaged dump", full + b"$%d\r\n" % len(dump) + dump[:-1] + bytes([dump[-1] ^ 1])),
                    ("sends garbage", full + b"$%d\r\n" % len(dump) + random.Random(1).randbytes(len(dump))),
                    ("ends with another mark", full + b"$EOF:" + mark + b"\r\n" + dump + b"n" * 40),
                    ("has more databases", full + b"$%d\r\n" % len(far) + far),
                    ("sends a key twice", full + b"$%d\r\n" % len(twice) + twice),
                    ("sends an endless line", b"+" + b"x" * 200000)):
                replica.run("REPLICAOF", "NO", "ONE")
                replica.run("SET", "mine", what)
                with FakePrimary(self.port + 2, reply) as fake:
                    replica.run("REPLICAOF", "127.0.0.1", self.port + 2)
                    until("a primary that %s is left" % what, lambda: fake.left)
                    check("the old data stay when it " + what, replica.run("GET", "mine") == what.encode() and
                          replica.run("DBSIZE") == 1 and not link_up(replica))
            # By little pieces, with signs of life in between, and with more behind it.
            replica.run("REPLICAOF", "NO", "ONE")
            rest = b"*3\r\n$3\r\nSET\r\n$5\r\nafter\r\n$1\r\n1\r\n"
            with FakePrimary(self.port + 2, b"\n" + full + b"\n\n$EOF:" + mark + b"\r\n" + dump + mark + rest, 1009):
                replica.run("REPLICAOF", "127.0.0.1", self.port + 2)
                until("the link is up", lambda: link_up(replica))
                until("the stream is followed", lambda: replica.run("GET", "after") == b"1")
                check("the offset", replica.info("replication")["slave_repl_offset"] == str(100 + len(rest)))
                check("the id", replica.info("replication")["master_replid"] == "a" * 40)
            self.follow(primary, replica)
            same("after bad primaries", primary, replica)

    def test_chain(self):
        """Redis, Tiercel, Tiercel: the stream goes through, and the last one can change its primary without a full sync."""
        with self.redis("chain-primary", "--repl-backlog-size", "64mb") as primary, \
                self.tiercel("chain-middle", "--repl-backlog-size", "64mb", "--rdb-version", "11") as middle, \
                self.tiercel("chain-last", number=2) as last:
            fill(primary.client())
            self.follow(primary, middle)
            self.follow(middle, last)
            load = Load(primary, 5)
            until("writes", lambda: load.rounds > 50)
            last.kill()
            until("writes", lambda: load.rounds > 100)
            last.start("--replicaof", "127.0.0.1 %d" % middle.port)
            until("the last follows", lambda: link_up(last))
            load.stop()
            caught_up(primary, middle)
            caught_up(primary, last)
            same("the middle one", primary, middle)
            same("the last one", primary, last)
            check("one full sync each: %r" % middle.info("stats")["sync_full"],
                  primary.info("stats")["sync_full"] == "1" and middle.info("stats")["sync_full"] == "1")
            check("one identity", primary.info("replication")["master_replid"] ==
                  last.info("replication")["master_replid"])
            # The last one goes over to the head of the chain, and back.
            check("REPLICAOF", last.run("REPLICAOF", "127.0.0.1", primary.port) == b"OK")
            until("it follows the head", lambda: link_up(last))
            check("by a partial sync", primary.info("stats")["sync_full"] == "1")
            check("REPLICAOF", last.run("REPLICAOF", "127.0.0.1", middle.port) == b"OK")
            until("it follows the middle", lambda: link_up(last))
            primary.kill()
            check("the middle is the head now", middle.run("REPLICAOF", "NO", "ONE") == b"OK")
            middle.run("SELECT", 5)
            client = middle.client()
            client.run("SELECT", 5)
            client.run("SET", "since", "then")
            until("the last follows on", lambda: link_up(last) and middle.info("replication")["master_replid"] ==
                  last.info("replication")["master_replid"])
            caught_up(middle, last)
            same("after the head has gone", middle, last)
            check("by partial syncs", middle.info("stats")["sync_full"] == "1")

    def test_blocked_clients(self):
        """Who waits for a write is sent away when the server becomes a replica; readers of a stream are served."""
        with self.redis("blocked-primary") as primary, self.tiercel("blocked-replica") as replica:
            waiter = replica.client()
            waiter.send("BLPOP", "queue", 0)
            until("it waits", lambda: replica.info("clients")["blocked_clients"] == "1")
            self.follow(primary, replica)
            check("sent away", str(waiter.reply()).startswith("UNBLOCKED force unblock"))
            reader = replica.client()
            reader.send("XREAD", "BLOCK", 0, "STREAMS", "stream", "$")
            until("it waits", lambda: replica.info("clients")["blocked_clients"] == "1")
            subscriber = replica.client()
            subscriber.run("SUBSCRIBE", "news")
            primary.run("XADD", "stream", "1-1", "f", "v")
            check("served", reader.reply() == [[b"stream", [[b"1-1", [b"f", b"v"]]]]])
            primary.run("PUBLISH", "news", "now")
            check("told", subscriber.reply() == [b"message", b"news", b"now"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--port", type=int, default=27900)
    parser.add_argument("--only")
    args = parser.parse_args()
    with work_folder("replica") as work:
        tests = Tests(pathlib.Path(args.build).resolve() / "bin", args.port, work)
        names = [name for name in dir(tests) if name.startswith("test_") and (not args.only or name == "test_" + args.only)]
        for name in names:
            begin = time.time()
            getattr(tests, name)()
            print("%s passed (%.1f s)" % (name, time.time() - begin), flush=True)
    print("replica: %d tests passed" % len(names))


if __name__ == "__main__":
    main()
