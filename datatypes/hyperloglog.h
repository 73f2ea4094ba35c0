// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace datatypes {

// A HyperLogLog: 2^14 registers of 6 bits, which estimate how many different elements were added,
// with a standard error of 0.81 %. It is a string value, byte for byte Redis' (FORMAT.md has the
// bytes), sparse while few registers are set, then dense; so its bytes may come from any client.
class HyperLogLog {
 public:
  static constexpr size_t kRegisters = size_t{1} << 14;
  static constexpr size_t kHeaderBytes = 16;
  static constexpr size_t kDenseBytes = kHeaderBytes + kRegisters * 6 / 8;
  // What a sound one can take at most: a sparse one of two-byte opcodes for one register each.
  static constexpr size_t kMaxBytes = kHeaderBytes + 2 * kRegisters;

  enum class Encoding : uint8_t { kDense = 0, kSparse = 1 };
  using Registers = std::array<uint8_t, kRegisters>;

  // A new one: sparse, all registers zero.
  static std::string Empty();
  // Whether the bytes look like one: the header, and the length of a dense one.
  static bool Recognize(std::string_view bytes);

  // Edits a copy of bytes that are recognized. A sparse one that would grow beyond
  // `sparse_max_bytes` becomes dense.
  HyperLogLog(std::string bytes, size_t sparse_max_bytes)
      : bytes_(std::move(bytes)), sparse_max_bytes_(sparse_max_bytes) {}

  const std::string& bytes() const { return bytes_; }
  Encoding encoding() const { return EncodingOf(bytes_); }

  // These answer nothing if the opcodes are damaged. Whether a register was raised:
  std::optional<bool> Add(std::string_view element);
  std::optional<bool> Raise(size_t index, uint8_t value);
  // False: damaged.
  [[nodiscard]] bool MakeDense();
  // The estimate that the bytes hold, valid until something is added.
  void CacheCount(uint64_t count);
  void InvalidateCachedCount();

  // --- Reading, from recognized bytes.
  static Encoding EncodingOf(std::string_view bytes);
  static std::optional<uint64_t> CachedCount(std::string_view bytes);
  // The estimate; nothing if the opcodes are damaged.
  static std::optional<uint64_t> Count(std::string_view bytes);
  static uint64_t Count(const Registers& registers);
  // Raises `registers` to those of `bytes` where they are less. False: damaged.
  [[nodiscard]] static bool MergeInto(Registers& registers, std::string_view bytes);
  // The opcodes of a sparse one, sound or not, as PFDEBUG DECODE words them.
  static std::string Describe(std::string_view bytes);

 private:
  std::optional<bool> RaiseSparse(size_t index, uint8_t value);
  bool RaiseDense(size_t index, uint8_t value);
  void JoinValues(size_t from);

  std::string bytes_;
  size_t sparse_max_bytes_;
};

// Which register an element belongs to, and the value it wants there.
struct HyperLogLogHit {
  size_t index = 0;
  uint8_t value = 0;
};
HyperLogLogHit HashForHyperLogLog(std::string_view element);

}  // namespace datatypes
