#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads the #include lines and fails on an arrow that points up or across (docs/architecture)."""

import pathlib
import re
import sys

MAY_INCLUDE = {
    "resp": set(),
    "lsm": set(),
    "rdb": set(),
    "datatypes": {"lsm", "resp", "rdb"},
    "scripting": {"datatypes", "lsm", "resp"},
    "server": {"scripting", "datatypes", "lsm", "resp", "rdb"},
    "redis-compat-suite": {"resp"},
}
INCLUDE = re.compile(r'^\s*#include\s+"([^"/]+)/')


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    bad = []
    for folder, allowed in MAY_INCLUDE.items():
        for path in sorted((root / folder).glob("**/*.[hc]*")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if match and match[1] != folder and match[1] not in allowed:
                    bad.append("%s:%d includes %s/" % (path.relative_to(root), number, match[1]))
    for line in bad:
        print("layering: " + line)
    print("layering: %d wrong arrows" % len(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
