// SPDX-License-Identifier: BSD-3-Clause
// SHUTDOWN. There is nothing to save at the end that is not in the commit log already,
// so SAVE and NOSAVE end the same way: with everything acknowledged on disk.
#include <memory>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/admin_commands.h"
#include "server/instruments.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/turns.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Fail;
using datatypes::Result;

struct ShutdownOptions {
  bool save = false;
  bool nosave = false;
  bool now = false;
  bool force = false;
  bool abort = false;
};

Result<ShutdownOptions> ParseOptions(CommandContext& ctx) {
  ShutdownOptions given;
  datatypes::OptionReader options(ctx.args, 1);
  while (!options.done()) {
    if (options.Take("SAVE")) {
      given.save = true;
    } else if (options.Take("NOSAVE")) {
      given.nosave = true;
    } else if (options.Take("NOW")) {
      given.now = true;
    } else if (options.Take("FORCE")) {
      given.force = true;
    } else if (options.Take("ABORT")) {
      given.abort = true;
    } else {
      return Fail(datatypes::kSyntaxError);
    }
  }
  const bool others = given.save || given.nosave || given.now || given.force;
  if ((given.abort && others) || (given.save && given.nosave)) {
    return Fail(datatypes::kSyntaxError);
  }
  return given;
}

// Replicas are waited for; then the connection ends with the server, or ABORT ends the wait.
class ShutdownWait final : public datatypes::Suspension {
 public:
  explicit ShutdownWait(Connection& connection) : connection_(connection) {
    connection_.server().shutdown_waiters().push_back(&connection);
  }
  ~ShutdownWait() override { std::erase(connection_.server().shutdown_waiters(), &connection_); }
  Result<bool> Resume(CommandContext& /*ctx*/) override { return false; }
  void TimeOut(CommandContext& ctx) override {
    ctx.reply.Error("ERR Errors trying to SHUTDOWN. Check logs.");
  }

 private:
  Connection& connection_;
};

// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
Result<void> Shutdown(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const ShutdownOptions options, ParseOptions(ctx));
  Server& server = ServerOf(ctx);
  if (Scripts& scripts = server.scripts(); scripts.busy()) {
    if (!options.nosave) return tl::unexpected(datatypes::Error(scripts.busy_error()));
    server.ShutdownWithoutTurn();
    return {};
  }
  if (options.abort) {
    if (!server.shutdown_waits()) return Fail("ERR No shutdown in progress.");
    server.AbortShutdown();
    ctx.reply.SimpleString("OK");
    return {};
  }
  // Turns that the log could not take yet would be lost.
  if (server.turns().failing() && !options.force) {
    server.log().Warning("Error trying to write the commit log, can't exit.");
    return Fail("ERR Errors trying to SHUTDOWN. Check logs.");
  }
  if (!options.now) server.ShutdownWhenReplicated();
  if (server.shutdown_waits() && !options.now) {
    ctx.Block(std::make_unique<ShutdownWait>(ConnectionOf(ctx)), 0);
    return {};
  }
  server.Shutdown();
  ConnectionOf(ctx).CloseSoon();
  return {};
}

constexpr CommandSpec kShutdownCommands[] = {
    {.name = "shutdown",
     .handler = Shutdown,
     .arity = -1,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kLoading | datatypes::kStale |
              datatypes::kNoMulti | datatypes::kAllowBusy,
     .group = "server",
     .since = "1.0.0",
     .summary = "Stops the server, with all data on disk.",
     .complexity = "O(N) when saving, where N is the total number of keys in all databases when "
                   "saving data, otherwise O(1)",
     .syntax = "[NOSAVE | SAVE]{nosave_save} [NOW]{@7.0.0} [FORCE]{@7.0.0} [ABORT]{@7.0.0}",
     .history = "7.0.0\tAdded the `NOW`, `FORCE` and `ABORT` modifiers."},
};

}  // namespace

std::span<const CommandSpec> ShutdownCommands() {
  return kShutdownCommands;
}

}  // namespace server
