#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""FAILOVER between Tiercel and Redis in every direction, while somebody counts: no increment is lost, none is done twice.

usage: failover_test.py BUILD_DIR [--port P]   (two ports, P and P + 1)
"""

import argparse
import os
import pathlib
import signal
import threading
import time

from nodes import Node, caught_up, check, link_up, until, work_folder


class Counting(threading.Thread):
    """Increments at whoever is the primary, as fast as the server answers, until stopped."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.client = node.client()
        self.done = 0
        self.refusal = None
        self.halt = False

    def run(self):
        while not self.halt and self.refusal is None:
            try:
                reply = self.client.run("INCR", "counter")
            except (RuntimeError, OSError) as error:  # The link is closed.
                reply = error
            if isinstance(reply, int):
                self.done = reply
            else:
                self.refusal = str(reply)

    def stop(self):
        self.halt = True
        self.join()


def refused(node, *words):
    reply = node.run(*words)
    return str(reply) if isinstance(reply, Exception) else "answered %r" % reply


def state(node):
    return node.info("replication")["master_failover_state"]


def check_errors(primary, replica):
    for words, text in (
            (("ABORT",), "ERR No failover in progress."),
            (("TIMEOUT", 0), "ERR FAILOVER timeout must be greater than 0"),
            (("TIMEOUT", "x"), "ERR value is not an integer or out of range"),
            (("TO", "127.0.0.1"), "ERR syntax error"),
            (("FORCE",), "ERR FAILOVER with force option requires both a timeout and target HOST and IP."),
            (("TO", "127.0.0.1", 1), "ERR FAILOVER target HOST and PORT is not a replica.")):
        check("FAILOVER %r: %s" % (words, text), refused(primary, "FAILOVER", *words) == text)
    check("a replica's refusal", refused(replica, "FAILOVER") == "ERR FAILOVER is not valid when server is a replica.")
    own = primary.info("replication")["master_replid"]
    check("a primary is no target", refused(primary, "PSYNC", own, 1, "FAILOVER") ==
          "ERR PSYNC FAILOVER can't be sent to a master.")
    check("nor is one of another stream", refused(replica, "PSYNC", "0" * 40, 1, "FAILOVER") ==
          "ERR PSYNC FAILOVER replid must match my replid.")


def check_abort(primary, replica):
    """A replica that cannot catch up: writes wait until the time is over, or ABORT."""
    replica.process.send_signal(signal.SIGSTOP)
    primary.run("INCR", "counter")
    check("begun", primary.run("FAILOVER") == b"OK")
    check("its state", state(primary) == "waiting-for-sync")
    check("once at a time", refused(primary, "FAILOVER") == "ERR FAILOVER already in progress.")
    writer = Counting(primary)
    writer.start()
    check("clients cannot end it", primary.run("CLIENT", "UNPAUSE") == b"OK")
    time.sleep(0.3)
    check("writes wait", writer.done == 0)
    check("aborted", primary.run("FAILOVER", "ABORT") == b"OK")
    until("writes go on", lambda: writer.done > 0)
    check("with a time", primary.run("FAILOVER", "TIMEOUT", 300) == b"OK")
    until("the time ends it", lambda: state(primary) == "no-failover")
    before = writer.done
    until("writes go on again", lambda: writer.done > before)
    writer.stop()
    check("none was refused", writer.refusal is None)
    replica.process.send_signal(signal.SIGCONT)
    caught_up(primary, replica)


def change_places(primary, replica, *how):
    """The ids of the stream show that nobody was synced fully."""
    fulls = int(primary.info("stats")["sync_full"]) + int(replica.info("stats")["sync_full"])
    # Redis finds that a moment after the replica does.
    until("the replica is online", lambda: "state=online" in primary.info("replication").get("slave0", ""))
    counting = Counting(primary)
    counting.start()
    until("it counts", lambda: counting.done > 100)
    check("FAILOVER", primary.run("FAILOVER", *how) == b"OK")
    until("the replica is the primary", lambda: replica.run("ROLE")[0] == b"master")
    until("and the primary a replica", lambda: link_up(primary))
    until("which refuses writes", lambda: counting.refusal is not None)
    counting.stop()
    check("as a replica does: %s" % counting.refusal, counting.refusal.startswith(("READONLY", "UNBLOCKED")))
    check("it is over", state(primary) == "no-failover")
    check("%d counted" % counting.done, int(replica.run("GET", "counter")) == counting.done)
    replica.run("INCR", "counter")
    caught_up(replica, primary)
    check("followed", int(primary.run("GET", "counter")) == counting.done + 1)
    check("what is sent is counted", int(replica.info("stats")["total_net_repl_output_bytes"]) > 0)
    check("and what comes", int(primary.info("stats")["total_net_repl_input_bytes"]) > 0)
    check("no full sync", fulls == int(primary.info("stats")["sync_full"]) + int(replica.info("stats")["sync_full"]))


def run(binaries, port, work):
    def redis(number, name):
        return Node(["redis-server", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"],
                    port + number, os.path.join(work, name))

    def tiercel(number, name):
        return Node([str(binaries / "tiercel-server")], port + number, os.path.join(work, name))

    for first, second in ((tiercel, tiercel), (tiercel, redis), (redis, tiercel)):
        names = [kind.__name__ + str(number) for number, kind in enumerate((first, second))]
        path = "-".join(names)
        with first(0, path + "0") as one, second(1, path + "1") as two:
            two.run("REPLICAOF", "127.0.0.1", one.port)
            until("the link is up", lambda: link_up(two))
            if first is tiercel and second is tiercel:
                check_errors(one, two)
            if first is tiercel:
                check_abort(one, two)
            change_places(one, two, "TO", "127.0.0.1", two.port, "TIMEOUT", 60000)
            change_places(two, one)
            print("%s and %s changed places twice" % tuple(names), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--port", type=int, default=27920)
    args = parser.parse_args()
    with work_folder("failover") as work:
        run(pathlib.Path(args.build).resolve() / "bin", args.port, work)
    print("failover: passed")


if __name__ == "__main__":
    main()
