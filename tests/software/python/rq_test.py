# SPDX-License-Identifier: BSD-3-Clause
"""python3-rq: jobs through a worker, with results, failures, dependencies and a schedule.

usage: rq_test.py PORT"""
import operator
import sys
from datetime import timedelta

import redis
from rq import Queue, Retry, SimpleWorker
from rq.job import JobStatus
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry

connection = redis.Redis(port=int(sys.argv[1]))
connection.flushall()
queue = Queue("work", connection=connection)


def run():
    SimpleWorker([queue], connection=connection).work(burst=True, logging_level="ERROR")


first = queue.enqueue(operator.mul, 6, 7)
second = queue.enqueue(operator.add, 1, 2, depends_on=first)
broken = queue.enqueue(operator.truediv, 1, 0)
assert first.get_status() == JobStatus.QUEUED and second.get_status() == JobStatus.DEFERRED
assert len(queue) == 2
run()
assert first.result == 42, first.result
assert second.result == 3, second.result
assert broken.get_status(refresh=True) == JobStatus.FAILED
assert "ZeroDivisionError" in broken.latest_result().exc_string
assert FailedJobRegistry(queue=queue).get_job_ids() == [broken.id]
assert set(FinishedJobRegistry(queue=queue).get_job_ids()) == {first.id, second.id}
FailedJobRegistry(queue=queue).requeue(broken)
assert len(queue) == 1
queue.empty()
later = queue.enqueue_in(timedelta(hours=1), operator.add, 1, 1)
assert later.id in ScheduledJobRegistry(queue=queue)
many = [queue.enqueue(operator.neg, n, retry=Retry(max=2)) for n in range(100)]
run()
assert [job.result for job in many] == [-n for n in range(100)]
print("rq: ok")
