#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# usage: tests/run-fuzz.sh BUILD_DIR [TARGET...]
# Runs every fuzz target (or those named) for FUZZ_SECONDS (30) each, from the seeds and past crashes
# in fuzz/corpus/<target>/. What a run discovers stays in the build directory; a crash is shown, and
# its input is left in BUILD_DIR/fuzz-findings/. Keep it as a seed when the fault is mended.
set -eu
build=${1:?usage: tests/run-fuzz.sh BUILD_DIR [TARGET...]}
shift
source_dir=$(cd "$(dirname "$0")/.." && pwd)
seconds=${FUZZ_SECONDS:-30}
findings=$build/fuzz-findings
mkdir -p "$findings"

if [ $# -gt 0 ]; then
  targets=("$@")
else
  mapfile -t targets <"$build/fuzz/targets.txt"
fi
[ ${#targets[@]} -gt 0 ] || { echo "no fuzz targets in $build" >&2; exit 1; }

failed=()
for target in "${targets[@]}"; do
  echo "== $target, $seconds s"
  discovered=$build/fuzz-corpus/$target
  mkdir -p "$discovered"
  log=$findings/$target.log
  # The first folder is where libFuzzer writes; the seeds are only read.
  corpora=("$discovered")
  [ ! -d "$source_dir/fuzz/corpus/$target" ] || corpora+=("$source_dir/fuzz/corpus/$target")
  if "$build/bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$findings/$target-" -print_final_stats=1 "${corpora[@]}" >"$log" 2>&1; then
    grep -E 'stat::number_of_executed_units|^#.*DONE' "$log" || true
  else
    failed+=("$target")
    tail -n 60 "$log"
  fi
done

[ ${#failed[@]} -eq 0 ] || { echo "FAILED: ${failed[*]}" >&2; exit 1; }
echo "all ${#targets[@]} fuzz targets passed"
