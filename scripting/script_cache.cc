// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/script_cache.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "datatypes/arguments.h"

namespace scripting {
namespace {

// System rows of the store; FORMAT.md has their bytes.
constexpr std::string_view kSlotsRow = "scripts";
// The number of slots is written in such steps, so that it seldom is.
constexpr size_t kSlotStep = 64;

std::string SlotRow(size_t slot) {
  return "script/" + std::to_string(slot);
}

}  // namespace

ScriptCache::ScriptCache(lsm::Store& store, size_t limit_bytes,
                         std::function<void(CachedScript&)> on_drop)
    : store_(store), limit_bytes_(limit_bytes), on_drop_(std::move(on_drop)) {}

lsm::Status ScriptCache::Load() {
  LSM_ASSIGN_OR_RETURN(const std::optional<std::string> slots, store_.GetSystem(kSlotsRow));
  if (!slots) return lsm::Status::Ok();
  const char* const end = slots->data() + slots->size();
  if (const auto parsed = std::from_chars(slots->data(), end, stored_slots_);
      parsed.ec != std::errc() || parsed.ptr != end) {
    return lsm::Status::Corruption("the number of stored scripts is '" + *slots + "'");
  }
  next_slot_ = stored_slots_;
  for (size_t slot = stored_slots_; slot-- > 0;) {
    LSM_ASSIGN_OR_RETURN(const std::optional<std::string> body, store_.GetSystem(SlotRow(slot)));
    if (!body || by_body_.contains(*body)) {
      free_slots_.push_back(slot);
      continue;
    }
    CachedScript& script = *Insert(*body);
    script.slot = slot;
    script.stored = true;
  }
  return lsm::Status::Ok();
}

CachedScript* ScriptCache::FindBySha(std::string_view digest) {
  auto found = by_sha_.find(digest);
  if (found == by_sha_.end()) {
    if (digest.size() != Sha1Hex().size()) return nullptr;
    found = by_sha_.find(datatypes::ToLower(digest));
    if (found == by_sha_.end()) return nullptr;
  }
  Use(found->second);
  return &*found->second;
}

CachedScript* ScriptCache::FindByBody(std::string_view body) {
  const auto found = by_body_.find(body);
  if (found == by_body_.end()) return nullptr;
  Use(found->second);
  return &*found->second;
}

bool ScriptCache::Contains(std::string_view digest) const {
  return by_sha_.contains(digest) || by_sha_.contains(datatypes::ToLower(digest));
}

ScriptCache::List::iterator ScriptCache::Insert(std::string_view body) {
  const auto script = scripts_.emplace(scripts_.begin());
  script->body = body;
  script->sha = Sha1(body);
  by_sha_.emplace(script->digest(), script);
  by_body_.emplace(script->body, script);
  bytes_ += body.size() + kOverheadBytes;
  return script;
}

CachedScript& ScriptCache::Add(std::string_view body) {
  CachedScript& script = *Insert(body);
  EvictOthers();
  Store(script);
  return script;
}

void ScriptCache::Remove(CachedScript& script) {
  Drop(by_sha_.at(script.digest()));
}

void ScriptCache::Drop(List::iterator script) {
  on_drop_(*script);
  Unstore(*script);
  bytes_ -= script->body.size() + kOverheadBytes;
  by_sha_.erase(script->digest());
  by_body_.erase(script->body);
  scripts_.erase(script);
}

void ScriptCache::EvictOthers() {
  while (bytes_ > limit_bytes_ && scripts_.size() > 1) {
    ++evicted_;
    Drop(std::prev(scripts_.end()));
  }
}

void ScriptCache::set_limit(size_t bytes) {
  limit_bytes_ = bytes;
  EvictOthers();
}

void ScriptCache::Clear() {
  for (CachedScript& script : scripts_) Unstore(script);
  by_sha_.clear();
  by_body_.clear();
  scripts_.clear();
  bytes_ = 0;
}

void ScriptCache::Store(CachedScript& script) {
  // With a full disk it lives in RAM only.
  if (!store_.Writable()) return;
  if (free_slots_.empty()) {
    script.slot = next_slot_++;
  } else {
    script.slot = free_slots_.back();
    free_slots_.pop_back();
  }
  if (script.slot >= stored_slots_) {
    stored_slots_ += kSlotStep;
    store_.PutSystem(kSlotsRow, std::to_string(stored_slots_));
  }
  store_.PutSystem(SlotRow(script.slot), script.body);
  script.stored = true;
}

void ScriptCache::Unstore(CachedScript& script) {
  if (!std::exchange(script.stored, false)) return;
  store_.DeleteSystem(SlotRow(script.slot));
  free_slots_.push_back(script.slot);
}

}  // namespace scripting
