// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "lsm/file_system.h"
#include "lsm/log_recovery.h"
#include "lsm/status.h"

namespace lsm {

// Gives the records with after < seq <= to of a log that may be open and be appended to, in order.
// All of them must have been written and not released; otherwise kCorruption. Any thread.
Status ReadLog(FileSystem& files, const std::string& directory, uint64_t after, uint64_t to,
               const ReplayFunction& replay);

}  // namespace lsm
