# SPDX-License-Identifier: BSD-3-Clause
"""python3-celery with Redis as broker and as store of results.

usage: celery_test.py PORT"""
import os
import subprocess
import sys
import time

os.environ["PORT"] = sys.argv[1]
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import redis  # noqa: E402
from celery import chain, chord, group  # noqa: E402

from celery_app import add, app, fail, flaky, total  # noqa: E402

redis.Redis(port=int(sys.argv[1]), db=1).flushdb()
worker = subprocess.Popen(
    [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "-P", "threads", "-c", "4", "-l", "WARNING"],
    cwd=os.path.dirname(os.path.abspath(__file__)))
try:
    assert add.delay(2, 3).get(timeout=60) == 5
    assert flaky.delay("celery-flaky").get(timeout=30) == "done"
    try:
        fail.delay().get(timeout=30)
        raise SystemExit("the task that fails has not failed")
    except ValueError as error:
        assert str(error) == "on purpose"
    assert group(add.s(i, i) for i in range(50))().get(timeout=60) == [2 * i for i in range(50)]
    assert chain(add.s(1, 2), add.s(10), add.s(100))().get(timeout=30) == 113
    assert chord([add.s(i, 0) for i in range(10)], total.s())().get(timeout=30) == 45
    begin = time.time()
    assert add.apply_async((1, 1), countdown=1).get(timeout=30) == 2
    assert time.time() - begin >= 1
    assert len(app.control.ping(timeout=2)) == 1
finally:
    worker.terminate()
    worker.wait(60)
print("celery: ok")
