// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "lsm/collection.h"
#include "lsm/entry.h"

namespace lsm {

// A collection as its key's entry owns it, knowing the way back: a change of a row puts the entry's
// meta, which holds the count, into the open turn.
struct EntryCollection : Collection {
  using Collection::Collection;

  Entry* owner = nullptr;
};

}  // namespace lsm
