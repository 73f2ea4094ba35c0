// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_format.h"

#include <bit>
#include <cstring>
#include <utility>

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

// A head is read and written by every command: most numbers are short, and this is inlined.
inline char* Put(char* out, uint64_t value) {
  return lsm::EncodeVarint(out, value);
}
inline char* Put(char* out, const StreamId& id) {
  return Put(Put(out, id.ms), id.seq);
}
inline bool Take(std::string_view* in, uint64_t* value) {
  if (!in->empty() && static_cast<uint8_t>(in->front()) < 0x80) {
    *value = static_cast<uint8_t>(in->front());
    in->remove_prefix(1);
    return true;
  }
  return lsm::DecodeVarint(in, value);
}
inline bool Take(std::string_view* in, StreamId* id) {
  return Take(in, &id->ms) && Take(in, &id->seq);
}

char* PutRunBody(char* out, const StreamRun& run) {
  out = Put(Put(Put(Put(out, run.last), run.live), run.deleted), run.bytes);
  lsm::EncodeBigEndian(out, run.fields);
  return out + sizeof(run.fields);
}
bool TakeRunBody(std::string_view* in, StreamRun* run) {
  if (!Take(in, &run->last) || !Take(in, &run->live) || !Take(in, &run->deleted) ||
      !Take(in, &run->bytes) || in->size() < sizeof(run->fields)) {
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

EncodedStreamFields::EncodedStreamFields(std::span<const std::string_view> fields) {
  size_t bytes = lsm::kMaxVarintBytes;
  for (const std::string_view text : fields) bytes += lsm::kMaxVarintBytes + text.size();
  char* const begin = bytes <= sizeof(inline_) ? inline_ : Allocate(bytes);
  char* out = lsm::EncodeVarint(begin, fields.size() / 2);
  for (const std::string_view text : fields) {
    out = lsm::EncodeVarint(out, text.size());
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    out += text.size();
  }
  view_ = {begin, static_cast<size_t>(out - begin)};
}

char* EncodedStreamFields::Allocate(size_t bytes) {
  heap_ = std::make_unique_for_overwrite<char[]>(bytes);
  return heap_.get();
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
  char bytes[5 * lsm::kMaxVarintBytes + sizeof(run.fields)];
  return {bytes, static_cast<size_t>(PutRunBody(bytes, run) - bytes)};
}

std::optional<StreamRun> DecodeStreamRun(const StreamId& start, std::string_view value) {
  StreamRun run;
  run.start = start;
  if (!TakeRunBody(&value, &run) || !value.empty()) return std::nullopt;
  return run;
}

std::string_view EncodeStreamHead(const StreamHead& head, StreamHeadBuffer& buffer) {
  const bool has_dead = head.dead > 0 || head.dead_runs > 0;
  const bool has_groups = head.group_number > 0;
  const bool has_top = head.top != head.last;
  uint64_t bits = 0;
  if (has_dead) bits |= kHasDead;
  if (has_groups) bits |= kHasGroups;
  if (head.open) bits |= kHasOpenRun;
  if (has_top) bits |= kHasTop;
  if (head.destroyed_groups > 0) bits |= kHasDestroyed;
  char* out = Put(buffer.data(), bits);
  out = Put(Put(out, head.length), head.added);
  out = Put(Put(Put(out, head.last), head.max_deleted), head.first);
  if (has_top) out = Put(out, head.top);
  out = Put(out, head.closed_runs);
  if (has_dead) {
    out = Put(Put(out, head.dead), head.dead_runs);
    out = Put(Put(out, head.base), head.run_base);
  }
  if (has_groups) out = Put(Put(out, head.groups), head.group_number);
  if (head.destroyed_groups > 0) out = Put(out, head.destroyed_groups);
  if (head.open) out = PutRunBody(Put(out, head.open->start), *head.open);
  return {buffer.data(), static_cast<size_t>(out - buffer.data())};
}

std::string EncodeStreamHead(const StreamHead& head) {
  StreamHeadBuffer buffer;
  return std::string(EncodeStreamHead(head, buffer));
}

std::optional<StreamHead> DecodeStreamHead(std::string_view payload) {
  std::optional<StreamHead> decoded(std::in_place);
  StreamHead& head = *decoded;
  uint64_t bits = 0;
  bool ok = Take(&payload, &bits) && (bits & ~kAllHeadBits) == 0 && Take(&payload, &head.length) &&
            Take(&payload, &head.added) && Take(&payload, &head.last) &&
            Take(&payload, &head.max_deleted) && Take(&payload, &head.first);
  if (!ok) return std::nullopt;
  head.top = head.last;
  // A bit stands only where its numbers say something: a head has one encoding.
  if ((bits & kHasTop) != 0) ok = Take(&payload, &head.top) && head.top != head.last;
  ok = ok && Take(&payload, &head.closed_runs);
  if (ok && (bits & kHasDead) != 0) {
    ok = Take(&payload, &head.dead) && Take(&payload, &head.dead_runs) &&
         Take(&payload, &head.base) && Take(&payload, &head.run_base) &&
         (head.dead > 0 || head.dead_runs > 0);
  }
  if (ok && (bits & kHasGroups) != 0) {
    ok =
        Take(&payload, &head.groups) && Take(&payload, &head.group_number) && head.group_number > 0;
  }
  if (ok && (bits & kHasDestroyed) != 0) {
    ok = Take(&payload, &head.destroyed_groups) && head.destroyed_groups > 0;
  }
  if (ok && (bits & kHasOpenRun) != 0) {
    StreamRun& run = head.open.emplace();
    ok = Take(&payload, &run.start) && TakeRunBody(&payload, &run);
  }
  if (!ok || !payload.empty()) return std::nullopt;
  return decoded;
}

}  // namespace datatypes
