// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lsm/file_system.h"
#include "lsm/status.h"

// The bytes of a commit log segment: FORMAT.md, "Commit log".
namespace lsm {

inline constexpr uint32_t kLogFormatVersion = 1;
inline constexpr size_t kSegmentHeaderSize = 64;
inline constexpr size_t kRecordHeaderSize = 32;
inline constexpr uint64_t kMaxPayloadSize = (uint64_t{1} << 40) - 1;

// "wal-0000000007", and the name of a file that waits to be a segment again, "spare-0000000007".
std::string SegmentName(uint64_t number);
std::string SpareName(uint64_t number);
// The number in such a name; nothing for other names.
std::optional<uint64_t> ParseSegmentName(std::string_view name);
std::optional<uint64_t> ParseSpareName(std::string_view name);

struct SegmentHeader {
  uint64_t number = 0;
  uint64_t id = 0;  // Random; seeds all checksums, so that a former life's records are not valid.
};

std::string EncodeSegmentHeader(const SegmentHeader& header);
Result<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

struct RecordHeader {
  uint64_t seq = 0;
  uint64_t synced_seq = 0;  // What was known to be synced when the record was written.
  uint64_t payload_size = 0;
};

// A seal is no record of its own: it repeats the last sequence number and says that all up to it is
// synced. Written when the log is closed.
inline bool IsSeal(const RecordHeader& header) {
  return header.synced_seq == header.seq;
}

// Fills in the first kRecordHeaderSize bytes of `record`, whose payload stands behind them.
void SealRecord(std::span<char> record, uint64_t seq, uint64_t synced_seq, uint64_t segment_id,
                uint64_t offset);

// Reads a segment's records. The file must outlive it.
class SegmentReader {
 public:
  // Reads from `offset` on and never at or beyond `limit`.
  SegmentReader(File& file, uint64_t segment_id, uint64_t offset, uint64_t limit)
      : file_(file), id_(segment_id), offset_(offset), limit_(limit) {}

  // True with the record that stands at offset(), which is then behind it. False if there is none
  // or reading failed (status()). The payload is valid until the next call.
  bool Next(RecordHeader* header, std::string_view* payload);

  // Moves offset() forward to the next place where a valid record with a sequence number in
  // [min_seq, max_seq] stands; false if there is none.
  bool FindNext(uint64_t min_seq, uint64_t max_seq);

  // After Next() gave false: whether at least a record's header stands there, that is whether a
  // record was being written.
  bool torn() const { return torn_; }

  uint64_t offset() const { return offset_; }
  const Status& status() const { return status_; }

 private:
  // Bytes [offset_, offset_ + size) of the file, or fewer at its end or after an error.
  std::string_view View(uint64_t size);
  bool ParseHeader(std::string_view bytes, uint64_t offset, RecordHeader* header) const;
  bool ParseRecord(RecordHeader* header, std::string_view* payload);

  File& file_;
  const uint64_t id_;
  uint64_t offset_;
  uint64_t limit_;
  bool torn_ = false;
  Status status_;
  std::string buffer_;
  uint64_t buffer_offset_ = 0;  // Where in the file buffer_ begins.
};

}  // namespace lsm
