// SPDX-License-Identifier: BSD-3-Clause
// Times at which keys vanish.
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/has_passed.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

enum class Unit : uint8_t { kSeconds, kMilliseconds };
enum class Base : uint8_t { kNow, kEpoch };

// NX XX GT LT.
struct ExpireCondition {
  bool if_none = false;
  bool if_some = false;
  bool if_later = false;
  bool if_earlier = false;

  // `current_ms` is kNoExpiry for a key that stays, which counts as later than everything.
  bool Allows(int64_t current_ms, int64_t when_ms) const {
    const bool stays = current_ms == lsm::kNoExpiry;
    if (if_none && !stays) return false;
    if (if_some && stays) return false;
    if (if_later && (stays || when_ms <= current_ms)) return false;
    return !(if_earlier && !stays && when_ms >= current_ms);
  }
};

Result<ExpireCondition> ParseCondition(Args args) {
  ExpireCondition condition;
  for (OptionReader options(args, 3); !options.done();) {
    if (options.Take("NX")) {
      condition.if_none = true;
    } else if (options.Take("XX")) {
      condition.if_some = true;
    } else if (options.Take("GT")) {
      condition.if_later = true;
    } else if (options.Take("LT")) {
      condition.if_earlier = true;
    } else {
      return UnsupportedOption(options.current());
    }
  }
  if (condition.if_none && (condition.if_some || condition.if_later || condition.if_earlier)) {
    return Fail(kExpireNxIncompatible);
  }
  if (condition.if_later && condition.if_earlier) return Fail(kExpireGtLtIncompatible);
  return condition;
}

// The absolute time that the argument means; it may have passed.
Result<int64_t> ParseWhen(CommandContext& ctx, Unit unit, Base base) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  ASSIGN_OR_RETURN(int64_t when, ParseInteger(ctx.args[2]));
  if (unit == Unit::kSeconds) {
    if (when > kMax / 1000 || when < kMin / 1000) {
      return InvalidExpireTime(ctx.table.FullName(ctx.spec));
    }
    when *= 1000;
  }
  if (base == Base::kNow) {
    if (when > kMax - ctx.now_ms) return InvalidExpireTime(ctx.table.FullName(ctx.spec));
    when += ctx.now_ms;
  }
  return when;
}

// The time as replicas understand it the same, whenever they hear of it.
void TellAbsolute(CommandContext& ctx, Unit unit, Base base, int64_t when_ms) {
  if (unit == Unit::kMilliseconds && base == Base::kEpoch) return;
  const std::string when = std::to_string(when_ms);
  std::vector<std::string_view> told(ctx.args.begin(), ctx.args.end());
  told[0] = "PEXPIREAT";
  told[2] = when;
  ToReplicas(ctx).Instead(told);
}

Result<void> SetExpiry(CommandContext& ctx, Unit unit, Base base) {
  ASSIGN_OR_RETURN(const ExpireCondition condition, ParseCondition(ctx.args));
  ASSIGN_OR_RETURN(const int64_t when_ms, ParseWhen(ctx, unit, base));
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
  const int64_t current_ms =
      entry != nullptr && entry->has_expiry() ? entry->expire_at_ms() : lsm::kNoExpiry;
  if (entry == nullptr || !condition.Allows(current_ms, when_ms)) {
    ctx.reply.Integer(0);
    return {};
  }
  if (HasPassed(ctx, when_ms)) {
    ctx.keyspace.store().Delete(entry);
    ToReplicas(ctx).Instead({"DEL", key});
    ctx.reply.Integer(1);
    ctx.Notify(kNotifyGeneric, "del", key);
    return {};
  }
  ctx.keyspace.store().SetExpiry(entry, when_ms);
  if (ToReplicas(ctx).on()) TellAbsolute(ctx, unit, base, when_ms);
  ctx.reply.Integer(1);
  ctx.Notify(kNotifyGeneric, "expire", key);
  return {};
}

// EXPIRE key seconds [NX | XX | GT | LT], and the other three.
Result<void> Expire(CommandContext& ctx) {
  return SetExpiry(ctx, Unit::kSeconds, Base::kNow);
}
Result<void> PExpire(CommandContext& ctx) {
  return SetExpiry(ctx, Unit::kMilliseconds, Base::kNow);
}
Result<void> ExpireAt(CommandContext& ctx) {
  return SetExpiry(ctx, Unit::kSeconds, Base::kEpoch);
}
Result<void> PExpireAt(CommandContext& ctx) {
  return SetExpiry(ctx, Unit::kMilliseconds, Base::kEpoch);
}

Result<void> TellExpiry(CommandContext& ctx, Unit unit, Base base) {
  ASSIGN_OR_RETURN(const lsm::Entry* const entry, ctx.keyspace.Get(ctx.args[1]));
  if (entry == nullptr || !entry->has_expiry()) {
    ctx.reply.Integer(entry == nullptr ? -2 : -1);
    return {};
  }
  int64_t ms = entry->expire_at_ms();
  if (base == Base::kNow) ms = ms > ctx.now_ms ? ms - ctx.now_ms : 0;
  // Unsigned, since rounding may pass the largest time there is.
  ctx.reply.Integer(
      unit == Unit::kSeconds ? static_cast<int64_t>((static_cast<uint64_t>(ms) + 500) / 1000) : ms);
  return {};
}

// TTL key, and the other three.
Result<void> Ttl(CommandContext& ctx) {
  return TellExpiry(ctx, Unit::kSeconds, Base::kNow);
}
Result<void> PTtl(CommandContext& ctx) {
  return TellExpiry(ctx, Unit::kMilliseconds, Base::kNow);
}
Result<void> ExpireTime(CommandContext& ctx) {
  return TellExpiry(ctx, Unit::kSeconds, Base::kEpoch);
}
Result<void> PExpireTime(CommandContext& ctx) {
  return TellExpiry(ctx, Unit::kMilliseconds, Base::kEpoch);
}

// PERSIST key
Result<void> Persist(CommandContext& ctx) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(ctx.args[1]));
  if (entry == nullptr || !entry->has_expiry()) {
    ctx.reply.Integer(0);
    return {};
  }
  ctx.keyspace.store().SetExpiry(entry, lsm::kNoExpiry);
  ctx.reply.Integer(1);
  ctx.Notify(kNotifyGeneric, "persist", ctx.args[1]);
  return {};
}

constexpr std::string_view kConditionHistory = "7.0.0\tAdded options: `NX`, `XX`, `GT` and `LT`.";

constexpr CommandSpec Setter(std::string_view name, CommandSpec::Handler handler,
                             std::string_view since, std::string_view summary,
                             std::string_view syntax) {
  return {.name = name,
          .handler = handler,
          .arity = -3,
          .flags = kWrite | kFast,
          .acl = kAclKeyspace,
          .keys = OneKey(1, kRW | kUpdate),
          .group = "generic",
          .since = since,
          .summary = summary,
          .complexity = "O(1)",
          .syntax = syntax,
          .history = kConditionHistory};
}

constexpr CommandSpec Getter(std::string_view name, CommandSpec::Handler handler,
                             std::string_view since, std::string_view summary,
                             std::string_view tips = {}, std::string_view history = {}) {
  return {.name = name,
          .handler = handler,
          .arity = 2,
          .flags = kReadonly | kFast | kPeeks,
          .acl = kAclKeyspace,
          .keys = OneKey(1, kRO | kAccess),
          .group = "generic",
          .since = since,
          .summary = summary,
          .complexity = "O(1)",
          .syntax = "key",
          .tips = tips,
          .history = history};
}

constexpr CommandSpec kExpireCommands[] = {
    Setter("expire", Expire, "1.0.0", "Lets a key vanish after so many seconds.",
           "key seconds [NX | XX | GT | LT]{@7.0.0}"),
    Setter("pexpire", PExpire, "2.6.0", "Lets a key vanish after so many milliseconds.",
           "key milliseconds [NX | XX | GT | LT]{@7.0.0}"),
    Setter("expireat", ExpireAt, "1.2.0", "Lets a key vanish at a Unix time in seconds.",
           "key unix-time-seconds [NX | XX | GT | LT]{@7.0.0}"),
    Setter("pexpireat", PExpireAt, "2.6.0", "Lets a key vanish at a Unix time in milliseconds.",
           "key unix-time-milliseconds [NX | XX | GT | LT]{@7.0.0}"),
    Getter("ttl", Ttl, "1.0.0", "Tells in how many seconds a key will vanish.",
           "nondeterministic_output", "2.8.0\tAdded the -2 reply."),
    Getter("pttl", PTtl, "2.6.0", "Tells in how many milliseconds a key will vanish.",
           "nondeterministic_output", "2.8.0\tAdded the -2 reply."),
    Getter("expiretime", ExpireTime, "7.0.0",
           "Tells the Unix time, in seconds, at which a key "
           "will vanish."),
    Getter("pexpiretime", PExpireTime, "7.0.0",
           "Tells the Unix time, in milliseconds, at which a "
           "key will vanish."),
    {.name = "persist",
     .handler = Persist,
     .arity = 2,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "generic",
     .since = "2.2.0",
     .summary = "Lets a key stay that was to vanish.",
     .complexity = "O(1)",
     .syntax = "key"},
};

}  // namespace

std::span<const CommandSpec> ExpireCommands() {
  return kExpireCommands;
}

}  // namespace datatypes
