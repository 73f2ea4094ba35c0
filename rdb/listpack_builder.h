// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rdb {

// Appends a listpack's entries to a string.
class ListpackBuilder {
 public:
  explicit ListpackBuilder(std::string* entries) : entries_(entries) {}
  void Number(int64_t number);
  void Text(std::string_view text);
  uint64_t elements() const { return elements_; }

 private:
  void EndEntry(size_t start);

  std::string* entries_;
  uint64_t elements_ = 0;
};

// The whole: head, entries, end. Requires less than 4 GiB.
std::string FinishListpack(std::string_view entries, uint64_t elements);

}  // namespace rdb
