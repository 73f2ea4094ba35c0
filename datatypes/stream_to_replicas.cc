// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_to_replicas.h"

#include <string>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/stream_group_access.h"
#include "datatypes/to_replicas.h"

namespace datatypes {
namespace {

std::string Text(const StreamId& id) {
  char text[kMaxStreamIdChars];
  return {text, FormatStreamId(text, id)};
}

}  // namespace

void TellStreamChange(const CommandContext& ctx, const Stream& stream, const StreamTrim& trim,
                      size_t options_end, std::optional<StreamId> added) {
  if (!ToReplicas(ctx).on()) return;
  const Args args = ctx.args;
  std::vector<std::string> made;
  made.reserve(2);  // Views into it are kept.
  std::vector<std::string_view> told(args.begin(), args.begin() + 2);
  for (size_t i = 2; i < options_end; ++i) {
    const bool trims = EqualsIgnoreCase(args[i], "MAXLEN") || EqualsIgnoreCase(args[i], "MINID");
    if (trims && trim.approximate) {
      const bool by_length = trim.strategy == StreamTrim::Strategy::kMaxLen;
      made.push_back(by_length ? std::to_string(stream.length()) : Text(stream.head().first));
      told.insert(told.end(), {args[i], "=", made.back()});
      i += 2;  // "~" and the threshold.
    } else if (EqualsIgnoreCase(args[i], "LIMIT")) {
      ++i;  // Only for approximate trimming.
    } else {
      told.push_back(args[i]);
    }
  }
  if (added) {
    made.push_back(Text(*added));
    told.emplace_back(made.back());
    told.insert(told.end(), args.begin() + static_cast<ptrdiff_t>(options_end) + 1, args.end());
  }
  ToReplicas(ctx).Instead(told);
}

Result<StreamGroup::Consumer*> SeeConsumerAndTell(CommandContext& ctx, StreamGroup& group,
                                                  std::string_view name) {
  const ToReplicas replicas(ctx);
  if (!replicas.on()) return SeeConsumer(ctx, group, name);
  ASSIGN_OR_RETURN(const StreamGroup::Consumer* const known, group.FindConsumer(name));
  replicas.Suppress();
  if (known == nullptr) {
    replicas.Instead({"XGROUP", "CREATECONSUMER", group.stream().key(), group.name(), name});
  }
  return SeeConsumer(ctx, group, name);
}

void TellClaim(const CommandContext& ctx, const StreamGroup& group, std::string_view consumer,
               const StreamId& id, const PendingRow& pending) {
  const ToReplicas replicas(ctx);
  if (!replicas.on()) return;
  replicas.Instead({"XCLAIM", group.stream().key(), group.name(), consumer, "0", Text(id), "TIME",
                    std::to_string(pending.delivered_ms), "RETRYCOUNT",
                    std::to_string(pending.deliveries), "FORCE", "JUSTID", "LASTID",
                    Text(group.row().last)});
}

void TellGroupId(const CommandContext& ctx, const StreamGroup& group) {
  const ToReplicas replicas(ctx);
  if (!replicas.on()) return;
  const std::optional<uint64_t> read = group.row().read;
  replicas.Instead({"XGROUP", "SETID", group.stream().key(), group.name(), Text(group.row().last),
                    "ENTRIESREAD", read ? std::to_string(*read) : std::string("-1")});
}

}  // namespace datatypes
