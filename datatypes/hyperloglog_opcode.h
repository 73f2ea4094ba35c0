// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace datatypes {

// One opcode of a sparse HyperLogLog: a run of registers of the same value.
//
//   00nnnnnn            n + 1 registers that are zero
//   01nnnnnn nnnnnnnn   n + 1 registers that are zero
//   1vvvvvnn            n + 1 registers of value v + 1
struct HllOpcode {
  enum class Kind : uint8_t { kZero, kLongZero, kValue };
  static constexpr size_t kMaxZeroRun = 64;
  static constexpr size_t kMaxValueRun = 4;
  static constexpr uint8_t kMaxValue = 32;

  Kind kind = Kind::kZero;
  size_t run = 0;
  uint8_t value = 0;

  // A run of zeros in its shortest form.
  static HllOpcode Zeros(size_t run) {
    return {run > kMaxZeroRun ? Kind::kLongZero : Kind::kZero, run, 0};
  }
  // The first opcode of `bytes`; nothing if they end within it, or at once.
  static std::optional<HllOpcode> Read(std::string_view bytes) {
    if (bytes.empty()) return std::nullopt;
    const auto first = static_cast<uint8_t>(bytes[0]);
    if ((first & 0x80) != 0) {
      return HllOpcode{Kind::kValue, size_t{first & 0x03U} + 1,
                       static_cast<uint8_t>((first >> 2 & 0x1f) + 1)};
    }
    if ((first & 0x40) == 0) return HllOpcode{Kind::kZero, size_t{first} + 1, 0};
    if (bytes.size() < 2) return std::nullopt;
    const size_t run = (size_t{first & 0x3fU} << 8) | static_cast<uint8_t>(bytes[1]);
    return HllOpcode{Kind::kLongZero, run + 1, 0};
  }
  void AppendTo(std::string& bytes) const {
    const auto n = static_cast<uint32_t>(run - 1);
    switch (kind) {
      case Kind::kZero:
        bytes += static_cast<char>(n);
        break;
      case Kind::kLongZero:
        bytes += static_cast<char>(0x40 | n >> 8);
        bytes += static_cast<char>(n & 0xff);
        break;
      case Kind::kValue:
        bytes += static_cast<char>(0x80U | static_cast<uint32_t>(value - 1) << 2 | n);
        break;
    }
  }
  size_t bytes() const { return kind == Kind::kLongZero ? 2 : 1; }
};

}  // namespace datatypes
