// SPDX-License-Identifier: BSD-3-Clause
//
// The decoders of a hash's rows: none may crash, and what one takes for a row must be the same row
// when it is written again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "datatypes/hash_format.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace datatypes;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto field = DecodeFieldKey(bytes)) Require(FieldKey(*field).view() == bytes);
  if (const auto value = DecodeFieldValue(bytes)) {
    Require(FieldValue(value->value, value->expire_at_ms).view() == bytes);
  }
  if (const auto time = DecodeTimeKey(bytes)) {
    Require(TimeKey(time->expire_at_ms, time->field) == bytes);
  }
  Require(DecodeFieldKey(FieldKey(bytes).view()) == bytes);
  Require(DecodeFieldValue(FieldValue(bytes).view())->value == bytes);
  Require(DecodeFieldValue(FieldValue(bytes, 1).view())->value == bytes);
  std::string scratch;
  Require(FieldSubkey(bytes, scratch) == FieldKey(bytes).view());
  return 0;
}
