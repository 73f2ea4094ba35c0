#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Real clients against a server of our own on a free port. usage: run.sh BUILD_DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$build/bin/tiercel-server" --port "$port" --dir "$work" >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 200); do
  redis-cli -p "$port" ping >/dev/null 2>&1 && break
  sleep 0.05
done

passed=0
failed=0
drive() { # name, command …
  if "${@:2}" >"$work/out" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "drivers: $1 failed"
    tail -n 60 "$work/out"
  fi
}

drive redis-cli bash "$here/redis_cli_test.sh" "$port"
drive python3-redis /usr/bin/python3 "$here/python_redis_test.py" "$port"
drive tracking /usr/bin/python3 "$here/tracking_test.py" "$port"
if [ ! -d "$here/node/node_modules" ]; then
  (cd "$here/node" && npm install --no-audit --no-fund --silent) >"$work/npm" 2>&1 || cat "$work/npm"
fi
drive node timeout 60 env PORT="$port" node --test "$here/node/drivers.test.mjs"
echo "drivers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
