// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/set_access.h"

#include "datatypes/row_loads.h"

namespace datatypes {

Result<Set> OpenSet(const CommandContext& ctx, std::string_view key) {
  return Set::Open(ctx.keyspace, key, ctx.settings);
}

Result<bool> MembersLoadedOrSuspended(CommandContext& ctx, const Set& set, Args members) {
  if (set.fully_resident()) return true;
  RowLoads loads(ctx);
  if (loads.wanted()) {
    for (const std::string_view member : members) set.Prefetch(member, loads.waiter());
    if (loads.Suspend()) return false;
  }
  if (members.size() == 1) return true;  // Whatever is done to it is the first thing done.
  for (const std::string_view member : members) {
    ASSIGN_OR_RETURN([[maybe_unused]] const bool exists, set.Contains(member));
  }
  return true;
}

void NotifyMembersAdded(const CommandContext& ctx, std::string_view key, bool created) {
  if (created) ctx.Notify(kNotifyNew, "new", key);
  ctx.Notify(kNotifySet, "sadd", key);
}

void NotifyMembersRemoved(const CommandContext& ctx, const Set& set, std::string_view event) {
  ctx.Notify(kNotifySet, event, set.key());
  if (!set.exists()) ctx.Notify(kNotifyGeneric, "del", set.key());
}

}  // namespace datatypes
