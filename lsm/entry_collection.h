// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "lsm/collection.h"
#include "lsm/entry.h"
#include "lsm/row_times.h"

namespace lsm {

// A collection as its key's entry owns it, knowing the way back: a change of a row puts the entry's
// meta, which holds the count, into the open turn. 64 bytes, which a small collection only takes
// while it is in use: see HotTier.
struct EntryCollection : Collection {
  using Collection::Collection;

  // Whether its id, its leaf and the entry make it up. What it then forgets is when it was changed;
  // but a change of a row puts the meta into the same turn, so the entry knows that.
  bool foldable() const { return small() && row_times == RowTimes(); }

  Entry* owner = nullptr;
  RowTimes row_times;
  uint32_t use_place = 0;  // In the hot tier's list of those in use, from 1 on; 0: not listed.
};

}  // namespace lsm
