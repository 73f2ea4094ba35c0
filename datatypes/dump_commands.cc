// SPDX-License-Identifier: BSD-3-Clause
// Values as Redis serialises them: DUMP, RESTORE.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/dump_value.h"
#include "datatypes/errors.h"
#include "datatypes/has_passed.h"
#include "datatypes/row_loads.h"
#include "datatypes/to_replicas.h"
#include "lsm/use_counter.h"
#include "rdb/reader.h"

namespace datatypes {
namespace {

// Collections of at most so many rows are loaded at once, off the loop.
constexpr uint64_t kMaxLoadedRows = 10'000;

// DUMP key
Result<void> Dump(CommandContext& ctx) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(ctx.args[1]));
  if (entry == nullptr) {
    ctx.reply.Null();
    return {};
  }
  if (entry->has_collection()) {
    RowLoads loads(ctx);
    if (loads.wanted()) {
      ctx.keyspace.store().PrefetchAll(*entry, kMaxLoadedRows, loads.waiter());
    }
    if (loads.Suspend()) return {};
  }
  ASSIGN_OR_RETURN(const std::string payload, DumpValue(*entry, ctx.settings));
  ctx.reply.Bulk(payload);
  return {};
}

struct RestoreOptions {
  bool replace = false;
  bool absolute_ttl = false;
  std::optional<int64_t> idle_s;
  std::optional<int64_t> freq;
};

Result<RestoreOptions> ParseRestoreOptions(Args args) {
  RestoreOptions out;
  for (OptionReader options(args, 4); !options.done();) {
    if (options.Take("REPLACE")) {
      out.replace = true;
    } else if (options.Take("ABSTTL")) {
      out.absolute_ttl = true;
    } else if (!out.freq && options.Take("IDLETIME", 1)) {
      ASSIGN_OR_RETURN(out.idle_s, ParseIntegerFrom(options.operand(), 0, kInvalidIdleTime));
    } else if (!out.idle_s && options.Take("FREQ", 1)) {
      ASSIGN_OR_RETURN(out.freq, ParseInteger(options.operand()));
      if (*out.freq < 0 || *out.freq > 255) return Fail(kInvalidFreq);
    } else {
      return Fail(kSyntaxError);
    }
  }
  return out;
}

// As in Redis, the policy decides which of the two is looked at.
void SetUse(const CommandContext& ctx, lsm::Entry* entry, const RestoreOptions& options) {
  if (ctx.settings.lfu_policy) {
    if (options.freq) {
      lsm::SetUseCount(ctx.keyspace.store(), entry, static_cast<uint8_t>(*options.freq));
    }
  } else if (options.idle_s) {
    const int64_t most = std::numeric_limits<uint32_t>::max();
    ctx.keyspace.store().SetIdle(entry, static_cast<uint32_t>(std::min(*options.idle_s, most)));
  }
}

// The time to live would be counted anew.
void TellAbsolute(CommandContext& ctx, int64_t expire_at_ms) {
  const std::string when = std::to_string(expire_at_ms);
  std::vector<std::string_view> told(ctx.args.begin(), ctx.args.end());
  told[2] = when;
  told.emplace_back("ABSTTL");
  ToReplicas(ctx).Instead(told);
}

// RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
Result<void> Restore(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  const std::string_view payload = ctx.args[3];
  ASSIGN_OR_RETURN(const RestoreOptions options, ParseRestoreOptions(ctx.args));
  ASSIGN_OR_RETURN(const lsm::Entry* const taken, ctx.keyspace.Get(key));
  if (taken != nullptr && !options.replace) return Fail(kBusyKey);
  ASSIGN_OR_RETURN(const int64_t ttl, ParseIntegerFrom(ctx.args[2], 0, kInvalidTtl));
  const std::optional<int> version = rdb::DumpPayloadVersion(payload);
  if (!version) return Fail(kBadDumpFooter);
  int64_t expire_at_ms = lsm::kNoExpiry;
  if (ttl != 0 &&
      (options.absolute_ttl || __builtin_add_overflow(ttl, ctx.now_ms, &expire_at_ms))) {
    expire_at_ms = ttl;
  }
  RETURN_IF_ERROR(RestoreValue(ctx.keyspace, key, payload, *version, ctx.settings));
  lsm::Store& store = ctx.keyspace.store();
  ASSIGN_OR_RETURN(lsm::Entry * entry, ctx.keyspace.Peek(key));
  if (expire_at_ms != lsm::kNoExpiry && HasPassed(ctx, expire_at_ms)) {
    // It is gone before anybody can see it.
    const bool replaced = taken != nullptr;
    store.Delete(entry);
    if (replaced) {
      ToReplicas(ctx).Instead({"DEL", key});
      ctx.Notify(kNotifyGeneric, "del", key);
    } else {
      ToReplicas(ctx).Suppress();
    }
    ctx.reply.SimpleString("OK");
    return {};
  }
  if (expire_at_ms != lsm::kNoExpiry) entry = store.SetExpiry(entry, expire_at_ms);
  SetUse(ctx, entry, options);
  if (ttl != 0 && !options.absolute_ttl && ToReplicas(ctx).on()) TellAbsolute(ctx, expire_at_ms);
  ctx.Notify(kNotifyNew, "new", key);
  ctx.Notify(kNotifyGeneric, "restore", key);
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr CommandSpec kDumpCommands[] = {
    {.name = "dump",
     .handler = Dump,
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclKeyspace,
     .keys = OneKey(1, kRO | kAccess),
     .group = "generic",
     .since = "2.6.0",
     .summary = "Gives a value out in the form that RESTORE takes.",
     .complexity = "O(1) to find the key and O(N) for N elements.",
     .syntax = "key",
     .tips = "nondeterministic_output"},
    {.name = "restore",
     .handler = Restore,
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclKeyspace | kAclDangerous,
     .keys = OneKey(1, kOW | kUpdate),
     .group = "generic",
     .since = "2.6.0",
     .summary = "Creates a key from what DUMP gave out.",
     .complexity = "O(N) for N elements, O(N*log(N)) for a sorted set.",
     .syntax = "key ttl serialized-value [REPLACE]{@3.0.0} [ABSTTL]{@5.0.0} [IDLETIME "
               "seconds]{@5.0.0} [FREQ frequency]{@5.0.0}",
     .history = "3.0.0\tAdded the `REPLACE` modifier.\n"
                "5.0.0\tAdded the `ABSTTL` modifier.\n"
                "5.0.0\tAdded the `IDLETIME` and `FREQ` options."},
};

}  // namespace

std::span<const CommandSpec> DumpCommands() {
  return kDumpCommands;
}

}  // namespace datatypes
