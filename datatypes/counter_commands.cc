// SPDX-License-Identifier: BSD-3-Clause
// Strings that are numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/increments.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_value.h"
#include "datatypes/to_replicas.h"
#include "resp/number_format.h"

namespace datatypes {
namespace {

// The value's text if it can be a number at all: it has chunks otherwise, and no number is so long.
std::optional<std::string_view> NumberText(const String& string) {
  if (string.chunked()) return std::nullopt;
  return string.Inline();
}

Result<void> IncrementBy(CommandContext& ctx, int64_t increment) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.GetTyped(key, kString));
  int64_t value = 0;
  if (entry != nullptr) {
    if (entry->has_collection()) return Fail(kNotAnInteger);
    ASSIGN_OR_RETURN(value, ParseInteger(entry->payload()));
  }
  ASSIGN_OR_RETURN(value, AddToInteger(value, increment));
  char text[resp::kMaxInt64Chars];
  const char* const end = resp::FormatInt64(text, value);
  ReplaceString(ctx, key, entry, {text, static_cast<size_t>(end - text)}, "incrby",
                String::Expiry::kKeep);
  ctx.reply.Integer(value);
  return {};
}

// INCR key
Result<void> Incr(CommandContext& ctx) {
  return IncrementBy(ctx, 1);
}

// DECR key
Result<void> Decr(CommandContext& ctx) {
  return IncrementBy(ctx, -1);
}

// INCRBY key increment
Result<void> IncrBy(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t increment, ParseInteger(ctx.args[2]));
  return IncrementBy(ctx, increment);
}

// DECRBY key decrement
Result<void> DecrBy(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t decrement, ParseInteger(ctx.args[2]));
  // It has no opposite.
  if (decrement == std::numeric_limits<int64_t>::min()) return Fail(kDecrementOverflows);
  return IncrementBy(ctx, -decrement);
}

// INCRBYFLOAT key increment
Result<void> IncrByFloat(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
  long double value = 0;
  if (string.exists()) {
    const std::optional<std::string_view> text = NumberText(string);
    if (!text) return Fail(kNotAFloat);
    ASSIGN_OR_RETURN(value, ParseLongDouble(*text));
  }
  ASSIGN_OR_RETURN(const long double increment, ParseLongDouble(ctx.args[2]));
  ASSIGN_OR_RETURN(value, AddToFloat(value, increment));
  const std::string text = resp::HumanDoubleToString(value);
  ReplaceString(ctx, key, string.entry(), text, "incrbyfloat", String::Expiry::kKeep,
                String::kText);
  ToReplicas(ctx).Instead({"SET", key, text, "KEEPTTL"});
  ctx.reply.Bulk(text);
  return {};
}

constexpr CommandSpec kCounterCommands[] = {
    {.name = "incr",
     .handler = Incr,
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "string",
     .since = "1.0.0",
     .summary = "Adds one to a key's integer; an absent key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "decr",
     .handler = Decr,
     .arity = 2,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "string",
     .since = "1.0.0",
     .summary = "Takes one from a key's integer; an absent key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key"},
    {.name = "incrby",
     .handler = IncrBy,
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "string",
     .since = "1.0.0",
     .summary = "Adds a number to a key's integer; an absent key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key increment"},
    {.name = "decrby",
     .handler = DecrBy,
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "string",
     .since = "1.0.0",
     .summary = "Takes a number from a key's integer; an absent key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key decrement"},
    {.name = "incrbyfloat",
     .handler = IncrByFloat,
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclString,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "string",
     .since = "2.6.0",
     .summary = "Adds a floating point number to a key's number; an absent key counts as 0.",
     .complexity = "O(1)",
     .syntax = "key increment{:double}"},
};

}  // namespace

std::span<const CommandSpec> CounterCommands() {
  return kCounterCommands;
}

}  // namespace datatypes
