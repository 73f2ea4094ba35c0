// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lsm/file_system.h"

namespace lsm {

// The files of another file system, on which nothing is ever changed: what is written, created,
// renamed or removed is so only here, in RAM. For looking at a store without touching it: LevelDB
// writes a manifest whenever it is opened. A file of the base that is opened for writing is copied
// into RAM. Locks are granted without asking. Thread-safe; a file must not be written by two
// threads at once.
std::unique_ptr<FileSystem> NewOverlayFileSystem(FileSystem& base);

}  // namespace lsm
