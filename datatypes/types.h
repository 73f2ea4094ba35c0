// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include "lsm/entry.h"

namespace datatypes {

// What the type code of a meta means. On disk: numbers are appended, never reused.
enum Type : lsm::TypeCode {
  kNone = lsm::kAbsentType,
  kString = 1,
  kList = 2,
  kSet = 3,
  kSortedSet = 4,
  kHash = 5,
  kStream = 6,
};

// As TYPE and SCAN TYPE say it: "string", "list", "set", "zset", "hash", "stream", "none".
std::string_view TypeName(lsm::TypeCode type);

}  // namespace datatypes
