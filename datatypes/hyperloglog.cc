// SPDX-License-Identifier: BSD-3-Clause
// The registers' two forms and how they are edited. What an edit leaves must be what Redis leaves,
// byte for byte, so that a value means the same on either side and DUMPs compare: where an opcode
// is split, which neighbours are joined afterwards, and when the form changes are Redis' choices.
#include "datatypes/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "datatypes/hyperloglog_opcode.h"

namespace datatypes {
namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr size_t kEncodingAt = 4;
constexpr size_t kCountAt = 8;
constexpr uint8_t kCountInvalid = 0x80;  // In the count's last byte.
constexpr int kIndexBits = 14;
constexpr int kHashBits = 64 - kIndexBits;
constexpr int kRegisterBits = 6;
constexpr uint32_t kRegisterMask = (1U << kRegisterBits) - 1;

using Histogram = std::array<uint32_t, 64>;

std::string_view Body(std::string_view bytes) {
  return bytes.substr(HyperLogLog::kHeaderBytes);
}

uint8_t Byte(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

uint8_t DenseRegister(std::string_view body, size_t index) {
  const size_t bit = index * kRegisterBits;
  const size_t at = bit / 8;
  const uint32_t low = Byte(body, at);
  const uint32_t high = at + 1 < body.size() ? Byte(body, at + 1) : 0;
  return static_cast<uint8_t>(((low | high << 8) >> (bit % 8)) & kRegisterMask);
}

void SetDenseRegister(char* body, size_t body_bytes, size_t index, uint8_t value) {
  const size_t bit = index * kRegisterBits;
  const size_t at = bit / 8;
  const auto set = [&](size_t where, uint32_t mask, uint32_t bits) {
    body[where] = static_cast<char>((static_cast<uint8_t>(body[where]) & ~mask) | bits);
  };
  const uint32_t mask = kRegisterMask << (bit % 8);
  const uint32_t bits = uint32_t{value} << (bit % 8);
  set(at, mask & 0xff, bits & 0xff);
  if (at + 1 < body_bytes) set(at + 1, mask >> 8, bits >> 8);
}

// Visits the runs of a sparse one: their first register, length and value. False: the opcodes do
// not cover the registers exactly.
template <typename Visit>
bool ForEachRun(std::string_view body, const Visit& visit) {
  size_t index = 0;
  for (size_t at = 0; at < body.size();) {
    const std::optional<HllOpcode> opcode = HllOpcode::Read(body.substr(at));
    if (!opcode || index + opcode->run > HyperLogLog::kRegisters) return false;
    visit(index, *opcode);
    index += opcode->run;
    at += opcode->bytes();
  }
  return index == HyperLogLog::kRegisters;
}

// The two series of O. Ertl, «New cardinality estimation algorithms for HyperLogLog sketches»
// (arXiv:1702.01284): what registers that are full and those that are still zero contribute.
double Tau(double x) {
  if (x == 0.0 || x == 1.0) return 0.0;
  double y = 1.0;
  double z = 1 - x;
  for (double before = z + 1; before != z;) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= std::pow(1 - x, 2) * y;
  }
  return z / 3;
}

double Sigma(double x) {
  if (x == 1.0) return INFINITY;
  double y = 1.0;
  double z = x;
  for (double before = z - 1; before != z;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

uint64_t Estimate(const Histogram& histogram) {
  constexpr double kAlpha = 0.721347520444481703680;
  constexpr auto kM = static_cast<double>(HyperLogLog::kRegisters);
  double z = kM * Tau((kM - histogram[kHashBits + 1]) / kM);
  for (size_t value = kHashBits; value >= 1; --value) {
    z += histogram[value];
    z *= 0.5;
  }
  z += kM * Sigma(histogram[0] / kM);
  return static_cast<uint64_t>(std::llroundl(kAlpha * kM * kM / z));
}

// MurmurHash2, the variant for 64 bits, little-endian on every machine.
uint64_t Murmur64(std::string_view bytes) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr uint64_t kSeed = 0xadc83b19;
  constexpr int kShift = 47;
  const auto word = [&bytes](size_t at, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= uint64_t{Byte(bytes, at + i)} << (8 * i);
    return value;
  };
  uint64_t hash = kSeed ^ (bytes.size() * kMultiplier);
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t k = word(at, 8) * kMultiplier;
    k ^= k >> kShift;
    hash = (hash ^ k * kMultiplier) * kMultiplier;
  }
  if (at < bytes.size()) hash = (hash ^ word(at, bytes.size() - at)) * kMultiplier;
  hash ^= hash >> kShift;
  hash *= kMultiplier;
  return hash ^ hash >> kShift;
}

}  // namespace

HyperLogLogHit HashForHyperLogLog(std::string_view element) {
  const uint64_t hash = Murmur64(element);
  // The set bit above the hash's ends the count.
  const uint64_t rest = hash >> kIndexBits | uint64_t{1} << kHashBits;
  return {hash & (HyperLogLog::kRegisters - 1), static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

std::string HyperLogLog::Empty() {
  std::string bytes(kMagic);
  bytes.resize(kHeaderBytes);
  bytes[kEncodingAt] = static_cast<char>(Encoding::kSparse);
  HllOpcode{HllOpcode::Kind::kLongZero, kRegisters, 0}.AppendTo(bytes);
  return bytes;
}

bool HyperLogLog::Recognize(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return false;
  const uint8_t encoding = Byte(bytes, kEncodingAt);
  if (encoding == static_cast<uint8_t>(Encoding::kDense)) return bytes.size() == kDenseBytes;
  return encoding == static_cast<uint8_t>(Encoding::kSparse);
}

HyperLogLog::Encoding HyperLogLog::EncodingOf(std::string_view bytes) {
  return static_cast<Encoding>(bytes[kEncodingAt]);
}

// ---- Reading.

std::optional<uint64_t> HyperLogLog::CachedCount(std::string_view bytes) {
  uint64_t count = 0;
  for (size_t i = 0; i < sizeof(count); ++i)
    count |= uint64_t{Byte(bytes, kCountAt + i)} << (8 * i);
  if (count >> 63 != 0) return std::nullopt;
  return count;
}

std::optional<uint64_t> HyperLogLog::Count(std::string_view bytes) {
  Histogram histogram = {};
  if (EncodingOf(bytes) == Encoding::kDense) {
    for (size_t i = 0; i < kRegisters; ++i) ++histogram[DenseRegister(Body(bytes), i)];
  } else if (!ForEachRun(Body(bytes), [&histogram](size_t, const HllOpcode& run) {
               histogram[run.value] += static_cast<uint32_t>(run.run);
             })) {
    return std::nullopt;
  }
  return Estimate(histogram);
}

uint64_t HyperLogLog::Count(const Registers& registers) {
  Histogram histogram = {};
  for (const uint8_t value : registers) ++histogram[value & kRegisterMask];
  return Estimate(histogram);
}

bool HyperLogLog::MergeInto(Registers& registers, std::string_view bytes) {
  if (EncodingOf(bytes) == Encoding::kDense) {
    for (size_t i = 0; i < kRegisters; ++i) {
      registers[i] = std::max(registers[i], DenseRegister(Body(bytes), i));
    }
    return true;
  }
  return ForEachRun(Body(bytes), [&registers](size_t first, const HllOpcode& run) {
    for (size_t i = first; i < first + run.run; ++i) {
      registers[i] = std::max(registers[i], run.value);
    }
  });
}

std::string HyperLogLog::Describe(std::string_view bytes) {
  std::string text;
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    const std::optional<HllOpcode> opcode = HllOpcode::Read(bytes.substr(at));
    if (!opcode) break;
    if (!text.empty()) text += ' ';
    switch (opcode->kind) {
      case HllOpcode::Kind::kZero:
        text += fmt::format("z:{}", opcode->run);
        break;
      case HllOpcode::Kind::kLongZero:
        text += fmt::format("Z:{}", opcode->run);
        break;
      case HllOpcode::Kind::kValue:
        text += fmt::format("v:{},{}", opcode->value, opcode->run);
        break;
    }
    at += opcode->bytes();
  }
  return text;
}

// ---- Editing.

void HyperLogLog::CacheCount(uint64_t count) {
  for (size_t i = 0; i < sizeof(count); ++i) {
    bytes_[kCountAt + i] = static_cast<char>(count >> (8 * i) & 0xff);
  }
}

void HyperLogLog::InvalidateCachedCount() {
  char& last = bytes_[kCountAt + 7];
  last = static_cast<char>(static_cast<uint8_t>(last) | kCountInvalid);
}

std::optional<bool> HyperLogLog::Add(std::string_view element) {
  const HyperLogLogHit hit = HashForHyperLogLog(element);
  return Raise(hit.index, hit.value);
}

std::optional<bool> HyperLogLog::Raise(size_t index, uint8_t value) {
  if (encoding() == Encoding::kDense) return RaiseDense(index, value);
  return RaiseSparse(index, value);
}

bool HyperLogLog::RaiseDense(size_t index, uint8_t value) {
  if (DenseRegister(Body(bytes_), index) >= value) return false;
  SetDenseRegister(bytes_.data() + kHeaderBytes, bytes_.size() - kHeaderBytes, index, value);
  return true;
}

bool HyperLogLog::MakeDense() {
  if (encoding() == Encoding::kDense) return true;
  std::string dense = bytes_.substr(0, kHeaderBytes);
  dense[kEncodingAt] = static_cast<char>(Encoding::kDense);
  dense.resize(kDenseBytes);
  const bool sound = ForEachRun(Body(bytes_), [&dense](size_t first, const HllOpcode& run) {
    if (run.value == 0) return;
    for (size_t i = first; i < first + run.run; ++i) {
      SetDenseRegister(dense.data() + kHeaderBytes, kDenseBytes - kHeaderBytes, i, run.value);
    }
  });
  if (!sound) return false;
  bytes_ = std::move(dense);
  return true;
}

std::optional<bool> HyperLogLog::RaiseSparse(size_t index, uint8_t value) {
  const auto in_dense = [&]() -> std::optional<bool> {
    if (!MakeDense()) return std::nullopt;
    return RaiseDense(index, value);
  };
  if (value > HllOpcode::kMaxValue) return in_dense();

  // The opcode that covers the register, and the one before it.
  size_t first = 0;
  size_t at = kHeaderBytes;
  size_t before = kHeaderBytes;
  std::optional<HllOpcode> old;
  for (;;) {
    if (at >= bytes_.size()) return std::nullopt;
    old = HllOpcode::Read(std::string_view(bytes_).substr(at));
    if (!old) return std::nullopt;
    if (index < first + old->run) break;
    before = at;
    first += old->run;
    at += old->bytes();
  }
  if (old->kind == HllOpcode::Kind::kValue && old->value >= value) return false;

  std::string fresh;
  const auto rest = [&](size_t run) {
    if (run == 0) return;
    if (old->kind == HllOpcode::Kind::kValue) {
      HllOpcode{HllOpcode::Kind::kValue, run, old->value}.AppendTo(fresh);
    } else {
      HllOpcode::Zeros(run).AppendTo(fresh);
    }
  };
  rest(index - first);
  HllOpcode{HllOpcode::Kind::kValue, 1, value}.AppendTo(fresh);
  rest(first + old->run - index - 1);
  const size_t grown = bytes_.size() - old->bytes() + fresh.size();
  if (fresh.size() > old->bytes() && grown > sparse_max_bytes_) return in_dense();
  bytes_.replace(at, old->bytes(), fresh);
  JoinValues(before);
  InvalidateCachedCount();
  return true;
}

// Joins neighbours of the same value that fit one opcode, as far as five opcodes reach.
void HyperLogLog::JoinValues(size_t from) {
  size_t at = from;
  for (int looks = 0; looks < 5 && at < bytes_.size(); ++looks) {
    const std::optional<HllOpcode> one = HllOpcode::Read(std::string_view(bytes_).substr(at));
    if (!one) return;
    if (one->kind == HllOpcode::Kind::kValue && at + 1 < bytes_.size()) {
      const std::optional<HllOpcode> next =
          HllOpcode::Read(std::string_view(bytes_).substr(at + 1));
      if (next && next->kind == HllOpcode::Kind::kValue && next->value == one->value &&
          one->run + next->run <= HllOpcode::kMaxValueRun) {
        std::string joined;
        HllOpcode{HllOpcode::Kind::kValue, one->run + next->run, one->value}.AppendTo(joined);
        bytes_.replace(at, 2, joined);
        continue;  // The result may be joined to what follows.
      }
    }
    at += one->bytes();
  }
}

}  // namespace datatypes
