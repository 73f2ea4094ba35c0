// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "lsm/store.h"
#include "scripting/sha1.h"

namespace scripting {

// One script that EVALSHA can call.
struct CachedScript {
  static constexpr int kNotCompiled = -1;

  Sha1Hex sha = {};
  std::string body;
  uint32_t flags = 0;           // ScriptFlag; valid once compiled.
  int function = kNotCompiled;  // Where the Lua registry has it.
  size_t slot = 0;              // Its row: see scripting/FORMAT.md.
  bool stored = false;

  std::string_view digest() const { return {sha.data(), sha.size()}; }
};

// The scripts that were loaded, found by digest or by body. They are in the store as well, and so
// survive a restart. When their bodies take more than the limit, those that were not used for the
// longest time go. Loop thread only.
class ScriptCache {
 public:
  // What a script costs besides its body, as counted against the limit.
  static constexpr size_t kOverheadBytes = 512;

  // `on_drop` is called for each script that goes, for what else is known of it.
  ScriptCache(lsm::Store& store, size_t limit_bytes, std::function<void(CachedScript&)> on_drop);

  // Reads what the store has of an earlier life.
  lsm::Status Load();

  // nullptr: there is none. Found ones count as used. The digest's case does not matter.
  CachedScript* FindBySha(std::string_view digest);
  CachedScript* FindByBody(std::string_view body);
  // The same without counting as a use.
  bool Contains(std::string_view digest) const;

  // Requires that it is not there. Others may go for it; itself only with the next.
  CachedScript& Add(std::string_view body);
  // Forgets a script that has just been added, e.g. because it does not compile.
  void Remove(CachedScript& script);
  // SCRIPT FLUSH. `on_drop` is not called.
  void Clear();

  size_t size() const { return by_sha_.size(); }
  // Bodies and overhead.
  size_t bytes() const { return bytes_; }
  uint64_t evicted() const { return evicted_; }
  void set_limit(size_t bytes);

 private:
  using List = std::list<CachedScript>;

  List::iterator Insert(std::string_view body);
  void Use(List::iterator script) { scripts_.splice(scripts_.begin(), scripts_, script); }
  void Drop(List::iterator script);
  void EvictOthers();
  void Store(CachedScript& script);
  void Unstore(CachedScript& script);

  lsm::Store& store_;
  size_t limit_bytes_;
  const std::function<void(CachedScript&)> on_drop_;
  List scripts_;                                                  // The one used last comes first.
  absl::flat_hash_map<std::string_view, List::iterator> by_sha_;  // Keys are views of scripts_.
  absl::flat_hash_map<std::string_view, List::iterator> by_body_;
  size_t bytes_ = 0;
  uint64_t evicted_ = 0;
  size_t stored_slots_ = 0;  // What the store's row says: slots below it may be in use.
  size_t next_slot_ = 0;
  std::vector<size_t> free_slots_;
};

}  // namespace scripting
