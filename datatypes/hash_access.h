// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/command_spec.h"
#include "datatypes/hash.h"
#include "datatypes/hash_format.h"
#include "datatypes/result.h"

namespace datatypes {

// What the handlers of hash commands share.

// Row hints: which arguments are fields.
constexpr RowHint FieldArg(uint8_t index) {
  return RowArg(index, kFieldHint);
}
constexpr RowHint EveryField(uint8_t from) {
  return EveryRow(from, kFieldHint);
}
constexpr RowHint EveryOtherField(uint8_t from) {
  return EveryOther(from, kFieldHint);
}

Result<Hash> OpenHash(const CommandContext& ctx, std::string_view key);

// For a command that chooses among ranks. False: fields that are due have to be erased first; the
// command is suspended, and the handler must return, before it replies anything. True: there are
// none, unless the store cannot be written to.
Result<bool> DueErasedOrSuspended(CommandContext& ctx, Hash& hash, std::string_view key);

// Announces a change, and `new` before it if the change created the key.
void NotifyHash(const CommandContext& ctx, std::string_view key, bool created,
                std::string_view event);
// Announces that fields were removed, and `del` after it if the last one was.
void NotifyFieldsRemoved(const CommandContext& ctx, const Hash& hash, std::string_view key,
                         std::string_view event);

}  // namespace datatypes
