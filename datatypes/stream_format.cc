// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_format.h"

#include <bit>
#include <cstring>

namespace datatypes {
namespace {

// The first byte of numbers up to here is the number; above, it says how many bytes follow.
constexpr uint64_t kOneByteEnd = 0xf8;
constexpr uint8_t kLengthBase = 0xf7;

// What follows in a payload.
constexpr uint64_t kHasDead = 1U << 0;
constexpr uint64_t kHasGroups = 1U << 1;
constexpr uint64_t kHasOpenRun = 1U << 2;
constexpr uint64_t kHasTop = 1U << 3;  // Else the last entry has the last ID.
constexpr uint64_t kHasDestroyed = 1U << 4;
constexpr uint64_t kAllHeadBits = kHasDead | kHasGroups | kHasOpenRun | kHasTop | kHasDestroyed;

void Append(std::string* out, uint64_t value) {
  char bytes[lsm::kMaxVarintBytes];
  out->append(bytes, static_cast<size_t>(lsm::EncodeVarint(bytes, value) - bytes));
}
void Append(std::string* out, const StreamId& id) {
  Append(out, id.ms);
  Append(out, id.seq);
}
bool Take(std::string_view* in, StreamId* id) {
  return lsm::DecodeVarint(in, &id->ms) && lsm::DecodeVarint(in, &id->seq);
}

void AppendRunBody(std::string* out, const StreamRun& run) {
  Append(out, run.last);
  Append(out, run.live);
  Append(out, run.deleted);
  Append(out, run.bytes);
  char hash[sizeof(run.fields)];
  lsm::EncodeBigEndian(hash, run.fields);
  out->append(hash, sizeof(hash));
}
bool TakeRunBody(std::string_view* in, StreamRun* run) {
  if (!Take(in, &run->last) || !lsm::DecodeVarint(in, &run->live) ||
      !lsm::DecodeVarint(in, &run->deleted) || !lsm::DecodeVarint(in, &run->bytes) ||
      in->size() < sizeof(run->fields)) {
    return false;
  }
  run->fields = lsm::DecodeBigEndian(*in, sizeof(run->fields));
  in->remove_prefix(sizeof(run->fields));
  return true;
}

}  // namespace

char* EncodeOrdered(char* out, uint64_t value) {
  if (value < kOneByteEnd) {
    *out++ = static_cast<char>(value);
    return out;
  }
  const size_t bytes = (static_cast<size_t>(std::bit_width(value)) + 7) / 8;
  *out++ = static_cast<char>(kLengthBase + bytes);
  lsm::EncodeBigEndian(out, value, bytes);
  return out + bytes;
}

bool DecodeOrdered(std::string_view* in, uint64_t* value) {
  if (in->empty()) return false;
  const auto first = static_cast<uint8_t>(in->front());
  if (first < kOneByteEnd) {
    *value = first;
    in->remove_prefix(1);
    return true;
  }
  const size_t bytes = first - size_t{kLengthBase};
  if (in->size() < 1 + bytes) return false;
  *value = lsm::DecodeBigEndian(in->substr(1), bytes);
  // A number has one code.
  const uint64_t least = bytes == 1 ? kOneByteEnd : uint64_t{1} << (8 * (bytes - 1));
  if (*value < least) return false;
  in->remove_prefix(1 + bytes);
  return true;
}

char* EncodeOrderedId(char* out, const StreamId& id) {
  return EncodeOrdered(EncodeOrdered(out, id.ms), id.seq);
}

bool DecodeOrderedId(std::string_view* in, StreamId* id) {
  return DecodeOrdered(in, &id->ms) && DecodeOrdered(in, &id->seq);
}

std::optional<StreamId> DecodeStreamKey(StreamTag tag, std::string_view subkey) {
  if (subkey.empty() || subkey.front() != static_cast<char>(tag)) return std::nullopt;
  subkey.remove_prefix(1);
  StreamId id;
  if (!DecodeOrderedId(&subkey, &id) || !subkey.empty()) return std::nullopt;
  return id;
}

std::string EncodeStreamFields(std::span<const std::string_view> fields) {
  size_t bytes = lsm::kMaxVarintBytes;
  for (const std::string_view text : fields) bytes += lsm::kMaxVarintBytes + text.size();
  std::string value;
  value.resize(bytes);
  char* out = lsm::EncodeVarint(value.data(), fields.size() / 2);
  for (const std::string_view text : fields) {
    out = lsm::EncodeVarint(out, text.size());
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    out += text.size();
  }
  value.resize(static_cast<size_t>(out - value.data()));
  return value;
}

std::optional<StreamFields> StreamFields::Decode(std::string_view value) {
  uint64_t pairs = 0;
  // Every text takes a byte at least.
  if (!lsm::DecodeVarint(&value, &pairs) || pairs > value.size() / 2) return std::nullopt;
  return StreamFields(value, 2 * pairs);
}

std::string_view StreamFields::Take() {
  --texts_;
  uint64_t size = 0;
  if (!lsm::DecodeVarint(&rest_, &size) || size > rest_.size()) {
    rest_ = {};
    return {};
  }
  const std::string_view text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return text;
}

std::string EncodeStreamRun(const StreamRun& run) {
  std::string value;
  AppendRunBody(&value, run);
  return value;
}

std::optional<StreamRun> DecodeStreamRun(const StreamId& start, std::string_view value) {
  StreamRun run;
  run.start = start;
  if (!TakeRunBody(&value, &run) || !value.empty()) return std::nullopt;
  return run;
}

std::string EncodeStreamHead(const StreamHead& head) {
  std::string out;
  out.reserve(96);
  const bool has_dead = head.dead > 0 || head.dead_runs > 0;
  const bool has_groups = head.group_number > 0;
  const bool has_top = head.top != head.last;
  uint64_t bits = 0;
  if (has_dead) bits |= kHasDead;
  if (has_groups) bits |= kHasGroups;
  if (head.open) bits |= kHasOpenRun;
  if (has_top) bits |= kHasTop;
  if (head.destroyed_groups > 0) bits |= kHasDestroyed;
  Append(&out, bits);
  Append(&out, head.length);
  Append(&out, head.added);
  Append(&out, head.last);
  Append(&out, head.max_deleted);
  Append(&out, head.first);
  if (has_top) Append(&out, head.top);
  Append(&out, head.closed_runs);
  if (has_dead) {
    Append(&out, head.dead);
    Append(&out, head.dead_runs);
    Append(&out, head.base);
    Append(&out, head.run_base);
  }
  if (has_groups) {
    Append(&out, head.groups);
    Append(&out, head.group_number);
  }
  if (head.destroyed_groups > 0) Append(&out, head.destroyed_groups);
  if (head.open) {
    Append(&out, head.open->start);
    AppendRunBody(&out, *head.open);
  }
  return out;
}

std::optional<StreamHead> DecodeStreamHead(std::string_view payload) {
  StreamHead head;
  uint64_t bits = 0;
  if (!lsm::DecodeVarint(&payload, &bits) || (bits & ~kAllHeadBits) != 0 ||
      !lsm::DecodeVarint(&payload, &head.length) || !lsm::DecodeVarint(&payload, &head.added) ||
      !Take(&payload, &head.last) || !Take(&payload, &head.max_deleted) ||
      !Take(&payload, &head.first)) {
    return std::nullopt;
  }
  head.top = head.last;
  if ((bits & kHasTop) != 0 && !Take(&payload, &head.top)) return std::nullopt;
  if (!lsm::DecodeVarint(&payload, &head.closed_runs)) return std::nullopt;
  if ((bits & kHasDead) != 0 &&
      (!lsm::DecodeVarint(&payload, &head.dead) || !lsm::DecodeVarint(&payload, &head.dead_runs) ||
       !Take(&payload, &head.base) || !Take(&payload, &head.run_base))) {
    return std::nullopt;
  }
  if ((bits & kHasGroups) != 0 && (!lsm::DecodeVarint(&payload, &head.groups) ||
                                   !lsm::DecodeVarint(&payload, &head.group_number))) {
    return std::nullopt;
  }
  if ((bits & kHasDestroyed) != 0 && !lsm::DecodeVarint(&payload, &head.destroyed_groups)) {
    return std::nullopt;
  }
  if ((bits & kHasOpenRun) != 0) {
    StreamRun& run = head.open.emplace();
    if (!Take(&payload, &run.start) || !TakeRunBody(&payload, &run)) return std::nullopt;
  }
  if (!payload.empty()) return std::nullopt;
  return head;
}

}  // namespace datatypes
