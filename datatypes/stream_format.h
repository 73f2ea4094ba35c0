// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "datatypes/stream_id.h"
#include "lsm/varint.h"

namespace datatypes {

// The bytes of a stream's payload and of its rows of entries; FORMAT.md has them drawn. Decoders
// take any bytes. (Rows of consumer groups: stream_group_format.h.)

// ---- Subkeys.

// The first byte of each subkey. Entries come last: what is appended then fills its pages.
enum class StreamTag : char {
  kRun = 'R',
  kEntry = 'e',
};

// A number in 1 to 9 bytes that compare as the numbers do; no code is the beginning of another.
inline constexpr size_t kMaxOrderedBytes = 9;
char* EncodeOrdered(char* out, uint64_t value);
// Takes one off the front. False if there is none.
bool DecodeOrdered(std::string_view* in, uint64_t* value);
char* EncodeOrderedId(char* out, const StreamId& id);
bool DecodeOrderedId(std::string_view* in, StreamId* id);

// A tag and an ID: the subkey of an entry or a run.
class StreamKey {
 public:
  StreamKey(StreamTag tag, const StreamId& id) {
    bytes_[0] = static_cast<char>(tag);
    size_ = static_cast<size_t>(EncodeOrderedId(bytes_ + 1, id) - bytes_);
  }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  size_t size_;
  char bytes_[1 + 2 * kMaxOrderedBytes];
};
// The ID of such a subkey; none if it is something else.
std::optional<StreamId> DecodeStreamKey(StreamTag tag, std::string_view subkey);

// ---- Entries.

// The value of an entry's row, of fields and values in turn. Requires an even number of them.
class EncodedStreamFields {
 public:
  explicit EncodedStreamFields(std::span<const std::string_view> fields);
  EncodedStreamFields(const EncodedStreamFields&) = delete;
  EncodedStreamFields& operator=(const EncodedStreamFields&) = delete;
  std::string_view view() const { return view_; }

 private:
  char* Allocate(size_t bytes);

  std::string_view view_;
  std::unique_ptr<char[]> heap_;
  char inline_[512];  // NOLINT(*-member-init): written as far as it is read.
};

// Reads them back: one text after another.
class StreamFields {
 public:
  // The value of an entry's row; none if it is damaged.
  static std::optional<StreamFields> Decode(std::string_view value);

  // How many texts are still to come.
  uint64_t size() const { return texts_; }
  // Requires size() > 0. What was damaged unnoticed by Decode() is empty.
  std::string_view Take();

 private:
  StreamFields(std::string_view rest, uint64_t texts) : rest_(rest), texts_(texts) {}
  std::string_view rest_;
  uint64_t texts_;
};

// ---- Runs.

// Redis keeps up to stream-node-max-entries neighbouring entries in one block, and approximate
// trimming removes whole blocks. A run is what such a block would hold: it is kept so that the same
// entries go.
struct StreamRun {
  StreamId start;  // Of its first entry; what it is found by.
  StreamId last;   // Of its last one, even if that was deleted.
  uint64_t live = 0;
  uint64_t deleted = 0;
  uint64_t bytes = 0;   // Of the block, but for its two counters.
  uint64_t fields = 0;  // A hash of the first entry's fields: equal ones are not repeated there.

  friend bool operator==(const StreamRun&, const StreamRun&) = default;
};
// The value of a run's row, all but its start.
std::string EncodeStreamRun(const StreamRun& run);
std::optional<StreamRun> DecodeStreamRun(const StreamId& start, std::string_view value);

// ---- The payload.

struct StreamHead {
  uint64_t length = 0;
  uint64_t added = 0;  // Ever, as far as is known.
  StreamId last;
  StreamId max_deleted;
  StreamId first;  // Of the first and the last entry; 0-0 if there is none.
  StreamId top;
  // Rows that have been trimmed and not yet erased: entries below `base`, and runs that begin below
  // `run_base`.
  uint64_t dead = 0;
  uint64_t dead_runs = 0;
  StreamId base;
  StreamId run_base;
  // Of consumer groups: how many there are, and the last number given out.
  uint64_t groups = 0;
  uint64_t group_number = 0;
  // How many destroyed groups have rows left.
  uint64_t destroyed_groups = 0;
  // Runs that have rows, and the last one, if any, which has none.
  uint64_t closed_runs = 0;
  std::optional<StreamRun> open;

  friend bool operator==(const StreamHead&, const StreamHead&) = default;
};
// Room for the longest one: at most 26 numbers and a hash.
using StreamHeadBuffer = std::array<char, 26 * lsm::kMaxVarintBytes + sizeof(uint64_t)>;
std::string_view EncodeStreamHead(const StreamHead& head, StreamHeadBuffer& buffer);
std::string EncodeStreamHead(const StreamHead& head);
std::optional<StreamHead> DecodeStreamHead(std::string_view payload);

}  // namespace datatypes
