#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The case files, with a roomy hot tier and again with one that evicts all the time; the tables of
# commands; and random calls of the scripts' libraries.
# usage: run.sh BUILD_DIR     DIFFER_SEED chooses other random calls.
set -u
build=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")" || exit 2
status=0
for mode in hot-tier=yes hot-tier=no; do
  work=$(mktemp -d)
  echo "redis-compat-suite: $mode"
  "$build/bin/redis-compat-suite" --tiercel "$build/bin/tiercel-server" --work "$work" \
    --option "$mode" cases/*.txt || status=1
  rm -rf "$work"
done
./command_tables.py "$build/bin/tiercel-server" || status=1
./library_differ.py "$build/bin/tiercel-server" "${DIFFER_SEED:-1}" || status=1
exit $status
