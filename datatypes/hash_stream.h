// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "datatypes/command_context.h"
#include "datatypes/command_spec.h"
#include "datatypes/result.h"

namespace datatypes {

// What is told of each field of a hash.
enum class HashPart : uint8_t { kNames, kValues, kBoth };

// Begins to stream that part of the hash at args[1]. False: it is to be answered at once, by
// `at_once`, which is also called if it turns out so later.
Result<bool> StreamHash(CommandContext& ctx, HashPart part, CommandSpec::Handler at_once);

// The handler of a command that tells all fields: streams those of a large hash.
template <CommandSpec::Handler kAtOnce, HashPart kPart>
Result<void> StreamedOr(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const bool streamed, StreamHash(ctx, kPart, kAtOnce));
  if (streamed) return {};
  return kAtOnce(ctx);
}

}  // namespace datatypes
