#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs every ring of tests over a finished build and ends with «N passed, N failed».
# usage: run-all.sh BUILD_DIR
# CRASH_ROUNDS, FUZZ_SECONDS, DIFFER_SECONDS and LARGE_ELEMENTS change the lengths.
set -u
cd "$(dirname "$0")/.."
build=${1:-build}
passed=0
failed=()
outputs=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$outputs"' EXIT

ring() { # name, seconds at most, command …
  local name=$1 limit=$2 begin=$SECONDS
  shift 2
  echo "== $name"
  : >"$outputs/$name"
  timeout "$limit" "$@" >"$outputs/$name" 2>&1 &
  # Shows what comes until the ring ends, whoever else may have kept its output open.
  tail -n +1 -s 0.2 -f --pid=$! "$outputs/$name"
  if wait $!; then
    passed=$((passed + 1))
    echo "== $name passed ($((SECONDS - begin)) s)"
  else
    failed+=("$name")
    echo "== $name FAILED ($((SECONDS - begin)) s)"
  fi
}

for program in "$build"/bin/tests_*; do
  [ -x "$program" ] && ring "${program##*/}" 900 "$program"
done
ring layering 60 python3 tests/layering_test.py
ring docs 60 tests/server/docs_test.sh "$build"
ring exchange 600 python3 tests/rdb/exchange_test.py "$build"
ring migrate 600 python3 tests/rdb/migrate_test.py "$build"
ring crash 1500 python3 tests/crash/crash_test.py "$build/bin/tiercel-server" --rounds "${CRASH_ROUNDS:-80}"
ring memory 300 python3 tests/crash/memory_test.py "$build/bin/tiercel-server"
ring large 1200 python3 tests/large/large_test.py "$build/bin/tiercel-server" --elements "${LARGE_ELEMENTS:-200000}"
ring replication 900 tests/replication/run.sh "$build"
ring drivers 600 tests/drivers/run.sh "$build"
ring software 1500 tests/software/run.sh "$build"
if [ -x "$build/bin/redis-compat-suite" ]; then
  ring redis-compat-suite 1500 redis-compat-suite/run.sh "$build"
  ring random-differ 1500 redis-compat-suite/random.sh "$build" "${DIFFER_SECONDS:-1}"
fi
if [ -z "${SKIP_FUZZ:-}" ]; then
  FUZZ_SECONDS=${FUZZ_SECONDS:-10} ring fuzz 1500 make --no-print-directory fuzz
fi

# Who reads only the end sees what failed, and how.
for name in "${failed[@]}"; do
  echo "== $name FAILED; the end of what it printed:"
  tail -n 30 "$outputs/$name"
done
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
