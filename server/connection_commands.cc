// SPDX-License-Identifier: BSD-3-Clause
// AUTH, HELLO, PING, ECHO, SELECT, QUIT, RESET: what a client says to its connection.
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/errors.h"
#include "server/client_attributes.h"
#include "server/commands.h"
#include "server/connection.h"
#include "server/monitors.h"
#include "server/server.h"
#include "server/version.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;

constexpr std::string_view kWrongPass =
    "WRONGPASS invalid username-password pair or user is disabled.";
constexpr std::string_view kNoPasswordSet =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure "
    "your configuration is correct?";
constexpr std::string_view kHelloNeedsAuth =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
    "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
    "protocol version at the same time";
constexpr std::string_view kDefaultUser = "default";

// Takes the same time wherever the first difference is.
bool SamePassword(std::string_view given, std::string_view expected) {
  size_t difference = given.size() ^ expected.size();
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    difference |= static_cast<size_t>(static_cast<unsigned char>(given[i] ^ other));
  }
  return difference == 0;
}

Result<void> Authenticate(Connection& connection, std::string_view user,
                          std::string_view password) {
  Server& server = connection.server();
  const std::string& expected = server.settings().requirepass;
  // Without a password anybody is the default user, whatever he gives.
  if (user == kDefaultUser && (expected.empty() || SamePassword(password, expected))) {
    connection.set_authenticated(true);
    return {};
  }
  ++server.stats().acl_access_denied_auth;
  return Fail(kWrongPass);
}

// AUTH [username] password
Result<void> Auth(CommandContext& ctx) {
  const auto& args = ctx.args;
  if (args.size() > 3) return Fail(datatypes::kSyntaxError);
  if (args.size() == 2 && ServerOf(ctx).settings().requirepass.empty()) {
    return Fail(kNoPasswordSet);
  }
  const std::string_view user = args.size() == 3 ? args[1] : kDefaultUser;
  RETURN_IF_ERROR(Authenticate(ConnectionOf(ctx), user, args.back()));
  ctx.reply.SimpleString("OK");
  return {};
}

void WriteHello(CommandContext& ctx) {
  ctx.reply.Map(7);
  ctx.reply.Bulk("server");
  ctx.reply.Bulk("redis");
  ctx.reply.Bulk("version");
  ctx.reply.Bulk(kRedisVersion);
  ctx.reply.Bulk("proto");
  ctx.reply.Integer(ctx.reply.resp3() ? 3 : 2);
  ctx.reply.Bulk("id");
  ctx.reply.Integer(static_cast<int64_t>(ConnectionOf(ctx).id()));
  ctx.reply.Bulk("mode");
  ctx.reply.Bulk("standalone");
  ctx.reply.Bulk("role");
  ctx.reply.Bulk("master");
  ctx.reply.Bulk("modules");
  ctx.reply.Array(0);
}

// HELLO [protover [AUTH username password] [SETNAME clientname]]
Result<void> Hello(CommandContext& ctx) {
  const auto& args = ctx.args;
  std::optional<resp::Protocol> protocol;
  if (args.size() >= 2) {
    ASSIGN_OR_RETURN(
        const int64_t version,
        datatypes::ParseInteger(args[1], "ERR Protocol version is not an integer or out of range"));
    if (version != 2 && version != 3) return Fail("NOPROTO unsupported protocol version");
    protocol = static_cast<resp::Protocol>(version);
  }
  Connection& connection = ConnectionOf(ctx);
  std::optional<std::string_view> user;
  std::string_view password;
  std::optional<std::string_view> name;
  datatypes::OptionReader options(args, 2);
  while (!options.done()) {
    if (options.Take("AUTH", 2)) {
      user = options.operand(0);
      password = options.operand(1);
    } else if (options.Take("SETNAME", 1)) {
      name = options.operand();
      if (!IsClientAttribute(*name)) return Fail(kBadClientName);
    } else {
      return Fail("ERR Syntax error in HELLO option '" + std::string(options.current()) + "'");
    }
  }
  if (user.has_value()) RETURN_IF_ERROR(Authenticate(connection, *user, password));
  if (!connection.authenticated() && !ServerOf(ctx).settings().requirepass.empty()) {
    return Fail(kHelloNeedsAuth);
  }
  if (name.has_value()) connection.name = *name;
  if (protocol.has_value()) ctx.reply.set_protocol(*protocol);
  WriteHello(ctx);
  return {};
}

// PING [message]
Result<void> Ping(CommandContext& ctx) {
  if (ctx.args.size() > 2) return datatypes::WrongArity("ping");
  if (ConnectionOf(ctx).in_subscribed_mode()) {
    // In the form of a message: nothing else comes over such a connection.
    ctx.reply.Array(2);
    ctx.reply.Bulk("pong");
    ctx.reply.Bulk(ctx.args.size() == 2 ? ctx.args[1] : "");
    return {};
  }
  if (ctx.args.size() == 2) {
    ctx.reply.Bulk(ctx.args[1]);
  } else {
    ctx.reply.SimpleString("PONG");
  }
  return {};
}

// ECHO message
Result<void> Echo(CommandContext& ctx) {
  ctx.reply.Bulk(ctx.args[1]);
  return {};
}

// SELECT index
Result<void> Select(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const uint32_t db,
                   datatypes::ParseDb(ctx.args[1], ctx.keyspace.store().databases()));
  ctx.session.SelectDb(db);
  ctx.reply.SimpleString("OK");
  return {};
}

// QUIT
Result<void> Quit(CommandContext& ctx) {
  ctx.reply.SimpleString("OK");
  ConnectionOf(ctx).CloseAfterReply();
  return {};
}

// RESET
Result<void> Reset(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  ServerOf(ctx).monitors().Remove(connection);
  connection.ResetState();
  ctx.reply.SimpleString("RESET");
  return {};
}

constexpr uint32_t kHandshake = datatypes::kNoScript | datatypes::kLoading | datatypes::kStale |
                                datatypes::kFast | datatypes::kNoAuth | datatypes::kAllowBusy;
constexpr uint32_t kAlways = datatypes::kLoading | datatypes::kStale | datatypes::kFast;

constexpr CommandSpec kCommands[] = {
    {.name = "auth",
     .handler = Auth,
     .arity = -2,
     .flags = kHandshake,
     .acl = datatypes::kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Proves who the client is.",
     .complexity = "O(N) where N is the number of passwords defined for the user",
     .syntax = "[username]{@6.0.0} password",
     .history = "6.0.0\tAdded ACL style (username and password)."},
    {.name = "echo",
     .handler = Echo,
     .arity = 2,
     .flags = kAlways,
     .acl = datatypes::kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Sends the message back.",
     .complexity = "O(1)",
     .syntax = "message"},
    {.name = "hello",
     .handler = Hello,
     .arity = -1,
     .flags = kHandshake,
     .acl = datatypes::kAclConnection,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Greets: chooses the protocol version, and tells what the server is.",
     .complexity = "O(1)",
     .syntax = "[protover [AUTH username password] [SETNAME clientname]]{arguments}",
     .history = "6.2.0\t`protover` made optional; when called without arguments the command "
                "reports the current connection's context."},
    {.name = "ping",
     .handler = Ping,
     .arity = -1,
     .flags = datatypes::kFast,
     .acl = datatypes::kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Asks whether the server is there.",
     .complexity = "O(1)",
     .syntax = "[message]",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "quit",
     .handler = Quit,
     .arity = -1,
     .flags = kHandshake,
     .acl = datatypes::kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Closes the connection once all replies are sent.",
     .complexity = "O(1)",
     .deprecated_since = "7.2.0",
     .replaced_by = "just closing the connection"},
    {.name = "reset",
     .handler = Reset,
     .arity = 1,
     .flags = kHandshake,
     .acl = datatypes::kAclConnection,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Makes the connection as if it had just been opened.",
     .complexity = "O(1)"},
    {.name = "select",
     .handler = Select,
     .arity = 2,
     .flags = kAlways,
     .acl = datatypes::kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Changes the connection's database.",
     .complexity = "O(1)",
     .syntax = "index"},
};

}  // namespace

std::span<const CommandSpec> ConnectionCommands() {
  return kCommands;
}

}  // namespace server
