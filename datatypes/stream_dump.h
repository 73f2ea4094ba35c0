// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "datatypes/value_rows.h"
#include "lsm/status.h"
#include "rdb/writer.h"

namespace datatypes {

// A stream's part of WriteDump(): entries, then groups with their consumers. Consumers of one group
// are held in memory.
lsm::Status WriteStream(const StoredValue& value, RowSource& rows, rdb::ValueWriter& out);

}  // namespace datatypes
