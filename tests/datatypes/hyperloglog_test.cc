// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hyperloglog.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "datatypes/hyperloglog_opcode.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using namespace std::string_view_literals;

// What redis-server 7.0.15 has after PFADD h a b c; then PFCOUNT h puts 3 in place of the 8 bytes
// that end with 80.
constexpr std::string_view kGolden =
    "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80`\xf3\x80P\xb1\x84K\xfb\x80"
    "BZ"sv;

TEST_CASE("a HyperLogLog's bytes are Redis'") {
  HyperLogLog log(HyperLogLog::Empty(), 3000);
  CHECK(log.bytes() == "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"sv);
  CHECK(HyperLogLog::CachedCount(log.bytes()) == 0);
  for (const std::string_view element : {"a", "b", "c"}) CHECK(log.Add(element) == true);
  CHECK(log.Add("b") == false);
  CHECK(log.bytes() == kGolden);
  CHECK(!HyperLogLog::CachedCount(log.bytes()).has_value());
  CHECK(HyperLogLog::Count(log.bytes()) == 3);
  CHECK(HyperLogLog::Describe(log.bytes()) == "Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603");
  log.CacheCount(3);
  CHECK(HyperLogLog::CachedCount(log.bytes()) == 3);
}

TEST_CASE("both forms hold what was raised, through all splits and joins") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20; ++round) {
    HyperLogLog sparse(HyperLogLog::Empty(), HyperLogLog::kMaxBytes);
    HyperLogLog dense(HyperLogLog::Empty(), 0);
    HyperLogLog::Registers wanted = {};
    // Few registers and values, so that opcodes meet.
    const size_t spread = round % 2 == 0 ? 64 : HyperLogLog::kRegisters;
    for (int i = 0; i < 600; ++i) {
      const size_t index = random() % spread;
      const auto value = static_cast<uint8_t>(random() % (round % 3 == 0 ? 3 : 32) + 1);
      const bool raises = wanted[index] < value;
      REQUIRE(sparse.Raise(index, value) == raises);
      REQUIRE(dense.Raise(index, value) == raises);
      wanted[index] = std::max(wanted[index], value);
    }
    CHECK(sparse.encoding() == HyperLogLog::Encoding::kSparse);
    CHECK(dense.encoding() == HyperLogLog::Encoding::kDense);
    for (const HyperLogLog* log : {&sparse, &dense}) {
      HyperLogLog::Registers found = {};
      REQUIRE(HyperLogLog::MergeInto(found, log->bytes()));
      CHECK(found == wanted);
      CHECK(HyperLogLog::Count(log->bytes()) == HyperLogLog::Count(wanted));
    }
    REQUIRE(sparse.MakeDense());
    CHECK(sparse.bytes().substr(HyperLogLog::kHeaderBytes) ==
          dense.bytes().substr(HyperLogLog::kHeaderBytes));
  }
}

TEST_CASE("a register that is more than the sparse form can say makes it dense") {
  HyperLogLog log(HyperLogLog::Empty(), 3000);
  CHECK(log.Raise(5, HllOpcode::kMaxValue) == true);
  CHECK(log.encoding() == HyperLogLog::Encoding::kSparse);
  CHECK(log.Raise(6, HllOpcode::kMaxValue + 1) == true);
  CHECK(log.encoding() == HyperLogLog::Encoding::kDense);
  HyperLogLog::Registers found = {};
  REQUIRE(HyperLogLog::MergeInto(found, log.bytes()));
  CHECK(found[5] == HllOpcode::kMaxValue);
  CHECK(found[6] == HllOpcode::kMaxValue + 1);
}

TEST_CASE("a sparse one grows to the limit and not beyond") {
  HyperLogLog log(HyperLogLog::Empty(), 100);
  for (int i = 0; log.encoding() == HyperLogLog::Encoding::kSparse; ++i) {
    CHECK(log.bytes().size() <= 100);
    REQUIRE(log.Add(std::to_string(i)).has_value());
    REQUIRE(i < 100);
  }
  CHECK(log.bytes().size() == HyperLogLog::kDenseBytes);
}

TEST_CASE("estimates are within a few standard errors") {
  HyperLogLog log(HyperLogLog::Empty(), 3000);
  const double error = 1.04 / 128;
  uint64_t checkpoint = 10;
  for (uint64_t i = 1; i <= 100'000; ++i) {
    REQUIRE(log.Add("element " + std::to_string(i)).has_value());
    if (i != checkpoint) continue;
    const auto count = static_cast<double>(HyperLogLog::Count(log.bytes()).value_or(0));
    CHECK(std::fabs(count - static_cast<double>(i)) <=
          std::ceil(4 * error * static_cast<double>(i)));
    checkpoint *= 10;
  }
}

TEST_CASE("damaged bytes are an error, never a crash") {
  const std::string header(kGolden.substr(0, HyperLogLog::kHeaderBytes));
  // Nothing; too few registers; too many; an opcode that is cut off.
  for (const std::string_view body : {""sv, "\x00"sv, "\x7f\xff\x00"sv, "\x7f\xfe\x40"sv}) {
    const std::string bytes = header + std::string(body);
    CHECK(HyperLogLog::Recognize(bytes));
    CHECK(!HyperLogLog::Count(bytes).has_value());
    HyperLogLog::Registers found = {};
    CHECK(!HyperLogLog::MergeInto(found, bytes));
    HyperLogLog log(bytes, 3000);
    CHECK(!log.Raise(16383, 33).has_value());
    CHECK(!log.MakeDense());
    CHECK(log.bytes() == bytes);
  }
  CHECK(!HyperLogLog::Recognize("HYLL"));
  CHECK(!HyperLogLog::Recognize("HYLX" + header.substr(4)));
  CHECK(!HyperLogLog::Recognize("HYLL\x02" + header.substr(5)));
  std::string dense = header + std::string(HyperLogLog::kDenseBytes, '\0');
  dense[4] = 0;
  CHECK(!HyperLogLog::Recognize(dense));
  dense.resize(HyperLogLog::kDenseBytes);
  CHECK(HyperLogLog::Recognize(dense));
}

TEST_CASE("PFADD, PFCOUNT and PFMERGE, with all in RAM and with nothing") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.RunLine("PFADD h a b c") == ":1");
    CHECK(server.RunLine("PFADD h a") == ":0");
    CHECK(server.RunLine("PFCOUNT h") == ":3");
    CHECK(server.RunLine("PFADD k c d") == ":1");
    CHECK(server.RunLine("PFCOUNT h k none") == ":4");
    CHECK(server.RunLine("PFMERGE m h k") == "+OK");
    CHECK(server.RunLine("PFCOUNT m") == ":4");
    CHECK(server.RunLine("PFCOUNT none") == ":0");
    CHECK(server.RunLine("PFDEBUG ENCODING m") == "+sparse");
    CHECK(server.RunLine("PFDEBUG TODENSE m") == ":1");
    CHECK(server.RunLine("PFCOUNT m") == ":4");
    CHECK(server.RunLine("OBJECT ENCODING m") == "\"raw\"");
    CHECK(server.RunLine("PFSELFTEST") == "+OK");
    CHECK(server.RunLine("SET s x") == "+OK");
    CHECK(server.RunLine("PFADD s a") == "-WRONGTYPE Key is not a valid HyperLogLog string value.");
    const std::string damaged(kGolden.substr(0, 18));
    server.Run({"SET", "d", damaged});
    CHECK(server.RunLine("PFCOUNT d") == "-INVALIDOBJ Corrupted HLL object detected");
    CHECK(server.RunLine("PFMERGE x h d") == "-INVALIDOBJ Corrupted HLL object detected");
    CHECK(server.RunLine("EXISTS x") == ":0");
    server.Run({"SET", "long", damaged + std::string(100'000, '\0')});
    CHECK(server.RunLine("PFCOUNT long") == "-INVALIDOBJ Corrupted HLL object detected");
  });
}

TEST_CASE("PFADD is announced when it changes something, with `new` for a new key") {
  TestServer server;
  server.RecordEvents();
  server.RunLine("PFADD h a");
  server.RunLine("PFADD h a");
  server.RunLine("PFMERGE h");
  std::string events;
  for (const std::string& event : server.TakeEvents()) events += event + ", ";
  CHECK(events == "new h, pfadd h, pfadd h, ");
}

}  // namespace
}  // namespace datatypes
