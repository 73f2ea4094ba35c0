# SPDX-License-Identifier: BSD-3-Clause
"""Section «import»: tiercel-import against redis-cli --pipe into the running server, and against redis-server's own load."""

import os
import re
import shutil
import struct
import subprocess
import time

from processes import cpu_seconds

VALUE = 128
# What the larger data set stands for, on a machine of so many processors; on others, in proportion.
WHOLE_BYTES = 5 << 30
WHOLE_PROCESSORS = 8
LARGE_VALUE = 512


def run_import(bench, dump, directory):
    """(seconds, CPU seconds, peak RSS in bytes) of tiercel-import."""
    begin = time.monotonic()
    process = subprocess.Popen([os.path.join(os.path.dirname(bench.tiercel_binary), "tiercel-import"),
                                "--quiet", dump, directory], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError("tiercel-import failed")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def redis_load_seconds(log):
    """What redis-server says its last load took."""
    with open(log, errors="replace") as file:
        return float(re.findall(r"DB loaded from disk: ([0-9.]+) seconds", file.read())[-1])


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def write_commands(client, path, keys):
    """What redis-server has, as a file of commands for redis-cli --pipe."""
    with open(path, "wb") as out:
        for begin in range(0, keys, 1000):
            names = [b"key:%d" % i for i in range(begin, min(begin + 1000, keys))]
            for name, value in zip(names, client.call("MGET", *names)):
                out.write(command(b"SET", name, value))


def length(number):
    if number < 64:
        return bytes([number])
    return struct.pack(">H", 0x4000 | number) if number < 16384 else b"\x80" + struct.pack(">I", number)


def text(value):
    return length(len(value)) + value


def generate(dump, commands, size):
    """The same data as a dump and as commands: strings that do not compress, and every tenth key a hash. Returns keys."""
    keys = size // LARGE_VALUE
    pool = os.urandom(1 << 22)
    with open(dump, "wb", 1 << 20) as rdb, open(commands, "wb", 1 << 20) as pipe:
        rdb.write(b"REDIS0010\xfe\x00\xfb" + length(keys) + length(0))
        at = 0
        for i in range(keys):
            at = (at * 1103515245 + 12345 + i) % (len(pool) - LARGE_VALUE)
            value = pool[at:at + LARGE_VALUE]
            if i % 10 == 9:
                name, part = b"hash:%d" % i, LARGE_VALUE // 10
                words = [w for j in range(10) for w in (b"field%d" % j, value[j * part:(j + 1) * part])]
                rdb.write(b"\x04" + text(name) + length(10) + b"".join(map(text, words)))
                pipe.write(command(b"HSET", name, *words))
            else:
                name = b"key:%d" % i
                rdb.write(b"\x00" + text(name) + text(value))
                pipe.write(command(b"SET", name, value))
        rdb.write(b"\xff" + b"\0" * 8)
    return keys


def load_by_redis(bench, dump, name):
    """(seconds as it says, CPU seconds) of redis-server's load."""
    home = os.path.join(bench.work, name)
    if not os.path.exists(os.path.join(home, "dump.rdb")):
        os.makedirs(home)
        os.link(dump, os.path.join(home, "dump.rdb"))
    redis = bench.start("redis-server", name, "--save", "", "--logfile", "load.log")
    cpu = cpu_seconds(redis.process.pid)[1]
    seconds = redis_load_seconds(os.path.join(home, "load.log"))
    bench.stop(redis)
    return seconds, cpu


def pipe_into(bench, commands, name):
    """Seconds until the last reply has come, and until what an import has done when it ends is done as well."""
    tiercel = bench.tiercel(name=name)
    begin = time.monotonic()
    with open(commands, "rb") as source:
        subprocess.run(["redis-cli", "-p", str(tiercel.port), "--pipe"], stdin=source, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    bench.stop(tiercel)
    return seconds, time.monotonic() - begin


def measure(bench, dump, commands, keys, redis_name, rounds):
    size = os.path.getsize(dump)
    loads, imports, pipes = [], [], []
    for number in range(rounds):
        loads.append(load_by_redis(bench, dump, redis_name))
        for name, results, measured in (
                ("imported", imports, lambda at: run_import(bench, dump, at)),
                ("piped", pipes, lambda at: pipe_into(bench, commands, os.path.basename(at)))):
            at = os.path.join(bench.work, "%s-%d" % (name, number))
            results.append(measured(at))
            shutil.rmtree(at, ignore_errors=True)
    load, took, pipe = (sorted(times)[len(times) // 2] for times in (loads, imports, pipes))
    print("| what | s | CPU s | keys/s | MB/s of dump |")
    print("|---|---|---|---|---|")
    for name, seconds, cpu in (("redis-server's own load", load[0], "%.1f" % load[1]), ("tiercel-import", took[0], "%.1f" % took[1]),
                               ("redis-cli --pipe, to the last reply", pipe[0], ""),
                               ("redis-cli --pipe, and the server stopped", pipe[1], "")):
        print("| %s | %.2f | %s | %s | %.0f |" % (name, seconds, cpu, "{:,.0f}".format(keys / seconds), size / seconds / 1e6))
    peak = max(result[2] for result in imports)
    print("\ntiercel-import is %.1f × faster than redis-cli --pipe (target at least 3: %s), takes %.2f × "
          "redis-server's load (target at most 2: %s), peak RSS %d MB (target below 1,024: %s)" %
          (pipe[0] / took[0], "met" if pipe[0] >= 3 * took[0] else "MISSED", took[0] / load[0],
           "met" if took[0] <= 2 * load[0] else "MISSED", peak >> 20, "met" if peak < 1 << 30 else "MISSED"),
          flush=True)


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
    measure(bench, os.path.join(bench.work, "redis-import", "dump.rdb"), commands, keys, "redis-import", bench.rounds)

    processors = os.cpu_count() or 1
    size = int(WHOLE_BYTES * min(1, processors / WHOLE_PROCESSORS) * min(1, keys / 1_000_000))
    dump = os.path.join(bench.work, "large.rdb")
    keys = generate(dump, commands, size)
    print("\n### Import: %.2f GB (5 GB scaled from %d processors to %d), %s keys: strings of %d B, every tenth a hash of ten "
          "fields, one round\n" % (os.path.getsize(dump) / 1e9, WHOLE_PROCESSORS, processors, "{:,}".format(keys), LARGE_VALUE))
    measure(bench, dump, commands, keys, "redis-large", 1)
