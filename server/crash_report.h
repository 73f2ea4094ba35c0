// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace server {

// Makes SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write a report with the stack to `path` (empty:
// standard output), in the manner of a redis-server, before the process dies of the signal. What is
// called in the handler allocates nothing. Once per process, from main.
void InstallCrashReport(const std::string& path);

}  // namespace server
