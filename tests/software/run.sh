#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Programs and libraries that stand on Redis, each against a server of its own.
# usage: run.sh BUILD_DIR [name …]     SERVER=redis-server tries them on another server.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
server=${SERVER:-$(cd "$1" && pwd)/bin/tiercel-server}
shift
names=("$@")
work=$(mktemp -d)
pid=""
stop() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; }
  pid=""
}
trap 'stop; rm -rf "$work"' EXIT

start() { # A server on a free port, without data.
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  mkdir "$work/$1"
  "$server" --port "$port" --dir "$work/$1" >"$work/$1.log" 2>&1 &
  pid=$!
  for _ in $(seq 200); do
    redis-cli -p "$port" ping >/dev/null 2>&1 && return
    sleep 0.05
  done
}

passed=0
failed=0
try() { # name, command …; PORT is set, and follows as the last argument
  local name=$1
  if [ ${#names[@]} -gt 0 ] && [[ " ${names[*]} " != *" $name "* ]]; then return; fi
  start "$name"
  if PORT=$port timeout 120 "${@:2}" "$port" >"$work/out" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "software: $name failed"
    tail -n 60 "$work/out"
  fi
  stop
}

if [ ! -d "$here/node/node_modules" ]; then
  (cd "$here/node" && npm install --no-save --no-audit --no-fund --silent) >"$work/npm" 2>&1 || cat "$work/npm"
fi
node_test() { (cd "$here/node" && exec node --test "$1.test.mjs"); }
export -f node_test
export here
for name in bullmq limits sessions socketio; do try "$name" bash -c 'node_test "$0"' "$name"; done
for name in rq celery django_cache channels; do try "$name" /usr/bin/python3 "$here/python/${name}_test.py"; done
for name in redis_rb sidekiq; do try "$name" ruby "$here/ruby/${name}_test.rb"; done
try php_redis php "$here/php/redis_test.php"
echo "software: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
