// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"

namespace datatypes {

// Makes `to` a copy of `from`, of whatever type, with its expiry; what was at `to` is deleted.
// Requires `from` to exist and both keys to be resident or absent. Rows are copied one by one, all
// in this turn; those of `from` that are not resident are loaded on the spot. On an Error `to` does
// not exist.
Result<void> CopyValue(Keyspace from_space, std::string_view from, Keyspace to_space,
                       std::string_view to);

}  // namespace datatypes
