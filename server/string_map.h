// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

namespace server {

struct StringMapHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
struct StringMapEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};

// A hash map from strings that is asked with views. (Abseil's own string hash may know only
// Abseil's views, as in Debian's build of it.)
template <typename Value>
using StringMap = absl::flat_hash_map<std::string, Value, StringMapHash, StringMapEqual>;

}  // namespace server
