// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "datatypes/sorted_set_format.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "lsm/entry.h"
#include "lsm/store.h"

namespace datatypes {

// The typed view of a set. It knows nothing of RESP or of commands.
//
// A few integers lie packed in the entry's payload (packed_integers.h). Any other set is a
// collection with a row for each member. One that began with an integer has codes for its integers,
// so that they stand in numeric order, and its other members after them; one that began with
// something else has its members' bytes. FORMAT.md has the bytes.
//
// A set is never empty: the key goes with its last member. A view borrows the entry and is good
// until something else changes the key, or the end of the command. A mutator that fails (a page
// could not be loaded) has changed nothing. Loop thread only.
class Set {
 public:
  // The longest payload of packed integers.
  static constexpr size_t kMaxPackedBytes = 1025;

  // Bits of the meta's type flags. On disk: appended, never reused.
  enum TypeFlags : uint8_t {
    // The rows of integers are codes.
    kCodes = 1U << 0,
    // Redis would have made it a listpack, or a hash table, which it then stays; neither: an
    // intset.
    kListpack = 1U << 1,
    kHashTable = 1U << 2,
  };

  // The set at `key`, which may be absent: then it has no members. WRONGTYPE if it is another type.
  // `key` and `settings` must live as long as the view.
  static Result<Set> Open(Keyspace keyspace, std::string_view key, const Settings& settings);
  // The same for an entry that was looked up already; nullptr: absent. Requires it to be a set.
  static Set Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry,
                const Settings& settings) {
    return {keyspace, key, entry, settings};
  }
  // Makes `key` the set of `members`, which are different and at least one; replaces whatever was
  // there, out of which no member may be borrowed.
  static Set Replace(Keyspace keyspace, std::string_view key,
                     std::span<const std::string_view> members, const Settings& settings);

  bool exists() const { return entry_ != nullptr; }
  std::string_view key() const { return key_; }
  lsm::Entry* entry() const { return entry_; }
  uint64_t size() const;
  // As OBJECT ENCODING has it: "intset", "listpack" or "hashtable".
  static std::string_view Encoding(const lsm::Entry& entry);
  bool is_hash_table() const {
    return entry_ != nullptr && (entry_->type_flags() & kHashTable) != 0;
  }
  // All integers come first, in their order.
  bool in_numeric_order() const { return entry_ == nullptr || packed() || has_codes(); }
  // Whether views of members that Visit() shows are good until the next change of the set.
  bool keeps_texts() const { return !packed() && !has_codes(); }
  // The rows of integers are codes.
  bool has_codes() const { return has_rows() && (entry_->type_flags() & kCodes) != 0; }
  // The member that a row of a set with codes, or without, stands for; it may be in `buffer`.
  static constexpr size_t kMemberBufferBytes = 20;
  static Result<std::string_view> MemberOf(std::string_view subkey, bool codes,
                                           std::span<char> buffer);
  // SSCAN tells all of any other at once.
  bool walked_in_steps() const { return has_rows() && is_hash_table(); }
  // For NextStep(): how many members were erased since it is walked in steps, modulo 2^32.
  uint32_t erased() const;

  // --- Residency. Each joins `waiter` to the loads of what is named; true: all of it is resident.
  // So is what is fully_resident().
  bool fully_resident() const { return !has_rows() || rows().fully_resident(); }
  bool Prefetch(std::string_view member, lsm::LoadWaiter& waiter) const;
  bool PrefetchAt(uint64_t rank, lsm::LoadWaiter& waiter) const;
  // May have to be asked again when the loads are there.
  bool PrefetchRange(uint64_t from, uint64_t to, lsm::LoadWaiter& waiter) const;
  // Unless it has more members than that: then the answer is true.
  bool PrefetchAll(uint64_t max_members, lsm::LoadWaiter& waiter) const;

  // --- Reading.

  Result<bool> Contains(std::string_view member) const;
  // Visits the members of ranks [from, to) until `visit` answers false. The view is good during the
  // call only.
  using Visitor = absl::FunctionRef<bool(std::string_view member)>;
  Result<void> Visit(uint64_t from, uint64_t to, Visitor visit) const;
  // A place to go on from, good as long as the set exists; empty: the beginning.
  using Place = std::string;
  // Visits up to `most` members from `place` on, until `visit` answers false, and moves `place`
  // behind the last one visited. False: the end was reached.
  Result<bool> VisitFrom(Place& place, uint64_t most, Visitor visit) const;
  bool PrefetchFrom(const Place& place, uint64_t members, lsm::LoadWaiter& waiter) const;

  // --- Changing. `member` must not point into this set.

  // To be called before the members of one command are added: Redis makes a set a hash table at
  // once if there are many.
  void ExpectMembers(uint64_t count);
  // Whether it is new. Creates the key if it is absent.
  Result<bool> Add(std::string_view member);
  // Whether there was such a member. The key goes with the last one.
  Result<bool> Erase(std::string_view member);
  // Erases the members of these ranks, which ascend; `visit` (whose answer counts for nothing) sees
  // each before any goes.
  Result<void> EraseRanks(std::span<const uint64_t> ranks, Visitor visit);
  void Delete();

 private:
  Set(Keyspace keyspace, std::string_view key, lsm::Entry* entry, const Settings& settings)
      : keyspace_(keyspace), key_(key), entry_(entry), settings_(&settings) {}

  lsm::Store& store() const { return keyspace_.store(); }
  lsm::Collection& rows() const { return entry_->collection(); }
  bool has_rows() const { return entry_ != nullptr && entry_->has_collection(); }
  bool packed() const { return entry_ != nullptr && !entry_->has_collection(); }

  std::string_view Subkey(std::string_view member, RowKey& buffer) const;
  Result<void> VisitPacked(uint64_t from, uint64_t to, Visitor visit) const;
  Result<bool> WouldFitListpack(uint64_t size, size_t member_bytes) const;
  Result<uint8_t> FlagsWith(std::string_view member, bool is_integer) const;
  void Create(std::string_view member);
  void AddPacked(int64_t integer);
  void Unpack();
  void AfterErase(uint64_t members);

  Keyspace keyspace_;
  std::string_view key_;
  lsm::Entry* entry_;
  const Settings* settings_;
  uint64_t expected_ = 1;
};

}  // namespace datatypes
