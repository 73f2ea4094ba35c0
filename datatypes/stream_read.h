// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "datatypes/command_spec.h"
#include "datatypes/result.h"

namespace datatypes {

// The arguments of XREAD and XREADGROUP.
struct StreamReadRequest {
  Args keys;
  Args ids;  // As many: IDs, "$", ">".
  uint64_t count = std::numeric_limits<uint64_t>::max();
  // When to give up waiting; 0: never. None: does not wait.
  std::optional<int64_t> deadline_ms;
  // XREADGROUP only.
  std::string_view group;
  std::string_view consumer;
  bool no_ack = false;
};

enum class StreamReadForm : uint8_t { kPlain, kGroup };
Result<StreamReadRequest> ParseStreamRead(Args args, StreamReadForm form, int64_t now_ms);

// Where to find the keys: for COMMAND GETKEYS and the like.
constexpr KeySpecs StreamReadKeys(int16_t search_from) {
  return {KeySpec{.flags = kRO | kAccess,
                  .begin = KeySpec::Begin::kKeyword,
                  .index = search_from,
                  .keyword = "STREAMS",
                  .last = -1,
                  .limit = 2}};
}

}  // namespace datatypes
