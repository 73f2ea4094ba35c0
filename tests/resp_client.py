# SPDX-License-Identifier: BSD-3-Clause
"""A small blocking RESP2 client and a server process, for tests that must control every byte."""

import os
import signal
import socket
import subprocess
import time


class ReplyError(Exception):
    """An error reply."""


class Client:
    def __init__(self, port, timeout=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", buffering=1 << 16)

    @staticmethod
    def encode(*words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        return b"".join(parts)

    def send(self, *words):
        self.socket.sendall(self.encode(*words))

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("connection closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise ReplyError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            if size < 0:
                return None
            data = self.file.read(size + 2)
            if len(data) != size + 2:
                raise ConnectionError("connection closed")
            return data[:-2]
        if kind == b"*":
            return None if int(rest) < 0 else [self.read() for _ in range(int(rest))]
        raise ConnectionError("not RESP: %r" % line)

    def call(self, *words):
        self.send(*words)
        return self.read()

    def close(self):
        self.file.close()
        self.socket.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process on a free port. `binary` is tiercel-server, or redis-server for an oracle."""

    def __init__(self, binary, directory, *options, log=None):
        self.binary = binary
        self.directory = directory
        self.options = options
        self.log = log or os.path.join(directory, "server.log")
        self.port = free_port()
        self.process = None

    def start(self, wait=True, timeout=60):
        os.makedirs(self.directory, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "--port", str(self.port), "--dir", self.directory, *self.options],
                stdout=log, stderr=subprocess.STDOUT)
        if wait:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout=60):
        """Waits for the first answer; returns the seconds since the call."""
        begin = time.monotonic()
        while time.monotonic() - begin < timeout:
            if self.process.poll() is not None:
                raise RuntimeError("server ended with %d, see %s" % (self.process.returncode, self.log))
            try:
                client = Client(self.port, timeout=5)
                try:
                    client.call("PING")
                    return time.monotonic() - begin
                except (ReplyError, ConnectionError):
                    pass
                finally:
                    client.close()
            except OSError:
                pass
            time.sleep(0.002)
        raise RuntimeError("server not ready after %d s, see %s" % (timeout, self.log))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=60):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError("server did not stop within %d s" % timeout)
        return self.process.returncode if self.process else None
