// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <absl/functional/function_ref.h>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "lsm/collection.h"
#include "lsm/entry.h"
#include "lsm/store.h"

namespace datatypes {

// The typed view of a hash. It knows nothing of RESP or of commands.
//
// Every field is one row, in the order of the fields' bytes; FORMAT.md has them drawn. A hash is
// never empty: the key goes with its last field. A view borrows the entry and is good until
// something else changes the key, or the end of the command. Only what is not resident can fail (a
// page cannot be read); a mutator that fails has changed nothing. Loop thread only.
class Hash {
 public:
  // Bits of the meta's type flags. On disk: appended, never reused.
  enum TypeFlags : uint8_t {
    // Was once so large that Redis would have made it a hash table, which it then stays.
    kHashTable = 1U << 0,
  };

  struct Field {
    std::string_view name;
    std::string_view value;
  };

  // The hash at `key`, which may be absent: then it has no fields. WRONGTYPE if it is another type.
  // `key` and `settings` must live as long as the view.
  static Result<Hash> Open(Keyspace keyspace, std::string_view key, const Settings& settings);

  bool exists() const { return entry_ != nullptr; }
  lsm::Entry* entry() const { return entry_; }
  uint64_t size() const;
  bool is_hash_table() const { return entry_ != nullptr && IsHashTable(*entry_); }
  // For NextStep(): how many fields were erased since it is a hash table, modulo 2^32.
  uint32_t erased() const;

  // --- Reading. Views of fields are good until the next change of this hash.

  Result<std::optional<std::string_view>> Get(std::string_view field) const;
  // Visits the fields of ranks [from, to) in their order, until `visit` answers false.
  using Visitor = absl::FunctionRef<bool(const Field&)>;
  Result<void> Visit(uint64_t from, uint64_t to, Visitor visit) const;

  // --- Changing. What is passed in must not point into this hash.

  // Loads what Set() or Erase() of that field will look at.
  Result<void> Load(std::string_view field) const;
  // Whether the field was created. Creates the key if it is absent.
  Result<bool> Set(std::string_view field, std::string_view value);
  // Whether there was such a field. The key goes with the last one.
  Result<bool> Erase(std::string_view field);

  // As OBJECT ENCODING has it: "listpack" or "hashtable".
  static std::string_view Encoding(const lsm::Entry& entry);

 private:
  Hash(Keyspace keyspace, std::string_view key, lsm::Entry* entry, const Settings& settings)
      : keyspace_(keyspace), key_(key), entry_(entry), settings_(&settings) {}

  static bool IsHashTable(const lsm::Entry& entry) {
    return (entry.type_flags() & kHashTable) != 0;
  }
  lsm::Store& store() const { return keyspace_.store(); }
  lsm::Collection& rows() const { return entry_->collection(); }
  void NoteSize(size_t field_bytes, size_t value_bytes);
  void CountErased();

  Keyspace keyspace_;
  std::string_view key_;
  lsm::Entry* entry_;
  const Settings* settings_;
};

}  // namespace datatypes
