// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datatypes/result.h"

namespace server {

// FUNCTION DUMP's payload, as Redis has it: for each library the byte 245 and its source as a
// string of a dump, then version and checksum.
std::string EncodeFunctionDump(const std::vector<std::string_view>& sources);
// The sources in a payload. The Error is FUNCTION RESTORE's.
datatypes::Result<std::vector<std::string>> DecodeFunctionDump(std::string_view payload);

}  // namespace server
