// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/sorted_set_access.h"

#include <memory>
#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/rerun.h"

namespace datatypes {

Result<uint64_t> ParseCount(std::string_view text, std::string_view error) {
  ASSIGN_OR_RETURN(const int64_t count, ParseIntegerFrom(text, 0, error, error));
  return static_cast<uint64_t>(count);
}

Result<SortedSet> OpenSortedSet(const CommandContext& ctx, std::string_view key) {
  return SortedSet::Open(ctx.keyspace, key, ctx.settings);
}

bool SmallLoadedOrSuspended(CommandContext& ctx, const SortedSet& set) {
  if (!ctx.may_suspend || !set.exists() || set.indexed()) return true;
  if (set.entry()->collection().fully_resident()) return true;
  std::unique_ptr<Suspension> rerun = MakeRerun();
  if (set.PrefetchAll(SortedSet::kMaxSmallMembers, *rerun)) return true;
  ctx.Suspend(std::move(rerun));
  return false;
}

void NotifySortedSet(const CommandContext& ctx, std::string_view key, bool created,
                     std::string_view event) {
  if (created) ctx.Notify(kNotifyNew, "new", key);
  ctx.Notify(kNotifySortedSet, event, key);
}

void NotifyMembersRemoved(const CommandContext& ctx, const SortedSet& set, std::string_view key,
                          std::string_view event) {
  ctx.Notify(kNotifySortedSet, event, key);
  if (!set.exists()) ctx.Notify(kNotifyGeneric, "del", key);
}

Result<void> StoreSortedSet(CommandContext& ctx, std::string_view key,
                            const std::vector<SortedSet::Element>& elements,
                            std::string_view event) {
  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Peek(key));
  const bool existed = old != nullptr;
  if (elements.empty()) {
    if (existed) {
      ctx.keyspace.store().Delete(old);
      ctx.Notify(kNotifyGeneric, "del", key);
    }
    ctx.reply.Integer(0);
    return {};
  }
  RETURN_IF_ERROR(SortedSet::Replace(ctx.keyspace, key, elements, ctx.settings));
  NotifySortedSet(ctx, key, !existed, event);
  ctx.reply.Integer(static_cast<int64_t>(elements.size()));
  return {};
}

}  // namespace datatypes
