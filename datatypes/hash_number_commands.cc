// SPDX-License-Identifier: BSD-3-Clause
// Fields that are numbers: HINCRBY, HINCRBYFLOAT.
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/hash_access.h"
#include "datatypes/hash_errors.h"
#include "datatypes/hash_families.h"
#include "datatypes/increments.h"
#include "datatypes/to_replicas.h"
#include "resp/number_format.h"

namespace datatypes {
namespace {

Result<void> SetNumber(CommandContext& ctx, Hash& hash, std::string_view text) {
  const bool existed = hash.exists();
  RETURN_IF_ERROR(hash.Set(ctx.args[2], text, Hash::kKeepExpiry));
  NotifyHash(ctx, ctx.args[1], !existed, ctx.spec.name);
  return {};
}

// HINCRBY key field increment
Result<void> HIncrBy(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t increment, ParseInteger(ctx.args[3]));
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> old, hash.Get(ctx.args[2]));
  int64_t value = 0;
  if (old) {
    ASSIGN_OR_RETURN(value, ParseInteger(*old, kHashValueNotAnInteger));
  }
  ASSIGN_OR_RETURN(value, AddToInteger(value, increment));
  char text[resp::kMaxInt64Chars];
  const char* const end = resp::FormatInt64(text, value);
  RETURN_IF_ERROR(SetNumber(ctx, hash, {text, static_cast<size_t>(end - text)}));
  ctx.reply.Integer(value);
  return {};
}

// HINCRBYFLOAT key field increment
Result<void> HIncrByFloat(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const long double increment, ParseLongDouble(ctx.args[3]));
  if (std::isnan(increment) || std::isinf(increment)) return Fail(kNanOrInfinity);
  ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> old, hash.Get(ctx.args[2]));
  long double value = 0;
  if (old) {
    ASSIGN_OR_RETURN(value, ParseLongDouble(*old, kHashValueNotAFloat));
  }
  ASSIGN_OR_RETURN(value, AddToFloat(value, increment));
  const std::string text = resp::HumanDoubleToString(value);
  RETURN_IF_ERROR(SetNumber(ctx, hash, text));
  ToReplicas(ctx).Instead({"HSET", ctx.args[1], ctx.args[2], text});
  ctx.reply.Bulk(text);
  return {};
}

constexpr CommandSpec Increment(std::string_view name, CommandSpec::Handler handler,
                                std::string_view since, std::string_view summary,
                                std::string_view syntax) {
  return {.name = name,
          .handler = handler,
          .arity = 4,
          .flags = kWrite | kDenyOom | kFast,
          .acl = kAclHash,
          .keys = OneKey(1, kRW | kAccess | kUpdate),
          .rows = FieldArg(2),
          .group = "hash",
          .since = since,
          .summary = summary,
          .complexity = "O(log(N)), N being the size of the hash.",
          .syntax = syntax};
}

constexpr CommandSpec kNumberCommands[] = {
    Increment("hincrby", HIncrBy, "2.0.0",
              "Adds a number to a field's integer; an absent field counts as 0.",
              "key field increment"),
    Increment("hincrbyfloat", HIncrByFloat, "2.6.0",
              "Adds a floating point number to a field's number; an absent field counts as 0.",
              "key field increment{:double}"),
};

}  // namespace

std::span<const CommandSpec> HashNumberCommands() {
  return kNumberCommands;
}

}  // namespace datatypes
