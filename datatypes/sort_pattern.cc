// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/sort_pattern.h"

#include <utility>

#include "datatypes/hash.h"
#include "datatypes/hash_format.h"
#include "datatypes/string_value.h"
#include "datatypes/types.h"

namespace datatypes {

SortPattern::SortPattern(std::string_view text)
    : text_(text), star_(text.find('*')), key_text_(text) {
  if (!names_keys()) return;
  const size_t arrow = text.find("->", star_ + 1);
  // With nothing after it the arrow is a part of the key.
  if (arrow == std::string_view::npos || arrow + 2 == text.size()) return;
  key_text_ = text.substr(0, arrow);
  field_ = text.substr(arrow + 2);
}

std::string SortPattern::KeyFor(std::string_view element) const {
  std::string key(key_text_.substr(0, star_));
  key += element;
  key += key_text_.substr(star_ + 1);
  return key;
}

Result<std::optional<std::string>> SortPattern::Find(const CommandContext& ctx,
                                                     std::string_view element) const {
  std::optional<std::string> found;
  if (is_element()) {
    found = element;
    return found;
  }
  if (!names_keys()) return found;
  const std::string key = KeyFor(element);
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
  if (entry == nullptr) return found;
  if (!field_.empty()) {
    if (entry->type() != kHash) return found;
    ASSIGN_OR_RETURN(const Hash hash, Hash::Open(ctx.keyspace, key, ctx.settings, ctx.now_ms));
    ASSIGN_OR_RETURN(const std::optional<std::string_view> value, hash.Get(field_));
    if (value) found = *value;
    return found;
  }
  if (entry->type() != kString) return found;
  ASSIGN_OR_RETURN(const String string, String::Of(ctx.keyspace, key, entry));
  found.emplace();
  RETURN_IF_ERROR(
      string.Read(0, string.size(), [&found](std::string_view bytes) { *found += bytes; }));
  return found;
}

bool SortPattern::Prefetch(const CommandContext& ctx, std::string_view element,
                           lsm::LoadWaiter& waiter) const {
  if (is_element() || !names_keys()) return true;
  const std::string key = KeyFor(element);
  lsm::Store& store = ctx.keyspace.store();
  const uint32_t db = ctx.keyspace.db();
  const auto found = store.Find(db, key, lsm::Store::Access::kNoTouch);
  if (found.presence == lsm::Store::Presence::kNotResident) {
    return store.Prefetch(db, key, waiter);
  }
  if (found.entry == nullptr) return true;
  if (!field_.empty()) {
    std::string made;
    return found.entry->type() != kHash ||
           store.PrefetchRow(*found.entry, FieldSubkey(field_, made), waiter);
  }
  if (found.entry->type() != kString) return true;
  const Result<String> string = String::Of(ctx.keyspace, key, found.entry);
  // What is wrong with it Find() will say.
  return !string || string->Prefetch(0, string->size(), waiter);
}

}  // namespace datatypes
