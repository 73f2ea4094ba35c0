// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/encoding_rules.h"

#include <doctest/doctest.h>

namespace datatypes {
namespace {

TEST_CASE("a hash is packed while both its size and its largest part are within the limits") {
  Settings settings;
  settings.hash_max_listpack_entries = 128;
  EncodingFacts facts;
  facts.elements = 128;
  facts.largest_bytes = 64;
  CHECK(HashEncoding(settings, facts) == "listpack");
  facts.elements = 129;
  CHECK(HashEncoding(settings, facts) == "hashtable");
  facts.elements = 1;
  facts.largest_bytes = 65;
  CHECK(HashEncoding(settings, facts) == "hashtable");
}

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

TEST_CASE("a list's limit is a number of elements or a size in bytes") {
  Settings settings;
  EncodingFacts facts;
  facts.elements = 100;
  facts.total_bytes = 8000;
  facts.largest_bytes = 80;
  CHECK(ListEncoding(settings, facts) == "quicklist");
  facts.total_bytes = 7900;
  CHECK(ListEncoding(settings, facts) == "listpack");
  settings.list_max_listpack_size = 99;
  CHECK(ListEncoding(settings, facts) == "quicklist");
  settings.list_max_listpack_size = 100;
  CHECK(ListEncoding(settings, facts) == "listpack");
  settings.list_packed_threshold_bytes = 80;
  CHECK(ListEncoding(settings, facts) == "quicklist");
}

}  // namespace
}  // namespace datatypes
