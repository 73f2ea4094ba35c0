// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "datatypes/hash_format.h"
#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "lsm/collection.h"
#include "lsm/entry.h"
#include "lsm/row_expiry.h"
#include "lsm/store.h"

namespace datatypes {

// The typed view of a hash. It knows nothing of RESP or of commands.
//
// Every field is one row, in the order of the fields' bytes. A field may have an expiry: then a
// second row, by time, is before those of the fields. FORMAT.md has them drawn. A field that is due
// is invisible from its millisecond on, whether its rows have been deleted (EraseDue) or not; only
// ranks count it. A hash without expiries pays nothing for them.
//
// A hash is never empty: the key goes with its last field. A view borrows the entry and is good
// until something else changes the key, or the end of the command. Only what is not resident can
// fail (a page cannot be read); a mutator that fails has changed nothing. Loop thread only.
class Hash {
 public:
  // Bits of the meta's type flags. On disk: appended, never reused.
  enum TypeFlags : uint8_t {
    // Was once so large that Redis would have made it a hash table, which it then stays.
    kHashTable = 1U << 0,
    // Had a field with an expiry once.
    kTimed = 1U << 1,
  };
  // For Set(): the expiry that the field has, if any.
  static constexpr int64_t kKeepExpiry = -2;

  struct Field {
    std::string_view name;
    std::string_view value;
    int64_t expire_at_ms = lsm::kNoExpiry;
  };

  // The hash at `key` as of `now_ms`; it may be absent: then it has no fields. WRONGTYPE if it is
  // another type. `key` and `settings` must live as long as the view.
  static Result<Hash> Open(Keyspace keyspace, std::string_view key, const Settings& settings,
                           int64_t now_ms);
  // The same for an entry that was looked up already; nullptr: absent. Requires it to be a hash.
  static Hash Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry,
                 const Settings& settings, int64_t now_ms) {
    return {keyspace, key, entry, settings, now_ms};
  }

  bool exists() const { return entry_ != nullptr; }
  lsm::Entry* entry() const { return entry_; }
  int64_t now_ms() const { return now_ms_; }
  bool is_hash_table() const { return entry_ != nullptr && IsHashTable(*entry_); }
  // For NextStep(): how many fields were erased since it is a hash table, modulo 2^32.
  uint32_t erased() const { return LoadExtras().erased; }
  // Fields that have ranks: those that are due and not erased yet are among them.
  uint64_t ranks() const { return row_count() - timed(); }

  // --- Residency. Each joins `waiter` to the loads of what is missing; true: nothing is. Each
  // requires exists().

  bool Prefetch(std::string_view field, lsm::LoadWaiter& waiter) const {
    return store().PrefetchRow(*entry_, FieldKey(field).view(), waiter);
  }
  bool PrefetchRank(uint64_t rank, lsm::LoadWaiter& waiter) const {
    return store().PrefetchAt(*entry_, timed() + rank, waiter);
  }
  // The fields of ranks [from, to), or a first part of very many.
  bool PrefetchRanks(uint64_t from, uint64_t to, lsm::LoadWaiter& waiter) const;
  // What Size() needs.
  bool PrefetchSize(lsm::LoadWaiter& waiter) const;

  // --- Reading. Views of fields are good until the next change of this hash.

  // The number of fields.
  Result<uint64_t> Size() const;
  Result<std::optional<Field>> Find(std::string_view field) const;
  Result<std::optional<std::string_view>> Get(std::string_view field) const;
  // Visits the fields of ranks [from, to) in their order, until `visit` answers false.
  using Visitor = absl::FunctionRef<bool(const Field&)>;
  Result<void> Visit(uint64_t from, uint64_t to, Visitor visit) const;
  Result<void> VisitAll(Visitor visit) const { return Visit(0, ranks(), visit); }

  // --- Changing. What is passed in must not point into this hash.

  // Loads what Set() or Erase() of that field will look at.
  Result<void> Load(std::string_view field) const;
  // Whether the field was created. Creates the key if it is absent. `expire_at_ms`: a time to come,
  // lsm::kNoExpiry or kKeepExpiry.
  Result<bool> Set(std::string_view field, std::string_view value,
                   int64_t expire_at_ms = lsm::kNoExpiry);
  // Gives a field, which must exist, another expiry and keeps its value.
  Result<void> SetExpiry(std::string_view field, int64_t expire_at_ms);
  // Whether there was such a field. The key goes with the last one.
  Result<bool> Erase(std::string_view field);

  // --- Fields that are due.

  bool has_due() const;
  // Joins `waiter` to the loads of what EraseDue() will look at; true: nothing is missing.
  bool PrefetchDue(uint64_t most, lsm::LoadWaiter& waiter) const;
  // Erases up to `most` of them, earliest first; returns how many. The key may go with them.
  // `erased`, if given, gets their names.
  Result<uint64_t> EraseDue(uint64_t most, std::vector<std::string>* erased = nullptr);

  // The meta's payload: how many fields were erased since it is a hash table, and how many expire.
  // Returns what is used of `bytes`.
  static constexpr size_t kExtrasBytes = 12;
  static std::string_view EncodeExtras(uint32_t erased, uint64_t timed,
                                       char (&bytes)[kExtrasBytes]);

  // As OBJECT ENCODING has it: "listpack", "listpackex" or "hashtable".
  static std::string_view Encoding(const lsm::Entry& entry);

 private:
  // The payload of the meta.
  struct Extras {
    uint32_t erased = 0;
    uint64_t timed = 0;  // Fields with an expiry.
  };

  Hash(Keyspace keyspace, std::string_view key, lsm::Entry* entry, const Settings& settings,
       int64_t now_ms)
      : keyspace_(keyspace), key_(key), entry_(entry), settings_(&settings), now_ms_(now_ms) {}

  static bool IsHashTable(const lsm::Entry& entry) {
    return (entry.type_flags() & kHashTable) != 0;
  }
  lsm::Store& store() const { return keyspace_.store(); }
  lsm::Collection& rows() const { return entry_->collection(); }
  uint64_t row_count() const {
    return entry_ != nullptr && entry_->has_collection() ? rows().count() : 0;
  }
  bool due(int64_t expire_at_ms) const {
    return expire_at_ms != lsm::kNoExpiry && expire_at_ms <= now_ms_;
  }
  uint64_t timed() const { return LoadExtras().timed; }
  Extras LoadExtras() const;
  void StoreExtras(const Extras& extras);

  Result<std::optional<DecodedValue>> FindRow(std::string_view subkey) const;
  Result<bool> SetTimed(std::string_view field, std::string_view value, int64_t expire_at_ms);
  Result<bool> EraseTimed(std::string_view field);
  void NoteSize(size_t field_bytes, size_t value_bytes);
  void NoteErased(uint64_t fields, uint64_t timed_fields);
  void SettleTimes();
  lsm::RowTimes FindTimes() const;
  void DeleteKey();

  Keyspace keyspace_;
  std::string_view key_;
  lsm::Entry* entry_;
  const Settings* settings_;
  int64_t now_ms_;
};

}  // namespace datatypes
