# SPDX-License-Identifier: BSD-3-Clause
"""A replica that keeps nothing: it attaches to a primary, takes the RDB file, and records the stream
of commands, byte for byte. And what tests of replication have in common."""

import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from resp_client import Client, ReplyError  # noqa: E402


class Caller(Client):
    """Error replies are values, also within others."""

    def read(self):
        try:
            return super().read()
        except ReplyError as error:
            return error


class FakeReplica:
    """PSYNC, then a thread that collects the stream. `capa_eof`: takes the diskless form."""

    def __init__(self, port, capa_eof=True, psync=("?", "-1"), acks=True):
        self.client = Client(port, timeout=60)
        self.client.call("PING")
        self.client.call("REPLCONF", "listening-port", "1")
        self.client.call("REPLCONF", *(("capa", "eof") if capa_eof else ()), "capa", "psync2")
        self.client.send("PSYNC", *psync)
        line = self.line()
        self.rdb = None
        self.reply = line
        self.stream = bytearray()
        self.commands, self.parsed = [], 0
        self.lock = threading.Lock()
        self.closed = False
        if line.startswith(b"+FULLRESYNC"):
            _, self.id, offset = line[1:].split()
            self.offset = int(offset)
            self.rdb = self.take_file()
        elif line.startswith(b"+CONTINUE"):
            words = line[1:].split()
            self.id = words[1] if len(words) > 1 else psync[0].encode()
            self.offset = int(psync[1]) - 1
        else:
            raise RuntimeError("PSYNC: %r" % line)
        threading.Thread(target=self.follow, daemon=True).start()
        if acks:
            threading.Thread(target=self.keep_acking, daemon=True).start()

    def line(self):
        while True:  # Newlines say that the primary is alive.
            line = self.client.file.readline()
            if not line:
                raise ConnectionError("closed")
            if line != b"\n":
                return line.rstrip(b"\r\n")

    def take_file(self):
        header = self.line()
        if header.startswith(b"$EOF:"):
            self.form = "eof"
            mark = header[5:]
            data = b""
            while not data.endswith(mark):
                more = self.client.file.read1(1 << 16)
                if not more:
                    raise ConnectionError("closed in the file")
                data += more
            return data[:-40]
        self.form = "length"
        return self.client.file.read(int(header[1:]))

    def ack(self, offset=None):
        self.client.send("REPLCONF", "ACK", str(self.offset if offset is None else offset))

    def keep_acking(self):
        try:
            while not self.closed:
                self.ack(self.offset + self.taken()[1])
                time.sleep(0.2)
        except OSError:
            pass

    def follow(self):
        try:
            while True:
                data = self.client.file.read1(1 << 16)
                if not data:
                    break
                with self.lock:
                    self.stream.extend(data)
        except OSError:
            pass
        self.closed = True

    def taken(self):
        """Whole commands so far, as lists of bytes, and the bytes they take."""
        with self.lock:
            while self.take_one():
                pass
            return list(self.commands), self.parsed

    def take_one(self):
        data, here = self.stream, self.parsed
        end = data.find(b"\r\n", here)
        if end < 0:
            return False
        assert data[here:here + 1] == b"*", "not a command: %r" % bytes(data[here:here + 60])
        count, here, words = int(data[here + 1:end]), end + 2, []
        for _ in range(count):
            end = data.find(b"\r\n", here)
            if end < 0:
                return False
            size = int(data[here + 1:end])
            if end + 2 + size + 2 > len(data):
                return False
            words.append(bytes(data[end + 2:end + 2 + size]))
            here = end + 2 + size + 2
        self.commands.append(words)
        self.parsed = here
        return True

    def wait_for(self, word, timeout=60):
        """Until a command that has `word` as an argument; all before it, without PING and GETACK."""
        begin = time.monotonic()
        while True:
            seen = []
            for command in self.taken()[0]:
                if word in command:
                    return seen
                if command[0].upper() not in (b"PING", b"REPLCONF"):
                    seen.append(command)
            if self.closed or time.monotonic() - begin > timeout:
                raise RuntimeError("no %r in the stream (closed: %s)" % (word, self.closed))
            time.sleep(0.005)

    def close(self):
        # The follower is in the middle of reading: it ends by this.
        self.client.socket.shutdown(socket.SHUT_RDWR)


def info(client, section="replication"):
    text = client.call("INFO", section).decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def wait_until(what, condition, timeout=60):
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > timeout:
            raise RuntimeError("timed out: " + what)
        time.sleep(0.02)


def read_value(client, key):
    """Type, expiry and elements of a key, in a form that can be compared."""
    kind = client.call("TYPE", key)
    expiry = client.call("PEXPIRETIME", key)
    if kind == "string":
        value = client.call("GET", key)
    elif kind == "list":
        value = client.call("LRANGE", key, 0, -1)
    elif kind == "set":
        value = sorted(client.call("SMEMBERS", key))
    elif kind == "zset":
        flat = client.call("ZRANGE", key, 0, -1, "WITHSCORES")
        value = [(member, float(score)) for member, score in zip(flat[::2], flat[1::2])]
    elif kind == "hash":
        flat = client.call("HGETALL", key)
        value = sorted(zip(flat[::2], flat[1::2]))
    elif kind == "stream":
        value = client.call("XRANGE", key, "-", "+"), read_groups(client, key)
    else:
        value = None
    return kind, expiry, value


def read_groups(client, key):
    groups = []
    for group in client.call("XINFO", "GROUPS", key):
        fields = dict(zip(group[::2], group[1::2]))
        name = fields[b"name"]
        pending = [entry[:2] + entry[3:] for entry in client.call("XPENDING", key, name, "-", "+", 1000)]
        consumers = sorted(consumer[1] for consumer in client.call("XINFO", "CONSUMERS", key, name))
        groups.append((name, fields[b"last-delivered-id"], fields[b"entries-read"], pending, consumers))
    return groups


def read_all(port, databases=16):
    """{(database, key): value} of a whole server."""
    client = Client(port)
    result = {}
    for database in range(databases):
        client.call("SELECT", database)
        for key in sorted(client.call("KEYS", "*")):
            result[database, key] = read_value(client, key)
    client.close()
    return result


def differences(ours, theirs, most=10):
    lines = []
    for key in sorted(set(ours) | set(theirs)):
        if ours.get(key) != theirs.get(key):
            lines.append("%r: %.200r and %.200r" % (key, ours.get(key), theirs.get(key)))
    return lines[:most]
