// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_group_access.h"

#include <string>

namespace datatypes {

Result<std::optional<StreamGroup>> FindGroup(Stream& stream, std::string_view name) {
  if (!stream.exists()) return std::optional<StreamGroup>();
  return StreamGroup::Find(stream, name);
}

Result<StreamGroup::Consumer*> SeeConsumer(CommandContext& ctx, StreamGroup& group,
                                           std::string_view name) {
  ASSIGN_OR_RETURN(StreamGroup::Consumer * consumer, group.FindConsumer(name));
  if (consumer == nullptr) {
    ASSIGN_OR_RETURN(consumer, group.CreateConsumer(name, ctx.now_ms));
    ctx.Notify(kNotifyStream, "xgroup-createconsumer", group.stream().key());
  }
  consumer->row.seen_ms = ctx.now_ms;
  consumer->changed = true;
  return consumer;
}

bool PrefetchGroup(RowLoads& loads, const Stream& stream, std::string_view name) {
  if (!loads.wanted() || !stream.exists() || stream.rows().small()) return true;
  return stream.PrefetchRow(GroupKey(name), loads.waiter());
}

void PrefetchPending(RowLoads& loads, const StreamGroup& group, const StreamId& id) {
  if (!loads.wanted() || group.stream().rows().small()) return;
  group.stream().PrefetchRow(WithId(GroupPrefix(GroupTag::kPending, group.row().number), id),
                             loads.waiter());
}

}  // namespace datatypes
