// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash_access.h"

#include <memory>
#include <string>
#include <vector>

#include "datatypes/fields_to_replicas.h"
#include "datatypes/has_passed.h"

namespace datatypes {
namespace {

constexpr uint64_t kDueAtOnce = 256;

Result<void> EraseSomeDue(CommandContext& ctx, Hash& hash, std::string_view key) {
  const ToReplicas replicas(ctx);
  std::vector<std::string> fields;
  ASSIGN_OR_RETURN(const uint64_t erased,
                   hash.EraseDue(kDueAtOnce, replicas.on() ? &fields : nullptr));
  TellExpired(replicas, key, std::vector<std::string_view>(fields.begin(), fields.end()));
  if (erased > 0) NotifyFieldsRemoved(ctx, hash, key, "hexpired");
  return {};
}

// Erases in slices what is due, then lets the handler begin anew.
class DueEraser final : public Suspension {
 public:
  explicit DueEraser(std::string_view key) : key_(key) {}

  Result<bool> Resume(CommandContext& ctx) override {
    ASSIGN_OR_RETURN(Hash hash, OpenHash(ctx, key_));
    if (hash.has_due() && ctx.keyspace.store().Writable()) {
      // With hardly any RAM, what was loaded can have gone again: then it is loaded on the spot.
      if (load_rounds_++ < kMaxLoadRounds && !hash.PrefetchDue(kDueAtOnce, *this)) return false;
      load_rounds_ = 0;
      RETURN_IF_ERROR(EraseSomeDue(ctx, hash, key_));
      ctx.yield = true;
      return false;
    }
    ctx.may_suspend = false;
    RETURN_IF_ERROR(ctx.spec.handler(ctx));
    return ctx.suspension == nullptr;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr int kMaxLoadRounds = 4;

  const std::string key_;
  int load_rounds_ = 0;
};

}  // namespace

Result<bool> DueErasedOrSuspended(CommandContext& ctx, Hash& hash, std::string_view key) {
  if (!hash.has_due() || !ctx.keyspace.store().Writable()) return true;
  if (ctx.may_suspend) {
    ctx.Suspend(std::make_unique<DueEraser>(key));
    ctx.yield = true;
    return false;
  }
  while (hash.has_due()) RETURN_IF_ERROR(EraseSomeDue(ctx, hash, key));
  return true;
}

Result<Hash> OpenHash(const CommandContext& ctx, std::string_view key) {
  // For commands that come from the primary no field's time has come before it says so.
  const int64_t now_ms = KeepsExpired(ctx) ? 0 : ctx.now_ms;
  return Hash::Open(ctx.keyspace, key, ctx.settings, now_ms);
}

void NotifyHash(const CommandContext& ctx, std::string_view key, bool created,
                std::string_view event) {
  if (created) ctx.Notify(kNotifyNew, "new", key);
  ctx.Notify(kNotifyHash, event, key);
}

void NotifyFieldsRemoved(const CommandContext& ctx, const Hash& hash, std::string_view key,
                         std::string_view event) {
  ctx.Notify(kNotifyHash, event, key);
  if (!hash.exists()) ctx.Notify(kNotifyGeneric, "del", key);
}

}  // namespace datatypes
