// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include "lsm/entry.h"

namespace datatypes {

// What OBJECT ENCODING says: how Redis would store the value, which is a function of what is and
// was in it and of the *-max-* settings; each type's view has the rule. Requires entry.exists().
std::string_view ObjectEncodingOf(const lsm::Entry& entry);

}  // namespace datatypes
