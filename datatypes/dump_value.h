// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"

namespace datatypes {

// The value of `entry` as DUMP gives it out, in the version that the settings say (or a later one,
// where that version cannot hold the value). What is not resident is loaded on the spot.
Result<std::string> DumpValue(const lsm::Entry& entry, const Settings& settings);

// Makes `key` what `payload` (of that RDB version, its footer checked) has; what was at the key is
// deleted. Requires the key to be resident or absent. On an Error nothing has changed.
Result<void> RestoreValue(Keyspace keyspace, std::string_view key, std::string_view payload,
                          int version, const Settings& settings);

}  // namespace datatypes
