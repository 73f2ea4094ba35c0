// SPDX-License-Identifier: BSD-3-Clause
//
// A HyperLogLog is a string that any client may write: whatever its bytes, reading and editing must
// not crash, a sound one must stay sound, and both forms of it must say the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "datatypes/hyperloglog.h"

namespace {

using datatypes::HyperLogLog;

void Require(bool condition) {
  if (!condition) std::abort();
}

void Edit(const std::string& bytes, std::string_view more, bool sound) {
  HyperLogLog log(bytes, 3000);
  for (size_t at = 0; at + 3 <= more.size(); at += 3) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(more[at + i]); };
    const size_t index = (size_t{byte(0)} << 8 | byte(1)) % HyperLogLog::kRegisters;
    const auto value = static_cast<uint8_t>(byte(2) % 51 + 1);
    const auto raised = log.Raise(index, value);
    Require(raised.has_value() || !sound);
  }
  HyperLogLog::Registers registers = {};
  const bool readable = HyperLogLog::MergeInto(registers, log.bytes());
  Require(readable || !sound);
  if (!readable) return;
  const auto count = HyperLogLog::Count(log.bytes());
  Require(count == HyperLogLog::Count(registers));
  Require(log.MakeDense());
  Require(HyperLogLog::Count(log.bytes()) == count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.empty() ? 0 : static_cast<uint8_t>(input[0]) % (size + 1);
  const std::string_view more = input.substr(0, split);
  // Either the bytes as they are, or as the opcodes of one.
  std::string made = HyperLogLog::Empty().substr(0, HyperLogLog::kHeaderBytes);
  made += input.substr(split);
  for (const std::string& bytes : {std::string(input), made, HyperLogLog::Empty()}) {
    if (!HyperLogLog::Recognize(bytes)) continue;
    (void)HyperLogLog::CachedCount(bytes);
    (void)HyperLogLog::Describe(bytes);
    Edit(bytes, more, HyperLogLog::Count(bytes).has_value());
  }
  return 0;
}
