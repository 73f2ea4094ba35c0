// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "lsm/store.h"

namespace lsm {

// That part of a store which a replica needs. Loop thread only.
class ReplicaStore {
 public:
  virtual ~ReplicaStore() = default;
  // The part of `store`.
  static ReplicaStore& Of(Store& store);

  // ---- Staging ------------------------------------------------------------------------------
  // A second set of databases that nobody sees, where a replica puts a full sync while the old
  // data is served. Create, FindOrLoad and what takes an Entry work there as anywhere, but no
  // observer is told.

  // The number by which a database of the second set is called.
  virtual uint32_t StagedDb(uint32_t db) const = 0;
  // Empties them: O(1). To be called first: a crash leaves behind what was staged.
  virtual void DropStaged() = 0;
  // They take the place of all that is visible, which is flushed; all with this turn.
  virtual void ShowStaged() = 0;

  // ---- Expiry -------------------------------------------------------------------------------
  // What happens to a key whose time has come when somebody looks for it.
  enum class ExpiryMode : uint8_t {
    kDelete,
    kHide,  // It is not found, and stays (on a replica: the primary says when it goes).
    kKeep,  // It is found (by commands that come from the primary: there it had not expired).
  };
  virtual void SetExpiryMode(ExpiryMode mode) = 0;
  virtual ExpiryMode expiry_mode() const = 0;
  // Whose commands run under kKeep: told by who has the link to the primary, asked by who runs
  // commands; the store itself only keeps it. nullptr: nobody's.
  virtual void SetPrimary(const void* who) = 0;
  virtual const void* primary() const = 0;
};

}  // namespace lsm
