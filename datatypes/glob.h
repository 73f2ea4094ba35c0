// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace datatypes {

enum class GlobCase : bool { kSensitive, kIgnore };

// Whether `text` matches the glob-style `pattern` as Redis understands it: * ? [abc] [^a-z] \c,
// over bytes, which ranges compare as signed. Quirks kept: the empty text matches only the empty
// pattern; a class may lack its ']'; a pattern with more than a thousand stars does not match.
// Takes at most time in proportion to the product of both lengths.
bool GlobMatch(std::string_view pattern, std::string_view text,
               GlobCase letters = GlobCase::kSensitive);

}  // namespace datatypes
