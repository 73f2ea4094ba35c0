// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/file_system.h"

namespace lsm {

enum class FileOperation {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kAllocate,
  kTruncate,
  kRemove,
  kRename,
  kSyncDirectory,
};

// A rule by which operations fail.
struct Fault {
  FileOperation operation = FileOperation::kWrite;
  std::string path_part = {};  // Only for paths that contain it.
  uint64_t skip = 0;           // So many matching operations pass first.
  uint64_t times = ~0ULL;      // So many then fail.
  size_t torn_bytes = 0;       // kWrite: so many bytes are written all the same.
  bool drop_pages = false;     // kSync: what was not synced is gone from the cache too.
  std::string message = "Input/output error";
};

// What a power cut keeps of what was not synced.
enum class PowerCut {
  kNothing,  // Only what was synced.
  kEverything,
  kPrefix,     // Operations up to some moment, the last one torn.
  kScattered,  // Any 512-byte sectors; names up to some moment.
  kBytesOnly,  // All bytes, no names.
};

// A file system in memory that fails, tears, fills up and loses power when told. It knows which
// bytes and which names were synced. Thread-safe.
class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem();
  ~FaultFileSystem() override;

  void AddFault(Fault fault);
  void ClearFaults();

  // All files together may have so many bytes; more is "No space left on device".
  void SetCapacity(uint64_t bytes);

  // Called before each operation, without locks: a test may wait in it.
  void SetHook(std::function<void(FileOperation, const std::string& path)> hook);

  // Open files and locks are void from now on.
  void CutPower(PowerCut kind, std::mt19937_64& random);

  uint64_t count(FileOperation operation) const;

  // The file's bytes as they are now, and behind everybody's back.
  std::string Contents(const std::string& path) const;
  void SetContents(const std::string& path, std::string bytes);

  // A second file system with the same files, all synced.
  std::unique_ptr<FaultFileSystem> Copy() const;
  // A second file system with what a power cut in this moment would leave. This one lives on, so
  // that threads which still use it change nothing there.
  std::unique_ptr<FaultFileSystem> CopyAfterPowerCut(PowerCut kind, std::mt19937_64& random) const;

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  bool Exists(const std::string& path) override;
  Result<uint64_t> FileSize(const std::string& path) override;
  Status Remove(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status CreateDirectory(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<uint64_t> FreeSpace(const std::string& path) override;
  Result<std::unique_ptr<DirectoryLock>> Lock(const std::string& directory) override;

 private:
  friend class FaultFile;
  friend class FaultLock;

  struct Change {
    bool resize = false;
    uint64_t offset = 0;  // Or the new size.
    std::string bytes;
  };
  struct Inode {
    std::string data;
    std::string stable;
    std::vector<Change> pending;
  };
  struct NameChange {
    std::string path;
    std::shared_ptr<Inode> inode;  // Null: the name is removed.
    std::string old_path = {};     // Of a rename: removed in the same moment.
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  // Counts the operation, and gives the fault that strikes it, if any.
  Status Before(FileOperation operation, const std::string& path, Fault* struck = nullptr);
  uint64_t UsedLocked() const;
  void ChangeNameLocked(NameChange change);
  static void Apply(const NameChange& change, Names* names);
  static void Apply(const Change& change, std::string* data);
  static void ApplyScattered(const Change& change, std::mt19937_64& random, std::string* data);
  static void CutInode(PowerCut kind, std::mt19937_64& random, Inode* inode);

  mutable std::mutex mutex_;
  Names names_;
  Names stable_names_;
  std::map<std::string, std::vector<NameChange>> pending_names_;  // By directory.
  std::set<std::string> directories_;
  std::set<std::string> locked_;
  std::vector<Fault> faults_;
  std::map<FileOperation, uint64_t> counts_;
  uint64_t capacity_ = ~0ULL;
  uint64_t power_cuts_ = 0;
  std::function<void(FileOperation, const std::string&)> hook_;
};

}  // namespace lsm
