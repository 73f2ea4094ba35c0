#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Data goes from a real redis-server to Tiercel and back, by every way there is, and is compared by reading.

usage: exchange_test.py BUILD_DIR [--port P]   (two ports, P and P + 1)
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TYPES = ("string", "list", "zset", "hash", "stream", "set")


class Client:
    """RESP2, just enough."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.sock.makefile("rb")

    def run(self, *words):
        self.send(*words)
        return self.reply()

    def send(self, *words):
        out = [b"*%d\r\n" % len(words)]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            out.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.sock.sendall(b"".join(out))

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return Exception(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        raise RuntimeError("no reply: %r" % line)


class Server:
    def __init__(self, command, port, directory):
        pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        self.log = open(os.path.join(os.path.dirname(directory), "server-%d.log" % port), "ab")
        self.process = subprocess.Popen(command + ["--port", str(port), "--dir", str(directory)],
                                        stdout=self.log, stderr=self.log)
        deadline = time.time() + 60
        while True:
            try:
                self.client = Client(port)
                if self.client.run("PING") == b"PONG":
                    return
            except OSError:
                pass
            if time.time() > deadline or self.process.poll() is not None:
                raise RuntimeError("the server on port %d did not start" % port)
            time.sleep(0.05)

    def __enter__(self):
        return self.client

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


def fill(redis):
    """Every type under thresholds small and large, so in all encodings that this redis-server has."""
    rng = random.Random(7)
    blob = bytes(rng.randrange(256) for _ in range(3000))
    for i, value in enumerate([b"", b"0", b"-1", b"127", b"-129", b"40000", b"-3000000000", b"007",
                               b"a" * 20, b"ab" * 500, blob, b"x" * 40000, b"y" * 2000000]):
        redis.run("SET", b"string:\x00%d" % i, value)
    redis.run("SETRANGE", "string:holes", 300000, "end")
    redis.run("SET", "string:ttl", "v", "PX", 100000000)
    for size in ("small", "large"):
        if size == "large":
            for name in ("list-max-listpack-size", "zset-max-listpack-entries", "set-max-listpack-entries",
                         "set-max-intset-entries", "hash-max-listpack-entries"):
                redis.run("CONFIG", "SET", name, "4")
        for count in (1, 5, 100, 1000):
            tag = "%s:%d" % (size, count)
            numbers = [rng.randrange(-2**40, 2**40) for _ in range(count)]
            words = [b"w%d:" % i + blob[:i % 200] for i in range(count)]
            if "list" in TYPES:
                redis.run("RPUSH", "list:" + tag, *words)
                redis.run("RPUSH", "list:numbers:" + tag, *numbers)
            if "zset" in TYPES:
                for i, word in enumerate(words):
                    redis.run("ZADD", "zset:" + tag, rng.choice([i, i / 7, -i * 1e300, "inf", "-inf"]), word)
            if "set" in TYPES:
                redis.run("SADD", "set:" + tag, *words)
                redis.run("SADD", "set:numbers:" + tag, *numbers)
            if "hash" in TYPES:
                redis.run("HSET", "hash:" + tag, *[w for i, x in enumerate(words) for w in (x, i)])
            if "stream" in TYPES:
                fill_stream(redis, "stream:" + tag, words)
    redis.run("EXPIRE", "list:small:5", 100000)
    if "list" in TYPES:
        redis.run("RPUSH", "list:huge-element", "a", b"z" * 100000, "b")
    for name in ("one", "two"):
        redis.run("FUNCTION", "LOAD", "#!lua name=%s\nredis.register_function{function_name='%s', description='d', "
                  "callback=function(keys, args) return 'from %s' end, flags={'no-writes'}}" % ((name,) * 3))
    redis.run("SELECT", 5)
    redis.run("SET", "other", "database")
    redis.run("SELECT", 0)


def fill_stream(redis, key, words):
    for i, word in enumerate(words):
        redis.run("XADD", key, "%d-%d" % (1000 + i // 3, i % 3 + 1), "f", word, "g%d" % (i % 2), i)
    redis.run("XDEL", key, "1000-2")
    redis.run("XGROUP", "CREATE", key, "group", "0")
    redis.run("XREADGROUP", "GROUP", "group", "one", "COUNT", 3, "STREAMS", key, ">")
    redis.run("XREADGROUP", "GROUP", "group", "two", "COUNT", 2, "STREAMS", key, ">")
    redis.run("XGROUP", "CREATE", key, "idle", "$")


def read(client, key):
    kind = client.run("TYPE", key)
    if kind == b"string":
        value = client.run("GET", key)
    elif kind == b"list":
        value = client.run("LRANGE", key, 0, -1)
    elif kind == b"zset":
        pairs = client.run("ZRANGE", key, 0, -1, "WITHSCORES")
        value = [(m, float(s)) for m, s in zip(pairs[::2], pairs[1::2])]
    elif kind == b"set":
        value = sorted(client.run("SMEMBERS", key))
    elif kind == b"hash":
        pairs = client.run("HGETALL", key)
        value = sorted(zip(pairs[::2], pairs[1::2]))
    elif kind == b"stream":
        groups = [g[:2] + g[4:8] for g in client.run("XINFO", "GROUPS", key)]
        value = (client.run("XRANGE", key, "-", "+"), groups,
                 [client.run("XPENDING", key, g[1], "-", "+", 1000) and
                  [p[:2] + p[3:] for p in client.run("XPENDING", key, g[1], "-", "+", 1000)] for g in groups],
                 [[c[1] for c in client.run("XINFO", "CONSUMERS", key, g[1])] for g in groups])
    else:
        value = None
    return kind, client.run("PEXPIRETIME", key), value


def contents(client):
    out = {}
    for db in (0, 5):
        client.run("SELECT", db)
        for key in client.run("KEYS", "*"):
            out[db, key] = read(client, key)
    client.run("SELECT", 0)
    for library in client.run("FUNCTION", "LIST", "WITHCODE"):
        fields = dict(zip(library[::2], library[1::2]))
        name = fields[b"library_name"]
        functions = sorted((dict(zip(f[::2], f[1::2])) for f in fields[b"functions"]), key=str)
        out["function", name] = (fields[b"library_code"], functions, client.run("FCALL", name, 0))
    return out


checks = 0


def same(what, expected, actual):
    global checks
    checks += 1
    for key in sorted(set(expected) | set(actual), key=str):
        if expected.get(key) != actual.get(key):
            print("%s: %r differs:\n  expected %.300r\n  actual   %.300r" % (what, key, expected.get(key), actual.get(key)))
            sys.exit(1)
    print("%s: %d keys agree" % (what, len(expected)))


def check(what, condition):
    global checks
    checks += 1
    if not condition:
        print("FAILED: " + what)
        sys.exit(1)


def field_expiry(tiercel, tool, path):
    """Fields that expire, which Debian's redis-server does not know: from Tiercel to Tiercel."""
    def times(client):
        return {key: sorted(zip(fields, client.run("HPEXPIRETIME", key, "FIELDS", len(fields), *fields)))
                for key in client.run("KEYS", "*") for fields in [client.run("HKEYS", key)]}

    far = 4102444800123
    with tiercel("timed") as t:
        for size in (1, 3, 100, 1000):
            key = "h:%d" % size
            t.run("HSET", key, *[w for i in range(size) for w in ("f%d" % i, "\0v%d" % i)])
            for i in range(0, size, 3):
                t.run("HPEXPIREAT", key, far + i * 1000, "FIELDS", 1, "f%d" % i)
        t.run("HSET", "all", "a", 1, "b", 2)
        t.run("HPEXPIREAT", "all", far, "FIELDS", 2, "a", "b")
        t.run("PEXPIREAT", "h:3", far + 5)
        t.run("HSET", "soon", "gone", 1, "stays", 2)
        t.run("HSET", "wholly", "gone", 1)
        soon = int(time.time() * 1000) + 4000
        for key in ("soon", "wholly"):
            t.run("HPEXPIREAT", key, soon, "FIELDS", 1, "gone")
        t.run("CONFIG", "SET", "rdb-version", 12)
        t.run("SAVE")
        for key in list(times(t)):
            check("RESTORE %r" % key, t.run("RESTORE", b"copy:" + key, 0, t.run("DUMP", key)) == b"OK")
        truth = times(t)
        check("copies are alike", all(truth[b"copy:" + k] == v for k, v in truth.items() if not k.startswith(b"copy:")))
    del truth[b"wholly"], truth[b"copy:wholly"]
    for key in (b"soon", b"copy:soon"):
        truth[key] = [(b"stays", -1)]
    saved = {k: v for k, v in truth.items() if not k.startswith(b"copy:")}
    done = tool("tiercel-export", "--rdb-version", "12", path("timed"), path("timed.rdb"))
    check("export: %r" % done.stderr, done.returncode == 0)
    done = tool("tiercel-export", "--rdb-version", "11", path("timed"), path("untimed.rdb"))
    check("export of version 11 warns: %r" % done.stderr, done.returncode == 0 and b"without the expiry" in done.stderr)
    for name, dump, expected in (("timed-saved", path("timed/dump.rdb"), saved), ("timed-exported", path("timed.rdb"), truth)):
        done = tool("tiercel-import", dump, path(name))
        check("import: %r" % done.stderr, done.returncode == 0)
        done = tool("tiercel-check", path(name))
        check("tiercel-check: %r" % done.stdout, done.returncode == 0)
        with tiercel(name) as t:
            deadline = time.time() + 20
            while t.run("DBSIZE") != len(expected) and time.time() < deadline:
                time.sleep(0.1)
            check("the sweeper took what was due", t.run("DBSIZE") == len(expected))
            same(name, expected, times(t))
            check("OBJECT ENCODING", t.run("OBJECT", "ENCODING", "h:3") == b"listpackex")
            check("a field's expiry goes", t.run("HPERSIST", "h:100", "FIELDS", 1, "f0") == [1])
            check("and a field", t.run("HDEL", "h:100", "f3") == 1)
        done = tool("tiercel-check", path(name))
        check("tiercel-check: %r" % done.stdout, done.returncode == 0)


def backup(tiercel, tool, path, port):
    """A copy of the running store, made under load, has all that was acknowledged before it was asked for."""
    acknowledged = [0]
    stop = threading.Event()

    def write():
        client = Client(port)
        while not stop.is_set():
            number = acknowledged[0] + 1
            words = [w for i in range(20) for w in ("k%d:%d" % (number, i), "%d" % number + "x" * 500)]
            if client.run("MSET", *words) != b"OK":
                return
            client.run("ZADD", "sorted", number, "m%d" % number)
            acknowledged[0] = number

    with tiercel("live") as t:
        writer = threading.Thread(target=write)
        writer.start()
        copies = []
        for number in range(3):
            time.sleep(1.5)
            before = acknowledged[0]
            if number == 0:
                check("BACKUP", t.run("BACKUP", path("backup0")) == b"OK")
            else:
                done = tool("tiercel-backup", "redis://127.0.0.1:%d" % port, path("backup%d" % number))
                check("tiercel-backup: %r" % done.stderr, done.returncode == 0)
            copies.append(before)
        check("BACKUP to a directory that exists", isinstance(t.run("BACKUP", path("backup0")), Exception))
        stop.set()
        writer.join()
        last = acknowledged[0]
        check("the writer went on", last > copies[-1] > copies[0] > 0)
    for number, before in enumerate(copies):
        with tiercel("backup%d" % number) as t:
            highest = t.run("ZCARD", "sorted")
            check("backup %d has %d of %d" % (number, highest, before), before <= highest <= last)
            for key in range(1, highest + 1):
                values = t.run("MGET", *["k%d:%d" % (key, i) for i in range(20)])
                check("backup %d, key %d" % (number, key), all(v == b"%d" % key + b"x" * 500 for v in values))
            check("and takes writes", t.run("SET", "new", "1") == b"OK")
        done = tool("tiercel-check", path("backup%d" % number))
        check("tiercel-check: %r" % done.stdout, done.returncode == 0)
    print("backups under load: %s of %d writes" % (copies, last))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--port", type=int, default=27890)
    args = parser.parse_args()
    binaries = pathlib.Path(args.build).resolve() / "bin"
    work = tempfile.mkdtemp(prefix="tiercel-exchange-")
    redis_command = ["redis-server", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"]
    tiercel_command = [str(binaries / "tiercel-server"), "--enable-debug-command", "yes"]

    def tool(name, *words, **kwargs):
        return subprocess.run([str(binaries / name), *words], capture_output=True, **kwargs)

    def path(name):
        return os.path.join(work, name)

    def tiercel(directory):
        return Server(tiercel_command, args.port + 1, path(directory))

    try:
        with Server(redis_command, args.port, path("redis")) as redis:
            fill(redis)
            truth = contents(redis)
            check("something to compare", len(truth) > 30)
            redis.run("CONFIG", "SET", "rdbcompression", "no")
            redis.run("SAVE")
            shutil.copy(path("redis/dump.rdb"), path("plain.rdb"))
            redis.run("CONFIG", "SET", "rdbcompression", "yes")
            redis.run("SAVE")
            dump = path("redis/dump.rdb")

            for name, source, extra in (("file", dump, []), ("plain", path("plain.rdb"), ["--shards", "4"])):
                done = tool("tiercel-import", *extra, source, path(name))
                check("import: %r" % done.stderr, done.returncode == 0)
                with Server(tiercel_command + (["--lsm-shards", "4"] if extra else []), args.port + 1, path(name)) as t:
                    same("imported from a " + name, truth, contents(t))
                    check("DBSIZE", t.run("DBSIZE") == redis.run("DBSIZE"))
                done = tool("tiercel-check", path(name))
                check("tiercel-check: %r" % done.stdout, done.returncode == 0)

            with open(dump, "rb") as piped:
                done = tool("tiercel-import", "-", path("piped"), stdin=piped)
            check("import from a pipe: %r" % done.stderr, done.returncode == 0)
            for diskless in ("yes", "no"):
                redis.run("CONFIG", "SET", "repl-diskless-sync", diskless)
                done = tool("tiercel-import", "--from", "redis://127.0.0.1:%d" % args.port, path("from-" + diskless))
                check("import from a server: %r" % done.stderr, done.returncode == 0)
                with tiercel("from-" + diskless) as t:
                    same("imported from a server, diskless " + diskless, truth, contents(t))
            redis.run("CONFIG", "SET", "requirepass", "secret")
            done = tool("tiercel-import", "--from", "redis://127.0.0.1:%d" % args.port, path("refused"))
            check("no password", done.returncode == 1 and b"NOAUTH" in done.stderr)
            done = tool("tiercel-import", "--from", "redis://:secret@127.0.0.1:%d" % args.port, path("allowed"))
            check("password: %r" % done.stderr, done.returncode == 0)
            done = tool("tiercel-import", "--from", "redis://default:secret@127.0.0.1:%d" % args.port, path("allowed2"))
            check("user and password: %r" % done.stderr, done.returncode == 0)
            redis.run("CONFIG", "SET", "requirepass", "")

            # Filters, the inventory, and what must not leave a store behind.
            done = tool("tiercel-import", "--db", "0", "--type", "list", "--match", "list:small:*", dump, path("some"))
            check("filters: %r" % done.stderr, done.returncode == 0)
            with tiercel("some") as t:
                same("filtered", {k: v for k, v in truth.items() if k[0] == 0 and k[1].startswith(b"list:small:") or
                                  k[0] == "function"}, contents(t))
            done = tool("tiercel-import", "--dry-run", "--json", dump)
            import json
            inventory = json.loads(done.stdout)
            check("inventory", inventory["keys"] == len(truth) - 2 and inventory["functions"] == 2 and
                  {p["prefix"]: p["keys"] for p in inventory["prefixes"]}["list:"] ==
                  sum(1 for k in truth if k[1].startswith(b"list:")))
            check("inventory as text", b"largest keys" in tool("tiercel-import", "--dry-run", dump).stdout)
            with open(dump, "rb") as whole:
                data = whole.read()
            for cut in (0, 9, 100, len(data) // 2, len(data) - 1):
                with open(path("cut.rdb"), "wb") as out:
                    out.write(data[:cut])
                done = tool("tiercel-import", path("cut.rdb"), path("half"))
                check("a cut dump is refused", done.returncode == 1 and b"byte " in done.stderr)
                check("and leaves nothing", not [n for n in os.listdir(work) if n.startswith("half")])
            # Interrupted in the middle: nothing is left. Killed: nothing that a server would start on.
            for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                process = subprocess.Popen([str(binaries / "tiercel-import"), "-", path("half")], stdin=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL)
                process.stdin.write(data[:len(data) // 2])
                process.stdin.flush()
                deadline = time.time() + 30
                while not [n for n in os.listdir(work) if n.startswith("half")] and time.time() < deadline:
                    time.sleep(0.01)
                process.send_signal(sent)
                try:
                    process.stdin.write(data[len(data) // 2:-20])
                    process.stdin.close()
                except OSError:
                    pass
                check("interrupted by %s" % sent, process.wait(30) == (-9 if sent == signal.SIGKILL else 1))
                left = [n for n in os.listdir(work) if n.startswith("half")]
                check("what an interrupted import leaves: %s" % left,
                      not os.path.exists(path("half")) and (not left or sent == signal.SIGKILL))
            done = tool("tiercel-import", dump, path("file"))
            check("a directory in use is refused", done.returncode == 1 and b"not empty" in done.stderr)

            # DUMP and RESTORE, both ways; then SAVE and BGSAVE.
            with tiercel("restored") as t:
                check("FUNCTION RESTORE", t.run("FUNCTION", "RESTORE", redis.run("FUNCTION", "DUMP")) == b"OK")
                keys = [name for name in truth if name[0] != "function"]
                for db, key in keys:
                    for client in (redis, t):
                        client.run("SELECT", db)
                    ttl = max(0, truth[db, key][1])
                    check("RESTORE %r" % key, t.run("RESTORE", key, ttl, redis.run("DUMP", key), "ABSTTL") == b"OK")
                same("restored from Redis", truth, contents(t))
                for db, key in keys:
                    for client in (redis, t):
                        client.run("SELECT", db)
                    ttl = max(0, truth[db, key][1])
                    payload = t.run("DUMP", key)
                    check("RESTORE %r back" % key,
                          redis.run("RESTORE", key, ttl, payload, "ABSTTL", "REPLACE") == b"OK")
                redis.run("SELECT", 0)
                t.run("SELECT", 0)
                same("restored to Redis", truth, contents(redis))
                before = t.run("LASTSAVE")
                check("SAVE", t.run("SAVE") == b"OK")
                check("LASTSAVE", t.run("LASTSAVE") >= before)
                check("BGSAVE", t.run("BGSAVE") == b"Background saving started")
                for _ in range(600):
                    info = t.run("INFO", "persistence")
                    if b"rdb_bgsave_in_progress:0" in info:
                        break
                    time.sleep(0.05)
                check("INFO", b"rdb_last_bgsave_status:ok" in info and b"rdb_saves:2" in info)
            os.makedirs(path("again"))
            shutil.copy(path("restored/dump.rdb"), path("again/dump.rdb"))

        with Server(redis_command, args.port, path("again")) as redis:
            same("redis-server loads what SAVE wrote", truth, contents(redis))
        for version in ("9", "10"):
            os.makedirs(path("exported" + version))
            done = tool("tiercel-export", "--rdb-version", version, path("file"), path("exported%s/dump.rdb" % version))
            check("export: %r" % done.stderr, done.returncode == 0)
            # Version 9 has no place for functions, and the tool says so.
            check("a word on functions", (b"function libraries were left out" in done.stderr) == (version == "9"))
            expected = {k: v for k, v in truth.items() if version != "9" or k[0] != "function"}
            with Server(redis_command, args.port, path("exported" + version)) as redis:
                same("redis-server loads an export, version " + version, expected, contents(redis))
        for version in ("11", "12"):
            done = tool("tiercel-export", "--rdb-version", version, path("file"), path("new.rdb"))
            check("export: %r" % done.stderr, done.returncode == 0)
            done = tool("tiercel-import", path("new.rdb"), path("reimported" + version))
            check("import: %r" % done.stderr, done.returncode == 0)
            with tiercel("reimported" + version) as t:
                same("exported and imported, version " + version, truth, contents(t))
        field_expiry(tiercel, tool, path)
        backup(tiercel, tool, path, args.port + 1)
        print("exchange: %d checks" % checks)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
