// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/overlay_file_system.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <absl/base/thread_annotations.h>

#include "lsm/mutex.h"

namespace lsm {
namespace {

struct Contents {
  Mutex mutex;
  std::string bytes ABSL_GUARDED_BY(mutex);
};

class OverlayFile final : public File {
 public:
  explicit OverlayFile(std::shared_ptr<Contents> contents) : contents_(std::move(contents)) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* buffer) override {
    const MutexLock lock(&contents_->mutex);
    if (offset >= contents_->bytes.size()) return size_t{0};
    return contents_->bytes.copy(buffer, size, offset);
  }
  Status WriteAt(uint64_t offset, std::span<const std::string_view> parts) override {
    const MutexLock lock(&contents_->mutex);
    for (const std::string_view part : parts) {
      const uint64_t end = offset + part.size();
      if (contents_->bytes.size() < end) contents_->bytes.resize(end);
      part.copy(contents_->bytes.data() + offset, part.size());
      offset = end;
    }
    return {};
  }
  Status Sync() override { return {}; }
  Status Allocate(uint64_t size) override {
    const MutexLock lock(&contents_->mutex);
    if (contents_->bytes.size() < size) contents_->bytes.resize(size);
    return {};
  }
  Status Truncate(uint64_t size) override {
    const MutexLock lock(&contents_->mutex);
    contents_->bytes.resize(size);
    return {};
  }
  Result<uint64_t> Size() override {
    const MutexLock lock(&contents_->mutex);
    return static_cast<uint64_t>(contents_->bytes.size());
  }

 private:
  const std::shared_ptr<Contents> contents_;  // Shared with the names that it has.
};

class GrantedLock final : public DirectoryLock {};

class OverlayFileSystem final : public FileSystem {
 public:
  explicit OverlayFileSystem(FileSystem& base) : base_(base) {}

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    const MutexLock lock(&mutex_);
    const auto it = names_.find(path);
    if (mode == OpenMode::kCreate) return Create(path, {});
    if (it != names_.end()) {
      if (it->second == nullptr) return Absent(path);
      return std::unique_ptr<File>(std::make_unique<OverlayFile>(it->second));
    }
    if (mode != OpenMode::kReadWrite) return base_.Open(path, mode);
    LSM_ASSIGN_OR_RETURN(std::string bytes, ReadBase(path));
    return Create(path, std::move(bytes));
  }

  bool Exists(const std::string& path) override {
    const MutexLock lock(&mutex_);
    const auto it = names_.find(path);
    if (it != names_.end()) return it->second != nullptr;
    return directories_.contains(path) || base_.Exists(path);
  }

  Result<uint64_t> FileSize(const std::string& path) override {
    {
      const MutexLock lock(&mutex_);
      const auto it = names_.find(path);
      if (it != names_.end()) {
        if (it->second == nullptr) return Absent(path);
        return OverlayFile(it->second).Size();
      }
    }
    return base_.FileSize(path);
  }

  Status Remove(const std::string& path) override {
    if (!Exists(path)) return Absent(path);
    const MutexLock lock(&mutex_);
    names_[path] = nullptr;
    return {};
  }

  Status Rename(const std::string& from, const std::string& to) override {
    LSM_RETURN_IF_ERROR(Link(from, to));
    return Remove(from);
  }

  Status Link(const std::string& from, const std::string& to) override {
    const MutexLock lock(&mutex_);
    if (!names_.contains(from)) {
      LSM_ASSIGN_OR_RETURN(std::string bytes, ReadBase(from));
      (void)Create(from, std::move(bytes));
    }
    const std::shared_ptr<Contents> contents = names_[from];
    if (contents == nullptr) return Absent(from);
    names_[to] = contents;
    return {};
  }

  Status CreateDirectory(const std::string& path) override {
    const MutexLock lock(&mutex_);
    if (!base_.Exists(path)) directories_.insert(path);
    return {};
  }

  Status RemoveDirectory(const std::string& path) override {
    return Status::NotSupported(path + ": this is a view");
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    std::set<std::string> out;
    const MutexLock lock(&mutex_);
    if (!directories_.contains(path)) {
      LSM_ASSIGN_OR_RETURN(const std::vector<std::string> names, base_.List(path));
      out.insert(names.begin(), names.end());
    }
    const std::string prefix = path + "/";
    for (const auto& [name, contents] : names_) {
      if (!name.starts_with(prefix)) continue;
      const std::string last = name.substr(prefix.size());
      if (last.find('/') != std::string::npos) continue;
      if (contents == nullptr) {
        out.erase(last);
      } else {
        out.insert(last);
      }
    }
    return std::vector<std::string>(out.begin(), out.end());
  }

  Status SyncDirectory(const std::string&) override { return {}; }
  Result<uint64_t> FreeSpace(const std::string&) override { return uint64_t{1} << 40; }
  Result<std::unique_ptr<DirectoryLock>> Lock(const std::string&) override {
    return std::unique_ptr<DirectoryLock>(std::make_unique<GrantedLock>());
  }

 private:
  static Status Absent(const std::string& path) {
    return Status::IoError(path + ": No such file or directory");
  }

  std::unique_ptr<File> Create(const std::string& path, std::string bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto contents = std::make_shared<Contents>();
    {
      const MutexLock lock(&contents->mutex);
      contents->bytes = std::move(bytes);
    }
    names_[path] = contents;
    return std::make_unique<OverlayFile>(std::move(contents));
  }

  Result<std::string> ReadBase(const std::string& path) {
    LSM_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, base_.Open(path, OpenMode::kRead));
    LSM_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    std::string bytes(size, '\0');
    LSM_ASSIGN_OR_RETURN(const size_t read, file->ReadAt(0, size, bytes.data()));
    bytes.resize(read);
    return bytes;
  }

  FileSystem& base_;
  Mutex mutex_;
  // What differs from the base; null: the file is removed. Shared with open files.
  std::map<std::string, std::shared_ptr<Contents>> names_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> directories_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<FileSystem> NewOverlayFileSystem(FileSystem& base) {
  return std::make_unique<OverlayFileSystem>(base);
}

}  // namespace lsm
