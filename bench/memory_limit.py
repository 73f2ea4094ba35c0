# SPDX-License-Identifier: BSD-3-Clause
"""A memory cgroup around a process, so that the page cache cannot hide the disk. v1 and v2."""

import os
import time


class MemoryLimit:
    """`with MemoryLimit(bytes) as limit: limit.add(pid)`; `limit.active` is False where the machine
    offers no cgroup that may be written, and the table then says so."""

    def __init__(self, limit_bytes):
        self.limit_bytes = limit_bytes
        self.path = None

    def __enter__(self):
        name = "tiercel-bench-%d" % os.getpid()
        for root, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                           ("/sys/fs/cgroup", "memory.max")):
            path = os.path.join(root, name)
            try:
                os.mkdir(path)
                self._write(os.path.join(path, file), self.limit_bytes)
                self.path = path
                break
            except OSError:
                try:
                    os.rmdir(path)
                except OSError:
                    pass
        return self

    @property
    def active(self):
        return self.path is not None

    def add(self, pid):
        if self.active:
            self._write(os.path.join(self.path, "cgroup.procs"), pid)

    def __exit__(self, *_):
        for _ in range(50):
            if not self.active:
                return
            try:
                os.rmdir(self.path)
                self.path = None
            except OSError:
                time.sleep(0.1)

    @staticmethod
    def _write(path, value):
        with open(path, "w") as file:
            file.write(str(value))
