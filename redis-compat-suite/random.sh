#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Random sequences, with a roomy hot tier and again with one that evicts all the time.
# usage: random.sh BUILD_DIR [SECONDS [SEED]]     a long run: random.sh build 14400 $RANDOM
set -u
build=$(cd "$1" && pwd) || exit 2
seconds=${2:-20}
seed=${3:-1}
cd "$(dirname "$0")" || exit 2
status=0
for mode in hot-tier=yes hot-tier=no; do
  work=$(mktemp -d)
  echo "redis-compat-suite, random from seed $seed: $mode"
  "$build/bin/redis-compat-suite" --tiercel "$build/bin/tiercel-server" --work "$work" \
    --option "$mode" --random "$seconds" --seed "$seed" grammars/*.txt || status=1
  rm -rf "$work"
done
exit $status
