// SPDX-License-Identifier: BSD-3-Clause
// OBJECT: what Redis would know of a value's innards.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/encoding_rules.h"
#include "datatypes/errors.h"
#include "datatypes/hash.h"
#include "datatypes/help_reply.h"
#include "datatypes/list.h"
#include "datatypes/set.h"
#include "datatypes/sorted_set.h"
#include "datatypes/string_value.h"
#include "datatypes/types.h"
#include "lsm/use_counter.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

// Redis shares the objects of the smallest integers, and shows this as their number of references.
constexpr int64_t kSharedIntegers = 10000;
constexpr int64_t kSharedReferences = std::numeric_limits<int32_t>::max();

// The entry of OBJECT's key, or nullptr after replying that there is none.
Result<lsm::Entry*> FindOrReplyNull(CommandContext& ctx) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(ctx.args[2]));
  if (entry == nullptr) ctx.reply.Null();
  return entry;
}

}  // namespace

std::string_view ObjectEncodingOf(const lsm::Entry& entry) {
  switch (entry.type()) {
    case kString:
      return String::Encoding(entry);
    case kList:
      return List::Encoding(entry);
    case kSet:
      return Set::Encoding(entry);
    case kSortedSet:
      return SortedSet::Encoding(entry);
    case kHash:
      return Hash::Encoding(entry);
    case kStream:
      return "stream";
    default:
      return "unknown";
  }
}

namespace {

// OBJECT ENCODING key
Result<void> ObjectEncoding(CommandContext& ctx) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, FindOrReplyNull(ctx));
  if (entry == nullptr) return {};
  ctx.reply.Bulk(ObjectEncodingOf(*entry));
  return {};
}

// OBJECT FREQ key
Result<void> ObjectFreq(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const lsm::Entry* const entry, FindOrReplyNull(ctx));
  if (entry == nullptr) return {};
  if (!ctx.settings.lfu_policy) return Fail(kNoLfuPolicy);
  ctx.reply.Integer(lsm::UseCount(ctx.keyspace.store(), *entry));
  return {};
}

// OBJECT IDLETIME key
Result<void> ObjectIdleTime(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const lsm::Entry* const entry, FindOrReplyNull(ctx));
  if (entry == nullptr) return {};
  if (ctx.settings.lfu_policy) return Fail(kLfuPolicy);
  ctx.reply.Integer(entry->IdleSeconds(ctx.now_ms / 1000));
  return {};
}

// OBJECT REFCOUNT key
Result<void> ObjectRefCount(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const lsm::Entry* const entry, FindOrReplyNull(ctx));
  if (entry == nullptr) return {};
  bool shared = false;
  if (entry->type() == kString && !entry->has_collection() &&
      (entry->type_flags() & String::kEdited) == 0) {
    const std::optional<int64_t> value = resp::ParseInt64(entry->payload());
    shared = value && *value >= 0 && *value < kSharedIntegers;
  }
  ctx.reply.Integer(shared ? kSharedReferences : 1);
  return {};
}

// OBJECT HELP
Result<void> ObjectHelp(CommandContext& ctx) {
  ReplyHelp(ctx, {"ENCODING <key>", "    Tell how Redis would encode the value of <key>.",
                  "FREQ <key>", "    Tell how often <key> was used of late.", "IDLETIME <key>",
                  "    Tell for how many seconds <key> was not used.", "REFCOUNT <key>",
                  "    Tell how many references to the value of <key> exist."});
  return {};
}

constexpr CommandSpec Inspector(std::string_view name, CommandSpec::Handler handler,
                                std::string_view since, std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = 3,
          .flags = kReadonly | kPeeks,
          .acl = kAclKeyspace,
          .keys = OneKey(2, kRO),
          .group = "generic",
          .since = since,
          .summary = summary,
          .complexity = "O(1)",
          .syntax = "key",
          .tips = "nondeterministic_output"};
}

constexpr CommandSpec kObjectSubcommands[] = {
    Inspector("encoding", ObjectEncoding, "2.2.3", "Tells how Redis would encode a value."),
    Inspector("freq", ObjectFreq, "4.0.0", "Tells how often a key was used of late."),
    {.name = "help",
     .handler = ObjectHelp,
     .arity = 2,
     .flags = kLoading | kStale,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "6.2.0",
     .summary = "Explains the subcommands.",
     .complexity = "O(1)"},
    Inspector("idletime", ObjectIdleTime, "2.2.3", "Tells how long a key was not used."),
    Inspector("refcount", ObjectRefCount, "2.2.3", "Tells how many references a value has."),
};

constexpr CommandSpec kObjectCommands[] = {
    {.name = "object",
     .arity = -2,
     .subcommands = kObjectSubcommands,
     .group = "generic",
     .since = "2.2.3",
     .summary = "Groups commands that look into values.",
     .complexity = "Depends on subcommand."},
};

}  // namespace

std::span<const CommandSpec> ObjectCommands() {
  return kObjectCommands;
}

}  // namespace datatypes
