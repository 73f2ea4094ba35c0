// SPDX-License-Identifier: BSD-3-Clause
// What a set stores: any bytes are decoded or refused, and what is decoded encodes to the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/ordered_integer.h"
#include "datatypes/packed_integers.h"

namespace {

using datatypes::PackedIntegers;

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckInteger(std::string_view bytes) {
  const std::optional<datatypes::DecodedInteger> decoded = datatypes::DecodeOrderedInteger(bytes);
  if (!decoded) return;
  char code[datatypes::kMaxOrderedIntegerBytes];
  const char* const end = datatypes::EncodeOrderedInteger(code, decoded->value);
  Require(std::string_view(code, static_cast<size_t>(end - code)) ==
          bytes.substr(0, decoded->bytes));
}

void CheckPacked(std::string_view bytes) {
  const std::optional<PackedIntegers> packed = PackedIntegers::Of(bytes);
  if (!packed) return;
  const size_t count = packed->count();
  Require(count > 0);
  for (size_t i = 0; i < count; ++i) {
    const int64_t integer = packed->At(i);
    Require(packed->Rank(integer) <= count);
    if (packed->Contains(integer)) continue;  // Not in order: damaged, and yet no harm is done.
    Require(PackedIntegers::Of(packed->With(integer))->count() == count + 1);
  }
  if (count > 1) Require(PackedIntegers::Of(packed->Without(count / 2))->count() == count - 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckInteger(bytes);
  CheckPacked(bytes);
  return 0;
}
