// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <leveldb/iterator.h>

#include "lsm/page_source.h"

namespace lsm {

// Executes `request` over `rows`, an iterator over LevelDB rows (key: collection id, 8 bytes
// big-endian, then the subkey). The caller owns the iterator, which it made after the request was
// issued. Any thread. Fails with what the iterator reports (corruption, I/O), never half done.
Result<LoadedRun> ReadRun(const LoadRequest& request, leveldb::Iterator* rows);

}  // namespace lsm
