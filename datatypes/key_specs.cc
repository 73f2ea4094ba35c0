// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/key_specs.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/dispatcher.h"
#include "datatypes/errors.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

// Where the search begins: the index itself, or what follows the keyword; 0: nowhere.
int64_t Begin(const KeySpec& spec, Args args) {
  const auto argc = static_cast<int64_t>(args.size());
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      return spec.index;
    case KeySpec::Begin::kKeyword: {
      // A negative start counts from the end, and the search goes backwards.
      const int64_t step = spec.index > 0 ? 1 : -1;
      const int64_t start = spec.index > 0 ? spec.index : argc + spec.index;
      for (int64_t i = start; i > 0 && i < argc; i += step) {
        if (EqualsIgnoreCase(args[static_cast<size_t>(i)], spec.keyword)) return i + 1;
      }
      return 0;
    }
    case KeySpec::Begin::kUnknown:
      return 0;
  }
  return 0;
}

}  // namespace

bool ResolveKeySpec(const KeySpec& spec, Args args, KeyRange& range) {
  const auto argc = static_cast<int64_t>(args.size());
  int64_t first = Begin(spec, args);
  if (first <= 0 || first >= argc) return false;
  int64_t last = 0;
  switch (spec.find) {
    case KeySpec::Find::kRange:
      if (spec.last >= 0) {
        last = first + spec.last;
      } else if (spec.limit <= 1) {
        last = argc + spec.last;
      } else {
        last = first + (argc - first) / spec.limit + spec.last;
      }
      break;
    case KeySpec::Find::kKeynum: {
      const int64_t at = first + spec.keynum_index;
      if (at >= argc) return false;
      const std::optional<int64_t> count = resp::ParseInt64(args[static_cast<size_t>(at)]);
      if (!count || *count <= 0 || *count > argc) return false;
      first += spec.first_key;
      last = first + (*count - 1) * spec.step;
      break;
    }
    case KeySpec::Find::kUnknown:
      return false;
  }
  if (first >= argc || last >= argc || last < first) return false;
  range.first = static_cast<size_t>(first);
  range.last = static_cast<size_t>(last);
  range.step = static_cast<size_t>(spec.step > 0 ? spec.step : 1);
  return true;
}

Result<void> FindKeys(const CommandSpec& spec, Args args, std::vector<KeyRef>& keys) {
  keys.clear();
  const std::span specs(spec.keys.specs, spec.keys.count);
  const bool has_keys = std::ranges::any_of(
      specs, [](const KeySpec& key_spec) { return (key_spec.flags & kNotKey) == 0; });
  if (!has_keys && spec.find_keys == nullptr) return Fail(kGetKeysNoKeys);
  const auto argc = static_cast<int64_t>(args.size());
  if ((spec.arity > 0 && argc != spec.arity) || argc < -spec.arity) return Fail(kGetKeysArity);
  // The specifications count only if all of them can be followed; the command's own function
  // knows what they cannot say.
  bool complete = true;
  for (size_t i = 0; i < spec.keys.count && complete; ++i) {
    const KeySpec& key_spec = spec.keys.specs[i];
    if ((key_spec.flags & kNotKey) != 0) continue;
    KeyRange range;
    complete = Resolve(key_spec, args, range) && (key_spec.flags & kIncomplete) == 0;
    if (spec.find_keys != nullptr && (key_spec.flags & kVariableFlags) != 0) complete = false;
    if (!complete) break;
    for (size_t at = range.first; at <= range.last; at += range.step) {
      keys.push_back({at, key_spec.flags});
    }
  }
  if (!complete) {
    keys.clear();
    if (spec.find_keys != nullptr) RETURN_IF_ERROR(spec.find_keys(args, keys));
  }
  if (keys.empty() && (spec.flags & kNoMandatoryKeys) == 0) return Fail(kGetKeysArguments);
  return {};
}

}  // namespace datatypes
