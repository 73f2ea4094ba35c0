// SPDX-License-Identifier: BSD-3-Clause
#include "fault_file_system.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace lsm {
namespace {

std::string Parent(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

constexpr size_t kSector = 512;

}  // namespace

class FaultFile final : public File {
 public:
  FaultFile(FaultFileSystem& fs, std::string path, std::shared_ptr<FaultFileSystem::Inode> inode,
            bool writable)
      : fs_(fs),
        path_(std::move(path)),
        inode_(std::move(inode)),
        writable_(writable),
        power_cuts_(fs.power_cuts_) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* buffer) override {
    LSM_RETURN_IF_ERROR(fs_.Before(FileOperation::kRead, path_));
    const std::lock_guard lock(fs_.mutex_);
    LSM_RETURN_IF_ERROR(Usable(false));
    if (offset >= inode_->data.size()) return size_t{0};
    const size_t n = std::min(size, inode_->data.size() - static_cast<size_t>(offset));
    std::memcpy(buffer, inode_->data.data() + offset, n);
    return n;
  }

  Status WriteAt(uint64_t offset, std::span<const std::string_view> parts) override {
    std::string bytes;
    for (std::string_view part : parts) bytes.append(part);
    Fault fault;
    const Status failed = fs_.Before(FileOperation::kWrite, path_, &fault);
    const std::lock_guard lock(fs_.mutex_);
    LSM_RETURN_IF_ERROR(Usable(true));
    if (!failed.ok()) bytes.resize(std::min(bytes.size(), fault.torn_bytes));
    const uint64_t end = offset + bytes.size();
    if (end > inode_->data.size() &&
        fs_.UsedLocked() + (end - inode_->data.size()) > fs_.capacity_) {
      return Status::IoError("cannot write " + path_ + ": No space left on device");
    }
    if (!bytes.empty()) Change({.resize = false, .offset = offset, .bytes = std::move(bytes)});
    return failed;
  }

  Status Sync() override {
    Fault fault;
    const Status failed = fs_.Before(FileOperation::kSync, path_, &fault);
    const std::lock_guard lock(fs_.mutex_);
    LSM_RETURN_IF_ERROR(Usable(false));
    if (!failed.ok()) {
      // The kernel takes the pages for clean, though they are not stored.
      inode_->pending.clear();
      if (fault.drop_pages) inode_->data = inode_->stable;
      return failed;
    }
    if (inode_->pending.empty()) return {};
    for (const auto& change : inode_->pending) FaultFileSystem::Apply(change, &inode_->stable);
    inode_->pending.clear();
    return {};
  }

  Status Allocate(uint64_t size) override {
    LSM_RETURN_IF_ERROR(fs_.Before(FileOperation::kAllocate, path_));
    const std::lock_guard lock(fs_.mutex_);
    LSM_RETURN_IF_ERROR(Usable(true));
    if (size <= inode_->data.size()) return {};
    if (fs_.UsedLocked() + (size - inode_->data.size()) > fs_.capacity_) {
      return Status::IoError("cannot allocate space for " + path_ + ": No space left on device");
    }
    Change({.resize = true, .offset = size, .bytes = {}});
    return {};
  }

  Status Truncate(uint64_t size) override {
    LSM_RETURN_IF_ERROR(fs_.Before(FileOperation::kTruncate, path_));
    const std::lock_guard lock(fs_.mutex_);
    LSM_RETURN_IF_ERROR(Usable(true));
    Change({.resize = true, .offset = size, .bytes = {}});
    return {};
  }

  Result<uint64_t> Size() override {
    const std::lock_guard lock(fs_.mutex_);
    LSM_RETURN_IF_ERROR(Usable(false));
    return static_cast<uint64_t>(inode_->data.size());
  }

 private:
  Status Usable(bool to_write) const {
    if (power_cuts_ != fs_.power_cuts_) return Status::IoError(path_ + ": the power was cut");
    if (to_write && !writable_) return Status::IoError(path_ + ": opened for reading");
    return {};
  }

  void Change(FaultFileSystem::Change change) {
    FaultFileSystem::Apply(change, &inode_->data);
    inode_->pending.push_back(std::move(change));
  }

  FaultFileSystem& fs_;
  const std::string path_;
  const std::shared_ptr<FaultFileSystem::Inode> inode_;
  const bool writable_;
  const uint64_t power_cuts_;
};

class FaultLock final : public DirectoryLock {
 public:
  FaultLock(FaultFileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)), power_cuts_(fs.power_cuts_) {}
  FaultLock(const FaultLock&) = delete;
  FaultLock& operator=(const FaultLock&) = delete;
  ~FaultLock() override {
    const std::lock_guard lock(fs_.mutex_);
    if (power_cuts_ == fs_.power_cuts_) fs_.locked_.erase(directory_);
  }

 private:
  FaultFileSystem& fs_;
  const std::string directory_;
  const uint64_t power_cuts_;
};

FaultFileSystem::FaultFileSystem() = default;
FaultFileSystem::~FaultFileSystem() = default;

void FaultFileSystem::AddFault(Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(fault));
}

void FaultFileSystem::ClearFaults() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void FaultFileSystem::SetCapacity(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

void FaultFileSystem::SetHook(std::function<void(FileOperation, const std::string&)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

uint64_t FaultFileSystem::count(FileOperation operation) const {
  const std::lock_guard lock(mutex_);
  const auto it = counts_.find(operation);
  return it == counts_.end() ? 0 : it->second;
}

Status FaultFileSystem::Before(FileOperation operation, const std::string& path, Fault* struck) {
  std::function<void(FileOperation, const std::string&)> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = hook_;
  }
  if (hook) hook(operation, path);
  const std::lock_guard lock(mutex_);
  ++counts_[operation];
  for (Fault& fault : faults_) {
    if (fault.operation != operation || path.find(fault.path_part) == std::string::npos) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.times == 0) continue;
    --fault.times;
    if (struck != nullptr) *struck = fault;
    return Status::IoError(path + ": " + fault.message);
  }
  return {};
}

uint64_t FaultFileSystem::UsedLocked() const {
  uint64_t used = 0;
  std::set<const Inode*> seen;
  for (const auto& [path, inode] : names_) {
    if (seen.insert(inode.get()).second) used += inode->data.size();
  }
  return used;
}

void FaultFileSystem::ChangeNameLocked(NameChange change) {
  Apply(change, &names_);
  pending_names_[Parent(change.path)].push_back(std::move(change));
}

void FaultFileSystem::Apply(const NameChange& change, Names* names) {
  if (!change.old_path.empty()) names->erase(change.old_path);
  if (change.inode == nullptr) {
    names->erase(change.path);
  } else {
    (*names)[change.path] = change.inode;
  }
}

void FaultFileSystem::Apply(const Change& change, std::string* data) {
  if (change.resize) {
    data->resize(static_cast<size_t>(change.offset));
    return;
  }
  const size_t end = static_cast<size_t>(change.offset) + change.bytes.size();
  if (data->size() < end) data->resize(end);
  std::memcpy(data->data() + change.offset, change.bytes.data(), change.bytes.size());
}

void FaultFileSystem::ApplyScattered(const Change& change, std::mt19937_64& random,
                                     std::string* data) {
  if (change.resize) return Apply(change, data);
  const uint64_t end = change.offset + change.bytes.size();
  for (uint64_t at = change.offset; at < end;) {
    const uint64_t next = std::min(end, (at / kSector + 1) * kSector);
    if (random() % 2 == 0) {
      Apply({.resize = false,
             .offset = at,
             .bytes = change.bytes.substr(static_cast<size_t>(at - change.offset),
                                          static_cast<size_t>(next - at))},
            data);
    }
    at = next;
  }
}

void FaultFileSystem::CutInode(PowerCut kind, std::mt19937_64& random, Inode* inode) {
  std::string data = inode->stable;
  if (kind == PowerCut::kEverything || kind == PowerCut::kBytesOnly) {
    for (const auto& change : inode->pending) Apply(change, &data);
  } else if (kind == PowerCut::kScattered) {
    for (const auto& change : inode->pending) ApplyScattered(change, random, &data);
  } else if (kind == PowerCut::kPrefix && !inode->pending.empty()) {
    const size_t whole = random() % (inode->pending.size() + 1);
    for (size_t i = 0; i < whole; ++i) Apply(inode->pending[i], &data);
    if (whole < inode->pending.size() && !inode->pending[whole].resize) {
      auto torn = inode->pending[whole];
      torn.bytes.resize(random() % (torn.bytes.size() + 1));
      Apply(torn, &data);
    }
  }
  inode->data = data;
  inode->stable = std::move(data);
  inode->pending.clear();
}

void FaultFileSystem::CutPower(PowerCut kind, std::mt19937_64& random) {
  const std::lock_guard lock(mutex_);
  ++power_cuts_;
  locked_.clear();
  for (auto& [directory, changes] : pending_names_) {
    size_t kept = 0;
    if (kind == PowerCut::kEverything) kept = changes.size();
    if (kind == PowerCut::kPrefix || kind == PowerCut::kScattered) {
      kept = random() % (changes.size() + 1);
    }
    for (size_t i = 0; i < kept; ++i) Apply(changes[i], &stable_names_);
  }
  pending_names_.clear();
  names_ = stable_names_;
  std::set<Inode*> done;
  for (const auto& [path, inode] : names_) {
    if (done.insert(inode.get()).second) CutInode(kind, random, inode.get());
  }
}

std::string FaultFileSystem::Contents(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto it = names_.find(path);
  return it == names_.end() ? std::string() : it->second->data;
}

void FaultFileSystem::SetContents(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  auto& inode = names_[path];
  if (inode == nullptr) inode = std::make_shared<Inode>();
  inode->data = bytes;
  inode->stable = std::move(bytes);
  inode->pending.clear();
  stable_names_[path] = inode;
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::Copy() const {
  auto copy = std::make_unique<FaultFileSystem>();
  const std::lock_guard lock(mutex_);
  for (const auto& [path, inode] : names_) copy->SetContents(path, inode->data);
  copy->directories_ = directories_;
  return copy;
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::CopyAfterPowerCut(PowerCut kind,
                                                                    std::mt19937_64& random) const {
  auto copy = std::make_unique<FaultFileSystem>();
  {
    const std::lock_guard lock(mutex_);
    std::map<const Inode*, std::shared_ptr<Inode>> clones;
    const auto clone = [&](const std::shared_ptr<Inode>& inode) -> std::shared_ptr<Inode> {
      if (inode == nullptr) return nullptr;
      auto& made = clones[inode.get()];
      if (made == nullptr) made = std::make_shared<Inode>(*inode);
      return made;
    };
    for (const auto& [path, inode] : names_) copy->names_[path] = clone(inode);
    for (const auto& [path, inode] : stable_names_) copy->stable_names_[path] = clone(inode);
    copy->pending_names_ = pending_names_;
    for (auto& [directory, changes] : copy->pending_names_) {
      for (NameChange& change : changes) change.inode = clone(change.inode);
    }
    copy->directories_ = directories_;
  }
  copy->CutPower(kind, random);
  return copy;
}

Result<std::unique_ptr<File>> FaultFileSystem::Open(const std::string& path, OpenMode mode) {
  LSM_RETURN_IF_ERROR(Before(FileOperation::kOpen, path));
  const std::lock_guard lock(mutex_);
  const auto it = names_.find(path);
  std::shared_ptr<Inode> inode = it == names_.end() ? nullptr : it->second;
  if (mode == OpenMode::kCreate) {
    inode = std::make_shared<Inode>();
    ChangeNameLocked({.path = path, .inode = inode});
  }
  if (inode == nullptr)
    return Status::IoError("cannot open " + path + ": No such file or directory");
  const bool writable = mode == OpenMode::kCreate || mode == OpenMode::kReadWrite;
  return std::unique_ptr<File>(
      std::make_unique<FaultFile>(*this, path, std::move(inode), writable));
}

bool FaultFileSystem::Exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return names_.contains(path) || directories_.contains(path);
}

Result<uint64_t> FaultFileSystem::FileSize(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto it = names_.find(path);
  if (it == names_.end()) return Status::IoError("cannot stat " + path);
  return static_cast<uint64_t>(it->second->data.size());
}

Status FaultFileSystem::Remove(const std::string& path) {
  LSM_RETURN_IF_ERROR(Before(FileOperation::kRemove, path));
  const std::lock_guard lock(mutex_);
  if (!names_.contains(path)) return Status::IoError("cannot remove " + path);
  ChangeNameLocked({.path = path, .inode = nullptr});
  return {};
}

Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  LSM_RETURN_IF_ERROR(Before(FileOperation::kRename, from));
  const std::lock_guard lock(mutex_);
  const auto it = names_.find(from);
  if (it == names_.end()) return Status::IoError("cannot rename " + from);
  ChangeNameLocked({.path = to, .inode = it->second, .old_path = from});
  return {};
}

Status FaultFileSystem::Link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto it = names_.find(from);
  if (it == names_.end() || names_.contains(to)) return Status::IoError("cannot link " + from);
  ChangeNameLocked({.path = to, .inode = it->second});
  return {};
}

Status FaultFileSystem::CreateDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  directories_.insert(path);
  return {};
}

Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  directories_.erase(path);
  return {};
}

Result<std::vector<std::string>> FaultFileSystem::List(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  const std::string prefix = path + "/";
  for (const auto& [name, inode] : names_) {
    if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos) {
      names.push_back(name.substr(prefix.size()));
    }
  }
  for (const std::string& name : directories_) {
    if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos) {
      names.push_back(name.substr(prefix.size()));
    }
  }
  return names;
}

Status FaultFileSystem::SyncDirectory(const std::string& path) {
  LSM_RETURN_IF_ERROR(Before(FileOperation::kSyncDirectory, path));
  const std::lock_guard lock(mutex_);
  for (const NameChange& change : pending_names_[path]) Apply(change, &stable_names_);
  pending_names_.erase(path);
  return {};
}

Result<uint64_t> FaultFileSystem::FreeSpace(const std::string& /*path*/) {
  const std::lock_guard lock(mutex_);
  const uint64_t used = UsedLocked();
  return used > capacity_ ? 0 : capacity_ - used;
}

Result<std::unique_ptr<DirectoryLock>> FaultFileSystem::Lock(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (!locked_.insert(directory).second) {
    return Status::Busy("directory " + directory + " is in use");
  }
  return std::unique_ptr<DirectoryLock>(std::make_unique<FaultLock>(*this, directory));
}

}  // namespace lsm
