// SPDX-License-Identifier: BSD-3-Clause
// MIGRATE: the arguments and the replies. What it does is in server/migrator.h.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/admin_commands.h"
#include "server/arguments.h"
#include "server/job_wait.h"
#include "server/migrator.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::Args;
using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Fail;
using datatypes::KeyRef;
using datatypes::Result;

constexpr size_t kKeyIndex = 3;
constexpr size_t kFirstOption = 6;
constexpr uint16_t kKeyFlags = datatypes::kRW | datatypes::kAccess | datatypes::kDelete;

struct Parsed {
  MigrationRequest request;
  size_t first_key = kKeyIndex;
  size_t keys = 1;
};

// What follows the timeout.
Result<void> ParseOptions(Args args, Parsed* out) {
  MigrationRequest& request = out->request;
  for (datatypes::OptionReader options(args, kFirstOption); !options.done();) {
    if (options.Take("COPY")) {
      request.copy = true;
    } else if (options.Take("REPLACE")) {
      request.replace = true;
    } else if (options.Take("AUTH", 1)) {
      request.auth = true;
      request.user.clear();
      request.password = options.operand();
    } else if (options.Take("AUTH2", 2)) {
      request.auth = true;
      request.user = options.operand(0);
      request.password = options.operand(1);
    } else if (options.Take("KEYS")) {
      if (!args[kKeyIndex].empty()) {
        return Fail(
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
      }
      out->first_key = options.position();
      out->keys = args.size() - options.position();
      break;
    } else {
      return Fail(datatypes::kSyntaxError);
    }
  }
  return {};
}

Result<Parsed> Parse(Args args) {
  constexpr int64_t kDefaultTimeoutMs = 1000;
  Parsed out;
  RETURN_IF_ERROR(ParseOptions(args, &out));
  MigrationRequest& request = out.request;
  ASSIGN_OR_RETURN(request.timeout_ms, datatypes::ParseInteger(args[5]));
  ASSIGN_OR_RETURN(request.to_db, datatypes::ParseInteger(args[4]));
  if (request.timeout_ms <= 0) request.timeout_ms = kDefaultTimeoutMs;
  request.host = args[1];
  // As Redis reads it: what is no number is port 0, which nobody listens on.
  request.port = std::atoi(std::string(args[2]).c_str());
  return out;
}

// MIGRATE host port <key | ""> destination-db timeout [COPY] [REPLACE]
//     [AUTH password | AUTH2 username password] [KEYS key [key ...]]
Result<void> Migrate(CommandContext& ctx) {
  ASSIGN_OR_RETURN(Parsed parsed, Parse(ctx.args));
  parsed.request.from_db = ctx.keyspace.db();
  std::vector<std::string> keys;
  for (const std::string_view key : ctx.args.subspan(parsed.first_key, parsed.keys)) {
    ASSIGN_OR_RETURN(const lsm::Entry* const entry, ctx.keyspace.Get(key));
    if (entry != nullptr) keys.emplace_back(key);
  }
  if (keys.empty()) {
    ctx.reply.SimpleString("NOKEY");
    return {};
  }
  Migrator& migrator = ServerOf(ctx).migrator();
  if (ctx.may_suspend) {
    migrator.Start(parsed.request, std::move(keys), WaitForJob(ctx));
    return {};
  }
  const std::string error = migrator.RunNow(parsed.request, std::move(keys));
  if (!error.empty()) return Fail(error);
  ctx.reply.SimpleString("OK");
  return {};
}

// What looks like KEYS may be a password.
Result<void> FindMigrateKeys(Args args, std::vector<KeyRef>& keys) {
  size_t first = kKeyIndex;
  size_t count = 1;
  for (size_t i = kFirstOption; i < args.size(); ++i) {
    if (datatypes::EqualsIgnoreCase(args[i], "auth")) {
      i += 1;
    } else if (datatypes::EqualsIgnoreCase(args[i], "auth2")) {
      i += 2;
    } else if (datatypes::EqualsIgnoreCase(args[i], "keys")) {
      if (!args[kKeyIndex].empty()) return {};  // The command itself refuses that.
      first = i + 1;
      count = args.size() - first;
      break;
    }
  }
  for (size_t i = 0; i < count; ++i) keys.push_back({first + i, kKeyFlags});
  return {};
}

constexpr CommandSpec kMigrateCommands[] = {
    {.name = "migrate",
     .handler = Migrate,
     .arity = -6,
     .flags = datatypes::kWrite | datatypes::kMovableKeys,
     .acl = datatypes::kAclKeyspace | datatypes::kAclDangerous,
     .keys = {{.flags = kKeyFlags, .index = kKeyIndex},
              {.flags = kKeyFlags | datatypes::kIncomplete,
               .begin = datatypes::KeySpec::Begin::kKeyword,
               .index = -2,
               .keyword = "KEYS",
               .last = -1}},
     .find_keys = FindMigrateKeys,
     .group = "generic",
     .since = "2.6.0",
     .summary = "Moves or copies keys to another server.",
     .complexity = "O(1) to find each key and O(N) for the N elements of their values, as DUMP and "
                   "RESTORE; the data goes over the network.",
     .syntax = "host port <key | \"\"{empty_string}>{key_or_empty_string} destination-db "
               "timeout{:integer} [COPY]{@3.0.0} [REPLACE]{@3.0.0} [[AUTH password]{@4.0.7} | "
               "[AUTH2 username password]{@6.0.0}]{authentication} [KEYS key [key ...]]{@3.0.6}",
     .tips = "nondeterministic_output",
     .history = "3.0.0\tAdded the `COPY` and `REPLACE` options.\n"
                "3.0.6\tAdded the `KEYS` option.\n"
                "4.0.7\tAdded the `AUTH` option.\n"
                "6.0.0\tAdded the `AUTH2` option."},
};

}  // namespace

std::span<const CommandSpec> MigrateCommands() {
  return kMigrateCommands;
}

}  // namespace server
