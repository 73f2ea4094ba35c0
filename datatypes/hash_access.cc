// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash_access.h"

namespace datatypes {

Result<Hash> OpenHash(const CommandContext& ctx, std::string_view key) {
  return Hash::Open(ctx.keyspace, key, ctx.settings);
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
