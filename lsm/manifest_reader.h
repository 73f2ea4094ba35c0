// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "lsm/status.h"

namespace lsm {

// Which table files a LevelDB database has, by its MANIFEST: a log of version edits.
struct ManifestTables {
  std::set<uint64_t> tables;  // Their numbers.
  size_t bytes = 0;           // Of the MANIFEST, as far as its records are whole.
};
// Takes any bytes. A record that is cut off at the end is left out, as LevelDB does when it opens a
// database. kCorruption if another one is damaged, or if there is none.
Result<ManifestTables> ReadManifest(std::string_view bytes);

}  // namespace lsm
