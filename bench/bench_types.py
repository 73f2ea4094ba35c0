# SPDX-License-Identifier: BSD-3-Clause
"""Sections of bench.py about the collection types: CPU per operation, and RAM of small ones."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
from resp_client import Client  # noqa: E402

READ, WRITE = (1.0, 1.1), (1.0, 2.0)
# «Below Redis'», not at most.
READ_BELOW, WRITE_BELOW = (0.999, 1.1), (0.999, 2.0)
MEMBERS = 1_000_000

# A group shares its data: what fills it (command, options of the load, times), then its rows: name,
# command, targets, how many keys it speaks to.
HASHES = ("HSET", "KEY", "MEMBER", "VALUE"), dict(keys=10_000, members=100, requests=3_000_000)
BIG_HASHES = ("HSET", "KEY", "MEMBER", "VALUE"), dict(keys=1_000, members=100, requests=1_000_000)
COUNTERS = ("HINCRBY", "KEY", "MEMBER", "1"), dict(keys=10_000, members=100, requests=2_000_000)
LONG_LIST = ("RPUSH", "KEY", "VALUE"), dict(keys=1, requests=MEMBERS)
LISTS = ("RPUSH", "KEY", "VALUE"), dict(keys=1_000, requests=3_000_000)
SETS = ("SADD", "KEY", "MEMBER"), dict(keys=1_000, members=1_000, requests=2_000_000)
ZSET = ("ZADD", "z", "SCORE", "MEMBER"), dict(keys=1, members=MEMBERS, requests=3_000_000)
STREAMS = ("XADD", "KEY", "*", "field", "VALUE"), dict(keys=1_000, requests=1_000_000)
GROUPS = [
    (HASHES, [("HSET", ["HSET", "KEY", "MEMBER", "VALUE"], WRITE),
              ("HGET", ["HGET", "KEY", "MEMBER"], READ)]),
    (BIG_HASHES, [("HGETALL (100 fields)", ["HGETALL", "KEY"], READ)]),
    (COUNTERS, [("HINCRBY", ["HINCRBY", "KEY", "MEMBER", "1"], WRITE)]),
    (LONG_LIST, [("LINDEX (middle of 1 M)", ["LINDEX", "KEY", "500000"], READ_BELOW)]),
    (LISTS, [("LRANGE_100", ["LRANGE", "KEY", "0", "99"], READ),
             ("LPUSH", ["LPUSH", "KEY", "VALUE"], WRITE),
             ("RPOP", ["RPOP", "KEY"], WRITE)]),
    (SETS, [("SADD", ["SADD", "KEY", "MEMBER"], WRITE),
            ("SISMEMBER", ["SISMEMBER", "KEY", "MEMBER"], READ)]),
    (ZSET, [("ZADD (1 M members)", ["ZADD", "z", "SCORE", "MEMBER"], WRITE_BELOW),
            ("ZRANGE_100 (deep)", ["ZRANGE", "z", "500000", "500099"], READ_BELOW),
            ("ZRANK (1 M members)", ["ZRANK", "z", "MEMBER"], READ_BELOW)]),
    (STREAMS, [("XADD", ["XADD", "KEY", "*", "field", "VALUE"], WRITE),
               ("XRANGE_100", ["XRANGE", "KEY", "-", "+", "COUNT", "100"], READ)]),
    # About as many as the fill leaves in each, so that each XADD trims one.
    (STREAMS, [("MAXLEN: XADD, trims exactly",
                ["XADD", "KEY", "MAXLEN", "=", "1000", "*", "field", "VALUE"], WRITE)]),
]
# Those that cost much each, in the one server or the other.
LONG_REPLIES = ("HGETALL", "LRANGE", "LINDEX", "ZRANGE", "XRANGE")
VALUE_BYTES = 16


def requests_for(name, pipeline, quick):
    requests = {1: 100_000, 16: 400_000, 100: 800_000}[pipeline]
    if name.startswith(LONG_REPLIES):
        requests //= 8
    return requests // (5 if quick else 1)


def run(bench):
    print("\n### Collections: 50 clients, appendfsync everysec, median of %d rounds\n" % bench.rounds)
    bench.print_head()
    redis = bench.redis("--appendfsync", "everysec")
    tiercel = bench.tiercel("--appendfsync", "everysec", name="types")
    for (fill, options), rows in GROUPS:
        if bench.only and not any(name.startswith(bench.only) for name, _, _ in rows):
            continue
        for server in (redis, tiercel):
            client = Client(server.port, timeout=300)
            client.call("FLUSHALL")
            client.close()
            bench.load(server, list(fill), clients=8, pipeline=100, value_bytes=VALUE_BYTES, **options)
            bench.wait_idle(server)
        for name, command, targets in rows:
            if bench.only and not name.startswith(bench.only):
                continue
            for pipeline in (1, 16, 100):
                bench.compare_row("%s -P %d" % (name, pipeline), command, redis, tiercel, targets,
                                  settle=targets in (WRITE, WRITE_BELOW), pipeline=pipeline,
                                  keys=options["keys"], members=options.get("members", 1),
                                  requests=requests_for(name, pipeline, bench.quick),
                                  value_bytes=VALUE_BYTES)
    bench.stop(redis)
    bench.stop(tiercel)


def small_collections(bench, count=50_000):
    print("\n### RAM per element of small collections, %s of each\n" % "{:,}".format(count))
    print("| type, elements | Redis B/element | Tiercel hot tier B/element | ratio | target |")
    print("|---|---|---|---|---|")
    for kind in ("hash", "set", "zset"):
        for elements in (10, 100):
            figures = []
            for server in (bench.redis("--appendonly", "no"),
                           bench.tiercel(name="small-%s-%d" % (kind, elements))):
                client = Client(server.port, timeout=300)
                empty = bench.used_by_keys(client)
                fill_small(client, kind, elements, count)
                figures.append((bench.used_by_keys(client) - empty) / (count * elements))
                client.close()
                bench.stop(server)
            print("| %s, %d | %.1f | %.1f | %.2f | %s |" %
                  (kind, elements, *figures, figures[1] / figures[0],
                   "met" if figures[1] <= figures[0] else "MISSED"), flush=True)


def fill_small(client, kind, elements, count):
    for n in range(count):
        words = {"hash": ["HSET"], "set": ["SADD"], "zset": ["ZADD"]}[kind] + ["%s:%07d" % (kind, n)]
        for i in range(elements):
            words += {"hash": ["field:%d" % i, "value:%d" % i], "set": ["member:%d" % i],
                      "zset": [str(i * 1.5), "member:%d" % i]}[kind]
        client.call(*words)
