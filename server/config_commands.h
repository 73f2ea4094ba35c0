// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "datatypes/result.h"

namespace server {

class Server;

// Writes the running configuration into the file that the server was started with, by way of a
// temporary file that takes its place; `all`: parameters at their defaults, too.
datatypes::Result<void> RewriteConfigFile(Server& server, bool all);

}  // namespace server
