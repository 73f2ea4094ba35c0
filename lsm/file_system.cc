// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

namespace lsm {
namespace {

Status Failed(const char* what, const std::string& path, int error) {
  return Status::IoError(std::string(what) + " " + path + ": " +
                         std::generic_category().message(error));
}

// An open descriptor, or -1.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* buffer) override {
    size_t done = 0;
    while (done < size) {
      const ssize_t n =
          ::pread(fd_.get(), buffer + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("cannot read", path_, errno);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status WriteAt(uint64_t offset, std::span<const std::string_view> parts) override {
    std::array<iovec, 16> vectors{};
    size_t next = 0;     // The first part not yet wholly written,
    size_t written = 0;  // and how much of it is.
    while (next < parts.size()) {
      size_t count = 0;
      for (size_t i = next; i < parts.size() && count < vectors.size(); ++i) {
        const size_t skip = i == next ? written : 0;
        // iovec has no const; pwritev does not write through it.
        vectors[count++] = {const_cast<char*>(parts[i].data()) + skip, parts[i].size() - skip};
      }
      ssize_t n =
          ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("cannot write", path_, errno);
      offset += static_cast<uint64_t>(n);
      written += static_cast<size_t>(n);
      while (next < parts.size() && written >= parts[next].size()) written -= parts[next++].size();
    }
    return {};
  }

  Status Sync() override {
    return ::fdatasync(fd_.get()) == 0 ? Status() : Failed("cannot sync", path_, errno);
  }

  Status Allocate(uint64_t size) override {
    const int error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size));
    return error == 0 ? Status() : Failed("cannot allocate space for", path_, error);
  }

  Status Truncate(uint64_t size) override {
    const int result = ::ftruncate(fd_.get(), static_cast<off_t>(size));
    return result == 0 ? Status() : Failed("cannot truncate", path_, errno);
  }

  Result<uint64_t> Size() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return Failed("cannot stat", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  const std::string path_;
  const Descriptor fd_;
};

class PosixDirectoryLock final : public DirectoryLock {
 public:
  explicit PosixDirectoryLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  const Descriptor fd_;  // flock() goes with it.
};

std::string HolderOf(int fd) {
  std::array<char, 32> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size() - 1, 0);
  if (n <= 0) return "another process";
  std::string digits(text.data(), static_cast<size_t>(n));
  digits.erase(
      std::find_if(digits.begin(), digits.end(), [](char c) { return c < '0' || c > '9'; }),
      digits.end());
  return digits.empty() ? "another process" : "process " + digits;
}

class PosixFs final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    if (mode == OpenMode::kRead || mode == OpenMode::kReadRandom) {
      flags |= O_RDONLY;
    } else {
      flags |= O_RDWR;
    }
    if (mode == OpenMode::kCreate) flags |= O_CREAT | O_TRUNC;
    Descriptor fd(::open(path.c_str(), flags, 0644));
    if (!fd.ok()) return Failed("cannot open", path, errno);
    // A hint: where it is not understood, reading still works.
    if (mode == OpenMode::kReadRandom) ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_RANDOM);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(path, std::move(fd)));
  }

  bool Exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<uint64_t> FileSize(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return Failed("cannot stat", path, errno);
    return static_cast<uint64_t>(info.st_size);
  }

  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status() : Failed("cannot remove", path, errno);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    const int result = std::rename(from.c_str(), to.c_str());
    return result == 0 ? Status() : Failed("cannot rename", from + " to " + to, errno);
  }

  Status Link(const std::string& from, const std::string& to) override {
    const int result = ::link(from.c_str(), to.c_str());
    return result == 0 ? Status() : Failed("cannot link", from + " to " + to, errno);
  }

  Status CreateDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    const int error = errno;
    struct stat info {};
    if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
    return Failed("cannot create directory", path, error);
  }

  Status RemoveDirectory(const std::string& path) override {
    return ::rmdir(path.c_str()) == 0 ? Status() : Failed("cannot remove directory", path, errno);
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return Failed("cannot list", path, errno);
    std::vector<std::string> names;
    errno = 0;
    // Each DIR stream belongs to one call, so readdir needs no lock.
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    while (const dirent* entry = ::readdir(directory)) {
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    ::closedir(directory);
    if (error != 0) return Failed("cannot list", path, error);
    return names;
  }

  Status SyncDirectory(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.ok()) return Failed("cannot open", path, errno);
    return ::fsync(fd.get()) == 0 ? Status() : Failed("cannot sync", path, errno);
  }

  Result<uint64_t> FreeSpace(const std::string& path) override {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return Failed("cannot stat", path, errno);
    return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  }

  Result<std::unique_ptr<DirectoryLock>> Lock(const std::string& directory) override {
    const std::string path = directory + "/LOCK";
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!fd.ok()) return Failed("cannot open", path, errno);
    // flock belongs to the open file, not to the process: a second store in this process is
    // refused too.
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      if (error != EWOULDBLOCK) return Failed("cannot lock", path, error);
      return Status::Busy("directory " + directory + " is in use by " + HolderOf(fd.get()) +
                          " (it holds " + path + ")");
    }
    // For the message above only; so what cannot be written (a full disk) is left out.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) == 0) {
      [[maybe_unused]] const ssize_t n = ::pwrite(fd.get(), pid.data(), pid.size(), 0);
    }
    return std::unique_ptr<DirectoryLock>(std::make_unique<PosixDirectoryLock>(std::move(fd)));
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static PosixFs file_system;
  return file_system;
}

}  // namespace lsm
