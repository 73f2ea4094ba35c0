// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/field_arguments.h"

#include <limits>

#include "datatypes/errors.h"
#include "datatypes/hash_errors.h"
#include "datatypes/hash_format.h"
#include "datatypes/row_loads.h"

namespace datatypes {

Result<int64_t> ParseFieldExpiry(const CommandContext& ctx, std::string_view text, TimeUnit unit,
                                 TimeBase base) {
  ASSIGN_OR_RETURN(int64_t time, ParseInteger(text));
  if (time < 0) return Fail(kExpireTimeNegative);
  if (unit == TimeUnit::kSeconds) {
    if (time > kMaxFieldExpiryMs / 1000) return InvalidExpireTime(ctx.spec.name);
    time *= 1000;
  }
  const int64_t base_ms = base == TimeBase::kNow ? ctx.now_ms : 0;
  if (time > kMaxFieldExpiryMs - base_ms) return InvalidExpireTime(ctx.spec.name);
  return base_ms + time;
}

Result<std::optional<int64_t>> TakeFieldExpiry(const CommandContext& ctx, OptionReader& options) {
  struct Option {
    std::string_view name;
    TimeUnit unit;
    TimeBase base;
  };
  constexpr Option kOptions[] = {{"EX", TimeUnit::kSeconds, TimeBase::kNow},
                                 {"PX", TimeUnit::kMilliseconds, TimeBase::kNow},
                                 {"EXAT", TimeUnit::kSeconds, TimeBase::kEpoch},
                                 {"PXAT", TimeUnit::kMilliseconds, TimeBase::kEpoch}};
  for (const Option& option : kOptions) {
    if (!options.Take(option.name, 1)) continue;
    ASSIGN_OR_RETURN(const int64_t at_ms,
                     ParseFieldExpiry(ctx, options.operand(), option.unit, option.base));
    return std::optional<int64_t>(at_ms);
  }
  return std::optional<int64_t>();
}

Result<Args> ParseFields(OptionReader& options, Args args, std::string_view not_positive) {
  if (!options.Take("FIELDS")) return Fail(kFieldsMissing);
  if (options.done()) return Fail(kFieldsMissing);
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const Result<int64_t> count = ParseInteger(options.current(), not_positive);
  if (!count || *count < 1 || *count > kMax) return Fail(not_positive);
  const Args fields = args.subspan(options.position() + 1);
  if (static_cast<uint64_t>(*count) != fields.size()) return Fail(kNumFieldsMismatch);
  return fields;
}

bool FieldsLoadedOrSuspended(CommandContext& ctx, const Hash& hash, Args fields, size_t step) {
  if (!hash.exists()) return true;
  RowLoads loads(ctx);
  if (loads.wanted() && !hash.entry()->collection().small()) {
    for (size_t i = 0; i < fields.size(); i += step) hash.Prefetch(fields[i], loads.waiter());
  }
  return !loads.Suspend();
}

}  // namespace datatypes
