// SPDX-License-Identifier: BSD-3-Clause
// Reading hashes, field by field or whole: HGET, HMGET, HEXISTS, HSTRLEN, HLEN, HGETALL, HKEYS,
// HVALS.
#include <cstdint>
#include <optional>
#include <string_view>

#include "datatypes/hash_access.h"
#include "datatypes/hash_families.h"
#include "datatypes/hash_stream.h"

namespace datatypes {
namespace {

void ReplyValue(resp::Writer& reply, const std::optional<std::string_view>& value) {
  if (value) {
    reply.Bulk(*value);
  } else {
    reply.Null();
  }
}

// HGET key field
Result<void> HGet(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value, hash.Get(ctx.args[2]));
  ReplyValue(ctx.reply, value);
  return {};
}

// HMGET key field [field …]
Result<void> HMGet(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  const Args fields = ctx.args.subspan(2);
  ctx.reply.Array(fields.size());
  for (const std::string_view field : fields) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> value, hash.Get(field));
    ReplyValue(ctx.reply, value);
  }
  return {};
}

// HEXISTS key field
Result<void> HExists(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value, hash.Get(ctx.args[2]));
  ctx.reply.Integer(value ? 1 : 0);
  return {};
}

// HSTRLEN key field
Result<void> HStrLen(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value, hash.Get(ctx.args[2]));
  ctx.reply.Integer(value ? static_cast<int64_t>(value->size()) : 0);
  return {};
}

// HLEN key
Result<void> HLen(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const uint64_t size, hash.Size());
  ctx.reply.Integer(static_cast<int64_t>(size));
  return {};
}

// HGETALL key
Result<void> HGetAll(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const uint64_t size, hash.Size());
  ctx.reply.Map(size);
  return hash.VisitAll([&ctx](const Hash::Field& field) {
    ctx.reply.Bulk(field.name);
    ctx.reply.Bulk(field.value);
    return true;
  });
}

// HKEYS key
Result<void> HKeys(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const uint64_t size, hash.Size());
  ctx.reply.Array(size);
  return hash.VisitAll([&ctx](const Hash::Field& field) {
    ctx.reply.Bulk(field.name);
    return true;
  });
}

// HVALS key
Result<void> HVals(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const uint64_t size, hash.Size());
  ctx.reply.Array(size);
  return hash.VisitAll([&ctx](const Hash::Field& field) {
    ctx.reply.Bulk(field.value);
    return true;
  });
}

constexpr CommandSpec OfOneField(std::string_view name, CommandSpec::Handler handler,
                                 uint16_t key_flags, std::string_view since,
                                 std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = 3,
          .flags = kReadonly | kFast,
          .acl = kAclHash,
          .keys = OneKey(1, key_flags),
          .rows = FieldArg(2),
          .group = "hash",
          .since = since,
          .summary = summary,
          .complexity = "O(log(N)), N being the size of the hash.",
          .syntax = "key field"};
}

constexpr CommandSpec OfAllFields(std::string_view name, CommandSpec::Handler handler,
                                  std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = 2,
          .flags = kReadonly,
          .acl = kAclHash,
          .keys = OneKey(1, kRO | kAccess),
          .rows = WholeCollection(),
          .group = "hash",
          .since = "2.0.0",
          .summary = summary,
          .complexity = "O(N), N being the size of the hash.",
          .syntax = "key",
          .tips = "nondeterministic_output_order"};
}

constexpr CommandSpec kReadCommands[] = {
    OfOneField("hget", HGet, kRO | kAccess, "2.0.0", "Tells the value of a field."),
    {.name = "hmget",
     .handler = HMGet,
     .arity = -3,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = OneKey(1, kRO | kAccess),
     .rows = EveryField(2),
     .group = "hash",
     .since = "2.0.0",
     .summary = "Tells the values of several fields.",
     .complexity = "O(log(M)) for each of the fields, M being the size of the hash.",
     .syntax = "key field [field ...]"},
    OfOneField("hexists", HExists, kRO, "2.0.0", "Tells whether a hash has a field."),
    OfOneField("hstrlen", HStrLen, kRO, "3.2.0", "Tells the length of a field's value."),
    {.name = "hlen",
     .handler = HLen,
     .arity = 2,
     .flags = kReadonly | kFast,
     .acl = kAclHash,
     .keys = OneKey(1, kRO),
     .group = "hash",
     .since = "2.0.0",
     .summary = "Counts the fields of a hash.",
     .complexity = "O(1)",
     .syntax = "key"},
    OfAllFields("hgetall", StreamedOr<HGetAll, HashPart::kBoth>,
                "Tells all fields of a hash and their values."),
    OfAllFields("hkeys", StreamedOr<HKeys, HashPart::kNames>, "Tells all fields of a hash."),
    OfAllFields("hvals", StreamedOr<HVals, HashPart::kValues>,
                "Tells the values of all fields of a hash."),
};

}  // namespace

std::span<const CommandSpec> HashReadCommands() {
  return kReadCommands;
}

}  // namespace datatypes
