// SPDX-License-Identifier: BSD-3-Clause
// SAVE, BGSAVE, LASTSAVE: an RDB file for others to read. The store itself needs none. BACKUP: a
// copy of the store's own files.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/admin_commands.h"
#include "server/arguments.h"
#include "server/backup_runner.h"
#include "server/job_wait.h"
#include "server/rdb_saver.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Fail;
using datatypes::Result;

constexpr std::string_view kInProgress = "ERR Background save already in progress";

// SAVE
Result<void> Save(CommandContext& ctx) {
  Server& server = ServerOf(ctx);
  if (server.rdb_saver().running()) return Fail(kInProgress);
  server.rdb_saver().Start([end = WaitForJob(ctx)](bool saved) {
    end(saved ? std::string() : "ERR saving failed, the log says why");
  });
  return {};
}

// BGSAVE [SCHEDULE]
Result<void> BgSave(CommandContext& ctx) {
  if (ctx.args.size() > 2 ||
      (ctx.args.size() == 2 && !datatypes::EqualsIgnoreCase(ctx.args[1], "schedule"))) {
    return Fail(datatypes::kSyntaxError);
  }
  RdbSaver& saver = ServerOf(ctx).rdb_saver();
  if (saver.running()) return Fail(kInProgress);
  saver.Start(nullptr);
  ctx.reply.SimpleString("Background saving started");
  return {};
}

// BACKUP directory
Result<void> Backup(CommandContext& ctx) {
  BackupRunner& backups = ServerOf(ctx).backups();
  if (backups.running()) return Fail("ERR A backup is in progress already");
  backups.Start(std::string(ctx.args[1]), [end = WaitForJob(ctx)](const lsm::Status& status) {
    end(status.ok() ? std::string() : "ERR backup: " + status.message());
  });
  return {};
}

// LASTSAVE
Result<void> LastSave(CommandContext& ctx) {
  ctx.reply.Integer(ServerOf(ctx).rdb_saver().last_save_ms() / 1000);
  return {};
}

constexpr CommandSpec kSaveCommands[] = {
    {.name = "save",
     .handler = Save,
     .arity = 1,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kNoMulti |
              datatypes::kNoAsyncLoading,
     .group = "server",
     .since = "1.0.0",
     .summary = "Writes an RDB file, and answers when that is done. Other clients are not held up.",
     .complexity = "O(N) for N keys"},
    {.name = "bgsave",
     .handler = BgSave,
     .arity = -1,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kNoAsyncLoading,
     .group = "server",
     .since = "1.0.0",
     .summary = "Begins to write an RDB file.",
     .complexity = "O(1)",
     .syntax = "[SCHEDULE]{@3.2.2}",
     .history = "3.2.2\tAdded the `SCHEDULE` option."},
    {.name = "backup",
     .handler = Backup,
     .arity = 2,
     .flags = datatypes::kAdmin | datatypes::kNoScript | datatypes::kNoMulti |
              datatypes::kNoAsyncLoading,
     .group = "server",
     .since = "0.1.0",
     .summary = "Copies the store's files to a new directory that a server can be started on.",
     .complexity = "O(N) for N table files, and the bytes of the commit log",
     .syntax = "directory"},
    {.name = "lastsave",
     .handler = LastSave,
     .arity = 1,
     .flags = datatypes::kLoading | datatypes::kStale | datatypes::kFast,
     .acl = datatypes::kAclAdmin | datatypes::kAclDangerous,
     .group = "server",
     .since = "1.0.0",
     .summary = "Returns when the last RDB file was written, as a Unix time.",
     .complexity = "O(1)",
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> SaveCommands() {
  return kSaveCommands;
}

}  // namespace server
