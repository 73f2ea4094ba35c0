// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/library_metadata.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "resp/split_args.h"

namespace scripting {

using datatypes::Fail;
using datatypes::Result;

Result<LibraryMetadata> ParseLibraryMetadata(std::string_view source) {
  constexpr std::string_view kMark = "#!";
  constexpr std::string_view kName = "name=";
  if (!source.starts_with(kMark)) return Fail("ERR Missing library metadata");
  const size_t end = source.find('\n');
  std::vector<std::string> words;
  if (end == std::string_view::npos || !resp::SplitArgs(source.substr(0, end), &words) ||
      words.empty()) {
    return Fail("ERR Invalid library metadata");
  }
  std::optional<std::string> name;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!datatypes::EqualsIgnoreCase(std::string_view(word).substr(0, kName.size()), kName)) {
      return Fail("ERR Invalid metadata value given: " + word);
    }
    if (name.has_value()) {
      return Fail("ERR Invalid metadata value, name argument was given multiple times");
    }
    name = word.substr(kName.size());
  }
  if (!name.has_value()) return Fail("ERR Library name was not given");
  return LibraryMetadata{words[0].substr(kMark.size()), *name, source.substr(end)};
}

bool IsFunctionName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace scripting
