#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# docs/configuration.md and docs/compatibility.md must be what the tables say. usage: docs_test.sh BUILD_DIR [--write]
set -u
cd "$(dirname "$0")/../.."
docs="$1/bin/generate-docs"
if [ "${2:-}" = --write ]; then
  "$docs" configuration >docs/configuration.md
  "$docs" compatibility tools/redis_commands.txt docs/compatibility-notes.md >docs/compatibility.md
  exit
fi
status=0
diff -u docs/configuration.md <("$docs" configuration) | head -20 || true
"$docs" configuration | cmp -s - docs/configuration.md || status=1
"$docs" compatibility tools/redis_commands.txt docs/compatibility-notes.md | cmp -s - docs/compatibility.md || status=1
[ $status -eq 0 ] || echo "docs: run tests/server/docs_test.sh $1 --write and commit"
exit $status
