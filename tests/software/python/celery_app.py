# SPDX-License-Identifier: BSD-3-Clause
"""The tasks of celery_test.py; PORT in the environment."""
import os

from celery import Celery

url = "redis://127.0.0.1:%s/1" % os.environ["PORT"]
app = Celery("celery_app", broker=url, backend=url)
app.conf.update(broker_connection_retry_on_startup=True, result_expires=60, task_acks_late=True)


@app.task
def add(a, b):
    return a + b


@app.task(bind=True, max_retries=2)
def flaky(self, key):
    if self.app.backend.client.incr(key) < 2:
        raise self.retry(countdown=0)
    return "done"


@app.task
def fail():
    raise ValueError("on purpose")


@app.task
def total(numbers):
    return sum(numbers)
