// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lsm/row_times.h"
#include "lsm/store.h"

namespace lsm {

// Deletes rows whose time has come, of keys whose type gives single rows an expiry (and has told
// the store by RowExpiry::SetTimes). Called on the loop thread; may change that key in the store.
class RowExpirer {
 public:
  enum class Progress : uint8_t {
    kDone,     // Nothing of the key is due any more, or it has gone.
    kMore,     // Some is.
    kLoading,  // The waiter was joined to loads of what is needed; nothing was changed.
  };
  virtual ~RowExpirer() = default;
  // Rows of `entry` are due at `now_ms`, but not all: deletes up to `max_rows` of them, earliest
  // first, and gives the entry new row times. Without a waiter (nullptr) it loads on the spot.
  virtual Progress ExpireRows(uint32_t db, Entry* entry, int64_t now_ms, size_t max_rows,
                              LoadWaiter* waiter) = 0;
  // The last row of a key had become due, and the key was deleted.
  virtual void OnAllExpired(uint32_t db, std::string_view key) = 0;
};

// That part of a store which is about expiry, of rows above all. Loop thread only.
class RowExpiry {
 public:
  virtual ~RowExpiry() = default;
  // The part of `store`.
  static RowExpiry& Of(Store& store);
  // What SetTimes() has said of that entry.
  static RowTimes TimesOf(const Entry& entry);

  // When rows of the entry's collection are due: from then on the expirer is called, and from
  // `all_ms` on the key counts as expired. Requires a collection.
  virtual void SetTimes(Entry* entry, const RowTimes& times) = 0;
  // While held, keys whose time has come cannot be seen, as ever, but are not deleted when they are
  // come across. (The sweeper is stopped by Store::SetSweeping.)
  virtual void SetHeld(bool held) = 0;
  // Without one (nullptr), due rows stay until there is one.
  virtual void SetExpirer(RowExpirer* expirer) = 0;
};

}  // namespace lsm
