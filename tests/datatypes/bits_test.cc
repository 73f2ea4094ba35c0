// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/bits.h"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace datatypes {
namespace {

// One character for each bit.
std::string AsBits(std::string_view bytes) {
  std::string bits;
  for (const char byte : bytes) {
    for (int i = 7; i >= 0; --i) bits += (static_cast<uint8_t>(byte) >> i & 1) != 0 ? '1' : '0';
  }
  return bits;
}

std::string RandomBytes(std::mt19937_64& random, size_t size) {
  // Long runs of the same bit occur, or searching would always stop at once.
  std::string bytes(size, random() % 2 == 0 ? '\0' : '\xff');
  for (size_t i = random() % 4; i > 0 && size > 0; --i) {
    bytes[random() % size] = static_cast<char>(random());
  }
  return bytes;
}

TEST_CASE("CountOnes counts the bits of any length of bytes") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes = RandomBytes(random, size);
    int64_t expected = 0;
    for (const char bit : AsBits(bytes)) expected += bit == '1' ? 1 : 0;
    REQUIRE(CountOnes(bytes) == static_cast<uint64_t>(expected));
  }
}

TEST_CASE("FindBit finds the first such bit of a range, wherever the range begins and ends") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20000; ++round) {
    const std::string bytes = RandomBytes(random, 1 + random() % 40);
    const std::string bits = AsBits(bytes);
    const uint64_t begin = random() % bits.size();
    const uint64_t end = begin + random() % (bits.size() - begin + 1);
    const bool bit = random() % 2 == 0;
    std::optional<uint64_t> expected = bits.find(bit ? '1' : '0', begin);
    if (*expected >= end) expected.reset();  // npos included.
    REQUIRE(FindBit(bytes, bit, begin, end) == expected);
  }
}

TEST_CASE("WriteBits writes what ReadBits reads and leaves the other bits alone") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = RandomBytes(random, 20);
    const unsigned count = 1 + static_cast<unsigned>(random() % 64);
    const uint64_t offset = random() % (20 * 8 - count);
    const uint64_t value = count == 64 ? random() : random() & ((uint64_t{1} << count) - 1);
    std::string expected = AsBits(bytes);
    for (unsigned i = 0; i < count; ++i) {
      expected[offset + i] = (value >> (count - 1 - i) & 1) != 0 ? '1' : '0';
    }
    WriteBits(bytes.data(), offset, count, value);
    REQUIRE(AsBits(bytes) == expected);
    REQUIRE(ReadBits(bytes, offset, count) == value);
  }
}

TEST_CASE("ReadBits reads zeros past the end") {
  CHECK(ReadBits("\xff", 4, 8) == 0xf0);
  CHECK(ReadBits("", 1000, 64) == 0);
}

TEST_CASE("CombineBits takes bytes that the other has not got as zero") {
  std::string bytes = "\xf0\xf0";
  CombineBits(BitOperation::kAnd, bytes.data(), 2, "\x3c");
  CHECK(bytes == std::string("\x30\x00", 2));
  bytes = "\xf0\xf0";
  CombineBits(BitOperation::kOr, bytes.data(), 2, "\x3c");
  CHECK(bytes == "\xfc\xf0");
  bytes = "\xf0\xf0";
  CombineBits(BitOperation::kXor, bytes.data(), 2, "\x3c");
  CHECK(bytes == "\xcc\xf0");
  InvertBits(bytes.data(), 2);
  CHECK(bytes == "\x33\x0f");
}

}  // namespace
}  // namespace datatypes
