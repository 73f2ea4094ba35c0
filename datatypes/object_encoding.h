// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "lsm/entry.h"

namespace datatypes {

// What OBJECT ENCODING says of the entry, by the rules of encoding_rules.h. Loads on the spot what
// of a small collection is not resident. Requires entry.exists().
Result<std::string_view> ObjectEncodingOf(const Settings& settings, lsm::Entry& entry);

}  // namespace datatypes
