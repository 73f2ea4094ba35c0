// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/string_access.h"

#include <utility>

#include "datatypes/errors.h"
#include "datatypes/rerun.h"

namespace datatypes {
void NotifyMissed(const CommandContext& ctx, std::string_view key) {
  if ((ctx.spec.flags & kReadonly) == 0) ctx.Notify(kNotifyKeyMiss, "keymiss", key);
}

void ReplaceString(CommandContext& ctx, std::string_view key, lsm::Entry* old,
                   std::string_view bytes, std::string_view event, String::Expiry expiry,
                   uint8_t type_flags) {
  const bool created = old == nullptr;
  String::Replace(ctx.keyspace, key, old, bytes, expiry, type_flags);
  NotifyChanged(ctx, key, created, event);
}

void NotifyChanged(const CommandContext& ctx, std::string_view key, bool created,
                   std::string_view event) {
  if (created) ctx.Notify(kNotifyNew, "new", key);
  ctx.Notify(kNotifyString, event, key);
}

Result<void> ReplyBytes(CommandContext& ctx, const String& string, uint64_t begin, uint64_t end) {
  if (!string.chunked()) {
    ctx.reply.Bulk(string.Inline().substr(begin, end - begin));
    return {};
  }
  RETURN_IF_ERROR(string.Load(begin, end));  // The header cannot be taken back if a load fails.
  ctx.reply.BulkHeader(end - begin);
  RETURN_IF_ERROR(
      string.Read(begin, end, [&ctx](std::string_view bytes) { ctx.reply.Raw(bytes); }));
  ctx.reply.BulkEnd();
  return {};
}

Result<bool> ReplyWhole(CommandContext& ctx, std::string_view key, const String& string) {
  if (!string.exists()) {
    NotifyMissed(ctx, key);
    ctx.reply.Null();
    return true;
  }
  ChunkLoads loads(ctx);
  loads.Need(string, 0, string.size());
  if (loads.Suspend()) return false;
  RETURN_IF_ERROR(ReplyBytes(ctx, string, 0, string.size()));
  return true;
}

Result<void> CheckStringSize(const CommandContext& ctx, uint64_t size, uint64_t more) {
  const uint64_t limit = static_cast<uint64_t>(ctx.settings.proto_max_bulk_len);
  if (more > limit || size > limit - more) return Fail(kStringTooLong);
  return {};
}

ChunkLoads::~ChunkLoads() {
  // The handler left with an error between Need() and Suspend().
  if (retry_ && retry_->pending() > 0) ctx_.keyspace.store().Abandon(*retry_);
}

bool ChunkLoads::Suspend() {
  if (!retry_ || retry_->pending() == 0) return false;
  ctx_.Suspend(std::move(retry_));
  return true;
}

void ChunkLoads::Join(const String& string, uint64_t begin, uint64_t end) {
  if (!retry_) retry_ = MakeRerun();
  string.Prefetch(begin, end, *retry_);
}

}  // namespace datatypes
