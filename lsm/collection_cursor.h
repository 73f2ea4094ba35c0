// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "lsm/collection.h"
#include "lsm/status.h"

namespace lsm {

// A place in a collection, on a row or on none. What it steps on and is not resident is loaded on
// the spot; when that fails it becomes invalid and status() says why. Good until the next change,
// Install or eviction of the collection. Loop thread only.
class CollectionCursor {
 public:
  bool valid() const { return leaf_ != nullptr; }
  const Status& status() const { return status_; }

  // Require valid().
  std::string_view subkey() const { return row_.key; }
  std::string_view value() const { return row_.value; }
  // To the following row, or the preceding one; past either end it becomes invalid for good.
  void Next();
  void Prev();

 private:
  friend class Collection;

  CollectionCursor() = default;
  void Settle(const Leaf* leaf, uint32_t offset);
  // On the page's first or last row; none, or the error, makes the cursor invalid.
  void Settle(Result<Page*> page, bool at_end);

  Page* page_ = nullptr;        // None: the collection is small.
  const Leaf* leaf_ = nullptr;  // None: not valid.
  uint32_t offset_ = 0;
  PackedRow row_;
  Status status_;
};

}  // namespace lsm
