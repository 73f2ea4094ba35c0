// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/log_scanner.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "lsm/row_batch.h"

namespace lsm {
namespace {

constexpr uint64_t kAnySeq = std::numeric_limits<uint64_t>::max();

}  // namespace

Status LogScanner::OpenSegment(ScannedSegment* segment) {
  const std::string path = directory_ + "/" + segment->name;
  LSM_ASSIGN_OR_RETURN(segment->file, file_system_.Open(path, mode_));
  LSM_ASSIGN_OR_RETURN(segment->size, segment->file->Size());
  std::string bytes(kSegmentHeaderSize, '\0');
  LSM_ASSIGN_OR_RETURN(const size_t size, segment->file->ReadAt(0, bytes.size(), bytes.data()));
  const auto header = DecodeSegmentHeader(std::string_view(bytes).substr(0, size));
  if (!header.has_value()) {
    // A version that we do not know is not damage: nothing here may touch such a log.
    if (header.error().code() == Status::Code::kNotSupported) {
      return Status::NotSupported(path + ": " + header.error().message());
    }
    segment->header_error = header.error().message();
  } else if (header->number != segment->header.number) {
    segment->header_error = "it was written as segment " + std::to_string(header->number);
  } else {
    segment->header = *header;
  }
  return {};
}

Status LogScanner::OpenSegments() {
  LSM_ASSIGN_OR_RETURN(const auto names, file_system_.List(directory_));
  for (const std::string& name : names) {
    const auto number = ParseSegmentName(name);
    if (!number.has_value()) continue;
    ScannedSegment segment;
    segment.name = name;
    segment.header.number = *number;
    segments_.push_back(std::move(segment));
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const auto& a, const auto& b) { return a.header.number < b.header.number; });
  for (ScannedSegment& segment : segments_) LSM_RETURN_IF_ERROR(OpenSegment(&segment));
  return FindSuperseded();
}

Status LogScanner::FindSuperseded() {
  uint64_t superseded = kAnySeq;
  for (size_t i = segments_.size(); i-- > 0;) {
    ScannedSegment& segment = segments_[i];
    segment.superseded = superseded;
    if (!segment.header_error.empty()) continue;
    SegmentReader reader(*segment.file, segment.header.id, kSegmentHeaderSize, segment.size);
    RecordHeader header;
    std::string_view payload;
    if (reader.Next(&header, &payload)) {
      segment.begins_with = header.seq;
      superseded = std::min(superseded, header.seq);
    }
    LSM_RETURN_IF_ERROR(reader.status());
  }
  return {};
}

Status LogScanner::Take(ScannedSegment* segment, const RecordHeader& header,
                        std::string_view payload, uint64_t end) {
  segment->end = end;
  report_.bytes += kRecordHeaderSize + payload.size();
  seen_seq_ = std::max(seen_seq_, header.seq);
  segment->synced_seq = std::max(segment->synced_seq, header.synced_seq);
  synced_seq_ = std::max(synced_seq_, header.synced_seq);
  if (any_start_ && !started_) expected_ = header.seq + (IsSeal(header) ? 1 : 0);
  started_ = true;
  if (IsSeal(header)) return {};
  ++report_.records;
  if (segment->first_seq == 0) segment->first_seq = header.seq;
  segment->last_seq = std::max(segment->last_seq, header.seq);
  if (report_.first_seq == 0) report_.first_seq = header.seq;
  report_.last_seq = std::max(report_.last_seq, header.seq);
  if (header.seq < expected_) return {};  // LevelDB has it, or it is a duplicate.
  ++expected_;
  if (header.seq > applied_seq_) {
    ++report_.replayed;
    if (replay_) return replay_(header.seq, payload);
  }
  return {};
}

bool LogScanner::Fits(const ScannedSegment& segment, const RecordHeader& header) const {
  if (header.seq >= segment.superseded) return false;
  if (any_start_ && !started_) return true;
  return IsSeal(header) ? header.seq < expected_ : header.seq <= expected_;
}

// Whether the segment's first record (if `deep`: the first valid one in it) leaves no gap.
Result<bool> LogScanner::Continues(size_t index, bool deep) {
  const ScannedSegment& segment = segments_[index];
  if (!segment.header_error.empty()) return false;
  RecordHeader header{.seq = segment.begins_with};
  if (header.seq != 0) return Fits(segment, header);
  if (!deep) return false;
  SegmentReader reader(*segment.file, segment.header.id, kSegmentHeaderSize, segment.size);
  std::string_view payload;
  const bool found = reader.FindNext(1, kAnySeq) && reader.Next(&header, &payload);
  LSM_RETURN_IF_ERROR(reader.status());
  return found && Fits(segment, header);
}

// The first segment behind `index` that goes on where the log stands, if there is one. Mostly it is
// the next one; after a repair, segments in between hold what has been written anew.
Result<std::optional<size_t>> LogScanner::FindContinuation(size_t index) {
  if (any_start_ && !started_) {
    // Then any segment would do, but not to step over damage.
    ScannedSegment& segment = segments_[index];
    SegmentReader reader(*segment.file, segment.header.id, kSegmentHeaderSize, segment.size);
    if (reader.FindNext(1, kAnySeq)) return std::optional<size_t>();
    LSM_RETURN_IF_ERROR(reader.status());
  }
  // As long as all that is missing is in LevelDB, a segment may be damaged at its beginning too.
  const bool nothing_lost_yet = seen_seq_ + 1 < expected_;
  for (size_t i = index + 1; i < segments_.size(); ++i) {
    LSM_ASSIGN_OR_RETURN(const bool continues, Continues(i, nothing_lost_yet));
    if (continues) return std::optional<size_t>(i);
  }
  return std::optional<size_t>();
}

// Over all that is valid from `offset` in segment `index` on: the highest synced_seq and seq.
Status LogScanner::HighestSyncedAfter(size_t index, uint64_t offset, uint64_t* synced,
                                      uint64_t* last) {
  for (size_t i = index; i < segments_.size(); ++i) {
    ScannedSegment& segment = segments_[i];
    if (!segment.header_error.empty()) continue;
    SegmentReader reader(*segment.file, segment.header.id, i == index ? offset : kSegmentHeaderSize,
                         segment.size);
    while (reader.FindNext(expected_, kAnySeq)) {
      RecordHeader header;
      std::string_view payload;
      while (reader.Next(&header, &payload)) {
        *synced = std::max(*synced, header.synced_seq);
        *last = std::max(*last, header.seq);
      }
    }
    LSM_RETURN_IF_ERROR(reader.status());
  }
  return {};
}

void LogScanner::Cut(size_t index, uint64_t offset) {
  cut_segment_ = index;
  report_.cut_file = directory_ + "/" + segments_[index].name;
  report_.cut_offset = offset;
}

// There is no record expected_, neither where the log stops nor later.
Status LogScanner::Judge(const Stop& stop) {
  const size_t index = stop.index;
  uint64_t synced = 0;
  uint64_t last = 0;
  const ScannedSegment& segment = segments_[index];
  LSM_RETURN_IF_ERROR(HighestSyncedAfter(stop.rest_index, stop.rest_offset, &synced, &last));
  bool missing_file = false;
  bool bad_header = false;
  for (size_t i = index; i < segments_.size(); ++i) {
    if (i > 0) {
      missing_file |= segments_[i].header.number != segments_[i - 1].header.number + 1;
    }
    // A segment gets its name only when its header is stored: it is never torn.
    bad_header |= !segments_[i].header_error.empty();
  }
  const bool later_records = last >= expected_;
  const bool missing_records = later_records && missing_file;
  // With nothing of a record here and some in the next segment, it is there that one is missing.
  const bool in_next = !stop.torn && later_records && stop.rest_index > index &&
                       index + 1 < segments_.size() && segment.header_error.empty() &&
                       segments_[index + 1].header_error.empty() && !missing_file &&
                       segments_[index + 1].begins_with == 0;
  Cut(in_next ? index + 1 : index, in_next ? kSegmentHeaderSize : stop.offset);
  if (!bad_header && !missing_records && (!later_records || synced < expected_)) {
    report_.torn_tail = stop.torn || later_records;
    return {};
  }
  std::string& text = report_.damage;
  text = "the commit log is damaged: " + report_.cut_file + " at offset " +
         std::to_string(report_.cut_offset) + ": ";
  if (!segment.header_error.empty()) {
    text += segment.header_error;
  } else if (missing_records) {
    text += "record " + std::to_string(expected_) +
            " should follow, but a segment file is missing here";
  } else if (bad_header) {
    text += "record " + std::to_string(expected_) +
            " should follow, but a later segment's header is damaged";
  } else {
    text += "record " + std::to_string(expected_) + " is not valid";
  }
  if (later_records) text += ", while records up to " + std::to_string(last) + " come after it";
  text +=
      ". Restore the file from a copy, or start once with \"--log-recovery-truncate yes\": this "
      "cuts the log here, and record " +
      std::to_string(expected_) + " and all after it are lost";
  return {};
}

// Looks behind an invalid record for a valid one in the same segment.
bool LogScanner::Resume(SegmentReader* reader, bool sealed, RecordHeader* header,
                        std::string_view* payload, Stop* stop) {
  stop->torn = reader->torn();
  // Behind a seal the segment was never written. Else look on: damage among what LevelDB has
  // already does not matter, if the record that it lacks comes later.
  if (sealed || !reader->FindNext(std::max<uint64_t>(seen_seq_, 1), kAnySeq)) {
    ++stop->rest_index;
    stop->rest_offset = kSegmentHeaderSize;
    return false;
  }
  stop->rest_offset = reader->offset();
  if (!reader->Next(header, payload)) return false;
  if (any_start_ && !started_) {
    // A log that begins anywhere does not begin with damage.
    expected_ = std::max<uint64_t>(header->seq, 2) - 1;
    started_ = true;
  }
  return true;
}

// Reads segment `index` to its end. Gives the segment to go on with; nothing if the log ends, or is
// damaged, in this one.
Result<std::optional<size_t>> LogScanner::ScanSegment(size_t index) {
  ScannedSegment& segment = segments_[index];
  if (!segment.header_error.empty()) {
    LSM_ASSIGN_OR_RETURN(const auto next, FindContinuation(index));
    if (next.has_value()) return next;
    segment.end = 0;
    LSM_RETURN_IF_ERROR(Judge({.index = index, .offset = 0, .rest_index = index + 1}));
    return next;
  }
  SegmentReader reader(*segment.file, segment.header.id, kSegmentHeaderSize, segment.size);
  bool sealed = false;
  while (true) {
    Stop stop{.index = index,
              .offset = reader.offset(),
              .rest_index = index,
              .rest_offset = reader.offset()};
    RecordHeader header;
    std::string_view payload;
    bool valid = reader.Next(&header, &payload);
    LSM_RETURN_IF_ERROR(reader.status());
    if (!valid || !Fits(segment, header)) {
      LSM_ASSIGN_OR_RETURN(const auto next, FindContinuation(index));
      if (next.has_value()) return next;
      valid = valid || Resume(&reader, sealed, &header, &payload, &stop);
      LSM_RETURN_IF_ERROR(reader.status());
    }
    if (!valid || !Fits(segment, header)) {
      LSM_RETURN_IF_ERROR(Judge(stop));
      return std::optional<size_t>();
    }
    LSM_RETURN_IF_ERROR(Take(&segment, header, payload, reader.offset()));
    sealed = IsSeal(header);
  }
}

void LogScanner::FillSegmentReports() {
  for (const ScannedSegment& segment : segments_) {
    report_.segments.push_back({.name = segment.name,
                                .number = segment.header.number,
                                .size = segment.size,
                                .end = segment.end,
                                .first_seq = segment.first_seq,
                                .last_seq = segment.last_seq});
  }
}

Status LogScanner::Run() {
  LSM_RETURN_IF_ERROR(OpenSegments());
  std::optional<size_t> index;
  if (!segments_.empty()) index = 0;
  while (index.has_value()) {
    LSM_ASSIGN_OR_RETURN(index, ScanSegment(*index));
  }
  FillSegmentReports();
  return {};
}

Result<LogReport> VerifyLog(FileSystem& file_system, const std::string& directory,
                            uint64_t applied_seq) {
  std::string bad_batch;
  const ReplayFunction check = [&bad_batch](uint64_t seq, std::string_view payload) -> Status {
    RowReader reader(payload);
    for (RowOperation operation; reader.Next(&operation);) {
    }
    if (!reader.status().ok() && bad_batch.empty()) {
      bad_batch = "record " + std::to_string(seq) + ": " + reader.status().message();
    }
    return {};
  };
  LogScanner scanner(file_system, directory, OpenMode::kRead, applied_seq, applied_seq == 0, check);
  LSM_RETURN_IF_ERROR(scanner.Run());
  LogReport report = scanner.TakeReport();
  if (report.damage.empty()) report.damage = bad_batch;
  return report;
}

}  // namespace lsm
