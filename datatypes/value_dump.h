// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "datatypes/value_rows.h"
#include "lsm/status.h"
#include "rdb/writer.h"

namespace datatypes {

// What has to be known of a value before its type's number is written.
struct DumpPlan {
  rdb::ValueType type = rdb::ValueType::kString;
  bool field_expiry = false;  // Some of its fields expire: needs RDB version 12.
};
lsm::Result<DumpPlan> PlanDump(const StoredValue& value);

// Writes the value (its type's number is written already). An element at a time; strings of up to
// 1 MiB are compressed, for which they are put together. Corruption if the rows are not as many as
// the meta says: what was written then is no dump.
lsm::Status WriteDump(const StoredValue& value, const DumpPlan& plan, RowSource& rows,
                      rdb::ValueWriter& out);

}  // namespace datatypes
