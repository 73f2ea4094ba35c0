// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/rerun.h"

#include <memory>
#include <utility>

namespace datatypes {
namespace {

// Calls the handler again when what it waits for has been loaded. Only once: should the key have
// been evicted again, it is loaded on the spot.
class Rerun final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    ctx.may_suspend = false;
    RETURN_IF_ERROR(ctx.spec.handler(ctx));
    return true;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.
};

}  // namespace

bool LoadedOrSuspended(CommandContext& ctx, uint32_t db, std::string_view key) {
  if (!ctx.may_suspend) return true;
  lsm::Store& store = ctx.keyspace.store();
  const auto found = store.Find(db, key, lsm::Store::Access::kNoTouch);
  if (found.presence != lsm::Store::Presence::kNotResident) return true;
  auto rerun = std::make_unique<Rerun>();
  if (store.Prefetch(db, key, *rerun)) return true;
  ctx.Suspend(std::move(rerun));
  return false;
}

}  // namespace datatypes
