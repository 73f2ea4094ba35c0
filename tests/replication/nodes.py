# SPDX-License-Identifier: BSD-3-Clause
"""Servers that replicate, what their tests wait for, and the folder that they work in."""

import contextlib
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "rdb"))
from exchange_test import Client, contents  # noqa: E402

# A loaded machine is slow; nothing waits so long unless it has failed.
PATIENCE_S = 90


def check(what, condition):
    if not condition:
        print("FAILED: %s" % what)
        sys.exit(1)


def until(what, condition, patience=PATIENCE_S):
    end = time.time() + patience
    while not condition():
        check("in time: " + what, time.time() < end)
        time.sleep(0.02)


class Node:
    """A server process that can be killed and started again on its data."""

    def __init__(self, command, port, directory, *options):
        self.command = command + ["--port", str(port), "--dir", str(directory)]
        self.options = list(options)
        self.port = port
        self.directory = pathlib.Path(directory)
        self.password = ()
        self.process = None

    def start(self, *more):
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = open(str(self.directory) + ".log", "ab")
        self.process = subprocess.Popen(self.command + self.options + list(more), stdout=self.log, stderr=self.log)
        end = time.time() + PATIENCE_S
        while True:
            try:
                client = self.client()
                if client.run("PING") == b"PONG":
                    client.sock.close()
                    return self
            except OSError:
                pass
            check("the server on port %d starts" % self.port, time.time() < end and self.process.poll() is None)
            time.sleep(0.05)

    def client(self):
        client = Client(self.port)
        if self.password:
            client.run("AUTH", *self.password)
        return client

    def run(self, *words):
        client = self.client()
        reply = client.run(*words)
        client.sock.close()
        return reply

    def info(self, section="everything"):
        lines = self.run("INFO", section).decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(PATIENCE_S)
        self.log.close()
        self.process = None

    def stop(self):
        if self.process is not None:
            self.kill(signal.SIGTERM)

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, kind, *_):
        if self.process is not None:
            self.kill(signal.SIGKILL if kind else signal.SIGTERM)


def link_up(replica):
    return replica.info("replication").get("master_link_status") == "up"


def caught_up(primary, replica):
    """The replica has all that the primary has sent. Nobody may write meanwhile."""
    def there():
        ours = primary.info("replication")
        theirs = replica.info("replication")
        return (theirs.get("master_link_status") == "up" and
                int(theirs["slave_repl_offset"]) >= int(ours["master_repl_offset"]))
    until("the replica has caught up", there)


def same(what, primary, replica):
    time.sleep(0.2)  # What expires soon has gone by then.
    expected, actual = contents(primary.client()), contents(replica.client())
    for key in sorted(set(expected) | set(actual), key=str):
        if expected.get(key) != actual.get(key):
            print("%s: %r differs:\n  primary %.300r\n  replica %.300r" % (what, key, expected.get(key), actual.get(key)))
            sys.exit(1)
    check("something to compare", expected)
    print("%s: %d keys agree" % (what, len(expected)))


@contextlib.contextmanager
def work_folder(name):
    """Kept if a test fails, and then the ends of the logs in it are shown."""
    work = tempfile.mkdtemp(prefix="tiercel-%s-" % name)
    try:
        yield work
    except BaseException:
        for log in sorted(pathlib.Path(work).glob("*.log")):
            print("---- the end of %s" % log)
            print("".join(open(log, errors="replace").readlines()[-15:]))
        print("kept: " + work)
        raise
    shutil.rmtree(work)
