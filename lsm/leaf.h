// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace lsm {

// Writes at most 5 bytes and returns their end. The packed row format is
//   varint key length · varint value length · key · value.
char* EncodeVarint32(char* to, uint32_t value);
size_t VarintSize(uint32_t value);
size_t PackedRowSize(size_t key_bytes, size_t value_bytes);

// A row as it lies in packed bytes.
struct PackedRow {
  std::string_view key;
  std::string_view value;
  size_t size = 0;  // Packed.
};
PackedRow DecodeRow(const char* at);

// A run of rows in ascending order, packed into one allocation:
//
//   used u32 | capacity u32 | rows u16 | segments u16 | rows … → free space ← … segment index
//
// Past kSegmentRows rows or kSegmentBytes, an index grows down from the block's end: for each
// segment of about that size its offset, its row count, and the four bytes of its first key that
// follow what all keys of the leaf begin with; before them, how long that is. So a search mostly
// finds its segment without looking at rows, which would be a cache miss each, and scans that one.
// A short row costs 2 bytes of lengths and about half a byte of index. Blocks are sized to the
// allocator's size classes, without further slack.
//
// Up to kMaxBytes, or one row of any size. Owns its block; moves only. Offsets and views are good
// until the next change.
class Leaf {
 public:
  struct Segment {
    uint16_t offset;
    uint16_t rows;
    uint32_t head;  // Of its first key.
  };

  static constexpr size_t kMaxBytes = 4096;  // Of the block.
  static constexpr size_t kHeaderBytes = 12;
  static constexpr size_t kIndexTailBytes = 4;
  static constexpr uint32_t kSegmentRows = 16;
  static constexpr uint32_t kSegmentBytes = 512;  // Or one row.
  static constexpr bool NeedsIndex(size_t row_count, size_t bytes) {
    return row_count > kSegmentRows || (row_count > 2 && bytes > kSegmentBytes);
  }
  // The most bytes of index for rows of that number and size.
  static constexpr size_t MaxIndexBytes(size_t row_count, size_t bytes) {
    if (!NeedsIndex(row_count, bytes)) return 0;
    return (row_count / kSegmentRows + 2 * bytes / kSegmentBytes + 2) * sizeof(Segment) +
           kIndexTailBytes;
  }

  // Where a row is, or would be inserted: `row` is counted within the segment.
  struct Position {
    uint32_t offset = 0;
    uint32_t segment = 0;
    uint32_t row = 0;
  };

  Leaf() = default;  // No block: only to be assigned to.
  ~Leaf();
  Leaf(Leaf&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Leaf& operator=(Leaf&& other) noexcept;
  Leaf(const Leaf&) = delete;
  Leaf& operator=(const Leaf&) = delete;

  static Leaf Empty();
  // From `row_count` packed rows.
  static Leaf FromPacked(std::string_view packed, size_t row_count);

  // Gives its block away, to be adopted later; leaves it without.
  void* Release() { return std::exchange(block_, nullptr); }
  static Leaf Adopt(void* block) {
    Leaf leaf;
    leaf.block_ = block;
    return leaf;
  }

  explicit operator bool() const { return block_ != nullptr; }
  uint32_t rows() const { return header()->rows; }
  uint32_t used() const { return header()->used; }  // Bytes of rows; also the end's offset.
  size_t allocated_bytes() const { return kHeaderBytes + header()->capacity; }
  std::string_view packed() const { return {data(), used()}; }

  // Requires offset < used().
  PackedRow At(uint32_t offset) const { return DecodeRow(data() + offset); }
  // The offset of the row before the one at `offset`, which is not 0.
  uint32_t Before(uint32_t offset) const;
  // Fetches into the cache what a search looks at first; `allocated` as allocated_bytes().
  void Prefetch(size_t allocated) const {
    const char* block = static_cast<const char*>(block_);
    __builtin_prefetch(block);
    __builtin_prefetch(block + allocated - 64);
    __builtin_prefetch(block + allocated - 128);
  }
  // The first row >= key, or the end.
  Position LowerBound(std::string_view key, bool* found) const;
  uint32_t OffsetOf(uint32_t ordinal) const;           // ordinal <= rows().
  uint32_t OrdinalOf(const Position& position) const;  // Rows before it.

  // Whether a row of that packed size can be added without exceeding the limit.
  bool Fits(size_t row_bytes) const;
  bool FitsReplaced(size_t old_row_bytes, size_t new_row_bytes) const;
  // Whether the other's rows can be appended.
  bool FitsAll(const Leaf& other) const;

  void Insert(const Position& at, std::string_view key, std::string_view value);
  // Gives the row at `at` another value; cheap where the size stays the same.
  void Replace(const Position& at, std::string_view value);
  void Erase(const Position& at);
  // Erases the rows from offset `from` up to `to`, which are `row_count`.
  void EraseSpan(uint32_t from, uint32_t to, size_t row_count);
  // Moves the rows from `ordinal` on to a leaf of their own.
  Leaf SplitOff(uint32_t ordinal);
  // The ordinal at which to split into halves of about the same bytes; within [1, rows() - 1].
  uint32_t Middle() const;
  // Appends all of the other's rows, which are greater.
  void Append(const Leaf& other);

 private:
  struct Header {
    uint32_t used;
    uint32_t capacity;  // Beyond the header.
    uint16_t rows;
    uint16_t segments;  // 0: no index, all is one segment.
  };
  // How many segments BuildIndex makes.
  static size_t CountSegments(const char* rows, size_t row_count, size_t bytes);

  Header* header() const { return static_cast<Header*>(block_); }
  char* data() const { return static_cast<char*>(block_) + kHeaderBytes; }
  Segment segment(uint32_t index) const;
  void set_segment(uint32_t index, Segment segment);
  void InsertSegment(uint32_t index, Segment segment);
  void RemoveSegment(uint32_t index);
  void BuildIndex();
  void GrowSegment(const Position& at, std::string_view key);
  void CheckCommon(std::string_view key);
  void Resize(size_t needed);  // Beyond the header.
  size_t IndexBytes() const { return IndexBytesFor(header()->segments); }
  static size_t IndexBytesFor(size_t segments) {
    return segments == 0 ? 0 : segments * sizeof(Segment) + kIndexTailBytes;
  }
  char* SegmentAt(uint32_t index) const {
    return data() + header()->capacity - kIndexTailBytes - (index + 1) * sizeof(Segment);
  }
  // How many bytes all keys begin with, as far as the index knows.
  uint16_t common() const;
  void set_common(uint16_t bytes);
  uint32_t HeadOf(std::string_view key) const;
  void RebuildHeads();
  // The last segment whose first key is not greater, or the first one.
  uint32_t FindSegment(std::string_view key) const;

  void* block_ = nullptr;
};

}  // namespace lsm
