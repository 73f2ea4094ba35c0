# SPDX-License-Identifier: BSD-3-Clause
# The front door. `make run` and `make test` need nothing but git and make on a Debian 12 machine.

BUILD   ?= build
PREFIX  ?= /usr/local
JOBS    ?= $(shell nproc)
ARGS    ?=
CMAKE_COMMON = -G Ninja -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache

.PHONY: all build run test large install bench asan tsan fuzz lint format docs clean deps deps-test

all: build

deps:
	@tools/install-deps.sh build

deps-test:
	@tools/install-deps.sh build test

$(BUILD)/build.ninja: | deps
	@cmake -S . -B $(BUILD) $(CMAKE_COMMON) -DCMAKE_BUILD_TYPE=Release

build: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)

# Only the server: what a new user waits for.
run: deps $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS) tiercel-server
	@mkdir -p data
	@exec $(BUILD)/bin/tiercel-server conf/tiercel.conf $(ARGS)

test: deps-test $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)
	@tests/run-all.sh $(BUILD)

# Collections of the size that docs and issues speak of; make test has smaller ones.
large: deps-test build
	@ninja -C $(BUILD) -j $(JOBS) tiercel-check
	@python3 tests/large/large_test.py $(BUILD)/bin/tiercel-server --elements 5000000

install: build
	@cmake --install $(BUILD) --prefix $(PREFIX)

bench: deps-test $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)
	@bench/run.sh $(BUILD) $(ARGS)

asan: deps-test
	@cmake -S . -B $(BUILD)/asan $(CMAKE_COMMON) -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTIERCEL_SANITIZE=address,undefined
	@ninja -C $(BUILD)/asan -j $(JOBS)
	@tests/run-sanitized.sh address $(BUILD)/asan

tsan: deps-test
	@cmake -S . -B $(BUILD)/tsan $(CMAKE_COMMON) -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTIERCEL_SANITIZE=thread
	@ninja -C $(BUILD)/tsan -j $(JOBS)
	@tests/run-sanitized.sh thread $(BUILD)/tsan

fuzz: deps-test
	@cmake -S . -B $(BUILD)/fuzz $(CMAKE_COMMON) -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTIERCEL_FUZZ=ON \
	  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DTIERCEL_SANITIZE=address,undefined
	@ninja -C $(BUILD)/fuzz -j $(JOBS) fuzzers
	@tests/run-fuzz.sh $(BUILD)/fuzz

lint: deps-test $(BUILD)/build.ninja
	@tools/lint.sh $(BUILD)

format:
	@git ls-files '*.h' '*.cc' | xargs clang-format -i

# The parts of docs/ that come from the tables the server runs by.
docs: build
	@tests/server/docs_test.sh $(BUILD) --write

clean:
	@rm -rf $(BUILD)
