// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"

namespace server {

class Connection;

// What CLIENT LIST and KILL call a client's type.
enum class ClientKind : uint8_t { kNormal, kReplica, kPubsub, kMaster };

datatypes::Result<ClientKind> ParseClientKind(std::string_view name);
ClientKind KindOf(const Connection& connection);

// CLIENT KILL, both forms.
datatypes::Result<void> ClientKill(datatypes::CommandContext& ctx);

}  // namespace server
