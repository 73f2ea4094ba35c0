#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""python3-redis (Debian's) against a running server. usage: python_redis_test.py PORT"""

import sys
import time
import unittest

import redis

PORT = int(sys.argv.pop(1))


class PythonRedis(unittest.TestCase):
    def setUp(self):
        self.r = redis.Redis(port=PORT, decode_responses=True)
        self.r.flushall()

    def test_strings_round_trip(self):
        self.assertTrue(self.r.set("a", "1"))
        self.assertEqual(self.r.get("a"), "1")
        self.assertEqual(self.r.incr("a", 5), 6)
        self.assertEqual(self.r.incrbyfloat("a", 0.5), 6.5)
        self.assertEqual(self.r.append("b", "hello"), 5)
        self.assertEqual(self.r.getrange("b", 1, 3), "ell")
        self.assertEqual(self.r.mget("a", "nope"), ["6.5", None])
        self.assertTrue(self.r.mset({"m1": "x", "m2": "y"}))
        self.assertIsNone(self.r.set("a", "2", nx=True))
        self.assertEqual(self.r.getdel("a"), "6.5")

    def test_binary_values_survive(self):
        raw = redis.Redis(port=PORT)
        value = bytes(range(256)) * 300
        raw.set(b"bin\x00\r\n", value)
        self.assertEqual(raw.get(b"bin\x00\r\n"), value)

    def test_expiry(self):
        self.r.set("t", "x", px=60)
        self.assertGreater(self.r.pttl("t"), 0)
        time.sleep(0.08)
        self.assertIsNone(self.r.get("t"))
        self.assertEqual(self.r.ttl("t"), -2)

    def test_pipeline_without_transaction(self):
        with self.r.pipeline(transaction=False) as pipe:
            for i in range(200):
                pipe.set("p:%d" % i, i)
            for i in range(200):
                pipe.get("p:%d" % i)
            replies = pipe.execute()
        self.assertEqual(replies[200:], [str(i) for i in range(200)])

    def test_scan_finds_every_key_once(self):
        with self.r.pipeline(transaction=False) as pipe:
            for i in range(5000):
                pipe.set("scan:%d" % i, i)
            pipe.execute()
        found = list(self.r.scan_iter(match="scan:*", count=100))
        self.assertEqual(len(found), 5000)
        self.assertEqual(len(set(found)), 5000)
        self.assertEqual(self.r.dbsize(), 5000)

    def test_errors_arrive_as_redis_py_knows_them(self):
        self.r.set("word", "abc")
        with self.assertRaises(redis.ResponseError) as caught:
            self.r.incr("word")
        self.assertEqual(str(caught.exception), "value is not an integer or out of range")

    def test_info_config_and_client(self):
        info = self.r.info()
        self.assertIn("redis_version", info)
        self.assertEqual(self.r.config_get("maxmemory-policy"), {"maxmemory-policy": "noeviction"})
        self.r.client_setname("tester")
        self.assertEqual(self.r.client_getname(), "tester")
        self.assertTrue(any(c["name"] == "tester" for c in self.r.client_list()))

    def test_transactions(self):
        with self.r.pipeline(transaction=True) as pipe:
            pipe.set("t:a", 1).incr("t:a").get("t:a")
            self.assertEqual(pipe.execute(), [True, 2, "2"])
        with self.r.pipeline() as pipe:
            pipe.watch("t:a")
            self.r.set("t:a", "changed")
            pipe.multi()
            pipe.set("t:a", "mine")
            with self.assertRaises(redis.WatchError):
                pipe.execute()
        self.assertEqual(self.r.get("t:a"), "changed")

        def double(pipe):
            value = int(pipe.get("t:n") or 1)
            pipe.multi()
            pipe.set("t:n", value * 2)

        for _ in range(5):
            self.r.transaction(double, "t:n")
        self.assertEqual(self.r.get("t:n"), "32")

    def test_pubsub(self):
        pubsub = self.r.pubsub(ignore_subscribe_messages=True)
        pubsub.subscribe("news")
        pubsub.psubscribe("n*")
        deadline = time.time() + 5
        while self.r.pubsub_numpat() == 0 and time.time() < deadline:
            pubsub.get_message(timeout=0.05)
        self.assertEqual(self.r.publish("news", "hello"), 2)
        got = []
        while len(got) < 2 and time.time() < deadline:
            # None stands for the confirmations of the subscriptions, too.
            message = pubsub.get_message(timeout=0.1)
            got += [message] if message else []
        self.assertEqual([m["type"] for m in got], ["message", "pmessage"])
        self.assertEqual([m["data"] for m in got], ["hello", "hello"])
        self.assertEqual(self.r.pubsub_numsub("news"), [("news", 1)])
        pubsub.close()

    def test_keyspace_notifications(self):
        self.r.config_set("notify-keyspace-events", "Ex")
        pubsub = self.r.pubsub(ignore_subscribe_messages=True)
        pubsub.psubscribe("__keyevent@0__:expired")
        pubsub.get_message(timeout=5)
        self.r.set("gone", "x", px=20)
        message = None
        deadline = time.time() + 5
        while message is None and time.time() < deadline:
            message = pubsub.get_message(timeout=0.2)
        self.assertEqual(message["data"], "gone")
        pubsub.close()
        self.r.config_set("notify-keyspace-events", "")

    def test_bitmaps(self):
        self.assertEqual(self.r.setbit("bits", 7, 1), 0)
        self.assertEqual(self.r.bitcount("bits"), 1)
        self.assertEqual(self.r.bitpos("bits", 1), 7)

    def test_databases_are_apart(self):
        other = redis.Redis(port=PORT, db=3, decode_responses=True)
        self.r.set("k", "zero")
        self.assertIsNone(other.get("k"))
        self.assertTrue(self.r.move("k", 3))
        self.assertEqual(other.get("k"), "zero")


if __name__ == "__main__":
    unittest.main(verbosity=0)
