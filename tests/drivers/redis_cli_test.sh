#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# redis-cli and redis-benchmark (Debian's) against a running server. usage: redis_cli_test.sh PORT
set -eu
cli() { redis-cli -p "$1" "${@:2}"; }
port=$1
failed=0
expect() { # name, wanted, got
  if [ "$2" != "$3" ]; then
    echo "redis-cli: $1: wanted '$2', got '$3'"
    failed=1
  fi
}

expect flushall OK "$(cli "$port" flushall)"
expect set OK "$(cli "$port" set greeting 'hello world')"
expect get 'hello world' "$(cli "$port" get greeting)"
expect resp3 'hello world' "$(cli "$port" -3 get greeting)"
expect error 'ERR value is not an integer or out of range' "$(cli "$port" incr greeting)"
expect inline PONG "$(printf 'PING\r\n' | timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; cat >&3; head -n1 <&3" | tr -d '+\r')"
# --pipe speaks raw RESP and ends with an ECHO of its own.
expect pipe 'errors: 0, replies: 20000' "$(for i in $(seq 20000); do
  printf '*3\r\n$3\r\nSET\r\n$%d\r\npipe:%d\r\n$5\r\nvalue\r\n' $((5 + ${#i})) "$i"; done |
  cli "$port" --pipe | tail -n1)"
expect dbsize 20001 "$(cli "$port" dbsize)"
expect scan 20000 "$(cli "$port" --scan --pattern 'pipe:*' | sort -u | wc -l)"
expect bigkeys 0 "$(cli "$port" --bigkeys >/dev/null 2>&1; echo $?)"
expect benchmark 0 "$(redis-benchmark -p "$port" -n 20000 -P 16 -q -t ping,set,get,incr,mset >/dev/null 2>&1; echo $?)"
exit $failed
