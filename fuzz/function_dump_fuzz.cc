// SPDX-License-Identifier: BSD-3-Clause
//
// FUNCTION RESTORE's payload. The input is one without its footer (which no fuzzer would guess);
// with it, and as it is. What is decoded must come back from its own encoding.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rdb/writer.h"
#include "server/function_dump.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kVersion = 10;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string payload(input);
  rdb::AppendDumpFooter(kVersion, &payload);
  for (const std::string_view bytes : {input, std::string_view(payload)}) {
    const auto sources = server::DecodeFunctionDump(bytes);
    if (!sources) continue;
    const std::vector<std::string_view> views(sources->begin(), sources->end());
    const auto again = server::DecodeFunctionDump(server::EncodeFunctionDump(views));
    if (!again || *again != *sources) std::abort();
  }
  return 0;
}
