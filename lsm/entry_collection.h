// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "lsm/collection.h"
#include "lsm/entry.h"
#include "lsm/row_times.h"

namespace lsm {

// A collection as its key's entry owns it, knowing the way back: a change of a row puts the entry's
// meta, which holds the count, into the open turn.
struct EntryCollection : Collection {
  using Collection::Collection;

  RowTimes row_times() const { return expiring_rows ? *expiring_rows : RowTimes(); }
  void SetRowTimes(const RowTimes& times) {
    expiring_rows.reset();
    if (times != RowTimes()) expiring_rows = std::make_unique<const RowTimes>(times);
  }

  Entry* owner = nullptr;
  std::unique_ptr<const RowTimes> expiring_rows;  // Of most: none.
};

}  // namespace lsm
