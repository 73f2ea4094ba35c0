// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/log_segments.h"

#include <algorithm>
#include <utility>

namespace lsm {

void SegmentPool::AddSpare(std::string name, uint64_t size) {
  spares_.push_back({std::move(name), size});
  spare_count_.fetch_add(1, std::memory_order_relaxed);
  spare_bytes_.fetch_add(size, std::memory_order_relaxed);
}

SegmentPool::Spare SegmentPool::TakeSpare() {
  Spare spare = std::move(spares_.back());
  spares_.pop_back();
  spare_count_.fetch_sub(1, std::memory_order_relaxed);
  spare_bytes_.fetch_sub(spare.size, std::memory_order_relaxed);
  return spare;
}

Status SegmentPool::Open() {
  LSM_ASSIGN_OR_RETURN(const auto names, file_system_.List(directory_));
  for (const std::string& name : names) {
    if (!ParseSpareName(name).has_value()) continue;
    if (spares_.size() >= max_spares_) {
      LSM_RETURN_IF_ERROR(file_system_.Remove(Path(name)));
      continue;
    }
    LSM_ASSIGN_OR_RETURN(const uint64_t size, file_system_.FileSize(Path(name)));
    AddSpare(name, size);
  }
  return {};
}

Result<std::shared_ptr<Segment>> SegmentPool::Prepare(uint64_t number, uint64_t bytes) {
  // Under a spare's name until all is in place: what is called wal-… always has a valid header.
  const bool reuse = !spares_.empty();
  const Spare spare = reuse ? TakeSpare() : Spare{.name = SpareName(number)};
  const std::string spare_path = Path(spare.name);

  auto segment = std::make_shared<Segment>();
  segment->header = {.number = number, .id = random_()};
  segment->path = Path(SegmentName(number));
  segment->capacity = std::max(bytes, spare.size);

  const auto prepare = [&]() -> Status {
    LSM_ASSIGN_OR_RETURN(segment->file, file_system_.Open(spare_path, reuse ? OpenMode::kReadWrite
                                                                            : OpenMode::kCreate));
    LSM_RETURN_IF_ERROR(segment->file->Allocate(segment->capacity));
    LSM_RETURN_IF_ERROR(segment->file->WriteAt(0, EncodeSegmentHeader(segment->header)));
    LSM_RETURN_IF_ERROR(segment->file->Sync());
    LSM_RETURN_IF_ERROR(file_system_.Rename(spare_path, segment->path));
    LSM_RETURN_IF_ERROR(file_system_.SyncDirectory(directory_));
    // Opened again, so that errors name the file as it is called now.
    LSM_ASSIGN_OR_RETURN(segment->file, file_system_.Open(segment->path, OpenMode::kReadWrite));
    return {};
  };
  const Status status = prepare();
  if (status.ok()) return segment;
  // Nothing of it may stay: neither a name that was not synced, nor space that a full disk lacks.
  segment->file.reset();
  for (const std::string& path : {segment->path, spare_path}) {
    if (!file_system_.Exists(path)) continue;
    const Status removed = file_system_.Remove(path);
    if (!removed.ok()) return Status::IoError(status.message() + "; then " + removed.message());
  }
  return status;
}

Status SegmentPool::Retire(uint64_t number) {
  if (spares_.size() + retired_.size() >= max_spares_) return Discard(number);
  const std::string path = Path(SegmentName(number));
  LSM_ASSIGN_OR_RETURN(const uint64_t size, file_system_.FileSize(path));
  LSM_RETURN_IF_ERROR(file_system_.Rename(path, Path(SpareName(number))));
  retired_.push_back({SpareName(number), size});
  return {};
}

Status SegmentPool::Sync() {
  LSM_RETURN_IF_ERROR(file_system_.SyncDirectory(directory_));
  for (Spare& spare : retired_) AddSpare(std::move(spare.name), spare.size);
  retired_.clear();
  return {};
}

Status SegmentPool::RemoveSpares() {
  while (!spares_.empty()) LSM_RETURN_IF_ERROR(file_system_.Remove(Path(TakeSpare().name)));
  return {};
}

Status SegmentPool::Discard(uint64_t number) {
  return file_system_.Remove(Path(SegmentName(number)));
}

}  // namespace lsm
