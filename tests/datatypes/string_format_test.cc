// SPDX-License-Identifier: BSD-3-Clause
// The stored bytes of strings, as datatypes/FORMAT.md has them.
#include "datatypes/string_format.h"

#include <string>

#include <doctest/doctest.h>

#include "datatypes/string_value.h"
#include "datatypes/types.h"

namespace datatypes {
namespace {

TEST_CASE("numbers that are on disk stay what they are") {
  CHECK(kNone == 0);
  CHECK(kString == 1);
  CHECK(kList == 2);
  CHECK(kSet == 3);
  CHECK(kSortedSet == 4);
  CHECK(kHash == 5);
  CHECK(kStream == 6);
  CHECK(String::kEdited == 1);
  CHECK(String::kText == 2);
  CHECK(String::kMaxInlineBytes == 32768);
  CHECK(String::kChunkBytes == 32704);
}

TEST_CASE("a chunk's subkey is its number, big-endian in four bytes") {
  CHECK(ChunkKey(1).view() == std::string("\x00\x00\x00\x01", 4));
  CHECK(ChunkKey(0x01020304).view() == "\x01\x02\x03\x04");
}

TEST_CASE("a chunked string's length is big-endian in eight bytes") {
  CHECK(ChunkedSize(40000).view() == std::string("\x00\x00\x00\x00\x00\x00\x9c\x40", 8));
  CHECK(DecodeChunkedSize(ChunkedSize(40000).view()) == 40000);
  CHECK(DecodeChunkedSize(ChunkedSize(~uint64_t{0}).view()) == ~uint64_t{0});
}

TEST_CASE("bytes that are no length are refused") {
  CHECK_FALSE(DecodeChunkedSize("").has_value());
  CHECK_FALSE(DecodeChunkedSize("1234567").has_value());
  CHECK_FALSE(DecodeChunkedSize("123456789").has_value());
}

}  // namespace
}  // namespace datatypes
