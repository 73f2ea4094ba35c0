// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/log_reader.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "lsm/log_record.h"

namespace lsm {
namespace {

// Gives what this segment has of the records from *next up to `to`. A segment that cannot be used
// may have been recycled meanwhile: what matters is that no record is missed in the end.
Status ReadSegment(FileSystem& files, const std::string& path, uint64_t to, uint64_t* next,
                   const ReplayFunction& replay) {
  auto file = files.Open(path, OpenMode::kRead);
  if (!file.has_value()) return {};
  std::string bytes(kSegmentHeaderSize, '\0');
  const auto read = (*file)->ReadAt(0, bytes.size(), bytes.data());
  if (!read.has_value() || *read != bytes.size()) return {};
  const auto header = DecodeSegmentHeader(bytes);
  const auto size = (*file)->Size();
  if (!header.has_value() || !size.has_value()) return {};
  SegmentReader reader(**file, header->id, kSegmentHeaderSize, *size);
  RecordHeader record;
  std::string_view payload;
  while (*next <= to && reader.Next(&record, &payload)) {
    if (record.seq != *next || IsSeal(record)) continue;
    LSM_RETURN_IF_ERROR(replay(record.seq, payload));
    ++*next;
  }
  return reader.status();
}

}  // namespace

Status ReadLog(FileSystem& files, const std::string& directory, uint64_t after, uint64_t to,
               const ReplayFunction& replay) {
  LSM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  std::vector<std::pair<uint64_t, std::string>> segments;
  for (const std::string& name : names) {
    if (const auto number = ParseSegmentName(name)) segments.emplace_back(*number, name);
  }
  std::sort(segments.begin(), segments.end());
  uint64_t next = after + 1;
  for (const auto& [number, name] : segments) {
    if (next > to) break;
    LSM_RETURN_IF_ERROR(ReadSegment(files, directory + "/" + name, to, &next, replay));
  }
  if (next > to) return {};
  return Status::Corruption(directory + ": the commit log has no record " + std::to_string(next));
}

}  // namespace lsm
