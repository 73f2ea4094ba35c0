// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "datatypes/command_spec.h"

namespace datatypes {

// The arguments that one key specification names: first, first + step … up to and with last.
struct KeyRange {
  size_t first = 0;
  size_t last = 0;
  size_t step = 1;
};

// Applies a specification to a request. False: it names nothing here (its keyword is missing, the
// request is too short, the count is no number), which may be an error or an option left out.
bool ResolveKeySpec(const KeySpec& spec, Args args, KeyRange& range);

// The quick way for `spec`s that are a plain range of arguments; else ResolveKeySpec.
inline bool Resolve(const KeySpec& spec, Args args, KeyRange& range) {
  if (spec.begin == KeySpec::Begin::kIndex && spec.find == KeySpec::Find::kRange &&
      spec.last == 0) {
    range.first = range.last = static_cast<size_t>(spec.index);
    return range.first < args.size();
  }
  return ResolveKeySpec(spec, args, range);
}

// Calls visit(index, flags) for each key that the specifications name, until it answers false.
// Those that name nothing are passed over. Returns whether it came to the end.
template <typename Visit>
bool ForEachKey(const CommandSpec& spec, Args args, Visit visit) {
  for (size_t i = 0; i < spec.keys.count; ++i) {
    const KeySpec& key_spec = spec.keys.specs[i];
    KeyRange range;
    if ((key_spec.flags & kNotKey) != 0 || !Resolve(key_spec, args, range)) continue;
    for (size_t at = range.first; at <= range.last; at += range.step) {
      if (!visit(at, key_spec.flags)) return false;
    }
  }
  return true;
}

// Whether the specifications leave out keys that only the command's own function finds. (Such a
// function may also be there just to tell flags that depend on the arguments.)
inline bool NeedsOwnFinder(const CommandSpec& spec) {
  if (spec.find_keys == nullptr) return false;
  bool complete = spec.keys.count != 0;
  for (size_t i = 0; i < spec.keys.count; ++i) {
    const KeySpec& each = spec.keys.specs[i];
    complete = complete && (each.flags & kIncomplete) == 0 &&
               each.begin != KeySpec::Begin::kUnknown && each.find != KeySpec::Find::kUnknown;
  }
  return !complete;
}

}  // namespace datatypes
