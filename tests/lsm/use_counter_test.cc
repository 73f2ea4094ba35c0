// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/use_counter.h"

#include <random>

#include <doctest/doctest.h>

namespace lsm {
namespace {

constexpr uint32_t kLikely = 0;
constexpr uint32_t kUnlikely = UINT32_MAX;

TEST_CASE("a counter grows surely at first, and then the more seldom the higher it is") {
  const UseCounting how{.on = true};
  UseCounter counter(0, UseCounter::kFresh);
  CHECK(counter.At(0, how) == 5);
  counter = counter.Used(0, how, kUnlikely);
  CHECK(counter.At(0, how) == 6);
  CHECK(counter.Used(0, how, kUnlikely).At(0, how) == 6);
  CHECK(counter.Used(0, how, kLikely).At(0, how) == 7);
  // Below the value of what is new the chance does not rise any further.
  CHECK(UseCounter(0, 0).Used(0, how, kUnlikely).At(0, how) == 1);
  CHECK(UseCounter(0, 255).Used(0, how, kLikely).At(0, how) == 255);
}

TEST_CASE("with a factor of 0 every use counts, and with Redis' default a million make 255") {
  std::mt19937 random(1);
  UseCounting how{.on = true, .log_factor = 0, .decay_minutes = 0};
  UseCounter counter(0, UseCounter::kFresh);
  for (int i = 0; i < 100; ++i) counter = counter.Used(0, how, random());
  CHECK(counter.At(0, how) == 105);
  how.log_factor = 10;
  counter = UseCounter(0, UseCounter::kFresh);
  for (int i = 0; i < 100; ++i) counter = counter.Used(0, how, random());
  CHECK(counter.At(0, how) >= 8);  // redis.conf's table says 10 for a hundred uses …
  CHECK(counter.At(0, how) <= 13);
  for (int i = 0; i < 1'000'000; ++i) counter = counter.Used(0, how, random());
  CHECK(counter.At(0, how) == 255);  // … and 255 for a million.
}

TEST_CASE("a counter sinks by one for each period without a use, down to nothing") {
  const UseCounting how{.on = true, .log_factor = 10, .decay_minutes = 2};
  const UseCounter counter(60, 9);
  CHECK(counter.At(60, how) == 9);
  CHECK(counter.At(60 + 119, how) == 9);
  CHECK(counter.At(60 + 120, how) == 8);
  CHECK(counter.At(60 + 120 * 8, how) == 1);
  CHECK(counter.At(60 + 120 * 100, how) == 0);
  CHECK(counter.Used(60 + 120 * 100, how, kUnlikely).At(60 + 120 * 100, how) == 1);
  CHECK(counter.At(60 + 120 * 100, {.on = true, .decay_minutes = 0}) == 9);
  // Minutes are kept modulo 2^16.
  const uint32_t late = 65535 * 60;
  CHECK(UseCounter(late, 9).At(late + 120, how) == 8);
}

TEST_CASE("a counter packs into 24 bits") {
  const UseCounting how{.on = true, .decay_minutes = 1};
  const UseCounter counter(65535 * 60, 200);
  CHECK(counter.Pack() < 1U << 24);
  CHECK(UseCounter::Unpack(counter.Pack()).At(65535 * 60, how) == 200);
}

}  // namespace
}  // namespace lsm
