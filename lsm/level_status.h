// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

#include <leveldb/slice.h>
#include <leveldb/status.h>

#include "lsm/status.h"

namespace lsm {

// LevelDB's Status as ours; `path` says which instance. NotFound must have been dealt with.
inline Status FromLevelStatus(const leveldb::Status& status, const std::string& path) {
  if (status.ok()) return {};
  const std::string message = path + ": " + status.ToString();
  if (status.IsCorruption()) return Status::Corruption(message);
  if (status.IsNotSupportedError()) return Status::NotSupported(message);
  return Status::IoError(message);
}

inline leveldb::Slice ToSlice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
inline std::string_view ToView(const leveldb::Slice& slice) {
  return {slice.data(), slice.size()};
}

}  // namespace lsm
