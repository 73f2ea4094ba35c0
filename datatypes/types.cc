// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/types.h"

namespace datatypes {

std::string_view TypeName(lsm::TypeCode type) {
  switch (type) {
    case kString:
      return "string";
    case kList:
      return "list";
    case kSet:
      return "set";
    case kSortedSet:
      return "zset";
    case kHash:
      return "hash";
    case kStream:
      return "stream";
    default:
      return "none";
  }
}

}  // namespace datatypes
