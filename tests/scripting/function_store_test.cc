// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/function_store.h"

#include <optional>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "scripting/library_metadata.h"

namespace scripting {
namespace {

using Names = std::set<std::string, std::less<>>;

TEST_CASE("the row with the libraries' names, as FORMAT.md has it") {
  const std::string bytes("\1\0\0\0\5mylib\0\0\0\1x", 15);
  CHECK(EncodeLibraryNames({"mylib", "x"}) == bytes);
  CHECK(DecodeLibraryNames(bytes) == Names{"mylib", "x"});
  CHECK(DecodeLibraryNames(EncodeLibraryNames({})) == Names{});
}

TEST_CASE("bytes that are no such row are found out") {
  const std::string bytes("\1\0\0\0\5mylib\0\0\0\1x", 15);
  CHECK(DecodeLibraryNames("") == std::nullopt);
  CHECK(DecodeLibraryNames("\2") == std::nullopt);
  for (size_t size = 2; size < bytes.size(); ++size) {
    if (size == 10) continue;  // The first name alone is a row.
    CHECK(DecodeLibraryNames(bytes.substr(0, size)) == std::nullopt);
  }
  CHECK(DecodeLibraryNames(std::string("\1\xff\xff\xff\xff", 5)) == std::nullopt);
}

TEST_CASE("a library's first line") {
  const auto parsed = ParseLibraryMetadata("#!lua name=mylib\ncode\n");
  REQUIRE(parsed.has_value());
  CHECK(parsed->engine == "lua");
  CHECK(parsed->name == "mylib");
  CHECK(parsed->code == "\ncode\n");
  CHECK(IsFunctionName("aZ_09"));
  CHECK_FALSE(IsFunctionName(""));
  CHECK_FALSE(IsFunctionName("a-b"));
  CHECK_FALSE(IsFunctionName(std::string("a\0b", 3)));
}

}  // namespace
}  // namespace scripting
