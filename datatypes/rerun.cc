// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/rerun.h"

#include <utility>

namespace datatypes {
namespace {

class Rerun final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    ctx.may_suspend = false;
    RETURN_IF_ERROR(ctx.spec.handler(ctx));
    return ctx.suspension == nullptr;  // It may block now.
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.
};

}  // namespace

std::unique_ptr<Suspension> MakeRerun() {
  return std::make_unique<Rerun>();
}

bool LoadedOrSuspended(CommandContext& ctx, uint32_t db, std::string_view key) {
  if (!ctx.may_suspend) return true;
  lsm::Store& store = ctx.keyspace.store();
  const auto found = store.Find(db, key, lsm::Store::Access::kNoTouch);
  if (found.presence != lsm::Store::Presence::kNotResident) return true;
  std::unique_ptr<Suspension> rerun = MakeRerun();
  if (store.Prefetch(db, key, *rerun)) return true;
  ctx.Suspend(std::move(rerun));
  return false;
}

}  // namespace datatypes
