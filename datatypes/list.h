// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "datatypes/command_spec.h"
#include "datatypes/keyspace.h"
#include "datatypes/list_format.h"
#include "datatypes/order_label.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "lsm/entry.h"
#include "lsm/store.h"

namespace datatypes {

// The typed view of a list. It knows nothing of RESP or of commands.
//
// Every element is a row of the entry's collection, under a label that says where it stands
// (order_label.h). The first and the last label are in the entry's payload: a push or a pop goes
// straight to its end's page, and a queue never comes upon the rows it has consumed. FORMAT.md has
// the bytes.
//
// A list is never empty: the key goes with its last element. A view borrows the entry and is good
// until something else changes the key, or the end of the command. A mutator that fails (a page
// could not be loaded) has changed nothing. Loop thread only.
class List {
 public:
  enum class End : uint8_t { kHead, kTail };
  enum class Side : uint8_t { kBefore, kAfter };

  // Bits of the meta's type flags. On disk: appended, never reused.
  enum TypeFlags : uint8_t {
    // Redis would have made it a quicklist; it becomes a listpack again when it has shrunk to half
    // of the limit.
    kQuicklist = 1U << 0,
  };

  // The list at `key`, which may be absent. WRONGTYPE if it is another type. `key` and `settings`
  // must live as long as the view.
  static Result<List> Open(Keyspace keyspace, std::string_view key, const Settings& settings);
  // The same for an entry that was looked up already; nullptr: absent. Requires it to be a list.
  static Result<List> Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry,
                         const Settings& settings);

  bool exists() const { return entry_ != nullptr; }
  std::string_view key() const { return key_; }
  lsm::Entry* entry() const { return entry_; }
  uint64_t size() const { return entry_ == nullptr ? 0 : rows().count(); }
  static std::string_view Encoding(const lsm::Entry& entry) {
    return (entry.type_flags() & kQuicklist) != 0 ? "quicklist" : "listpack";
  }

  // --- Residency. Each joins `waiter` to the loads of what the access named needs; true: all of it
  // is resident. So is what is fully_resident().
  bool fully_resident() const;
  bool PrefetchPush(End end, lsm::LoadWaiter& waiter) const;
  bool PrefetchPop(End end, uint64_t count, lsm::LoadWaiter& waiter) const;
  bool PrefetchRange(uint64_t index, uint64_t count, lsm::LoadWaiter& waiter) const;
  // `count` elements from a label on.
  bool PrefetchFrom(std::string_view label, uint64_t count, lsm::LoadWaiter& waiter) const;
  // Unless it has more than `max_elements`.
  bool PrefetchAll(uint64_t max_elements, lsm::LoadWaiter& waiter) const;

  // --- Reading. Views and cursors are good until the next change of this list. The value of a
  // cursor is the element; Next() and Prev() go towards the tail and the head.

  // At an element counted from the head. Not valid past the end, or after a load that failed.
  lsm::CollectionCursor At(uint64_t index) const;
  lsm::CollectionCursor AtEnd(End end) const;
  // The element at an end, when it is certain that a Pop() of it cannot fail. Requires exists().
  Result<std::string_view> PeekForPop(End end) const;
  // At the element with that label, or the next one.
  lsm::CollectionCursor Seek(std::string_view label) const { return rows().Seek(label); }

  // --- Changing. What is passed in must not point into this list.

  // One after the other. Creates the key if it is absent.
  Result<void> Push(End end, Args elements);
  // Takes away the `count` elements at an end, the outermost first; `sink` sees each before any
  // goes. Requires count <= size().
  Result<void> Pop(End end, uint64_t count, absl::FunctionRef<void(std::string_view)> sink);
  // False: there is no such element.
  Result<bool> Set(uint64_t index, std::string_view element);
  // Inserts beside the first element that equals `pivot`; false: there is none.
  Result<bool> Insert(Side side, std::string_view pivot, std::string_view element);
  // Erases up to `count` elements that equal `element`, searching from that end; returns how many.
  Result<uint64_t> Remove(End from, uint64_t count, std::string_view element);
  // Keeps `count` elements from `index` on, of those there are; 0: the key goes.
  Result<void> Trim(uint64_t index, uint64_t count);
  void Delete();

 private:
  List(Keyspace keyspace, std::string_view key, lsm::Entry* entry, const Settings& settings)
      : keyspace_(keyspace), key_(key), entry_(entry), settings_(&settings) {}

  lsm::Store& store() const { return keyspace_.store(); }
  lsm::Collection& rows() const { return entry_->collection(); }
  void SaveExtras();
  void BeforeGrowth(uint64_t bytes, uint64_t elements);
  void AfterChange();
  bool HasLargeElement() const;
  // Beyond every label there is.
  std::string PastLast() const;
  Result<OrderLabel> Respace(const OrderLabel& near, uint64_t radius);
  Result<void> TrimByCopy(uint64_t index, uint64_t count);
  Result<void> TrimByErasing(uint64_t index, uint64_t count);

  Keyspace keyspace_;
  std::string_view key_;
  lsm::Entry* entry_;
  const Settings* settings_;
  // What is known of a list without looking at its rows.
  ListExtras extras_;
};

}  // namespace datatypes
