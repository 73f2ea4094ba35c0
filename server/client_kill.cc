// SPDX-License-Identifier: BSD-3-Clause
#include "server/client_kill.h"

#include <limits>
#include <optional>
#include <string>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/connection.h"
#include "server/connections.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;

// A client must fit everything that is set.
struct Filter {
  std::optional<uint64_t> id;
  std::optional<ClientKind> kind;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  bool skip_me = true;

  bool Fits(const Connection& connection) const {
    return (!id.has_value() || connection.id() == *id) &&
           (!kind.has_value() || KindOf(connection) == *kind) &&
           (!address.has_value() || connection.endpoints().peer == *address) &&
           (!local_address.has_value() || connection.endpoints().local == *local_address);
  }
};

Result<Filter> ParseFilter(datatypes::Args args) {
  Filter filter;
  datatypes::OptionReader options(args, 2);
  while (!options.done()) {
    if (options.Take("ID", 1)) {
      constexpr std::string_view kBadId = "ERR client-id should be greater than 0";
      ASSIGN_OR_RETURN(filter.id,
                       datatypes::ParseIntegerFrom(options.operand(), 1, kBadId, kBadId));
    } else if (options.Take("TYPE", 1)) {
      ASSIGN_OR_RETURN(filter.kind, ParseClientKind(options.operand()));
    } else if (options.Take("ADDR", 1)) {
      filter.address = options.operand();
    } else if (options.Take("LADDR", 1)) {
      filter.local_address = options.operand();
    } else if (options.Take("USER", 1)) {
      // There is only one user.
      if (options.operand() != "default") {
        return Fail("ERR No such user '" + std::string(options.operand()) + "'");
      }
    } else if (options.Take("SKIPME", 1)) {
      filter.skip_me = EqualsIgnoreCase(options.operand(), "yes");
      if (!filter.skip_me && !EqualsIgnoreCase(options.operand(), "no")) {
        return Fail(datatypes::kSyntaxError);
      }
    } else {
      return Fail(datatypes::kSyntaxError);
    }
  }
  return filter;
}

}  // namespace

Result<ClientKind> ParseClientKind(std::string_view name) {
  if (EqualsIgnoreCase(name, "normal")) return ClientKind::kNormal;
  if (EqualsIgnoreCase(name, "slave") || EqualsIgnoreCase(name, "replica")) {
    return ClientKind::kReplica;
  }
  if (EqualsIgnoreCase(name, "pubsub")) return ClientKind::kPubsub;
  if (EqualsIgnoreCase(name, "master")) return ClientKind::kMaster;
  return Fail("ERR Unknown client type '" + std::string(name) + "'");
}

ClientKind KindOf(const Connection& connection) {
  if (connection.from_primary()) return ClientKind::kMaster;
  switch (connection.client_class()) {
    case ClientClass::kReplica:
      return ClientKind::kReplica;
    case ClientClass::kPubsub:
      return ClientKind::kPubsub;
    default:
      return ClientKind::kNormal;
  }
}

// CLIENT KILL ip:port | option value …
Result<void> ClientKill(CommandContext& ctx) {
  const bool old_form = ctx.args.size() == 3;
  Filter filter;
  if (old_form) {
    filter.address = ctx.args[2];
    filter.skip_me = false;
  } else {
    ASSIGN_OR_RETURN(filter, ParseFilter(ctx.args));
  }
  int64_t killed = 0;
  Connection& self = ConnectionOf(ctx);
  for (const auto& [id, connection] : ServerOf(ctx).connections().all()) {
    if (!filter.Fits(*connection) || connection->closing()) continue;
    if (connection.get() == &self) {
      if (filter.skip_me) continue;
      self.CloseAfterReply();
    } else {
      connection->CloseSoon();
    }
    ++killed;
  }
  if (!old_form) {
    ctx.reply.Integer(killed);
  } else if (killed == 0) {
    return Fail("ERR No such client");
  } else {
    ctx.reply.SimpleString("OK");
  }
  return {};
}

}  // namespace server
