#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs the test programs of a sanitized build, and a short crash and driver run on its server.
# usage: run-sanitized.sh address|thread BUILD_DIR
set -u
cd "$(dirname "$0")/.."
kind=$1
build=$2
export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp TSAN_OPTIONS=halt_on_error=1:suppressions=$PWD/tests/tsan.supp
passed=0
failed=0
for program in "$build"/bin/tests_*; do
  echo "== $kind: ${program##*/}"
  if timeout 1800 "$program"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "== $kind: crash test"
if python3 tests/crash/crash_test.py "$build/bin/tiercel-server" --rounds 5; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
