// SPDX-License-Identifier: BSD-3-Clause
//
// The input is a pattern and a text, with a newline between. Matching must end soon, and agree with
// a definition in so many words where the pattern has no classes and no escapes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "datatypes/glob.h"

namespace {

// By the table of which prefix of the pattern matches which prefix of the text.
bool Plainly(std::string_view pattern, std::string_view text) {
  std::vector<char> row(text.size() + 1, 0);
  row[0] = 1;
  for (char c : pattern) {
    std::vector<char> next(text.size() + 1, 0);
    next[0] = static_cast<char>(c == '*' && row[0] != 0);
    for (size_t i = 1; i <= text.size(); ++i) {
      const bool matches = c == '*' ? row[i] != 0 || next[i - 1] != 0
                                    : row[i - 1] != 0 && (c == '?' || c == text[i - 1]);
      next[i] = static_cast<char>(matches);
    }
    row.swap(next);
  }
  return row.back() != 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 512) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  if (split == std::string_view::npos) return 0;
  const std::string_view pattern = input.substr(0, split);
  const std::string_view text = input.substr(split + 1);
  const bool found = datatypes::GlobMatch(pattern, text);
  static_cast<void>(datatypes::GlobMatch(pattern, text, datatypes::GlobCase::kIgnore));
  if (text.empty() || pattern.find_first_of("[\\") != std::string_view::npos) return 0;
  if (found != Plainly(pattern, text)) std::abort();
  return 0;
}
