# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel knows of a server process: CPU by thread, memory."""

import os
import re


def cpu_seconds(pid):
    """CPU time so far of (the main thread, the whole process), in seconds, from schedstat.

    Threads that have ended are missing from /proc/PID/task; the process total of stat has them, with
    10 ms resolution, so the larger of both is taken."""
    def of(path):
        with open(path) as file:
            return int(file.read().split()[0]) / 1e9
    main = of("/proc/%d/task/%d/schedstat" % (pid, pid))
    threads = 0.0
    for tid in os.listdir("/proc/%d/task" % pid):
        try:
            threads += of("/proc/%d/task/%s/schedstat" % (pid, tid))
        except OSError:
            pass
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    total = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return main, max(threads, total)


def memory_bytes(pid):
    """(resident, resident anonymous) bytes."""
    with open("/proc/%d/status" % pid) as file:
        text = file.read()
    return tuple(int(re.search(name + r":\s+(\d+) kB", text)[1]) * 1024
                 for name in ("VmRSS", "RssAnon"))


def peak_bytes(pid):
    with open("/proc/%d/status" % pid) as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) * 1024
