// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/encoding_rules.h"

#include <algorithm>

namespace datatypes {
namespace {

// What a list's packed form takes besides the elements' bytes: its ends, and about this per
// element.
constexpr uint64_t kListpackFrameBytes = 7;
constexpr uint64_t kListpackElementBytes = 2;
// However many elements are allowed, a packed list has at most so many bytes.
constexpr uint64_t kMaxCountedListBytes = 8192;

bool Fits(uint64_t value, int64_t limit) {
  return limit >= 0 && value <= static_cast<uint64_t>(limit);
}

}  // namespace

std::string_view ListEncoding(const Settings& settings, const EncodingFacts& facts) {
  const uint64_t packed_bytes =
      kListpackFrameBytes + facts.total_bytes + kListpackElementBytes * facts.elements;
  const int64_t size = settings.list_max_listpack_size;
  bool packed = false;
  if (size >= 0) {
    packed = facts.elements <= static_cast<uint64_t>(size) && packed_bytes <= kMaxCountedListBytes;
  } else {
    // -1 is 4 KiB, each step below twice as much, up to 64 KiB.
    packed = packed_bytes <= uint64_t{4096} << (std::min<int64_t>(-size, 5) - 1);
  }
  packed =
      packed && facts.largest_bytes < static_cast<uint64_t>(settings.list_packed_threshold_bytes);
  return packed ? "listpack" : "quicklist";
}

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

std::string_view HashEncoding(const Settings& settings, const EncodingFacts& facts) {
  return Fits(facts.elements, settings.hash_max_listpack_entries) &&
                 Fits(facts.largest_bytes, settings.hash_max_listpack_value)
             ? "listpack"
             : "hashtable";
}

std::string_view StreamEncoding() {
  return "stream";
}

}  // namespace datatypes
