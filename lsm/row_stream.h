// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/collection.h"

namespace lsm {

class Entry;
class LoadWaiter;
class Store;

// The way of a walk over the rows of a collection: [from, to), from either end.
struct RowWalk {
  std::string from;
  std::optional<std::string> to;  // None: the end of the collection.
  Collection::Direction direction = Collection::Direction::kForward;
};

// Some rows of a walk, in its order.
class RowSlice {
 public:
  void Add(std::string_view subkey, std::string_view value) {
    bytes_ += subkey;
    bytes_ += value;
    sizes_.push_back({subkey.size(), value.size()});
  }
  size_t rows() const { return sizes_.size(); }
  size_t bytes() const { return bytes_.size(); }
  // Whether the walk has no rows after these.
  bool last() const { return last_; }
  void set_last() { last_ = true; }
  // The subkey of the row added last. Requires rows() > 0.
  std::string_view last_subkey() const {
    return std::string_view(bytes_).substr(
        bytes_.size() - sizes_.back().value - sizes_.back().subkey, sizes_.back().subkey);
  }

  // Calls `visit(subkey, value)` for each row until it answers false.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    const std::string_view all(bytes_);
    size_t at = 0;
    for (const Sizes& row : sizes_) {
      const std::string_view subkey = all.substr(at, row.subkey);
      const std::string_view value = all.substr(at + row.subkey, row.value);
      if (!visit(subkey, value)) return;
      at += row.subkey + row.value;
    }
  }

 private:
  struct Sizes {
    size_t subkey;
    size_t value;
  };
  std::string bytes_;
  std::vector<Sizes> sizes_;
  bool last_ = false;
};

// The rows of a walk as they were at one moment, whatever happens to the collection since: read
// from a snapshot of the LSM, a slice at a time, off the loop. It holds one slice in RAM, touches
// no page of the hot tier, and hinders nobody; what it shows stays on disk while it lives.
//
// Destroyed before the store. Loop thread only.
class RowStream {
 public:
  virtual ~RowStream() = default;
  // Has the next slice read; `waiter` is told when slice() is it. Not while this is under way, nor
  // after the last one.
  virtual void Fetch(LoadWaiter& waiter) = 0;
  // Requires a Fetch() that has succeeded.
  virtual const RowSlice& slice() const = 0;
};

// What follows belongs to the store and stands beside lsm/store.h, since few have a use for it.

// A stream of rows of `entry`'s collection (requires has_collection()) as they are now; nullptr if
// the open turn has changed them: to be asked again after CommitTurn().
std::unique_ptr<RowStream> StreamRows(Store& store, const Entry& entry, RowWalk walk);
// As Store::PrefetchRow: for what Rank(subkey) of the collection needs.
bool PrefetchRank(Store& store, Entry& entry, std::string_view subkey, LoadWaiter& waiter);
// The same for the first `rows` rows of a walk.
bool PrefetchWalk(Store& store, Entry& entry, const RowWalk& walk, uint64_t rows,
                  LoadWaiter& waiter);

}  // namespace lsm
