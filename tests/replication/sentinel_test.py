#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Three sentinels (Debian's redis-server --sentinel) over three Tiercel nodes: the primary is killed, and all go on.

usage: sentinel_test.py BUILD_DIR [--port P]   (six ports, P to P + 5)
"""

import argparse
import os
import pathlib
import signal
import time

from nodes import Node, check, until, work_folder

NAME = "tests"


class Sentinel(Node):
    """Its configuration is a file that it writes to itself."""

    def __init__(self, port, directory, primary):
        super().__init__(["redis-server"], port, directory)
        config = pathlib.Path(str(directory) + ".conf")
        config.write_text("""port %d
dir %s
sentinel monitor %s 127.0.0.1 %d 2
sentinel down-after-milliseconds %s 3000
sentinel failover-timeout %s 20000
""" % (port, directory, NAME, primary.port, NAME, NAME))
        self.command = ["redis-server", str(config), "--sentinel"]

    def primary_port(self):
        return int(self.run("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1])

    def primary_fields(self):
        flat = self.run("SENTINEL", "MASTER", NAME)
        return dict(zip(flat[::2], flat[1::2]))


class Tiercel(Node):
    """With a configuration file, for CONFIG REWRITE."""

    def run(self, *words):
        """Sentinel closes all connections of a node whose role it changes."""
        for _ in range(5):
            try:
                return super().run(*words)
            except (OSError, RuntimeError):
                time.sleep(0.1)
        return super().run(*words)

    def __init__(self, binaries, port, directory, primary=None):
        super().__init__([], port, directory)
        self.config = pathlib.Path(str(directory) + ".conf")
        lines = ["port %d" % port, "dir %s" % directory, "min-replicas-to-write 0"]
        if primary is not None:
            lines.append("replicaof 127.0.0.1 %d" % primary.port)
        self.config.write_text("\n".join(lines) + "\n")
        self.command = [str(binaries / "tiercel-server"), str(self.config)]


def follows(node, primary):
    info = node.info("replication")
    return (info["role"] == "slave" and int(info["master_port"]) == primary.port and
            info["master_link_status"] == "up")


def write(node, first, last):
    """Each on one replica at least when this returns."""
    client = node.client()
    for i in range(first, last):
        client.run("SET", "key:%d" % i, i)
        client.run("RPUSH", "list", i)
        check("a replica has it", client.run("WAIT", 1, 60000) >= 1)


def check_data(what, node, last):
    client = node.client()
    keys = [client.run("GET", "key:%d" % i) for i in range(last)]
    check("%s: the keys" % what, keys == [b"%d" % i for i in range(last)])
    check("%s: the list" % what, client.run("LRANGE", "list", 0, -1) == [b"%d" % i for i in range(last)])


def run(binaries, port, work, running):
    def start(node):
        node.start()
        running.append(node)
        return node

    def path(name):
        return os.path.join(work, name)

    first = start(Tiercel(binaries, port, path("node0")))
    others = [start(Tiercel(binaries, port + i, path("node%d" % i), first)) for i in (1, 2)]
    for node in others:
        until("node follows", lambda: follows(node, first))
    sentinels = [start(Sentinel(port + 3 + i, path("sentinel%d" % i), first)) for i in range(3)]
    for sentinel in sentinels:
        until("the sentinels know all", lambda: sentinel.primary_fields()[b"num-slaves"] == b"2" and
              sentinel.primary_fields()[b"num-other-sentinels"] == b"2")
    write(first, 0, 200)

    begin = time.time()
    first.kill(signal.SIGKILL)
    running.remove(first)
    for sentinel in sentinels:
        until("failed over", lambda: sentinel.primary_port() != first.port)
    new = next(node for node in others if node.port == sentinels[0].primary_port())
    other = next(node for node in others if node is not new)
    until("promoted", lambda: new.run("ROLE")[0] == b"master")
    until("the other follows", lambda: follows(other, new))
    print("failed over after %.1f s" % (time.time() - begin))
    check("nothing is missing", new.run("LLEN", "list") == 200)
    check_data("the new primary", new, 200)
    write(new, 200, 300)
    check("it has written its role down", "replicaof" not in new.config.read_text())
    until("and so has the other", lambda: "replicaof 127.0.0.1 %d" % new.port in other.config.read_text())

    start(first)
    until("the old primary follows", lambda: follows(first, new))
    until("and has all", lambda: first.run("LLEN", "list") == 300)
    check_data("the old primary", first, 300)
    until("its configuration", lambda: "replicaof 127.0.0.1 %d" % new.port in first.config.read_text())

    # By hand, with nobody dead.
    until("failover is possible", lambda: sentinels[0].run("SENTINEL", "FAILOVER", NAME) == b"OK")
    until("failed over", lambda: sentinels[0].primary_port() != new.port)
    third = next(node for node in (first, other) if node.port == sentinels[0].primary_port())
    for node in (first, other, new):
        if node is not third:
            until("all follow", lambda: follows(node, third))
    write(third, 300, 320)
    for node in (first, other, new):
        until("all have all", lambda: node.run("LLEN", "list") == 320)
        check_data("at the end", node, 320)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--port", type=int, default=27910)
    args = parser.parse_args()
    running = []
    with work_folder("sentinel") as work:
        try:
            run(pathlib.Path(args.build).resolve() / "bin", args.port, work, running)
        finally:
            for node in running:
                if node.process is not None:
                    node.kill()
    print("sentinel: passed")


if __name__ == "__main__":
    main()
