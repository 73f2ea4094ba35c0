#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Replication with real Redis programs. usage: run.sh BUILD_DIR
set -eu
cd "$(dirname "$0")"
build=$(cd ../.. && cd "${1:-build}" && pwd)
python3 stream_test.py "$build/bin/tiercel-server"
python3 primary_test.py "$build/bin/tiercel-server"
python3 replica_test.py "$build"
python3 failover_test.py "$build"
python3 sentinel_test.py "$build"
