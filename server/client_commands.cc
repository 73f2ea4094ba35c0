// SPDX-License-Identifier: BSD-3-Clause
// CLIENT and its subcommands.
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/errors.h"
#include "datatypes/help_reply.h"
#include "server/arguments.h"
#include "server/client_attributes.h"
#include "server/client_kill.h"
#include "server/commands.h"
#include "server/connection.h"
#include "server/connections.h"
#include "server/pause.h"
#include "server/server.h"
#include "server/tracking_commands.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;

Result<void> Help(CommandContext& ctx) {
  datatypes::ReplyHelp(ctx,
                       {"CACHING (YES|NO)",
                        "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT "
                        "modes.",
                        "GETREDIR",
                        "    Return the client ID we are redirecting to when tracking is enabled.",
                        "GETNAME",
                        "    Return the name of the current connection.",
                        "ID",
                        "    Return the ID of the current connection.",
                        "INFO",
                        "    Return information about the current client connection.",
                        "KILL <ip:port>",
                        "    Kill connection made from <ip:port>.",
                        "KILL <option> <value> [<option> <value> [...]]",
                        "    Kill connections. Options are:",
                        "    * ADDR (<ip:port>|<unixsocket>:0)",
                        "      Kill connections made from the specified address",
                        "    * LADDR (<ip:port>|<unixsocket>:0)",
                        "      Kill connections made to specified local address",
                        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                        "      Kill connections by type.",
                        "    * USER <username>",
                        "      Kill connections authenticated by <username>.",
                        "    * SKIPME (YES|NO)",
                        "      Skip killing current connection (default: yes).",
                        "LIST [options ...]",
                        "    Return information about client connections. Options:",
                        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                        "      Return clients of specified type.",
                        "UNPAUSE",
                        "    Stop the current client pause, resuming traffic.",
                        "PAUSE <timeout> [WRITE|ALL]",
                        "    Suspend all, or just write, clients for <timeout> milliseconds.",
                        "REPLY (ON|OFF|SKIP)",
                        "    Control the replies sent to the current connection.",
                        "SETNAME <name>",
                        "    Assign the name <name> to the current connection.",
                        "SETINFO <option> <value>",
                        "    Set client meta attr. Options are:",
                        "    * LIB-NAME: the client lib name.",
                        "    * LIB-VER: the client lib version.",
                        "UNBLOCK <clientid> [TIMEOUT|ERROR]",
                        "    Unblock the specified blocked client.",
                        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
                        "         [OPTIN] [OPTOUT] [NOLOOP]",
                        "    Control server assisted client side caching.",
                        "TRACKINGINFO",
                        "    Report tracking status for the current connection.",
                        "NO-EVICT (ON|OFF)",
                        "    Protect current client connection from eviction.",
                        "NO-TOUCH (ON|OFF)",
                        "    Will not touch LRU/LFU stats when this mode is on."});
  return {};
}

// CLIENT ID
Result<void> Id(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ConnectionOf(ctx).id()));
  return {};
}

// CLIENT INFO
Result<void> Info(CommandContext& ctx) {
  ctx.reply.Verbatim("txt", ConnectionOf(ctx).Describe() + "\n");
  return {};
}

// CLIENT LIST [TYPE type | ID id …]
Result<void> List(CommandContext& ctx) {
  const auto& args = ctx.args;
  Connections& connections = ServerOf(ctx).connections();
  std::string text;
  const auto add = [&text](const Connection& connection) {
    text += connection.Describe();
    text += '\n';
  };
  if (args.size() > 3 && EqualsIgnoreCase(args[2], "id")) {
    for (const std::string_view arg : args.subspan(3)) {
      ASSIGN_OR_RETURN(const int64_t id, datatypes::ParseInteger(arg, "ERR Invalid client ID"));
      const Connection* const found = connections.Find(static_cast<uint64_t>(id));
      if (found != nullptr) add(*found);
    }
  } else {
    std::optional<ClientKind> kind;
    if (args.size() == 4 && EqualsIgnoreCase(args[2], "type")) {
      ASSIGN_OR_RETURN(kind, ParseClientKind(args[3]));
    } else if (args.size() != 2) {
      return Fail(datatypes::kSyntaxError);
    }
    for (const auto& [id, connection] : connections.all()) {
      if (!kind.has_value() || KindOf(*connection) == *kind) add(*connection);
    }
  }
  ctx.reply.Verbatim("txt", text);
  return {};
}

// CLIENT SETNAME name
Result<void> SetName(CommandContext& ctx) {
  if (!IsClientAttribute(ctx.args[2])) return Fail(kBadClientName);
  ConnectionOf(ctx).name = ctx.args[2];
  ctx.reply.SimpleString("OK");
  return {};
}

// CLIENT GETNAME
Result<void> GetName(CommandContext& ctx) {
  const std::string& name = ConnectionOf(ctx).name;
  if (name.empty()) {
    ctx.reply.Null();
  } else {
    ctx.reply.Bulk(name);
  }
  return {};
}

// CLIENT SETINFO LIB-NAME name | LIB-VER version
Result<void> SetInfo(CommandContext& ctx) {
  const std::string_view option = ctx.args[2];
  Connection& connection = ConnectionOf(ctx);
  std::string* target = nullptr;
  if (EqualsIgnoreCase(option, "lib-name")) target = &connection.lib_name;
  if (EqualsIgnoreCase(option, "lib-ver")) target = &connection.lib_version;
  if (target == nullptr) return Fail("ERR Unrecognized option '" + std::string(option) + "'");
  if (!IsClientAttribute(ctx.args[3])) {
    return Fail("ERR " + std::string(option) +
                " cannot contain spaces, newlines or special characters.");
  }
  *target = ctx.args[3];
  ctx.reply.SimpleString("OK");
  return {};
}

// CLIENT REPLY ON | OFF | SKIP
Result<void> Reply(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  const std::string_view mode = ctx.args[2];
  if (EqualsIgnoreCase(mode, "on")) {
    connection.SetReplyMode(Connection::ReplyMode::kOn);
    ctx.reply.SimpleString("OK");
  } else if (EqualsIgnoreCase(mode, "off")) {
    connection.SetReplyMode(Connection::ReplyMode::kOff);
  } else if (EqualsIgnoreCase(mode, "skip")) {
    connection.SetReplyMode(Connection::ReplyMode::kSkip);
  } else {
    return Fail(datatypes::kSyntaxError);
  }
  return {};
}

// CLIENT PAUSE timeout [WRITE | ALL]
Result<void> Pause(CommandContext& ctx) {
  auto mode = PauseState::Mode::kAll;
  if (ctx.args.size() == 4) {
    if (EqualsIgnoreCase(ctx.args[3], "write")) {
      mode = PauseState::Mode::kWrite;
    } else if (!EqualsIgnoreCase(ctx.args[3], "all")) {
      return Fail("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  } else if (ctx.args.size() > 4) {
    return Fail(datatypes::kSyntaxError);
  }
  ASSIGN_OR_RETURN(const int64_t end_ms, ParseDeadlineMs(ctx.args[2], ctx.now_ms));
  ServerOf(ctx).pause().Start(mode, end_ms);
  ctx.reply.SimpleString("OK");
  return {};
}

// CLIENT UNPAUSE
Result<void> Unpause(CommandContext& ctx) {
  ServerOf(ctx).pause().Stop();
  ctx.reply.SimpleString("OK");
  return {};
}

// CLIENT UNBLOCK client-id [TIMEOUT | ERROR]
Result<void> Unblock(CommandContext& ctx) {
  bool as_error = false;
  if (ctx.args.size() == 4) {
    as_error = EqualsIgnoreCase(ctx.args[3], "error");
    if (!as_error && !EqualsIgnoreCase(ctx.args[3], "timeout")) {
      return Fail("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  }
  ASSIGN_OR_RETURN(const int64_t id, datatypes::ParseInteger(ctx.args[2]));
  Server& server = ServerOf(ctx);
  Connection* const target = server.connections().Find(static_cast<uint64_t>(id));
  const datatypes::Error error(datatypes::kUnblocked);
  const bool unblocked = target != nullptr && server.dispatcher().IsBlocked(*target) &&
                         server.dispatcher().Unblock(*target, as_error ? &error : nullptr);
  ctx.reply.Integer(unblocked ? 1 : 0);
  return {};
}

// CLIENT NO-EVICT ON | OFF
Result<void> NoEvict(CommandContext& ctx) {
  ASSIGN_OR_RETURN(ConnectionOf(ctx).no_evict, ParseOnOff(ctx.args[2]));
  ctx.reply.SimpleString("OK");
  return {};
}

// CLIENT NO-TOUCH ON | OFF
Result<void> NoTouch(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const bool on, ParseOnOff(ctx.args[2]));
  ctx.session.set_no_touch(on);
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr uint32_t kBase = datatypes::kNoScript | datatypes::kLoading | datatypes::kStale;
constexpr uint32_t kAdminBase = kBase | datatypes::kAdmin;
constexpr uint32_t kAcl = datatypes::kAclConnection;

constexpr CommandSpec kSubcommands[] = {
    {.name = "caching",
     .handler = ClientCaching,
     .arity = 3,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Tells whether the keys of the next command are to be tracked.",
     .complexity = "O(1)",
     .syntax = "<YES | NO>{mode}"},
    {.name = "getname",
     .handler = GetName,
     .arity = 2,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "2.6.9",
     .summary = "Tells the connection's name.",
     .complexity = "O(1)"},
    {.name = "getredir",
     .handler = ClientGetRedir,
     .arity = 2,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Tells which client gets the invalidation messages of this one.",
     .complexity = "O(1)"},
    {.name = "help",
     .handler = Help,
     .arity = 2,
     .flags = datatypes::kLoading | datatypes::kStale,
     .acl = kAcl,
     .group = "connection",
     .since = "5.0.0",
     .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {.name = "id",
     .handler = Id,
     .arity = 2,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "5.0.0",
     .summary = "Tells the connection's unique id.",
     .complexity = "O(1)"},
    {.name = "info",
     .handler = Info,
     .arity = 2,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Describes this connection.",
     .complexity = "O(1)",
     .tips = "nondeterministic_output"},
    {.name = "kill",
     .handler = ClientKill,
     .arity = -3,
     .flags = kAdminBase,
     .acl = kAcl,
     .group = "connection",
     .since = "2.4.0",
     .summary = "Closes connections.",
     .complexity = "O(N) where N is the number of client connections",
     .syntax = "<ip:port{!2.8.12} | <[ID client-id]{@2.8.12} | [TYPE <NORMAL | MASTER{@3.2.0} | "
               "SLAVE | REPLICA{@5.0.0} | PUBSUB>{normal_master_slave_pubsub}]{@2.8.12} | [USER "
               "username] | [ADDR ip:port] | [LADDR ip:port]{@6.2.0} | [SKIPME "
               "yes/no]>{new-format} ...>{filter}",
     .history = "2.8.12\tAdded new filter format.\n2.8.12\t`ID` option.\n3.2.0\tAdded `master` "
                "type in for `TYPE` option.\n5.0.0\tReplaced `slave` `TYPE` with `replica`. "
                "`slave` still supported for backward compatibility.\n6.2.0\t`LADDR` option."},
    {.name = "list",
     .handler = List,
     .arity = -2,
     .flags = kAdminBase,
     .acl = kAcl,
     .group = "connection",
     .since = "2.4.0",
     .summary = "Describes the open connections.",
     .complexity = "O(N) where N is the number of client connections",
     .syntax = "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>{normal_master_replica_pubsub}]{@5.0.0} "
               "[ID (client-id [client-id ...]){id}]{@6.2.0}",
     .tips = "nondeterministic_output",
     .history =
         "2.8.12\tAdded unique client `id` field.\n5.0.0\tAdded optional `TYPE` filter.\n6.0.0\t"
         "Added `user` field.\n6.2.0\tAdded `argv-mem`, `tot-mem`, `laddr` and `redir` fields and "
         "the optional `ID` filter.\n7.0.0\tAdded `resp`, `multi-mem`, `rbs` and `rbp` fields.\n"
         "7.0.3\tAdded `ssub` field."},
    {.name = "no-evict",
     .handler = NoEvict,
     .arity = 3,
     .flags = kAdminBase,
     .acl = kAcl,
     .group = "connection",
     .since = "7.0.0",
     .summary = "Exempts the connection from client eviction, or not.",
     .complexity = "O(1)",
     .syntax = "<ON | OFF>{enabled}"},
    {.name = "no-touch",
     .handler = NoTouch,
     .arity = 3,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "7.2.0",
     .summary = "Lets the client's reads not count as uses of keys, or count again.",
     .complexity = "O(1)",
     .syntax = "<ON | OFF>{enabled}"},
    {.name = "pause",
     .handler = Pause,
     .arity = -3,
     .flags = kAdminBase,
     .acl = kAcl,
     .group = "connection",
     .since = "2.9.50",
     .summary = "Puts off the commands of all clients for a while.",
     .complexity = "O(1)",
     .syntax = "timeout{:integer} [WRITE | ALL]{mode@6.2.0}",
     .history = "6.2.0\t`CLIENT PAUSE WRITE` mode added along with the `mode` option."},
    {.name = "reply",
     .handler = Reply,
     .arity = 3,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "3.2.0",
     .summary = "Turns replies to this connection off or on.",
     .complexity = "O(1)",
     .syntax = "<ON | OFF | SKIP>{on_off_skip}"},
    {.name = "setinfo",
     .handler = SetInfo,
     .arity = 4,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "7.2.0",
     .summary = "Tells the server the name or version of the client library.",
     .complexity = "O(1)",
     .syntax = "<LIB-NAME libname | LIB-VER libver>",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "setname",
     .handler = SetName,
     .arity = 3,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "2.6.9",
     .summary = "Names the connection.",
     .complexity = "O(1)",
     .syntax = "connection-name",
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "tracking",
     .handler = ClientTracking,
     .arity = -3,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Turns invalidation messages for client-side caching on or off.",
     .complexity = "O(1). Some options may introduce additional complexity.",
     .syntax = "<ON | OFF>{status} [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] "
               "[BCAST] [OPTIN] [OPTOUT] [NOLOOP]"},
    {.name = "trackinginfo",
     .handler = ClientTrackingInfo,
     .arity = 2,
     .flags = kBase,
     .acl = kAcl,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Describes the connection's use of client-side caching.",
     .complexity = "O(1)"},
    {.name = "unblock",
     .handler = Unblock,
     .arity = -3,
     .flags = kAdminBase,
     .acl = kAcl,
     .group = "connection",
     .since = "5.0.0",
     .summary = "Ends another client's blocking command.",
     .complexity = "O(log N) where N is the number of client connections",
     .syntax = "client-id [TIMEOUT | ERROR]{timeout_error}"},
    {.name = "unpause",
     .handler = Unpause,
     .arity = 2,
     .flags = kAdminBase,
     .acl = kAcl,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Ends CLIENT PAUSE.",
     .complexity = "O(N) Where N is the number of paused clients"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "client",
     .arity = -2,
     .subcommands = kSubcommands,
     .group = "connection",
     .since = "2.4.0",
     .summary = "Holds the commands about client connections.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> ClientCommands() {
  return kCommands;
}

}  // namespace server
