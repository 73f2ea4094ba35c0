// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "datatypes/errors.h"
#include "datatypes/result.h"
#include "datatypes/row_results.h"
#include "datatypes/stream_format.h"
#include "lsm/collection.h"
#include "lsm/status.h"

// What the views of streams and of their groups need to deal with rows.
namespace datatypes {

inline Failure DamagedStream(const char* what) {
  return Failure(Error(lsm::Status::Corruption(what)));
}

// The least subkey that is greater than the one of this tag and ID.
inline std::string AfterStreamKey(StreamTag tag, const StreamId& id) {
  std::string key(StreamKey(tag, id).view());
  key.push_back('\0');
  return key;
}
// The least subkey that is greater than all with this tag.
inline std::string AfterTag(StreamTag tag) {
  return std::string(1, static_cast<char>(static_cast<char>(tag) + 1));
}
inline std::string_view TagOnly(StreamTag tag) {
  switch (tag) {
    case StreamTag::kRun:
      return "R";
    case StreamTag::kEntry:
      return "e";
  }
  return {};
}

}  // namespace datatypes
