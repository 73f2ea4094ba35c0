#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A real redis-server that replicates from Tiercel: full sync in both forms, the stream under load,
links that break, partial syncs, WAIT, min-replicas, what INFO and ROLE say, a clean restart.

usage: primary_test.py SERVER [TEST]
"""

import os
import random
import signal
import sys
import tempfile
import threading
import time

from replica_client import (Caller, Client, FakeReplica, ReplyError, differences, info, read_all,
                            wait_until)
from resp_client import Server


def fill(client, rounds, seed=1):
    """Every type, small and large."""
    chance = random.Random(seed)
    for i in range(rounds):
        client.call("SET", "string:%d" % i, os.urandom(chance.randint(1, 200)))
        client.call("RPUSH", "list:%d" % (i % 20), *[b"element %d" % chance.randint(0, 99) for _ in range(5)])
        client.call("SADD", "set:%d" % (i % 20), *[chance.randint(0, 10**6) for _ in range(5)])
        client.call("ZADD", "zset:%d" % (i % 20), chance.random(), "m%d" % i, chance.randint(0, 99), "n%d" % i)
        client.call("HSET", "hash:%d" % (i % 20), "f%d" % i, os.urandom(20), "g%d" % i, "1")
        client.call("XADD", "stream:%d" % (i % 5), "*", "field", "value %d" % i)
    client.call("SETRANGE", "long", 3000000, "end")
    for i in range(5):
        client.call("XGROUP", "CREATE", "stream:%d" % i, "group-%d" % seed, "0")
        client.call("XREADGROUP", "GROUP", "group-%d" % seed, "alice", "COUNT", "7", "STREAMS", "stream:%d" % i, ">")
    client.call("SET", "leaves", "soon", "EX", "10000")


class Load(threading.Thread):
    """Writes of all kinds until stopped, transactions and scripts among them."""

    def __init__(self, port, seed):
        super().__init__(daemon=True)
        self.client = Caller(port)
        self.chance = random.Random(seed)
        self.going = True
        self.writes = 0

    def commands(self):
        n = self.chance.randrange(50)
        yield self.chance.choice((
            ("SET", "s%d" % n, self.writes), ("SET", "e%d" % n, "x", "PX", self.chance.randint(20, 400)),
            ("INCRBYFLOAT", "f%d" % n, "0.1"), ("LPUSH", "l%d" % n, self.writes), ("RPOP", "l%d" % n),
            ("SADD", "t%d" % n, self.writes % 100, self.writes % 77), ("SPOP", "t%d" % n),
            ("SPOP", "t%d" % n, "3"), ("ZINCRBY", "z%d" % n, "1.5", self.writes % 20), ("ZPOPMIN", "z%d" % n),
            ("HINCRBYFLOAT", "h%d" % n, self.writes % 20, "0.25"), ("HDEL", "h%d" % n, self.writes % 20),
            ("XADD", "x%d" % n, "MAXLEN", "~", "50", "*", "a", self.writes), ("GETDEL", "s%d" % n),
            ("GETEX", "s%d" % n, "EX", "100"), ("EXPIRE", "l%d" % n, "100"), ("DEL", "t%d" % n),
            ("RENAME", "s%d" % n, "s%d" % (n // 2)), ("COPY", "z%d" % n, "z%d" % (n // 2), "REPLACE"),
            ("SETBIT", "b%d" % n, self.writes % 1000, 1), ("PFADD", "p%d" % n, self.writes),
            ("EVAL", "for i = 1, 3 do redis.call('INCR', KEYS[1]) end return redis.call('SPOP', KEYS[2])",
             "2", "c%d" % n, "t%d" % n)))

    def run(self):
        try:
            while self.going:
                self.writes += 1
                if self.writes % 10 == 0:
                    self.client.call("SELECT", self.chance.choice((0, 0, 1, 5)))
                if self.writes % 7 == 0:
                    self.client.call("MULTI")
                    for _ in range(3):
                        for command in self.commands():
                            self.client.call(*command)
                    self.client.call("EXEC")
                for command in self.commands():
                    self.client.call(*command)
        except (OSError, ConnectionError):
            pass

    def stop(self):
        self.going = False
        self.join()


class Test:
    def __init__(self, server, directory):
        self.binary, self.directory = server, directory
        self.servers = []

    def tiercel(self, *options, name="tiercel"):
        return self.start(self.binary, name, *options)

    def redis(self, *options, name="redis"):
        return self.start("redis-server", name, "--save", "", "--appendonly", "no", *options)

    def start(self, binary, name, *options):
        server = Server(binary, os.path.join(self.directory, name), "--enable-debug-command", "yes", *options)
        self.servers.append(server.start())
        return server

    def stop(self):
        for server in self.servers:
            if server.process and server.process.poll() is None:
                server.kill()

    @staticmethod
    def follow(replica, primary):
        client = Client(replica.port)
        client.call("REPLICAOF", "127.0.0.1", primary.port)
        wait_until("the link is up", lambda: info(client).get("master_link_status") == "up")
        client.close()

    @staticmethod
    def settle(primary, *replicas):
        """Until they have all that was written."""
        client = Client(primary.port)
        client.call("SET", "settled", time.time())
        assert client.call("WAIT", len(replicas), 60000) >= len(replicas), "replicas lag"
        client.close()

    def same(self, primary, *replicas):
        self.settle(primary, *replicas)
        for replica in replicas:
            # What expires meanwhile is on its way.
            for _ in range(100):
                lines = differences(read_all(primary.port), read_all(replica.port))
                if not lines:
                    break
                time.sleep(0.1)
            else:
                raise AssertionError("not the same data:\n" + "\n".join(lines))

    # ---- The tests ------------------------------------------------------------------------------

    def full_sync(self):
        primary = self.tiercel()
        client = Client(primary.port)
        fill(client, 500)
        for form in ("yes", "no"):
            client.call("CONFIG", "SET", "repl-diskless-sync", form)
            replica = self.redis(name="full-" + form)
            self.follow(replica, primary)
            self.same(primary, replica)
        fill(client, 50, seed=2)
        self.same(primary, *self.servers[1:])
        assert info(client, "stats")["sync_full"] == "2"
        assert info(client)["connected_slaves"] == "2"
        assert ",state=online," in info(client)["slave0"]
        role = client.call("ROLE")
        assert role[0] == b"master" and len(role[2]) == 2 and role[2][0][0] == b"127.0.0.1", role
        assert b" flags=S " in client.call("CLIENT", "LIST", "TYPE", "replica")

    def under_load(self):
        primary = self.tiercel("--repl-backlog-size", "64mb")
        fill(Client(primary.port), 200)
        loads = [Load(primary.port, seed) for seed in range(3)]
        for load in loads:
            load.start()
        replica = self.redis()
        self.follow(replica, primary)
        client = Client(primary.port)
        for _ in range(5):
            time.sleep(0.5)
            assert client.call("CLIENT", "KILL", "TYPE", "replica") == 1
            self.follow_again(replica)
        for load in loads:
            load.stop()
        self.same(primary, replica)
        stats = info(client, "stats")
        assert stats["sync_full"] == "1", stats["sync_full"]
        assert int(stats["sync_partial_ok"]) == 5, stats["sync_partial_ok"]

    @staticmethod
    def follow_again(replica):
        client = Client(replica.port)
        wait_until("the link is up again", lambda: info(client)["master_link_status"] == "up")
        client.close()

    def waiting(self):
        primary = self.tiercel()
        client = Client(primary.port)
        client.call("SET", "a", 1)
        assert client.call("WAIT", 1, 50) == 0
        client.call("CONFIG", "SET", "min-replicas-to-write", 1)
        self.refused(client, "NOREPLICAS")
        replica = self.redis()
        self.follow(replica, primary)
        wait_until("a good replica", lambda: info(client)["min_slaves_good_slaves"] == "1")
        client.call("SET", "a", 2)
        assert client.call("WAIT", 1, 60000) == 1
        assert client.call("WAIT", 2, 50) == 1
        # Redis 7.0 does not acknowledge what is on its disk.
        assert client.call("WAITAOF", 0, 1, 50)[1] == 0
        replica.kill()
        wait_until("it is gone", lambda: info(client)["connected_slaves"] == "0")
        self.refused(client, "NOREPLICAS")

    @staticmethod
    def refused(client, code):
        try:
            client.call("SET", "a", "refused")
        except ReplyError as error:
            assert str(error).startswith(code), error
        else:
            raise AssertionError("was not refused")

    def restart(self):
        primary = self.tiercel()
        client = Client(primary.port)
        fill(client, 50)
        replica = self.redis()
        self.follow(replica, primary)
        self.settle(primary, replica)
        before = info(client)
        client.close()
        primary.stop()
        primary.start()
        client = Client(primary.port)
        assert info(client)["master_replid2"] == before["master_replid"]
        fill(client, 5, seed=3)
        self.follow_again(replica)
        self.same(primary, replica)
        stats = info(client, "stats")
        assert stats["sync_full"] == "0" and stats["sync_partial_ok"] == "1", stats
        # After a crash nobody knows what the replica has that is not here.
        client.close()
        primary.kill()
        primary.start()
        client = Client(primary.port)
        self.follow_again(replica)
        self.same(primary, replica)
        assert info(client, "stats")["sync_full"] == "1"

    def shutdown(self):
        primary = self.tiercel()
        client, other = Client(primary.port), Client(primary.port)
        replica = self.redis()
        self.follow(replica, primary)
        os.kill(replica.process.pid, signal.SIGSTOP)
        client.call("SET", "a", 1)
        other.send("SHUTDOWN")
        wait_until("it waits", lambda: b" cmd=shutdown " in client.call("CLIENT", "LIST"))
        assert client.call("SHUTDOWN", "ABORT") == "OK"
        try:
            other.read()
        except ReplyError as error:
            assert str(error).startswith("ERR Errors trying to SHUTDOWN"), error
        else:
            raise AssertionError("a reply to SHUTDOWN")
        client.call("SET", "a", 2)
        other.send("SHUTDOWN")
        wait_until("it waits", lambda: b" cmd=shutdown " in client.call("CLIENT", "LIST"))
        os.kill(replica.process.pid, signal.SIGCONT)
        primary.process.wait(30)
        assert Client(replica.port).call("GET", "a") == b"2"

    def forms(self):
        """What replicas of all ages ask for, by hand."""
        primary = self.tiercel("--client-output-buffer-limit", "replica 8mb 0 0", "--repl-backlog-size", "1mb")
        client = Client(primary.port)
        client.call("SET", "a", 1)
        new, old = FakeReplica(primary.port), FakeReplica(primary.port, capa_eof=False)
        assert (new.form, old.form) == ("eof", "length")
        assert new.rdb.startswith(b"REDIS00") and old.rdb.startswith(b"REDIS00")
        client.call("SET", "b", 2)
        for replica in (new, old):
            assert [b"SET", b"b", b"2"] in replica.wait_for(b"2") + [[b"SET", b"b", b"2"]]
        # On from the middle, and from what was never there.
        position = int(info(client)["master_repl_offset"])
        client.call("SET", "c", 3)
        on = FakeReplica(primary.port, psync=(new.id.decode(), str(position + 1)))
        assert on.reply == b"+CONTINUE " + new.id, on.reply
        on.wait_for(b"3")
        assert on.taken()[0][0] == [b"SET", b"c", b"3"], on.taken()
        for psync in ((new.id.decode(), str(position + 1000000)), ("0" * 40, "1"), (new.id.decode(), "0")):
            other = FakeReplica(primary.port, psync=psync, acks=False)
            assert other.rdb is not None
            other.close()
        for replica in (old, on):
            replica.close()
        # A replica that reads nothing is dropped, and what was kept for it is freed.
        stuck = Client(primary.port)
        stuck.call("REPLCONF", "capa", "psync2")
        stuck.send("PSYNC", new.id, str(position + 1))
        stuck_is_there = lambda: info(client)["connected_slaves"]  # noqa: E731
        many = int(stuck_is_there())
        for _ in range(400):
            client.call("SET", "k", b"x" * 100000)
        wait_until("it was dropped", lambda: int(stuck_is_there()) < many)
        new.wait_for(b"k")
        assert int(info(client, "memory")["mem_replication_backlog"]) < 12 << 20
        assert client.call("REPLCONF", "listening-port", 7) == "OK"
        for words in (("REPLCONF", "a"), ("REPLCONF", "nothing", "1"), ("PSYNC", "x", "y"), ("PSYNC", "x")):
            try:
                client.call(*words)
            except ReplyError:
                continue
            raise AssertionError(words)

    def tests(self):
        return [self.forms, self.full_sync, self.under_load, self.waiting, self.restart, self.shutdown]


def main():
    server = os.path.abspath(sys.argv[1])
    chosen = sys.argv[2] if len(sys.argv) > 2 else None
    for number in range(len(Test("", "").tests())):
        with tempfile.TemporaryDirectory() as directory:
            test = Test(server, directory)
            run = test.tests()[number]
            if chosen and run.__name__ != chosen:
                continue
            begin = time.monotonic()
            try:
                run()
            finally:
                test.stop()
            print("%s: %.1f s" % (run.__name__, time.monotonic() - begin), flush=True)


if __name__ == "__main__":
    main()
