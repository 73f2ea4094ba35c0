// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/encoding_rules.h"

#include <algorithm>

namespace datatypes {
namespace {

bool Fits(uint64_t value, int64_t limit) {
  return limit >= 0 && value <= static_cast<uint64_t>(limit);
}

}  // namespace

std::string_view SetEncoding(const Settings& settings, const EncodingFacts& facts) {
  if (facts.all_integers && Fits(facts.elements, settings.set_max_intset_entries)) return "intset";
  return Fits(facts.elements, settings.set_max_listpack_entries) &&
                 Fits(facts.largest_bytes, settings.set_max_listpack_value)
             ? "listpack"
             : "hashtable";
}

std::string_view SortedSetEncoding(const Settings& settings, const EncodingFacts& facts) {
  return Fits(facts.elements, settings.zset_max_listpack_entries) &&
                 Fits(facts.largest_bytes, settings.zset_max_listpack_value)
             ? "listpack"
             : "skiplist";
}

std::string_view StreamEncoding() {
  return "stream";
}

}  // namespace datatypes
