// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace resp {

// Splits a line into words by the rules of Redis' inline commands and configuration files: words
// are separated by blanks; "…" may hold blanks and the escapes \n \r \t \b \a \xHH (any other
// escaped byte stands for itself); '…' may hold anything, with \' for the quote itself. A closing
// quote must end its word. A NUL byte ends the line. Returns false, with `words` empty, if quotes
// are unbalanced.
[[nodiscard]] bool SplitArgs(std::string_view line, std::vector<std::string>* words);

// One word in double quotes, as MONITOR shows it and CONFIG REWRITE writes it: printable ASCII,
// which SplitArgs() reads back as the same bytes.
std::string QuoteArg(std::string_view word);

}  // namespace resp
