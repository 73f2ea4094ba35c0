// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"

namespace datatypes {

// The options of SET and GETEX.
struct SetOptions {
  enum class Unit : uint8_t { kNone, kEx, kPx, kExAt, kPxAt };
  bool nx = false;
  bool xx = false;
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;
  Unit unit = Unit::kNone;
  std::string_view expire = {};  // As given; read by ExpireAtMs(), which names the command.

  bool absolute() const { return unit == Unit::kExAt || unit == Unit::kPxAt; }
};

// NX XX GET KEEPTTL EX PX EXAT PXAT. Options that exclude each other are a syntax error.
Result<SetOptions> ParseSetOptions(Args options);
// PERSIST EX PX EXAT PXAT.
Result<SetOptions> ParseGetExOptions(Args options);

// When the key is to expire; nothing if no option says. Error unless that is a time after the epoch
// that milliseconds can count.
Result<std::optional<int64_t>> ExpireAtMs(const CommandContext& ctx, const SetOptions& options);

}  // namespace datatypes
