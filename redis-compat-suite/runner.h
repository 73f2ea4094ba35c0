// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "case_file.h"
#include "peer.h"

namespace compat {

// Runs a case on both servers, from empty databases and new connections, in one protocol. True:
// all replies agree. False: `report` says which did not.
bool RunCase(const Case& current, int protocol, Peer& redis, Peer& tiercel, std::string* report);

}  // namespace compat
