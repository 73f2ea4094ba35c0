// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/level_env_files.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace lsm {
namespace {

using leveldb::Slice;

constexpr size_t kWriteBuffer = 64 << 10;

// Which Readahead the thread is inside of. Set for the time of one piece of work, so that reads,
// which LevelDB calls without context, know that they are a compaction's.
thread_local const Readahead* compacting_for = nullptr;

class OpenedSequentialFile final : public leveldb::SequentialFile {
 public:
  explicit OpenedSequentialFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  leveldb::Status Read(size_t size, Slice* result, char* scratch) override {
    *result = Slice();
    const auto read = file_->ReadAt(offset_, size, scratch);
    if (!read.has_value()) return ToLevelStatus(read.error());
    offset_ += *read;
    *result = Slice(scratch, *read);
    return leveldb::Status::OK();
  }

  leveldb::Status Skip(uint64_t size) override {
    offset_ += size;
    return leveldb::Status::OK();
  }

 private:
  const std::unique_ptr<File> file_;
  uint64_t offset_ = 0;
};

class EmptySequentialFile final : public leveldb::SequentialFile {
 public:
  leveldb::Status Read(size_t /*size*/, Slice* result, char* /*scratch*/) override {
    *result = Slice();
    return leveldb::Status::OK();
  }
  leveldb::Status Skip(uint64_t /*size*/) override { return leveldb::Status::OK(); }
};

class TableFile final : public leveldb::RandomAccessFile {
 public:
  TableFile(std::unique_ptr<File> file, Readahead* readahead, TableReads* reads)
      : file_(std::move(file)), readahead_(readahead), reads_(reads), id_(readahead->NewFileId()) {}

  leveldb::Status Read(uint64_t offset, size_t size, Slice* result, char* scratch) const override {
    *result = Slice();
    const bool compaction = readahead_->IsMine();
    const auto read = compaction ? readahead_->Read(*file_, id_, offset, size, scratch)
                                 : file_->ReadAt(offset, size, scratch);
    if (!read.has_value()) return ToLevelStatus(read.error());
    if (reads_ != nullptr && !compaction) {
      reads_->reads.fetch_add(1, std::memory_order_relaxed);
      reads_->bytes.fetch_add(*read, std::memory_order_relaxed);
    }
    *result = Slice(scratch, *read);
    return leveldb::Status::OK();
  }

 private:
  const std::unique_ptr<File> file_;
  Readahead* const readahead_;
  TableReads* const reads_;
  const uint64_t id_;
};

class BufferedWritableFile final : public leveldb::WritableFile {
 public:
  BufferedWritableFile(std::unique_ptr<File> file, uint64_t offset, FileSystem& file_system,
                       std::string directory)
      : file_(std::move(file)),
        file_system_(file_system),
        directory_(std::move(directory)),
        offset_(offset) {}
  BufferedWritableFile(const BufferedWritableFile&) = delete;
  BufferedWritableFile& operator=(const BufferedWritableFile&) = delete;
  ~BufferedWritableFile() override {
    // LevelDB closes what it wants to keep; an abandoned file's error concerns nobody.
    if (file_ != nullptr) static_cast<void>(Drain({}));
  }

  leveldb::Status Append(const Slice& data) override {
    const std::string_view bytes(data.data(), data.size());
    if (buffer_.size() + bytes.size() <= kWriteBuffer) {
      buffer_.append(bytes);
      return leveldb::Status::OK();
    }
    return ToLevelStatus(Drain(bytes));
  }

  leveldb::Status Close() override {
    if (file_ == nullptr) return leveldb::Status::OK();
    const Status drained = Drain({});
    file_.reset();
    return ToLevelStatus(drained);
  }

  // LevelDB asks for it behind every block of a table, which would be a system call for each 4 KiB,
  // and behind every record of a MANIFEST (see Drain()). Nobody reads either before it is synced.
  leveldb::Status Flush() override { return leveldb::Status::OK(); }

  leveldb::Status Sync() override {
    Status status = Drain({});
    if (status.ok()) status = file_->Sync();
    return ToLevelStatus(status);
  }

 private:
  Status Drain(std::string_view then) {
    if (file_ == nullptr) return Status::Invalid("write to a closed file");
    if (buffer_.empty() && then.empty()) return {};
    // What is written may reach the disk at any time from now on. So the names of the tables that a
    // MANIFEST's record speaks of must be there before the record is.
    if (!directory_.empty()) LSM_RETURN_IF_ERROR(file_system_.SyncDirectory(directory_));
    const std::array<std::string_view, 2> parts = {buffer_, then};
    LSM_RETURN_IF_ERROR(file_->WriteAt(offset_, parts));
    offset_ += buffer_.size() + then.size();
    buffer_.clear();
    return {};
  }

  std::unique_ptr<File> file_;
  FileSystem& file_system_;
  const std::string directory_;
  uint64_t offset_;
  std::string buffer_;
};

class StorelessFile final : public leveldb::WritableFile {
 public:
  leveldb::Status Append(const Slice& /*data*/) override { return leveldb::Status::OK(); }
  leveldb::Status Close() override { return leveldb::Status::OK(); }
  leveldb::Status Flush() override { return leveldb::Status::OK(); }
  leveldb::Status Sync() override { return leveldb::Status::OK(); }
};

}  // namespace

leveldb::Status ToLevelStatus(const Status& status) {
  switch (status.code()) {
    case Status::Code::kOk:
      return leveldb::Status::OK();
    case Status::Code::kCorruption:
      return leveldb::Status::Corruption(status.message());
    case Status::Code::kNotSupported:
      return leveldb::Status::NotSupported(status.message());
    case Status::Code::kInvalid:
      return leveldb::Status::InvalidArgument(status.message());
    default:
      return leveldb::Status::IOError(status.message());
  }
}

void Readahead::Enter() {
  compacting_for = this;
}

void Readahead::Leave() {
  compacting_for = nullptr;
  windows_.clear();
}

bool Readahead::IsMine() const {
  return compacting_for == this;
}

Result<size_t> Readahead::Read(File& file, uint64_t file_id, uint64_t offset, size_t size,
                               char* buffer) {
  Window& window = windows_[file_id];
  const bool in_window =
      offset >= window.begin && offset + size <= window.begin + window.bytes.size();
  const bool follows = offset == window.next_offset;
  window.next_offset = offset + size;
  if (!in_window) {
    // Indexes and filters are read once, from anywhere.
    if (!follows || size >= window_bytes_) return file.ReadAt(offset, size, buffer);
    window.bytes.resize(window_bytes_);
    const auto read = file.ReadAt(offset, window_bytes_, window.bytes.data());
    window.begin = offset;
    window.bytes.resize(read.value_or(0));
    if (!read.has_value()) return read;
  }
  const size_t available =
      std::min(size, window.bytes.size() - static_cast<size_t>(offset - window.begin));
  std::memcpy(buffer, window.bytes.data() + (offset - window.begin), available);
  return available;
}

std::unique_ptr<leveldb::SequentialFile> NewSequentialFileOn(std::unique_ptr<File> file) {
  return std::make_unique<OpenedSequentialFile>(std::move(file));
}

std::unique_ptr<leveldb::SequentialFile> NewEmptySequentialFile() {
  return std::make_unique<EmptySequentialFile>();
}

std::unique_ptr<leveldb::RandomAccessFile> NewTableFileOn(std::unique_ptr<File> file,
                                                          Readahead* readahead, TableReads* reads) {
  return std::make_unique<TableFile>(std::move(file), readahead, reads);
}

std::unique_ptr<leveldb::WritableFile> NewWritableFileOn(std::unique_ptr<File> file,
                                                         uint64_t offset, FileSystem& file_system,
                                                         std::string directory) {
  return std::make_unique<BufferedWritableFile>(std::move(file), offset, file_system,
                                                std::move(directory));
}

std::unique_ptr<leveldb::WritableFile> NewStorelessFile() {
  return std::make_unique<StorelessFile>();
}

}  // namespace lsm
