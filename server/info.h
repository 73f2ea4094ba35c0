// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "datatypes/command_spec.h"

namespace server {

class Server;

// INFO's text: the sections that `names` name, in the order of the report, each once. No names:
// the default ones. "default", "all" and "everything" stand for several; unknown names for none.
std::string MakeInfo(Server& server, datatypes::Args names);

}  // namespace server
