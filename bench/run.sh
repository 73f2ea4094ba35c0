#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# usage: run.sh BUILD_DIR [options of bench.py]
set -eu
cd "$(dirname "$0")/.."
exec python3 bench/bench.py "$@"
