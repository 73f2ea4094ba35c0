#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs the Debian packages of the named groups (build, test) that are missing. Asks apt only when
# something is: a second `make run` must start within seconds.
set -eu

build=(g++ cmake ninja-build ccache pkg-config libuv1-dev libleveldb-dev libluajit-5.1-dev
  libjemalloc-dev libzstd-dev libxxhash-dev libabsl-dev libfmt-dev libexpected-dev liblzf-dev
  libssl-dev libhiredis-dev libsnappy-dev)
test=(doctest-dev redis-server redis-tools clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14
  python3 python3-redis nodejs npm procps
  celery python3-rq python3-celery python3-channels-redis python3-django-redis
  ruby-redis ruby-sidekiq php-cli php-redis)

wanted=()
for group in "$@"; do
  case "$group" in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    *) echo "install-deps: unknown group '$group'" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  # A tool that is there already, installed some other way, is not installed again.
  case "$package" in
    nodejs) command -v node >/dev/null && continue ;;
    npm) command -v npm >/dev/null && continue ;;
    *) ;;
  esac
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=""
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
