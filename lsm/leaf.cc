// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/leaf.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#ifdef TIERCEL_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "lsm/status.h"

namespace lsm {
namespace {

const char* DecodeVarint32(const char* from, uint32_t* value) {
  uint32_t result = 0;
  for (uint32_t shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(*from++);
    result |= static_cast<uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  *value = result;
  return from;
}

// What the allocator would really hand out for `bytes`: slack that costs nothing.
size_t SizeClass(size_t bytes) {
#ifdef TIERCEL_JEMALLOC
  return nallocx(bytes, 0);
#else
  return (bytes + 15) / 16 * 16;
#endif
}

// The packed size of the row at `at`, for those that only step over it.
inline uint32_t SizeOfRow(const char* at) {
  const uint32_t key_bytes = static_cast<uint8_t>(at[0]);
  const uint32_t value_bytes = static_cast<uint8_t>(at[1]);
  if ((key_bytes | value_bytes) < 0x80) [[likely]]
    return 2 + key_bytes + value_bytes;
  return static_cast<uint32_t>(DecodeRow(at).size);
}

void WriteRow(char* to, std::string_view key, std::string_view value) {
  to = EncodeVarint32(to, static_cast<uint32_t>(key.size()));
  to = EncodeVarint32(to, static_cast<uint32_t>(value.size()));
  if (!key.empty()) std::memcpy(to, key.data(), key.size());
  if (!value.empty()) std::memcpy(to + key.size(), value.data(), value.size());
}

}  // namespace

char* EncodeVarint32(char* to, uint32_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

size_t VarintSize(uint32_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

size_t PackedRowSize(size_t key_bytes, size_t value_bytes) {
  return VarintSize(static_cast<uint32_t>(key_bytes)) +
         VarintSize(static_cast<uint32_t>(value_bytes)) + key_bytes + value_bytes;
}

PackedRow DecodeRow(const char* at) {
  uint32_t key_bytes = static_cast<uint8_t>(at[0]);
  uint32_t value_bytes = static_cast<uint8_t>(at[1]);
  const char* p = at + 2;
  if ((key_bytes | value_bytes) >= 0x80) {
    p = DecodeVarint32(at, &key_bytes);
    p = DecodeVarint32(p, &value_bytes);
  }
  return {{p, key_bytes},
          {p + key_bytes, value_bytes},
          static_cast<size_t>(p - at) + key_bytes + value_bytes};
}

Leaf::~Leaf() {
  std::free(block_);
}

Leaf& Leaf::operator=(Leaf&& other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

Leaf Leaf::Empty() {
  Leaf leaf;
  const size_t size = SizeClass(kHeaderBytes);
  leaf.block_ = std::malloc(size);
  ENSURE(leaf.block_ != nullptr);
  *leaf.header() = {0, static_cast<uint32_t>(size - kHeaderBytes), 0, 0};
  return leaf;
}

Leaf Leaf::FromPacked(std::string_view packed, size_t row_count) {
  Leaf leaf = Empty();
  const size_t segments = CountSegments(packed.data(), row_count, packed.size());
  leaf.Resize(packed.size() + IndexBytesFor(segments));
  if (!packed.empty()) std::memcpy(leaf.data(), packed.data(), packed.size());
  leaf.header()->used = static_cast<uint32_t>(packed.size());
  leaf.header()->rows = static_cast<uint16_t>(row_count);
  leaf.BuildIndex();
  return leaf;
}

Leaf::Segment Leaf::segment(uint32_t index) const {
  Segment result;
  std::memcpy(&result, SegmentAt(index), sizeof(Segment));
  return result;
}

void Leaf::set_segment(uint32_t index, Segment segment) {
  std::memcpy(SegmentAt(index), &segment, sizeof(Segment));
}

uint16_t Leaf::common() const {
  uint16_t bytes = 0;
  std::memcpy(&bytes, data() + header()->capacity - sizeof(bytes), sizeof(bytes));
  return bytes;
}

void Leaf::set_common(uint16_t bytes) {
  std::memcpy(data() + header()->capacity - sizeof(bytes), &bytes, sizeof(bytes));
}

uint32_t Leaf::HeadOf(std::string_view key) const {
  uint32_t big_endian = 0;
  const size_t skip = common();
  if (key.size() > skip) {
    std::memcpy(&big_endian, key.data() + skip, std::min<size_t>(4, key.size() - skip));
  }
  if constexpr (std::endian::native == std::endian::little) {
    big_endian = __builtin_bswap32(big_endian);
  }
  return big_endian;
}

// After the index was built, or a key came that begins otherwise than all others.
void Leaf::RebuildHeads() {
  Header* h = header();
  const std::string_view first = At(0).key;
  Segment s = segment(h->segments - 1U);
  uint32_t offset = s.offset;
  for (uint32_t i = 1; i < s.rows; ++i) offset += SizeOfRow(data() + offset);
  const std::string_view last = At(offset).key;
  uint16_t length = 0;
  while (length < first.size() && length < last.size() && first[length] == last[length]) ++length;
  set_common(length);
  for (uint32_t i = 0; i < h->segments; ++i) {
    s = segment(i);
    s.head = HeadOf(At(s.offset).key);
    set_segment(i, s);
  }
}

uint32_t Leaf::FindSegment(std::string_view key) const {
  uint32_t low = 0;
  uint32_t high = header()->segments;
  const size_t shared = common();
  if (shared > 0) {
    const int order = key.substr(0, shared).compare(At(0).key.substr(0, shared));
    if (order != 0) return order < 0 ? 0 : high - 1;
  }
  const uint32_t wanted = HeadOf(key);
  while (low + 1 < high) {
    const uint32_t middle = (low + high) / 2;
    const Segment s = segment(middle);
    const bool not_greater = s.head != wanted ? s.head < wanted : At(s.offset).key <= key;
    (not_greater ? low : high) = middle;
  }
  return low;
}

// Requires room for it.
void Leaf::InsertSegment(uint32_t index, Segment segment) {
  Header* h = header();
  char* bottom = SegmentAt(h->segments - 1U);
  std::memmove(bottom - sizeof(Segment), bottom, (h->segments - index) * sizeof(Segment));
  ++h->segments;
  set_segment(index, segment);
}

void Leaf::RemoveSegment(uint32_t index) {
  Header* h = header();
  char* bottom = SegmentAt(h->segments - 1U);
  std::memmove(bottom + sizeof(Segment), bottom, (h->segments - index - 1) * sizeof(Segment));
  --h->segments;
  if (h->segments == 1) h->segments = 0;
}

namespace {

// Calls segment(offset, rows) for each one that rows are to be divided into.
template <typename Callback>
void DivideIntoSegments(const char* rows, size_t row_count, Callback segment) {
  uint32_t start = 0;
  uint32_t offset = 0;
  uint32_t count = 0;
  for (size_t i = 0; i < row_count; ++i) {
    const uint32_t size = SizeOfRow(rows + offset);
    if (count == Leaf::kSegmentRows || (count > 0 && offset + size - start > Leaf::kSegmentBytes)) {
      segment(start, count);
      start = offset;
      count = 0;
    }
    ++count;
    offset += size;
  }
  segment(start, count);
}

}  // namespace

size_t Leaf::CountSegments(const char* rows, size_t row_count, size_t bytes) {
  size_t segments = 0;
  if (!NeedsIndex(row_count, bytes)) return segments;
  DivideIntoSegments(rows, row_count, [&](uint32_t, uint32_t) { ++segments; });
  return segments;
}

void Leaf::BuildIndex() {
  header()->segments = 0;
  const size_t segments = CountSegments(data(), rows(), used());
  if (segments == 0) return;
  ENSURE(used() <= UINT16_MAX);
  const size_t needed = used() + IndexBytesFor(segments);
  if (needed > header()->capacity) Resize(needed);
  DivideIntoSegments(data(), rows(), [this](uint32_t offset, uint32_t count) {
    set_segment(header()->segments++,
                {static_cast<uint16_t>(offset), static_cast<uint16_t>(count), 0});
  });
  if (header()->segments == 1) header()->segments = 0;
  if (header()->segments > 0) RebuildHeads();
}

void Leaf::Resize(size_t needed) {
  const size_t index_bytes = IndexBytes();
  const size_t size = SizeClass(kHeaderBytes + needed);
  const size_t capacity = size - kHeaderBytes;
  const size_t old = header()->capacity;
  if (capacity == old) return;
  if (capacity < old) {
    std::memmove(data() + capacity - index_bytes, data() + old - index_bytes, index_bytes);
  }
  block_ = std::realloc(block_, size);
  ENSURE(block_ != nullptr);
  if (capacity > old) {
    std::memmove(data() + capacity - index_bytes, data() + old - index_bytes, index_bytes);
  }
  header()->capacity = static_cast<uint32_t>(capacity);
}

uint32_t Leaf::Before(uint32_t offset) const {
  uint32_t at = 0;
  if (uint32_t high = header()->segments; high > 0) {
    uint32_t low = 0;  // The last segment that starts before `offset`.
    while (low + 1 < high) {
      const uint32_t middle = (low + high) / 2;
      (segment(middle).offset < offset ? low : high) = middle;
    }
    at = segment(low).offset;
  }
  for (;;) {
    const uint32_t next = at + SizeOfRow(data() + at);
    if (next >= offset) return at;
    at = next;
  }
}

Leaf::Position Leaf::LowerBound(std::string_view key, bool* found) const {
  const Header* h = header();
  Position position;
  uint32_t rows = h->rows;
  if (h->segments > 0) {
    position.segment = FindSegment(key);
    const Segment s = segment(position.segment);
    position.offset = s.offset;
    rows = s.rows;
  }
  *found = false;
  const char* at = data() + position.offset;
  for (; position.row < rows; ++position.row) {
    size_t key_bytes = static_cast<uint8_t>(at[0]);
    const size_t value_bytes = static_cast<uint8_t>(at[1]);
    size_t size = 2 + key_bytes + value_bytes;
    const char* row_key = at + 2;
    if ((key_bytes | value_bytes) >= 0x80) [[unlikely]] {
      const PackedRow row = DecodeRow(at);
      key_bytes = row.key.size();
      row_key = row.key.data();
      size = row.size;
    }
    const int order = std::string_view(row_key, key_bytes).compare(key);
    if (order >= 0) {
      *found = order == 0;
      break;
    }
    at += size;
  }
  position.offset = static_cast<uint32_t>(at - data());
  return position;
}

uint32_t Leaf::OffsetOf(uint32_t ordinal) const {
  if (ordinal >= rows()) return used();
  uint32_t at = 0;
  for (uint32_t i = 0; i < header()->segments; ++i) {
    const Segment s = segment(i);
    at = s.offset;
    if (ordinal < s.rows) break;
    ordinal -= s.rows;
  }
  for (; ordinal > 0; --ordinal) at += SizeOfRow(data() + at);
  return at;
}

uint32_t Leaf::OrdinalOf(const Position& position) const {
  uint32_t ordinal = position.row;
  for (uint32_t i = 0; i < position.segment; ++i) ordinal += segment(i).rows;
  return ordinal;
}

bool Leaf::Fits(size_t row_bytes) const {
  const Header* h = header();
  if (h->rows == 0) return true;
  const size_t index = h->segments > 0 ? IndexBytes() + sizeof(Segment)
                                       : MaxIndexBytes(h->rows + 1U, h->used + row_bytes);
  return kHeaderBytes + h->used + row_bytes + index <= kMaxBytes;
}

bool Leaf::FitsReplaced(size_t old_row_bytes, size_t new_row_bytes) const {
  if (rows() == 1) return true;
  return kHeaderBytes + used() + IndexBytes() - old_row_bytes + new_row_bytes <= kMaxBytes;
}

bool Leaf::FitsAll(const Leaf& other) const {
  if (rows() == 0 || other.rows() == 0) return true;
  const size_t bytes = used() + other.used();
  return kHeaderBytes + bytes + MaxIndexBytes(rows() + other.rows(), bytes) <= kMaxBytes;
}

void Leaf::Insert(const Position& at, std::string_view key, std::string_view value) {
  const auto size = static_cast<uint32_t>(PackedRowSize(key.size(), value.size()));
  // Room for one segment more; the index itself makes room for when it comes about.
  const size_t needed =
      used() + size + (header()->segments > 0 ? IndexBytes() + sizeof(Segment) : 0);
  if (needed > header()->capacity) Resize(needed);
  Header* h = header();
  char* to = data() + at.offset;
  std::memmove(to + size, to, h->used - at.offset);
  WriteRow(to, key, value);
  h->used += size;
  ++h->rows;
  if (h->segments == 0) {
    if (NeedsIndex(h->rows, h->used)) BuildIndex();
    return;
  }
  for (uint32_t i = at.segment + 1; i < h->segments; ++i) {
    Segment s = segment(i);
    s.offset = static_cast<uint16_t>(s.offset + size);
    set_segment(i, s);
  }
  GrowSegment(at, key);
}

// A row was inserted at `at`: counts it, keeps heads right, and divides a segment that is too
// large.
void Leaf::GrowSegment(const Position& at, std::string_view key) {
  Header* h = header();
  Segment grown = segment(at.segment);
  ++grown.rows;
  const bool last = at.segment + 1U == h->segments;
  const uint32_t end = last ? h->used : segment(at.segment + 1).offset;
  const bool first_or_last = at.offset == 0 || (last && at.row + 1U == grown.rows);
  if (grown.rows <= kSegmentRows && (grown.rows == 1 || end - grown.offset <= kSegmentBytes)) {
    if (at.row == 0) grown.head = HeadOf(key);
    set_segment(at.segment, grown);
    if (first_or_last) CheckCommon(key);
    return;
  }
  // One that is too large is halved, but when rows come in ascending order it stays full.
  const uint32_t keep = last && at.row + 1U == grown.rows ? grown.rows - 1U : grown.rows / 2U;
  uint32_t offset = grown.offset;
  for (uint32_t i = 0; i < keep; ++i) offset += SizeOfRow(data() + offset);
  const auto rest = static_cast<uint16_t>(grown.rows - keep);
  grown.rows = static_cast<uint16_t>(keep);
  grown.head = HeadOf(At(grown.offset).key);
  set_segment(at.segment, grown);
  InsertSegment(at.segment + 1, {static_cast<uint16_t>(offset), rest, HeadOf(At(offset).key)});
  if (first_or_last) CheckCommon(key);
}

// A new first or last key may begin otherwise than all others.
void Leaf::CheckCommon(std::string_view key) {
  const Segment other = segment(key == At(0).key ? 1 : 0);
  const size_t shared = common();
  if (key.substr(0, shared) != At(other.offset).key.substr(0, shared)) RebuildHeads();
}

void Leaf::Replace(const Position& at, std::string_view value) {
  const PackedRow old = At(at.offset);
  if (old.value.size() == value.size()) {
    if (!value.empty())
      std::memcpy(const_cast<char*>(old.value.data()), value.data(), value.size());
    return;
  }
  const std::string_view old_key = old.key;
  const size_t size = PackedRowSize(old_key.size(), value.size());
  const ptrdiff_t delta = static_cast<ptrdiff_t>(size) - static_cast<ptrdiff_t>(old.size);
  const size_t needed = used() + IndexBytes() + size - old.size;
  if (needed > header()->capacity) Resize(needed);
  char* to = data() + at.offset;
  const std::string_view key = At(at.offset).key;  // The block may have moved.
  const size_t lengths = size - key.size() - value.size();
  // The key first or the rest first, so that neither is run over.
  char* tail = to + old.size;
  const size_t tail_bytes = used() - at.offset - old.size;
  if (delta > 0) std::memmove(tail + delta, tail, tail_bytes);
  std::memmove(to + lengths, key.data(), key.size());
  if (delta < 0) std::memmove(tail + delta, tail, tail_bytes);
  EncodeVarint32(EncodeVarint32(to, static_cast<uint32_t>(key.size())),
                 static_cast<uint32_t>(value.size()));
  if (!value.empty()) std::memcpy(to + lengths + key.size(), value.data(), value.size());
  header()->used = static_cast<uint32_t>(header()->used + delta);
  for (uint32_t i = at.segment + 1; i < header()->segments; ++i) {
    Segment s = segment(i);
    s.offset = static_cast<uint16_t>(s.offset + delta);
    set_segment(i, s);
  }
  if (delta < 0 && needed + kHeaderBytes < allocated_bytes() * 5 / 8) Resize(needed);
}

void Leaf::Erase(const Position& at) {
  Header* h = header();
  const auto size = static_cast<uint32_t>(At(at.offset).size);
  char* to = data() + at.offset;
  std::memmove(to, to + size, h->used - at.offset - size);
  h->used -= size;
  --h->rows;
  if (h->segments > 0) {
    for (uint32_t i = at.segment + 1; i < h->segments; ++i) {
      Segment s = segment(i);
      s.offset = static_cast<uint16_t>(s.offset - size);
      set_segment(i, s);
    }
    Segment shrunk = segment(at.segment);
    --shrunk.rows;
    if (at.row == 0 && shrunk.rows > 0) shrunk.head = HeadOf(At(shrunk.offset).key);
    set_segment(at.segment, shrunk);
    if (shrunk.rows == 0) RemoveSegment(at.segment);
    // Many sparse segments help nobody.
    if (IndexBytes() > MaxIndexBytes(h->rows, h->used) + 4 * sizeof(Segment)) BuildIndex();
  }
  const size_t needed = h->used + IndexBytes();
  if (needed + kHeaderBytes < allocated_bytes() * 5 / 8) Resize(needed);
}

void Leaf::EraseSpan(uint32_t from, uint32_t to, size_t row_count) {
  Header* h = header();
  std::memmove(data() + from, data() + to, h->used - to);
  h->used -= to - from;
  h->rows = static_cast<uint16_t>(h->rows - row_count);
  h->segments = 0;
  *this = FromPacked(packed(), h->rows);
}

Leaf Leaf::SplitOff(uint32_t ordinal) {
  const uint32_t offset = OffsetOf(ordinal);
  Leaf right = FromPacked(packed().substr(offset), rows() - ordinal);
  header()->used = offset;
  header()->rows = static_cast<uint16_t>(ordinal);
  header()->segments = 0;
  Resize(offset + IndexBytesFor(CountSegments(data(), ordinal, offset)));
  BuildIndex();
  return right;
}

uint32_t Leaf::Middle() const {
  uint32_t ordinal = 0;
  uint32_t offset = 0;
  while (ordinal + 1 < rows()) {
    const uint32_t size = SizeOfRow(data() + offset);
    if (ordinal > 0 && offset + size / 2 >= used() / 2) break;
    offset += size;
    ++ordinal;
  }
  return ordinal;
}

void Leaf::Append(const Leaf& other) {
  const uint32_t offset = used();
  const size_t all = rows() + other.rows();
  const size_t bytes = offset + other.used();
  header()->segments = 0;
  Resize(bytes + MaxIndexBytes(all, bytes));
  if (other.used() > 0) std::memcpy(data() + offset, other.data(), other.used());
  header()->used += other.used();
  header()->rows = static_cast<uint16_t>(all);
  BuildIndex();
}

}  // namespace lsm
