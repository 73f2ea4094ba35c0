# SPDX-License-Identifier: BSD-3-Clause
"""Section «import»: tiercel-import against redis-cli --pipe into the running server, and against redis-server's own load."""

import os
import re
import subprocess
import time

VALUE = 128


def run_import(bench, dump, directory):
    """(seconds, peak RSS in bytes) of tiercel-import."""
    begin = time.monotonic()
    process = subprocess.Popen([os.path.join(os.path.dirname(bench.tiercel_binary), "tiercel-import"),
                                "--quiet", dump, directory], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError("tiercel-import failed")
    return time.monotonic() - begin, usage.ru_maxrss * 1024


def redis_load_seconds(log):
    """What redis-server says its last load took."""
    with open(log, errors="replace") as file:
        return float(re.findall(r"DB loaded from disk: ([0-9.]+) seconds", file.read())[-1])


def write_commands(client, path, keys):
    """The same data as a file of commands, for redis-cli --pipe."""
    with open(path, "wb") as out:
        for begin in range(0, keys, 1000):
            names = [b"key:%d" % i for i in range(begin, min(begin + 1000, keys))]
            for name, value in zip(names, client.call("MGET", *names)):
                out.write(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(name), name, len(value), value))


def run(bench, client_class, keys):
    print("\n### Import: %s strings of %d B, median of %d rounds\n" % ("{:,}".format(keys), VALUE, bench.rounds))
    redis = bench.start("redis-server", "redis-import", "--save", "", "--enable-debug-command", "yes",
                        "--logfile", "load.log")
    client = client_class(redis.port, timeout=600)
    client.call("DEBUG", "POPULATE", keys, "key", VALUE)
    client.call("SAVE")
    commands = os.path.join(bench.work, "commands")
    write_commands(client, commands, keys)
    client.close()
    bench.stop(redis)
    home = os.path.join(bench.work, "redis-import")
    dump = os.path.join(home, "dump.rdb")
    size = os.path.getsize(dump)
    loads, imports, pipes, peaks = [], [], [], []
    for number in range(bench.rounds):
        redis = bench.start("redis-server", "redis-import", "--save", "", "--logfile", "load.log")
        loads.append(redis_load_seconds(os.path.join(home, "load.log")))
        bench.stop(redis)
        seconds, peak = run_import(bench, dump, os.path.join(bench.work, "imported-%d" % number))
        imports.append(seconds)
        peaks.append(peak)
        tiercel = bench.tiercel(name="piped-%d" % number)
        begin = time.monotonic()
        with open(commands, "rb") as source:
            subprocess.run(["redis-cli", "-p", str(tiercel.port), "--pipe"], stdin=source, check=True,
                           stdout=subprocess.DEVNULL)
        pipes.append(time.monotonic() - begin)
        bench.stop(tiercel)
    middle = len(loads) // 2
    load, took, pipe = (sorted(times)[middle] for times in (loads, imports, pipes))
    print("| what | s | keys/s | MB/s of dump |")
    print("|---|---|---|---|")
    for name, seconds in (("redis-server's own load", load), ("tiercel-import", took), ("redis-cli --pipe", pipe)):
        print("| %s | %.2f | %s | %.0f |" % (name, seconds, "{:,.0f}".format(keys / seconds), size / seconds / 1e6))
    print("\ntiercel-import is %.1f × faster than redis-cli --pipe (target at least 3: %s), takes %.2f × "
          "redis-server's load (target at most 2: %s), peak RSS %d MB (target below 1,024: %s)" %
          (pipe / took, "met" if pipe >= 3 * took else "MISSED", took / load,
           "met" if took <= 2 * load else "MISSED", max(peaks) >> 20, "met" if max(peaks) < 1 << 30 else "MISSED"),
          flush=True)
