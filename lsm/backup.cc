// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "lsm/manifest_reader.h"
#include "lsm/store_impl.h"

namespace lsm {
namespace {

namespace fs = std::filesystem;

// LevelDB removes tables only after compactions; it does not do that many in the time of a few
// links.
constexpr int kMaxTries = 100;

Status Failed(const std::string& path) {
  return Status::IoError(path + ": " + std::strerror(errno));
}

Status Sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return Failed(path);
  const bool synced = ::fsync(fd) == 0;
  const Status status = synced ? Status() : Failed(path);
  ::close(fd);
  return status;
}

Status WriteWhole(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed(path);
  Status status;
  while (!bytes.empty() && status.ok()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) status = Failed(path);
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (status.ok() && ::fsync(fd) != 0) status = Failed(path);
  ::close(fd);
  return status;
}

Result<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failed(path);
  std::ostringstream out;
  out << file.rdbuf();
  if (file.bad()) return Failed(path);
  return std::move(out).str();
}

class Backup {
 public:
  Backup(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}
  const BackupReport& report() const { return report_; }

  Status CopyShard(uint32_t number) {
    char name[16];
    std::snprintf(name, sizeof name, "/lsm-%03u", number);
    for (int tries = 0; tries < kMaxTries; ++tries) {
      LSM_ASSIGN_OR_RETURN(const bool done, TryShard(from_ + name, to_ + name));
      if (done) return Sync(to_ + name, O_RDONLY | O_DIRECTORY);
    }
    return Status::IoError(from_ + name + ": tables come and go too fast");
  }

  Status CopyLog() {
    const std::string from = from_ + "/" + std::string(kLogDirectoryName);
    const std::string to = to_ + "/" + std::string(kLogDirectoryName);
    std::error_code error;
    std::vector<std::string> segments;
    for (const auto& file : fs::directory_iterator(from, error)) {
      const std::string name = file.path().filename().string();
      if (name.starts_with("wal-")) segments.push_back(name);
    }
    if (error) return Status::IoError(from + ": " + error.message());
    std::sort(segments.begin(), segments.end());
    fs::create_directory(to, error);
    if (error) return Status::IoError(to + ": " + error.message());
    for (const std::string& name : segments) {
      LSM_RETURN_IF_ERROR(CopyFile(from + "/" + name, to + "/" + name));
      const uint64_t bytes = fs::file_size(to + "/" + name, error);
      report_.log_bytes += bytes;
      report_.bytes += bytes;
    }
    return Sync(to, O_RDONLY | O_DIRECTORY);
  }

 private:
  // False: a table had gone; try again.
  Result<bool> TryShard(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::remove_all(to, error);
    if (!fs::create_directory(to, error)) return Status::IoError(to + ": " + error.message());
    LSM_ASSIGN_OR_RETURN(const std::string current, ReadWhole(from + "/CURRENT"));
    const std::string name = current.substr(0, current.find('\n'));
    LSM_ASSIGN_OR_RETURN(const std::string manifest, ReadWhole(from + "/" + name));
    LSM_ASSIGN_OR_RETURN(const ManifestTables tables, ReadManifest(manifest));
    BackupReport report = report_;
    for (const uint64_t number : tables.tables) {
      LSM_ASSIGN_OR_RETURN(const bool there, LinkTable(from, to, number, &report));
      if (!there) return false;
    }
    LSM_RETURN_IF_ERROR(
        WriteWhole(to + "/" + name, std::string_view(manifest).substr(0, tables.bytes)));
    LSM_RETURN_IF_ERROR(WriteWhole(to + "/CURRENT", current));
    report.bytes += tables.bytes;
    report_ = report;
    return true;
  }

  static Result<bool> LinkTable(const std::string& from, const std::string& to, uint64_t number,
                                BackupReport* report) {
    // The second name is that of LevelDB's before 1.14, which it still reads.
    for (const char* format : {"/%06llu.ldb", "/%06llu.sst"}) {
      char name[32];
      std::snprintf(name, sizeof name, format, static_cast<unsigned long long>(number));
      std::error_code error;
      if (::link((from + name).c_str(), (to + name).c_str()) == 0) {
        ++report->tables_linked;
      } else if (errno == ENOENT) {
        continue;
      } else {
        const Status copied = CopyFile(from + name, to + name);
        if (!copied.ok() && !fs::exists(from + name, error)) return false;
        LSM_RETURN_IF_ERROR(copied);
        ++report->tables_copied;
      }
      report->bytes += fs::file_size(to + name, error);
      return true;
    }
    return false;
  }

  static Status CopyFile(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::copy_file(from, to, error);
    if (error) return Status::IoError(to + ": " + error.message());
    return Sync(to, O_RDONLY);
  }

  const std::string from_;
  const std::string to_;
  BackupReport report_;
};

Result<BackupReport> CopyAll(const StoreImpl& store, const std::string& to) {
  Backup backup(store.options().dir, to);
  for (uint32_t shard = 0; shard < store.shards(); ++shard) {
    LSM_RETURN_IF_ERROR(backup.CopyShard(shard));
  }
  LSM_RETURN_IF_ERROR(backup.CopyLog());
  LSM_RETURN_IF_ERROR(Sync(to, O_RDONLY | O_DIRECTORY));
  return backup.report();
}

}  // namespace

Result<BackupReport> BackUpStore(Store& store, const std::string& directory) {
  std::string to = directory;
  while (to.size() > 1 && to.back() == '/') to.pop_back();
  auto* const open = dynamic_cast<StoreImpl*>(&store);
  if (open == nullptr) return Status::NotSupported("this store has no files");
  std::error_code error;
  if (to.empty() || fs::exists(to, error)) return Status::Invalid(to + ": exists already");
  const std::string partial = to + ".partial";
  fs::remove_all(partial, error);
  if (!fs::create_directories(partial, error)) {
    return Status::IoError(partial + ": " + error.message());
  }
  const std::shared_ptr<LogLink> link = open->log_link();
  link->Hold();
  Result<BackupReport> report = CopyAll(*open, partial);
  link->LetGo();
  if (report && std::rename(partial.c_str(), to.c_str()) != 0) report = Failed(to);
  if (!report) fs::remove_all(partial, error);
  return report;
}

}  // namespace lsm
