// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

#include "server/settings.h"

namespace server {

// How the process stands to the system it was started by.

// Goes on as a child in a session of its own, with its standard streams at /dev/null; the parent
// exits. Must be called before any thread is started. False: the system refused.
bool Daemonize();

// Whether a supervisor is to be told of the state, by the setting and what the environment says.
bool IsSupervised(Supervision supervised);
// Tells systemd, if it listens (NOTIFY_SOCKET): "READY=1", "STATUS=…", "STOPPING=1".
void NotifySystemd(std::string_view state);
// Upstart expects its job to stop itself once it is ready.
void NotifyUpstart();

// Writes the process id; an unwritable path is not fatal, as in Redis.
bool WritePidFile(const std::string& path);

}  // namespace server
