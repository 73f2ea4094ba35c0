// SPDX-License-Identifier: BSD-3-Clause
// Fields together with their expiry: HGETEX, HSETEX, HGETDEL.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/field_arguments.h"
#include "datatypes/fields_to_replicas.h"
#include "datatypes/has_passed.h"
#include "datatypes/hash_access.h"
#include "datatypes/hash_errors.h"
#include "datatypes/hash_families.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

Result<void> ReplyValue(CommandContext& ctx, const Hash& hash, std::string_view field) {
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value, hash.Get(field));
  if (value) {
    ctx.reply.Bulk(*value);
  } else {
    ctx.reply.Null();
  }
  return {};
}

// Replies with each value and erases its field; whether there was any.
Result<bool> ReplyAndErase(CommandContext& ctx, Hash& hash, Args fields) {
  bool any = false;
  ctx.reply.Array(fields.size());
  for (const std::string_view field : fields) {
    RETURN_IF_ERROR(ReplyValue(ctx, hash, field));
    ASSIGN_OR_RETURN(const bool erased, hash.Erase(field));
    any = any || erased;
  }
  return any;
}

// Whether that changed anything; kNoExpiry: takes the expiry from them.
Result<bool> SetExpiries(Hash& hash, Args fields, int64_t expire_at_ms) {
  bool any = false;
  for (const std::string_view name : fields) {
    ASSIGN_OR_RETURN(const std::optional<Hash::Field> field, hash.Find(name));
    if (!field) continue;
    if (expire_at_ms == lsm::kNoExpiry && field->expire_at_ms == lsm::kNoExpiry) continue;
    RETURN_IF_ERROR(hash.SetExpiry(name, expire_at_ms));
    any = true;
  }
  return any;
}

// HGETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds |
// PERSIST] FIELDS numfields field [field …]
Result<void> HGetEx(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  OptionReader options(ctx.args, 2);
  ASSIGN_OR_RETURN(const std::optional<int64_t> expire_at_ms, TakeFieldExpiry(ctx, options));
  const bool persist = !expire_at_ms && options.Take("PERSIST");
  ASSIGN_OR_RETURN(const Args fields, ParseFields(options, ctx.args, kFieldsNotPositive));
  if (!FieldsLoadedOrSuspended(ctx, hash, fields)) return {};
  for (const std::string_view field : fields) RETURN_IF_ERROR(hash.Load(field));
  if (expire_at_ms && HasPassed(ctx, *expire_at_ms)) {
    ASSIGN_OR_RETURN(const bool erased, ReplyAndErase(ctx, hash, fields));
    if (erased) NotifyFieldsRemoved(ctx, hash, key, "hdel");
    TellErased(ctx, key, fields);
    return {};
  }
  ctx.reply.Array(fields.size());
  for (const std::string_view field : fields) RETURN_IF_ERROR(ReplyValue(ctx, hash, field));
  if (!expire_at_ms && !persist) return {};
  ASSIGN_OR_RETURN(const bool changed,
                   SetExpiries(hash, fields, expire_at_ms.value_or(lsm::kNoExpiry)));
  if (changed) ctx.Notify(kNotifyHash, persist ? "hpersist" : "hexpire", key);
  if (persist) {
    TellFields(ctx, {"HPERSIST", key}, fields);
  } else {
    TellFields(ctx, {"HPEXPIREAT", key, std::to_string(*expire_at_ms)}, fields);
  }
  return {};
}

struct SetExOptions {
  bool fnx = false;
  bool fxx = false;
  bool has_expiry = false;  // Any of the options about it was given.
  int64_t expire_at_ms = lsm::kNoExpiry;
  Args pairs;
};

Result<Args> ParsePairs(const CommandContext& ctx, OptionReader& options) {
  if (options.done()) return WrongArity(ctx.spec.name);
  const Result<int64_t> count = ParseInteger(options.current());
  if (!count || *count < 1) return Fail(kInvalidNumberOfFields);
  const Args pairs = ctx.args.subspan(options.position() + 1);
  if (pairs.size() % 2 != 0 || static_cast<uint64_t>(*count) != pairs.size() / 2) {
    return WrongArity(ctx.spec.name);
  }
  return pairs;
}

Result<SetExOptions> ParseSetEx(const CommandContext& ctx) {
  SetExOptions parsed;
  OptionReader options(ctx.args, 2);
  while (!options.done()) {
    if (options.Take("FIELDS")) {
      ASSIGN_OR_RETURN(parsed.pairs, ParsePairs(ctx, options));
      return parsed;
    }
    const std::string_view word = options.current();
    const bool fnx = options.Take("FNX");
    if (fnx || options.Take("FXX")) {
      if (parsed.fnx || parsed.fxx) return Fail(kFnxAndFxx);
      (fnx ? parsed.fnx : parsed.fxx) = true;
      continue;
    }
    const bool keep = options.Take("KEEPTTL");
    const bool names_time = EqualsIgnoreCase(word, "EX") || EqualsIgnoreCase(word, "PX") ||
                            EqualsIgnoreCase(word, "EXAT") || EqualsIgnoreCase(word, "PXAT");
    if (!keep && !names_time) return Fail(std::string(kUnknownArgument).append(word));
    if (std::exchange(parsed.has_expiry, true)) return Fail(kSeveralFieldExpiries);
    if (keep) {
      parsed.expire_at_ms = Hash::kKeepExpiry;
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<int64_t> at_ms, TakeFieldExpiry(ctx, options));
    if (!at_ms) return Fail(kMissingExpireTime);
    parsed.expire_at_ms = *at_ms;
  }
  return Fail(kFieldsMissing);
}

// Whether FNX or FXX allows to go on.
Result<bool> MaySet(const Hash& hash, const SetExOptions& options) {
  if (!options.fnx && !options.fxx) return true;
  for (size_t i = 0; i < options.pairs.size(); i += 2) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> value, hash.Get(options.pairs[i]));
    if (value.has_value() == options.fnx) return false;
  }
  return true;
}

// In words that replicas know from before HSETEX, as far as there are any.
void TellSetEx(CommandContext& ctx, const SetExOptions& options, bool passed) {
  if (options.expire_at_ms == Hash::kKeepExpiry) return;
  const std::string_view key = ctx.args[1];
  std::vector<std::string_view> fields;
  for (size_t i = 0; i < options.pairs.size(); i += 2) fields.push_back(options.pairs[i]);
  if (passed) return TellErased(ctx, key, fields);
  std::vector<std::string_view> told = {"HSET", key};
  told.insert(told.end(), options.pairs.begin(), options.pairs.end());
  ToReplicas(ctx).Instead(told);
  if (options.expire_at_ms < 0) return;
  TellFields(ctx, {"HPEXPIREAT", key, std::to_string(options.expire_at_ms)}, fields);
}

// HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT
// unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value …]
Result<void> HSetEx(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const SetExOptions options, ParseSetEx(ctx));
  const Args pairs = options.pairs;
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  if (!FieldsLoadedOrSuspended(ctx, hash, pairs, 2)) return {};
  for (size_t i = 0; i < pairs.size(); i += 2) RETURN_IF_ERROR(hash.Load(pairs[i]));
  ASSIGN_OR_RETURN(const bool may_set, MaySet(hash, options));
  if (!may_set) {
    ctx.reply.Integer(0);
    return {};
  }
  const bool existed = hash.exists();
  const bool sets_time = options.expire_at_ms >= 0;
  const bool passed = sets_time && HasPassed(ctx, options.expire_at_ms);
  for (size_t i = 0; i < pairs.size(); i += 2) {
    // What goes at once is there for a moment, as the events say.
    const int64_t expire_at_ms = passed ? lsm::kNoExpiry : options.expire_at_ms;
    RETURN_IF_ERROR(hash.Set(pairs[i], pairs[i + 1], expire_at_ms));
  }
  NotifyHash(ctx, key, !existed, "hset");
  if (passed) {
    for (size_t i = 0; i < pairs.size() && hash.exists(); i += 2) {
      RETURN_IF_ERROR(hash.Erase(pairs[i]));
    }
    NotifyFieldsRemoved(ctx, hash, key, "hdel");
  } else if (sets_time) {
    ctx.Notify(kNotifyHash, "hexpire", key);
  }
  if (ToReplicas(ctx).on()) TellSetEx(ctx, options, passed);
  ctx.reply.Integer(1);
  return {};
}

// HGETDEL key FIELDS numfields field [field …]
Result<void> HGetDel(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key));
  OptionReader options(ctx.args, 2);
  ASSIGN_OR_RETURN(const Args fields, ParseFields(options, ctx.args, kFieldsNotPositive));
  for (const std::string_view field : fields) RETURN_IF_ERROR(hash.Load(field));
  ASSIGN_OR_RETURN(const bool erased, ReplyAndErase(ctx, hash, fields));
  if (erased) NotifyFieldsRemoved(ctx, hash, key, "hdel");
  TellErased(ctx, key, fields);
  return {};
}

constexpr CommandSpec kExCommands[] = {
    {.name = "hgetex",
     .handler = HGetEx,
     .arity = -5,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = {{.flags = kRW | kAccess | kUpdate,
               .index = 1,
               .notes = "RW and UPDATE because it changes the TTL"}},
     .group = "hash",
     .since = "8.0.0",
     .summary = "Tells the values of fields of a hash and sets their expiry.",
     .complexity = "O(N*log(M)) for N fields of a hash of size M.",
     .syntax = "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
               "unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]"},
    {.name = "hsetex",
     .handler = HSetEx,
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHash,
     .keys = OneKey(1, kRW | kUpdate),
     .group = "hash",
     .since = "8.0.0",
     .summary = "Sets fields of a hash together with their expiry.",
     .complexity = "O(N*log(M)) for N fields of a hash of size M.",
     .syntax = "key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
               "unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]"},
    {.name = "hgetdel",
     .handler = HGetDel,
     .arity = -5,
     .flags = kWrite | kFast,
     .acl = kAclHash,
     .keys = OneKey(1, kRW | kAccess | kDelete),
     .rows = EveryField(4),
     .group = "hash",
     .since = "8.0.0",
     .summary = "Tells the values of fields of a hash and removes them.",
     .complexity = "O(N*log(M)) for N fields of a hash of size M.",
     .syntax = "key FIELDS numfields field [field ...]"},
};

}  // namespace

std::span<const CommandSpec> HashExCommands() {
  return kExCommands;
}

}  // namespace datatypes
