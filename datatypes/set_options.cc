// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/set_options.h"

#include <limits>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"

namespace datatypes {
namespace {

using Unit = SetOptions::Unit;

Unit UnitOf(std::string_view option) {
  if (EqualsIgnoreCase(option, "ex")) return Unit::kEx;
  if (EqualsIgnoreCase(option, "px")) return Unit::kPx;
  if (EqualsIgnoreCase(option, "exat")) return Unit::kExAt;
  if (EqualsIgnoreCase(option, "pxat")) return Unit::kPxAt;
  return Unit::kNone;
}

// A time may be given again in the same unit, as in Redis: the last one counts.
bool TakesUnit(const SetOptions& options, Unit unit) {
  return !options.keep_ttl && !options.persist &&
         (options.unit == Unit::kNone || options.unit == unit);
}

bool TakeSetWord(SetOptions& options, std::string_view word) {
  if (EqualsIgnoreCase(word, "nx") && !options.xx) return options.nx = true;
  if (EqualsIgnoreCase(word, "xx") && !options.nx) return options.xx = true;
  if (EqualsIgnoreCase(word, "get")) return options.get = true;
  if (EqualsIgnoreCase(word, "keepttl") && options.unit == Unit::kNone)
    return options.keep_ttl = true;
  return false;
}

bool TakeGetExWord(SetOptions& options, std::string_view word) {
  if (EqualsIgnoreCase(word, "persist") && options.unit == Unit::kNone)
    return options.persist = true;
  return false;
}

Result<SetOptions> Parse(Args args, bool (*take_word)(SetOptions&, std::string_view)) {
  SetOptions options;
  for (size_t i = 0; i < args.size(); ++i) {
    if (take_word(options, args[i])) continue;
    const Unit unit = UnitOf(args[i]);
    if (unit == Unit::kNone || i + 1 == args.size() || !TakesUnit(options, unit)) {
      return Fail(kSyntaxError);
    }
    options.unit = unit;
    options.expire = args[++i];
  }
  return options;
}

}  // namespace

Result<SetOptions> ParseSetOptions(Args options) {
  return Parse(options, TakeSetWord);
}

Result<SetOptions> ParseGetExOptions(Args options) {
  return Parse(options, TakeGetExWord);
}

Result<std::optional<int64_t>> ExpireAtMs(const CommandContext& ctx, const SetOptions& options) {
  if (options.unit == Unit::kNone) return std::nullopt;
  ASSIGN_OR_RETURN(int64_t time, ParseInteger(options.expire));
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const bool seconds = options.unit == Unit::kEx || options.unit == Unit::kExAt;
  if (time <= 0 || (seconds && time > kMax / 1000)) return InvalidExpireTime(ctx.spec.name);
  if (seconds) time *= 1000;
  if (!options.absolute()) {
    if (time > kMax - ctx.now_ms) return InvalidExpireTime(ctx.spec.name);
    time += ctx.now_ms;
  }
  return time;
}

}  // namespace datatypes
