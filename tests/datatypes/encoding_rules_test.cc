// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/encoding_rules.h"

#include <doctest/doctest.h>

namespace datatypes {
namespace {

TEST_CASE("a sorted set has its own limits") {
  Settings settings;
  settings.zset_max_listpack_entries = 2;
  EncodingFacts facts;
  facts.elements = 2;
  CHECK(SortedSetEncoding(settings, facts) == "listpack");
  facts.elements = 3;
  CHECK(SortedSetEncoding(settings, facts) == "skiplist");
}

TEST_CASE("a set of integers may be larger than a packed one") {
  const Settings settings;
  EncodingFacts facts;
  facts.elements = 512;
  facts.largest_bytes = 3;
  CHECK(SetEncoding(settings, facts) == "intset");
  facts.elements = 513;
  CHECK(SetEncoding(settings, facts) == "hashtable");
  facts.elements = 128;
  facts.all_integers = false;
  CHECK(SetEncoding(settings, facts) == "listpack");
}

}  // namespace
}  // namespace datatypes
