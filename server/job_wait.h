// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>

#include "datatypes/command_context.h"

namespace server {

// Lets the client wait for a job that others do meanwhile (SAVE, BACKUP, MIGRATE). What is returned
// is to be called on the loop when the job is over, and lets the client hear OK or the error (with
// its code; empty: none). The client may have gone by then.
std::function<void(std::string error)> WaitForJob(datatypes::CommandContext& ctx);

}  // namespace server
