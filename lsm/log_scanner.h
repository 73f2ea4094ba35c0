// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lsm/file_system.h"
#include "lsm/log_record.h"
#include "lsm/log_recovery.h"
#include "lsm/status.h"

namespace lsm {

struct ScannedSegment {
  std::string name;
  SegmentHeader header;
  std::unique_ptr<File> file;
  uint64_t size = 0;
  uint64_t end = kSegmentHeaderSize;  // Behind its last record that counts.
  uint64_t first_seq = 0;             // 0: no records.
  uint64_t last_seq = 0;
  uint64_t synced_seq = 0;   // As its own records say.
  uint64_t begins_with = 0;  // The record at its very beginning; 0 if none is valid there.
  uint64_t superseded = 0;   // Records from this one on stand anew in a later segment.
  std::string header_error;  // Not empty: unusable.
};

// Reads a whole log once, in order, and judges what is not as it should be:
//
//  - A segment that begins with record n supersedes all records from n on in earlier segments:
//  after a
//    failed write or sync, what is in doubt is written anew there.
//  - A record that is not valid is where its segment ends, if a later segment goes on from there.
//  - Else, if nothing valid comes after it, or nothing that was written when it was known to be
//    synced, it is a torn tail: what the machine lost was never promised. The log is cut there.
//  - Else what was promised is damaged: refused.
//
// A record that comes too early is a gap, which is judged like a record that is not valid. What
// LevelDB has may be damaged or missing.
class LogScanner {
 public:
  // `mode`: how the files are opened. `applied_seq`: records up to it do not matter. `any_start`:
  // the log may begin anywhere.
  LogScanner(FileSystem& file_system, std::string directory, OpenMode mode, uint64_t applied_seq,
             bool any_start, const ReplayFunction& replay)
      : file_system_(file_system),
        directory_(std::move(directory)),
        mode_(mode),
        applied_seq_(applied_seq),
        any_start_(any_start),
        expected_(applied_seq + 1),
        replay_(replay) {}

  // An error is one of reading or of `replay`; damage is in report().
  Status Run();

  const LogReport& report() const { return report_; }
  LogReport TakeReport() { return std::move(report_); }
  std::vector<ScannedSegment>& segments() { return segments_; }

  // The sequence number that follows the last record.
  uint64_t next_seq() const { return expected_; }

  // The records say that all up to here was synced when they were written.
  uint64_t synced_seq() const { return synced_seq_; }

  // The segment to cut, at its `end`; all later ones hold nothing that counts. Nothing if the log
  // is whole.
  std::optional<size_t> cut_segment() const { return cut_segment_; }

 private:
  // Where no valid record follows, and from where on something may yet be found.
  struct Stop {
    size_t index = 0;
    uint64_t offset = 0;
    size_t rest_index = 0;
    uint64_t rest_offset = kSegmentHeaderSize;
    bool torn = false;  // A record's header stands there.
  };

  Status OpenSegments();
  Status OpenSegment(ScannedSegment* segment);
  Status FindSuperseded();
  Result<std::optional<size_t>> ScanSegment(size_t index);
  Status Take(ScannedSegment* segment, const RecordHeader& header, std::string_view payload,
              uint64_t end);
  bool Fits(const ScannedSegment& segment, const RecordHeader& header) const;
  Result<bool> Continues(size_t index, bool deep);
  Result<std::optional<size_t>> FindContinuation(size_t index);
  bool Resume(SegmentReader* reader, bool sealed, RecordHeader* header, std::string_view* payload,
              Stop* stop);
  Status Judge(const Stop& stop);
  Status HighestSyncedAfter(size_t index, uint64_t offset, uint64_t* synced, uint64_t* last);
  void Cut(size_t index, uint64_t offset);
  void FillSegmentReports();

  FileSystem& file_system_;
  const std::string directory_;
  const OpenMode mode_;
  const uint64_t applied_seq_;
  const bool any_start_;
  bool started_ = false;  // Some record has been seen.
  uint64_t expected_;
  uint64_t synced_seq_ = 0;
  uint64_t seen_seq_ = 0;  // The last valid record's, of any sequence number.
  const ReplayFunction& replay_;
  std::vector<ScannedSegment> segments_;
  std::optional<size_t> cut_segment_;
  LogReport report_;
};

}  // namespace lsm
