// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lsm/status.h"

namespace lsm {

// The store row of a database's second keyspace, which nobody sees until it takes the place of the
// first (lsm/replica_store.h). Its value is that of the first one's row, EncodeDatabase().
std::string StagedDatabaseRowName(uint32_t db);
// The database that a store row's name is of; an error if it is another row.
Result<uint32_t> DecodeStagedDatabaseRowName(std::string_view name);

}  // namespace lsm
