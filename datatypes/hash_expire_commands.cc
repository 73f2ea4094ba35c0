// SPDX-License-Identifier: BSD-3-Clause
// The expiry of single fields: HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT, HTTL, HPTTL, HEXPIRETIME,
// HPEXPIRETIME, HPERSIST.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/field_arguments.h"
#include "datatypes/fields_to_replicas.h"
#include "datatypes/hash_access.h"
#include "datatypes/hash_errors.h"
#include "datatypes/hash_families.h"

namespace datatypes {
namespace {

enum class Condition : uint8_t { kNone, kNx, kXx, kGt, kLt };

// Takes NX, XX, GT or LT, of which there can be one.
Condition TakeCondition(OptionReader& options) {
  if (options.Take("NX")) return Condition::kNx;
  if (options.Take("XX")) return Condition::kXx;
  if (options.Take("GT")) return Condition::kGt;
  if (options.Take("LT")) return Condition::kLt;
  return Condition::kNone;
}

// A field without an expiry stays for ever, which is later than any time.
bool Holds(Condition condition, int64_t old_ms, int64_t new_ms) {
  const bool has = old_ms != lsm::kNoExpiry;
  switch (condition) {
    case Condition::kNx:
      return !has;
    case Condition::kXx:
      return has;
    case Condition::kGt:
      return has && new_ms > old_ms;
    case Condition::kLt:
      return !has || new_ms < old_ms;
    case Condition::kNone:
      break;
  }
  return true;
}

// The replies for one field.
enum Outcome : int64_t { kNoField = -2, kNoTime = -1, kRefused = 0, kDone = 1, kDeleted = 2 };

Result<Outcome> ExpireField(Hash& hash, std::string_view name, Condition condition,
                            int64_t expire_at_ms) {
  ASSIGN_OR_RETURN(const std::optional<Hash::Field> field, hash.Find(name));
  if (!field) return kNoField;
  if (!Holds(condition, field->expire_at_ms, expire_at_ms)) return kRefused;
  if (expire_at_ms <= hash.now_ms()) {
    RETURN_IF_ERROR(hash.Erase(name));
    return kDeleted;
  }
  RETURN_IF_ERROR(hash.SetExpiry(name, expire_at_ms));
  return kDone;
}

Result<void> Expire(CommandContext& ctx, TimeUnit unit, TimeBase base) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  ASSIGN_OR_RETURN(const int64_t expire_at_ms, ParseFieldExpiry(ctx, ctx.args[2], unit, base));
  OptionReader options(ctx.args, 3);
  const Condition condition = TakeCondition(options);
  ASSIGN_OR_RETURN(const Args fields, ParseFields(options, ctx.args, kNumFieldsNotPositive));
  if (!FieldsLoadedOrSuspended(ctx, hash, fields)) return {};
  for (const std::string_view field : fields) RETURN_IF_ERROR(hash.Load(field));
  std::vector<std::string_view> updated;
  std::vector<std::string_view> deleted;
  ctx.reply.Array(fields.size());
  for (const std::string_view field : fields) {
    ASSIGN_OR_RETURN(const Outcome outcome, ExpireField(hash, field, condition, expire_at_ms));
    if (outcome == kDone) updated.push_back(field);
    if (outcome == kDeleted) deleted.push_back(field);
    ctx.reply.Integer(outcome);
  }
  TellFields(ctx, {"HPEXPIREAT", key, std::to_string(expire_at_ms)}, updated);
  TellErased(ctx, key, deleted);
  if (!updated.empty()) ctx.Notify(kNotifyHash, "hexpire", key);
  if (!deleted.empty()) NotifyFieldsRemoved(ctx, hash, key, "hdel");
  return {};
}

// HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field …]
Result<void> HExpire(CommandContext& ctx) {
  return Expire(ctx, TimeUnit::kSeconds, TimeBase::kNow);
}
// HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field …]
Result<void> HPExpire(CommandContext& ctx) {
  return Expire(ctx, TimeUnit::kMilliseconds, TimeBase::kNow);
}
// HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field …]
Result<void> HExpireAt(CommandContext& ctx) {
  return Expire(ctx, TimeUnit::kSeconds, TimeBase::kEpoch);
}
// HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field …]
Result<void> HPExpireAt(CommandContext& ctx) {
  return Expire(ctx, TimeUnit::kMilliseconds, TimeBase::kEpoch);
}

// Replies for each of the fields what `tell` makes of its expiry, or that there is none.
template <typename Tell>
Result<void> TellTimes(CommandContext& ctx, Tell tell) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  OptionReader options(ctx.args, 2);
  ASSIGN_OR_RETURN(const Args fields, ParseFields(options, ctx.args, kFieldsNotPositive));
  ctx.reply.Array(fields.size());
  for (const std::string_view name : fields) {
    ASSIGN_OR_RETURN(const std::optional<Hash::Field> field, hash.Find(name));
    if (!field) {
      ctx.reply.Integer(kNoField);
    } else if (field->expire_at_ms == lsm::kNoExpiry) {
      ctx.reply.Integer(kNoTime);
    } else {
      ctx.reply.Integer(tell(field->expire_at_ms));
    }
  }
  return {};
}

int64_t SecondsUp(int64_t ms) {
  return (ms + 999) / 1000;
}

// HTTL key FIELDS numfields field [field …]
Result<void> HTtl(CommandContext& ctx) {
  return TellTimes(ctx, [&ctx](int64_t at_ms) { return SecondsUp(at_ms - ctx.now_ms); });
}
// HPTTL key FIELDS numfields field [field …]
Result<void> HPTtl(CommandContext& ctx) {
  return TellTimes(ctx, [&ctx](int64_t at_ms) { return at_ms - ctx.now_ms; });
}
// HEXPIRETIME key FIELDS numfields field [field …]
Result<void> HExpireTime(CommandContext& ctx) {
  return TellTimes(ctx, SecondsUp);
}
// HPEXPIRETIME key FIELDS numfields field [field …]
Result<void> HPExpireTime(CommandContext& ctx) {
  return TellTimes(ctx, [](int64_t at_ms) { return at_ms; });
}

// HPERSIST key FIELDS numfields field [field …]
Result<void> HPersist(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  OptionReader options(ctx.args, 2);
  ASSIGN_OR_RETURN(const Args fields, ParseFields(options, ctx.args, kFieldsNotPositive));
  for (const std::string_view name : fields) RETURN_IF_ERROR(hash.Load(name));
  bool changed = false;
  ctx.reply.Array(fields.size());
  for (const std::string_view name : fields) {
    ASSIGN_OR_RETURN(const std::optional<Hash::Field> field, hash.Find(name));
    if (!field || field->expire_at_ms == lsm::kNoExpiry) {
      ctx.reply.Integer(field ? kNoTime : kNoField);
      continue;
    }
    RETURN_IF_ERROR(hash.SetExpiry(name, lsm::kNoExpiry));
    changed = true;
    ctx.reply.Integer(kDone);
  }
  if (changed) ctx.Notify(kNotifyHash, "hpersist", key);
  return {};
}

constexpr CommandSpec Setter(std::string_view name, CommandSpec::Handler handler,
                             std::string_view summary, std::string_view syntax) {
  return {.name = name,
          .handler = handler,
          .arity = -6,
          .flags = kWrite | kDenyOom | kFast,
          .acl = kAclHash,
          .keys = OneKey(1, kRW | kUpdate),
          .group = "hash",
          .since = "7.4.0",
          .summary = summary,
          .complexity = "O(N*log(M)) for N fields of a hash of size M.",
          .syntax = syntax};
}

constexpr CommandSpec Teller(std::string_view name, CommandSpec::Handler handler,
                             std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = -5,
          .flags = kReadonly | kFast,
          .acl = kAclHash,
          .keys = OneKey(1, kRO | kAccess),
          .rows = EveryField(4),
          .group = "hash",
          .since = "7.4.0",
          .summary = summary,
          .complexity = "O(N*log(M)) for N fields of a hash of size M.",
          .syntax = "key FIELDS numfields field [field ...]",
          .tips = "nondeterministic_output"};
}

constexpr CommandSpec kExpireCommands[] = {
    Setter("hexpire", HExpire, "Sets in how many seconds fields of a hash expire.",
           "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]"),
    Setter("hpexpire", HPExpire, "Sets in how many milliseconds fields of a hash expire.",
           "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]"),
    Setter("hexpireat", HExpireAt, "Sets the second at which fields of a hash expire.",
           "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]"),
    Setter("hpexpireat", HPExpireAt, "Sets the millisecond at which fields of a hash expire.",
           "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]"),
    Teller("httl", HTtl, "Tells in how many seconds fields of a hash expire."),
    Teller("hpttl", HPTtl, "Tells in how many milliseconds fields of a hash expire."),
    Teller("hexpiretime", HExpireTime, "Tells the second at which fields of a hash expire."),
    Teller("hpexpiretime", HPExpireTime, "Tells the millisecond at which fields of a hash expire."),
    {.name = "hpersist",
     .handler = HPersist,
     .arity = -5,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = OneKey(1, kRW | kUpdate),
     .rows = EveryField(4),
     .group = "hash",
     .since = "7.4.0",
     .summary = "Takes the expiry from fields of a hash.",
     .complexity = "O(N*log(M)) for N fields of a hash of size M.",
     .syntax = "key FIELDS numfields field [field ...]"},
};

}  // namespace

std::span<const CommandSpec> HashExpireCommands() {
  return kExpireCommands;
}

}  // namespace datatypes
