#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# clang-format and clang-tidy over all sources. usage: lint.sh BUILD_DIR [FILE …]
set -u
cd "$(dirname "$0")/.."
build=$1
shift
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files '*.h' '*.cc')
status=0
clang-format --dry-run -Werror "${files[@]}" || status=1
sources=()
for file in "${files[@]}"; do
  # Fuzz targets are compiled in their own build only.
  case "$file" in fuzz/*) ;; *.cc) sources+=("$file") ;; *) ;; esac
done
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" || status=1
exit $status
