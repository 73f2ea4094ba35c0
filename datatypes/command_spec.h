// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "datatypes/result.h"

namespace datatypes {

struct CommandContext;

using Args = std::span<const std::string_view>;

// Flags as COMMAND INFO shows them (Redis' names in command_table.cc).
enum CommandFlag : uint32_t {
  kWrite = 1U << 0,
  kReadonly = 1U << 1,
  kDenyOom = 1U << 2,
  kAdmin = 1U << 3,
  kPubsub = 1U << 4,
  kNoScript = 1U << 5,
  kBlocking = 1U << 6,
  kLoading = 1U << 7,
  kStale = 1U << 8,
  kSkipMonitor = 1U << 9,
  kSkipSlowlog = 1U << 10,
  kAsking = 1U << 11,
  kFast = 1U << 12,
  kNoAuth = 1U << 13,
  kMayReplicate = 1U << 14,
  kNoAsyncLoading = 1U << 15,
  kNoMulti = 1U << 16,
  kMovableKeys = 1U << 17,
  kAllowBusy = 1U << 18,
  kNoMandatoryKeys = 1U << 19,
  kTouchesArbitraryKeys = 1U << 20,
  kProtected = 1U << 21,
  // Ours, never shown: looking at the keys does not count as a use (TTL, TYPE, OBJECT …).
  kPeeks = 1U << 31,
};

// ACL categories. A row names those of its data type or topic; @write, @read, @fast, @slow,
// @admin + @dangerous, @pubsub and @blocking follow from the flags as in Redis (EffectiveAcl).
enum AclCategory : uint32_t {
  kAclNone = 0,
  kAclKeyspace = 1U << 0,
  kAclRead = 1U << 1,
  kAclWrite = 1U << 2,
  kAclSet = 1U << 3,
  kAclSortedSet = 1U << 4,
  kAclList = 1U << 5,
  kAclHash = 1U << 6,
  kAclString = 1U << 7,
  kAclBitmap = 1U << 8,
  kAclHyperLogLog = 1U << 9,
  kAclGeo = 1U << 10,
  kAclStream = 1U << 11,
  kAclPubsub = 1U << 12,
  kAclAdmin = 1U << 13,
  kAclFast = 1U << 14,
  kAclSlow = 1U << 15,
  kAclBlocking = 1U << 16,
  kAclDangerous = 1U << 17,
  kAclConnection = 1U << 18,
  kAclTransaction = 1U << 19,
  kAclScripting = 1U << 20,
};

// What a command does with a key (COMMAND INFO's key specification flags).
enum KeyFlag : uint16_t {
  kRO = 1U << 0,
  kRW = 1U << 1,
  kOW = 1U << 2,
  kRM = 1U << 3,
  kAccess = 1U << 4,
  kUpdate = 1U << 5,
  kInsert = 1U << 6,
  kDelete = 1U << 7,
  kNotKey = 1U << 8,
  kIncomplete = 1U << 9,
  kVariableFlags = 1U << 10,
};

// One key specification, as Redis 7 defines it: where the search begins, and how keys are found
// from there.
struct KeySpec {
  enum class Begin : uint8_t { kIndex, kKeyword, kUnknown };
  enum class Find : uint8_t { kRange, kKeynum, kUnknown };
  uint16_t flags = 0;
  Begin begin = Begin::kIndex;
  int16_t index = 0;  // kIndex: the argument; kKeyword: where the search starts.
  std::string_view keyword = {};
  Find find = Find::kRange;
  int16_t last = 0;  // kRange: relative to the first; -1: the last argument, -2 the one before …
  int16_t step = 1;
  int16_t limit = 0;         // kRange with last -1: 0 or 1: all; 2: half of the rest …
  int16_t keynum_index = 0;  // kKeynum: relative to the begin.
  int16_t first_key = 0;     // kKeynum: relative to the begin.
  std::string_view notes = {};
};

inline constexpr size_t kMaxKeySpecs = 4;
struct KeySpecs {
  KeySpec specs[kMaxKeySpecs] = {};
  uint8_t count = 0;

  constexpr KeySpecs() = default;
  constexpr KeySpecs(std::initializer_list<KeySpec> list) {
    for (const KeySpec& spec : list) specs[count++] = spec;
  }
};

// The argument at `index` is a key.
constexpr KeySpecs OneKey(int16_t index, uint16_t flags) {
  return {KeySpec{.flags = flags, .index = index}};
}
// Every `step`th argument from `index` to the end is a key.
constexpr KeySpecs KeysToEnd(int16_t index, uint16_t flags, int16_t step = 1) {
  return {KeySpec{.flags = flags, .index = index, .last = -1, .step = step}};
}

// Which arguments are subkeys (fields, members) of the collection of the first key, so that the
// dispatcher loads just their pages.
struct RowHint {
  enum class Kind : uint8_t { kNone, kArgs, kWhole };
  Kind kind = Kind::kNone;
  uint8_t from = 0;
  uint8_t step = 1;
  uint8_t count = 0;  // 0: to the end.
  char prefix = 0;    // Put before the argument to make the subkey; 0: none.
};
constexpr RowHint NoRows() {
  return {};
}
constexpr RowHint RowArg(uint8_t index, char prefix = 0) {
  return {RowHint::Kind::kArgs, index, 1, 1, prefix};
}
constexpr RowHint EveryRow(uint8_t from, char prefix = 0) {
  return {RowHint::Kind::kArgs, from, 1, 0, prefix};
}
constexpr RowHint EveryOther(uint8_t from, char prefix = 0) {
  return {RowHint::Kind::kArgs, from, 2, 0, prefix};
}
// The command reads the whole collection: a small one is loaded before it runs.
constexpr RowHint WholeCollection() {
  return {RowHint::Kind::kWhole, 0, 1, 0, 0};
}

struct KeyRef {
  size_t index;    // Into the arguments.
  uint16_t flags;  // KeyFlag.
};

// One command: the single source for dispatch, COMMAND, docs, ACL and tests. Rows stand beside
// their handlers, constexpr; the families are listed by name in one place per folder.
struct CommandSpec {
  using Handler = Result<void> (*)(CommandContext&);
  // For commands whose keys no specification finds (SORT, MIGRATE …): appends them.
  using FindKeysFn = Result<void> (*)(Args args, std::vector<KeyRef>& keys);

  std::string_view name;      // Lower case; of a subcommand: "get", not "config|get".
  Handler handler = nullptr;  // nullptr: a container of subcommands only.
  int arity = 0;              // As Redis: negative is a minimum; counts the name(s).
  uint32_t flags = 0;
  uint32_t acl = 0;
  KeySpecs keys = {};
  FindKeysFn find_keys = nullptr;
  RowHint rows = {};
  std::span<const CommandSpec> subcommands = {};
  std::string_view group = {};  // COMMAND DOCS: "string", "generic", "server" …
  std::string_view since = {};
  std::string_view summary = {};
  std::string_view complexity = {};
  // The arguments as the manual writes them: "key value [NX | XX] [GET] [EX seconds | …]".
  std::string_view syntax = {};
  std::string_view tips = {};  // Space separated: "request_policy:all_shards …".
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};
  std::string_view history = {};  // "6.0.0\tAdded the `KEEPTTL` option.\n…"
};

}  // namespace datatypes
