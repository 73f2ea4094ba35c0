# SPDX-License-Identifier: BSD-3-Clause
"""python3-django-redis: Django's cache. usage: django_cache_test.py PORT"""
import sys
import time

import django
from django.conf import settings

settings.configure(CACHES={"default": {
    "BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:%s/2" % sys.argv[1],
    "OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient"}}})
django.setup()

from django.core.cache import cache  # noqa: E402

cache.clear()
cache.set("a", {"deep": [1, 2.5, "x", None]}, timeout=60)
assert cache.get("a") == {"deep": [1, 2.5, "x", None]}
assert 0 < cache.ttl("a") <= 60
assert cache.add("a", 1) is False and cache.add("b", 1) is True
assert cache.incr("b", 41) == 42 and cache.decr("b", 2) == 40
cache.set_many({"m%d" % i: i for i in range(500)})
assert cache.get_many(["m1", "m499", "none"]) == {"m1": 1, "m499": 499}
assert len(list(cache.iter_keys("m*"))) == 500
assert cache.delete_pattern("m*") == 500
cache.set("short", 1, timeout=0.1)
cache.pexpire("b", 100)
time.sleep(0.15)
assert cache.get("short") is None and cache.get("b") is None
with cache.lock("lock", timeout=5):
    assert cache.lock("lock", blocking_timeout=0.05).acquire() is False
cache.touch("a", 5)
assert cache.ttl("a") <= 5
assert cache.get_or_set("made", lambda: "value") == "value"
assert cache.has_key("made") and cache.delete("made")
print("django-redis: ok")
