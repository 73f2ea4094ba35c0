#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a replica is told: the same commands go to redis-server and to Tiercel, a fake replica is
attached to each, and both must have got the same stream.

usage: stream_test.py SERVER [CASE]
"""

import itertools
import re
import sys
import tempfile
import threading
import time

from replica_client import Caller, Client, FakeReplica
from resp_client import Server

# Name, commands. A command is a string of words, or a list; "@n …" is sent by another client,
# number n, that may block, and is not waited for. "~…" pauses for so many milliseconds.
CASES = [
    ("set", ["SET k v", "SET k v EX 100", "SET k v PX 100000", "SET k v EXAT 9999999999",
             "SET k v PXAT 9999999999999", "SET k v KEEPTTL", "SET k v NX", "SET k2 v NX",
             "SET k w XX EX 100", "SET k x GET", "SET k x XX GET", "SET k y GET EX 100",
             "SET absent y XX", "set lower case", "SeT mixed case get"]),
    ("set relatives", ["SETEX k 100 v", "PSETEX k 100000 v", "SETNX k v", "SETNX new v", "GETSET k w",
                       "GETSET none w", "MSET a 1 b 2", "MSETNX a 1 c 2", "MSETNX d 1 e 2",
                       "APPEND k x", "SETRANGE k 2 zz", "SETRANGE absent 5 ''"]),
    ("getdel getex", ["SET k v", "GETEX k", "GETEX k EX 100", "GETEX k PX 100000",
                      "GETEX k EXAT 9999999999", "GETEX k PXAT 9999999999999", "GETEX k PERSIST",
                      "GETEX k PERSIST", "GETEX k PXAT 1", "SET k v", "GETDEL k", "GETDEL k"]),
    ("counters", ["INCR n", "DECR n", "INCRBY n 5", "DECRBY n 3", "INCRBYFLOAT n 1.5",
                  "INCRBYFLOAT f 3.0e3", "INCR n", "SET s x", "INCR s"]),
    ("expire", ["SET k v", "EXPIRE k 100", "PEXPIRE k 100000", "EXPIREAT k 9999999999",
                "PEXPIREAT k 9999999999999", "EXPIRE k 50 LT", "EXPIRE k 5 GT", "EXPIRE k 5 NX",
                "EXPIRE k 70 XX", "PERSIST k", "PERSIST k", "EXPIRE absent 100", "EXPIRE k -1", "SET k v",
                "PEXPIREAT k 1", "SET k v", "EXPIRE k 0"]),
    ("keys", ["SET a 1", "SET b 2", "SET c 3", "DEL a", "DEL a", "DEL a b x", "UNLINK c", "SET a 1",
              "RENAME a b", "RENAMENX b c", "SET d 1", "RENAMENX c d", "COPY c e", "COPY c e REPLACE",
              "COPY c e", "TOUCH c", "MOVE c 3", "MOVE absent 3", "COPY e f DB 4"]),
    ("databases", ["SELECT 2", "SET k 2", "SELECT 5", "SET k 5", "SELECT 2", "GET k", "SET k 3",
                   "SWAPDB 2 5", "SWAPDB 2 2", "FLUSHDB", "FLUSHDB", "SET k 1", "FLUSHDB ASYNC", "SELECT 0",
                   "FLUSHALL", "FLUSHALL"]),
    ("bits", ["SETBIT k 7 1", "SETBIT k 7 1", "BITFIELD k SET u8 0 255", "BITFIELD k GET u8 0",
              "BITFIELD k INCRBY u8 0 1 OVERFLOW FAIL INCRBY u8 0 1", "BITOP AND d k k", "BITOP NOT d absent"]),
    ("lists", ["RPUSH l a b c", "LPUSH l z", "LPUSHX l y", "RPUSHX absent y", "LPOP l", "RPOP l 2",
               "LPOP absent", "LINSERT l BEFORE a x", "LINSERT l BEFORE nothing x", "LSET l 0 q",
               "LREM l 0 q", "LREM l 0 q", "RPUSH l 1 2 3 4", "LTRIM l 0 2", "LTRIM l 0 -1",
               "LMOVE l m LEFT RIGHT", "RPOPLPUSH l m", "LMPOP 2 absent m LEFT COUNT 10",
               "LMPOP 1 l RIGHT", "LMPOP 1 absent LEFT", "RPUSH l 5", "SORT l STORE s", "SORT absent STORE s"]),
    ("blocking at once", ["RPUSH l 1 2 3 4 5 6", "BLPOP l 0", "BRPOP x l 0", "BLMOVE l m LEFT RIGHT 0",
                          "BRPOPLPUSH l m 0", "BLMPOP 0 1 l LEFT COUNT 5", "BLPOP l 0.01",
                          "ZADD z 1 a 2 b 3 c 4 d", "BZPOPMIN z 0", "BZPOPMAX x z 0",
                          "BZMPOP 0 1 z MIN COUNT 5", "BZPOPMIN z 0.01"]),
    ("blocking served", ["@1 BLPOP l 0", "~50", "RPUSH l a", "~50", "@1 BRPOP x l 0", "~50",
                         "RPUSH l b c", "~50", "@1 BLMOVE l m RIGHT LEFT 0", "DEL l", "~50", "RPUSH l d", "~50",
                         "@1 BRPOPLPUSH l m 0", "~50", "LPUSH l e", "~50",
                         "@1 BLMPOP 0 2 x l RIGHT COUNT 2", "~50", "RPUSH l f g h", "~50",
                         "@1 BZPOPMIN z 0", "~50", "ZADD z 1 a", "~50", "@1 BZMPOP 0 1 z MAX COUNT 2", "~50",
                         "ZADD z 1 a 2 b 3 c", "~50", "@1 BLPOP q 0", "~50", "MULTI", "RPUSH q 1", "SET k v",
                         "EXEC", "~50"]),
    ("sets", ["SADD s a b c", "SADD s a", "SREM s a", "SREM s a", "SADD t x", "SMOVE s t b", "SMOVE s t b",
              "SINTERSTORE d s t", "SUNIONSTORE d s t", "SDIFFSTORE d s s", "SPOP t 100", "SPOP s",
              "SPOP s", "SADD s one", "SPOP s 1", "SADD n 1", "SPOP n"]),
    ("sorted sets", ["ZADD z 1 a 2 b 3 c", "ZADD z 1 a", "ZADD z CH 5 a", "ZADD z XX INCR 1 a",
                     "ZADD z NX INCR 1 a", "ZINCRBY z 2 b", "ZREM z a", "ZREM z a",
                     "ZADD z 1 d 2 e 3 f 4 g 5 h 6 i", "ZPOPMIN z", "ZPOPMAX z 2", "ZMPOP 1 z MIN COUNT 1",
                     "ZREMRANGEBYRANK z 0 0", "ZREMRANGEBYSCORE z 4 4", "ZREMRANGEBYLEX z [zz +",
                     "ZADD y 1 a", "ZUNIONSTORE d 2 z y", "ZINTERSTORE d 2 z y", "ZDIFFSTORE d 2 z y",
                     "ZRANGESTORE e z 0 -1", "ZRANGESTORE e absent 0 -1", "GEOADD g 13.361389 38.115556 Palermo",
                     "GEOADD g NX 13.361389 38.115556 Palermo", "GEOADD g CH 15.087269 37.502669 Catania",
                     "GEOSEARCHSTORE h g FROMMEMBER Palermo BYRADIUS 200 km",
                     "GEORADIUS g 15 37 200 km STORE i"]),
    ("hashes", ["HSET h a 1 b 2", "HSET h a 1", "HSETNX h a 1", "HSETNX h c 1", "HMSET h d 4", "HDEL h a",
                "HDEL h a", "HINCRBY h n 1", "HINCRBYFLOAT h n 1.5", "HINCRBYFLOAT h m 3.0e3", "HDEL h b c d n m"]),
    ("hyperloglogs", ["PFADD p a b c", "PFADD p a", "PFADD p", "PFMERGE q p", "PFADD r", "PFCOUNT p", "PFCOUNT p", "PFCOUNT q"]),
    ("streams", ["XADD s * f v", "XADD s 99999999999999-* f v", "XADD s 99999999999999-* f v",
                 "XADD s MAXLEN 2 * f v", "XADD s MAXLEN ~ 1 99999999999999-7 f v",
                 "XADD u 5-1 f v", "XADD u MINID ~ 5 5-8 f v", "XADD s NOMKSTREAM 99999999999999-9 f v",
                 "XADD t NOMKSTREAM 1-1 f v", "XTRIM s MAXLEN 2", "XTRIM s MAXLEN 2", "XTRIM s MAXLEN ~ 1",
                 "XDEL s 99999999999999-9", "XDEL s 1-1", "XSETID s 99999999999999-20"]),
    ("groups", ["XADD s 1-1 f v", "XADD s 1-2 f v", "XADD s 1-3 f v", "XADD s 1-4 f v", "XGROUP CREATE s g 0",
                "XGROUP CREATE t g $ MKSTREAM", "XGROUP CREATECONSUMER s g c0", "XGROUP CREATECONSUMER s g c0",
                "XREADGROUP GROUP g c0 COUNT 1 STREAMS s 0", "XACK s g 1-1", "XGROUP SETID s g 0",
                "XGROUP SETID s g $", "XGROUP DELCONSUMER s g c0", "XGROUP DELCONSUMER s g c0",
                "XGROUP DESTROY s g", "XGROUP DESTROY s g"]),
    ("transactions", ["MULTI", "SET a 1", "SET b 2", "GET a", "EXEC", "MULTI", "SET a 1", "EXEC", "MULTI", "GET a",
                      "EXEC", "MULTI", "SELECT 3", "SET a 1", "SELECT 4", "SET b 1", "EXEC", "SELECT 0",
                      "MULTI", "SET s x", "INCR s", "SET t x", "EXEC", "MULTI", "EXEC", "MULTI", "SET a 1",
                      "DISCARD", "WATCH a", "SET a 5", "MULTI", "SET a 2", "EXEC", "MULTI", "BLPOP nothing 0",
                      "RPUSH l 1", "BLPOP l 0", "EXEC"]),
    ("scripts", [["EVAL", "redis.call('SET', KEYS[1], ARGV[1])", "1", "k", "v"],
                 ["EVAL", "redis.call('SET', 'a', 1) redis.call('INCR', 'a') return redis.call('GET', 'a')", "0"],
                 ["EVAL", "return redis.call('GET', 'a')", "0"],
                 ["EVAL", "redis.call('SETEX', 'a', 100, 1) redis.call('SPOP', 'absent')", "0"],
                 ["EVAL", "redis.set_repl(redis.REPL_NONE) redis.call('SET', 'b', 1) "
                          "redis.set_repl(redis.REPL_ALL) redis.call('SET', 'c', 1)", "0"],
                 ["EVAL", "redis.set_repl(redis.REPL_AOF) redis.call('SET', 'b', 1) "
                          "redis.set_repl(redis.REPL_REPLICA) redis.call('SET', 'c', 1)", "0"],
                 ["EVAL", "redis.call('SET', 'a', 'x') redis.call('INCR', 'a')", "0"],
                 ["EVAL", "redis.call('SELECT', 3) redis.call('SET', 'a', 'x')", "0"],
                 "MULTI", ["EVAL", "redis.call('SET', 'a', 1) redis.call('SET', 'b', 1)", "0"], "SET c 1", "EXEC",
                 ["SCRIPT", "LOAD", "return 1"], "SCRIPT FLUSH"]),
    ("functions", [["FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function(keys) "
                                        "redis.call('SET', keys[1], 1) return 1 end)"],
                   "FCALL f 1 k", "FUNCTION DELETE lib", "FUNCTION FLUSH"]),
    ("publish", ["PUBLISH c m", "SPUBLISH c m", "MULTI", "PUBLISH c m", "SET a 1", "EXEC"]),
    ("expired by reading", ["DEBUG SET-ACTIVE-EXPIRE 0", "SET k v PX 30", "~60", "GET k", "SET k v PX 30",
                            "~60", "SET k w", "RPUSH l a", "PEXPIRE l 30", "~60", "RPUSH l b",
                            "DEBUG SET-ACTIVE-EXPIRE 1"]),
    ("expired by itself", ["SET k v PX 30", "~400", "SET other 1"]),
    ("restore", [["RESTORE", "k", "0", b"\x00\x01v\x0a\x00\x93\x8c\xb9\xbd\x9b\xe5\x06\xd6"]]),
    ("reading", ["SET k v", "GET k", "TTL k", "EXISTS k", "SCAN 0", "KEYS *", "TYPE k", "PFCOUNT absent", "OBJECT ENCODING k",
                 "WAIT 0 0"]),
    ("binary", [["SET", b"\x00\r\n\xff", b"\r\n$5\r\n*"]]),
]

# What Redis 7.0 does not know, or says in other words: the stream as it must be.
OURS = [
    ("reading for a group",
     ["XADD s 1-1 f v", "XADD s 1-2 f v", "XADD s 1-3 f v", "XGROUP CREATE s g 0",
      "XREADGROUP GROUP g c COUNT 2 STREAMS s >", "XREADGROUP GROUP g c STREAMS s 0",
      "XREADGROUP GROUP g d NOACK STREAMS s >", "XREADGROUP GROUP g e STREAMS s >"],
     ["XADD s 1-1 f v", "XADD s 1-2 f v", "XADD s 1-3 f v", "XGROUP CREATE s g 0", "MULTI",
      "XGROUP CREATECONSUMER s g c",
      "XCLAIM s g c 0 1-1 TIME <now+0> RETRYCOUNT 1 FORCE JUSTID LASTID 1-1",
      "XCLAIM s g c 0 1-2 TIME <now+0> RETRYCOUNT 1 FORCE JUSTID LASTID 1-2",
      "XGROUP SETID s g 1-2 ENTRIESREAD 2", "EXEC", "MULTI", "XGROUP CREATECONSUMER s g d",
      "XGROUP SETID s g 1-3 ENTRIESREAD 3", "EXEC", "XGROUP CREATECONSUMER s g e"]),
    ("waiting for a group",
     ["XADD s 1-1 f v", "XGROUP CREATE s g $", "@1 XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "~50",
      "XADD s 1-2 f v", "~50"],
     ["XADD s 1-1 f v", "XGROUP CREATE s g $", "XGROUP CREATECONSUMER s g c", "XADD s 1-2 f v", "MULTI",
      "XCLAIM s g c 0 1-2 TIME <now+0> RETRYCOUNT 1 FORCE JUSTID LASTID 1-2",
      "XGROUP SETID s g 1-2 ENTRIESREAD 2", "EXEC"]),
    ("claiming",
     ["XADD s 1-1 f v", "XADD s 1-2 f v", "XGROUP CREATE s g 0", "XGROUP CREATECONSUMER s g c",
      "XREADGROUP GROUP g c STREAMS s >", "XDEL s 1-1", "XCLAIM s g d 0 1-1 1-2", "XADD s 1-3 f v",
      "XAUTOCLAIM s g c 0 0", "XCLAIM s g c 0 1-2 JUSTID LASTID 5-5", "XCLAIM s g c 100000 1-2 LASTID 6-6"],
     ["XADD s 1-1 f v", "XADD s 1-2 f v", "XGROUP CREATE s g 0", "XGROUP CREATECONSUMER s g c", "MULTI",
      "XCLAIM s g c 0 1-1 TIME <now+0> RETRYCOUNT 1 FORCE JUSTID LASTID 1-1",
      "XCLAIM s g c 0 1-2 TIME <now+0> RETRYCOUNT 1 FORCE JUSTID LASTID 1-2",
      "XGROUP SETID s g 1-2 ENTRIESREAD 2", "EXEC", "XDEL s 1-1", "MULTI", "XGROUP CREATECONSUMER s g d",
      "XCLAIM s g c 0 1-1 TIME <now+0> RETRYCOUNT 1 FORCE JUSTID LASTID 1-2",
      "XCLAIM s g d 0 1-2 TIME <now+0> RETRYCOUNT 2 FORCE JUSTID LASTID 1-2", "EXEC", "XADD s 1-3 f v",
      "XCLAIM s g c 0 1-2 TIME <now+0> RETRYCOUNT 3 FORCE JUSTID LASTID 1-2",
      "XCLAIM s g c 0 1-2 TIME <now+0> RETRYCOUNT 3 FORCE JUSTID LASTID 5-5",
      "XGROUP SETID s g 6-6 ENTRIESREAD 2"]),
    ("fields that expire",
     ["HSET h a 1 b 2 c 3 d 4", "HEXPIRE h 100 FIELDS 2 a x", "HPEXPIREAT h 9999999999999 GT FIELDS 2 a b",
      "HPERSIST h FIELDS 1 a", "HPERSIST h FIELDS 1 a", "HEXPIREAT h 1 FIELDS 1 b", "HGETEX h EX 100 FIELDS 1 c",
      "HGETEX h PERSIST FIELDS 1 c", "HGETEX h FIELDS 1 c", "HGETDEL h FIELDS 1 d", "HGETDEL h FIELDS 1 d",
      "HSETEX h FNX EX 100 FIELDS 1 e 5", "HSETEX h FNX EX 100 FIELDS 1 e 5", "HSETEX h FIELDS 1 e 6",
      "HPEXPIRE h 30 FIELDS 1 e", "~400", "HPEXPIRE h 30 FIELDS 2 a c", "~400"],
     ["HSET h a 1 b 2 c 3 d 4", "HPEXPIREAT h <now+100000> FIELDS 1 a", "HPEXPIREAT h 9999999999999 FIELDS 1 a",
      "HPERSIST h FIELDS 1 a", "HDEL h b", "HPEXPIREAT h <now+100000> FIELDS 1 c", "HPERSIST h FIELDS 1 c",
      "HDEL h d", "MULTI", "HSET h e 5", "HPEXPIREAT h <now+100000> FIELDS 1 e", "EXEC", "HSET h e 6",
      "HPEXPIREAT h <now+0> FIELDS 1 e", "HDEL h e", "HPEXPIREAT h <now+0> FIELDS 2 a c", "DEL h"]),
    ("trimming with a limit",
     ["XADD s 1-1 f v", "XADD s 1-2 f v", "XADD s MAXLEN ~ 1 LIMIT 10 1-3 f v", "XTRIM s MINID ~ 1-3 LIMIT 1"],
     ["XADD s 1-1 f v", "XADD s 1-2 f v", "XADD s MAXLEN = 3 1-3 f v"]),
]


def words_of(command):
    if isinstance(command, list):
        return command
    return [b"" if word == "''" else word for word in command.split()]


def normal(command, now_ms):
    """Times that depend on when the command came are as good as each other."""
    words = []
    for word in command:
        found = re.fullmatch(rb"(\d{13})(-\d+)?", word)
        if found and abs(int(found[1]) - now_ms) < 1_000_000:
            word = b"<now%+d>%s" % (round((int(found[1]) - now_ms) / 100_000) * 100_000, found[2] or b"")
        words.append(word)
    return words


class Side:
    def __init__(self, port):
        self.port = port
        self.client = Caller(port)
        self.others = {}
        self.replica = FakeReplica(port)
        self.count = 0

    def run(self, commands):
        self.client.call("SELECT", 0)
        self.client.call("FLUSHALL")
        self.mark()
        for command in commands:
            words = words_of(command)
            if isinstance(command, str) and command.startswith("~"):
                time.sleep(int(command[1:]) / 1000)
            elif isinstance(command, str) and command.startswith("@"):
                number = words[0]
                if number not in self.others:
                    self.others[number] = Client(self.port)
                self.others[number].send(*words[1:])
            else:
                self.client.call(*words)
        return self.mark()

    def mark(self):
        """The stream's commands up to here, since the last mark."""
        self.count += 1
        self.client.call("SELECT", 0)
        word = b"mark-%d" % self.count
        self.client.call("PUBLISH", "marks", word)
        now_ms = time.time() * 1000
        seen = self.replica.wait_for(word)
        begin = 0
        for i, command in enumerate(seen):
            if any(part.startswith(b"mark-") for part in command):
                begin = i + 1
        return [normal(command, now_ms) for command in seen[begin:]]


def main():
    server = sys.argv[1]
    chosen = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as directory:
        redis = Server("redis-server", directory + "/redis", "--enable-debug-command", "yes", "--save", "",
                       "--repl-diskless-sync-delay", "0", "--appendonly", "no")
        redis.start()
        tiercel = Server(server, directory + "/tiercel", "--enable-debug-command", "yes").start()
        failed = 0
        try:
            theirs, ours = Side(redis.port), Side(tiercel.port)
            for name, commands in CASES:
                if chosen and chosen != name:
                    continue
                results = [None, None]
                sides = [threading.Thread(target=lambda i=i, side=side: results.__setitem__(i, side.run(commands)))
                         for i, side in enumerate((theirs, ours))]
                for side in sides:
                    side.start()
                for side in sides:
                    side.join()
                if results[0] is None or results[1] is None or results[0] != results[1]:
                    failed += 1
                    print("DIFFERENT: %s" % name)
                    for who, result in zip(("redis", "tiercel"), results):
                        print("  %s:" % who)
                        for command in result or ["nothing"]:
                            print("    %r" % (command,))
            for name, commands, expected in OURS:
                if chosen and chosen != name:
                    continue
                stream = [b" ".join(command).decode() for command in ours.run(commands)]
                if stream != expected:
                    failed += 1
                    print("NOT AS EXPECTED: %s" % name)
                    for want, got in itertools.zip_longest(expected, stream):
                        print("  %s %s" % ("  " if want == got else "! %s\n   " % want, got))
            print("%d cases, %d different" % (1 if chosen else len(CASES) + len(OURS), failed))
        finally:
            redis.stop()
            tiercel.stop()
        sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
