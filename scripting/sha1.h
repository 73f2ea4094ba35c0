// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <string_view>

namespace scripting {

// 40 hex digits, in lower case.
using Sha1Hex = std::array<char, 40>;
Sha1Hex Sha1(std::string_view bytes);

}  // namespace scripting
