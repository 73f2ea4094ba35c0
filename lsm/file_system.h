// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/status.h"

namespace lsm {

// An open file. Reads and writes name their offset, so one File may be used by several threads at
// once as long as they do not write the same bytes. Closed by its destructor.
class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  // Reads up to `size` bytes at `offset`; fewer only where the file ends.
  virtual Result<size_t> ReadAt(uint64_t offset, size_t size, char* buffer) = 0;

  // Writes the parts one after another at `offset`. After an error any part of them, or nothing,
  // may have been written: write the same bytes to the same place again.
  virtual Status WriteAt(uint64_t offset, std::span<const std::string_view> parts) = 0;
  Status WriteAt(uint64_t offset, std::string_view bytes) {
    return WriteAt(offset, std::span<const std::string_view>(&bytes, 1));
  }

  // On return all bytes written before the call survive a power cut (fdatasync). After an error
  // none of the bytes written since the last successful Sync may be taken for stored, whatever a
  // later Sync says: the kernel may have dropped them.
  virtual Status Sync() = 0;

  // Makes the file at least `size` bytes long with space on disk for every one of them, so that a
  // full disk is met here and not in WriteAt. New bytes read as zeros.
  virtual Status Allocate(uint64_t size) = 0;

  // Cuts the file to `size` bytes.
  virtual Status Truncate(uint64_t size) = 0;

  virtual Result<uint64_t> Size() = 0;
};

// Held as long as it lives.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  virtual ~DirectoryLock() = default;
};

enum class OpenMode {
  kRead,        // Existing; read front to back.
  kReadRandom,  // Existing; read here and there, the kernel shall not read ahead.
  kReadWrite,   // Existing; read and written.
  kCreate,      // New and empty; what had the name is replaced.
};

// Everything that lsm/ asks of storage. All files, LevelDB's included (see LevelEnv), are reached
// through this interface, so that a test can fail, tear and delay it and a store can live on
// something else than a local disk. Thread-safe. Error messages name the path.
class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  virtual bool Exists(const std::string& path) = 0;
  virtual Result<uint64_t> FileSize(const std::string& path) = 0;
  virtual Status Remove(const std::string& path) = 0;

  // Atomic; replaces `to`. Survives a power cut once SyncDirectory returned.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;

  // `to` becomes a second name of the file `from`.
  virtual Status Link(const std::string& from, const std::string& to) = 0;

  // Creates the directory (its parent must exist); ok if it is there already.
  virtual Status CreateDirectory(const std::string& path) = 0;
  virtual Status RemoveDirectory(const std::string& path) = 0;

  // The names in the directory, without "." and "..", in no particular order.
  virtual Result<std::vector<std::string>> List(const std::string& path) = 0;

  // On return creations, renames and removals in the directory survive a power cut.
  virtual Status SyncDirectory(const std::string& path) = 0;

  // Bytes that this process may still allocate on the file system that holds `path`.
  virtual Result<uint64_t> FreeSpace(const std::string& path) = 0;

  // Takes the directory for this process (file LOCK in it). kBusy, with the holder's process id
  // where it is known, if somebody else has it.
  virtual Result<std::unique_ptr<DirectoryLock>> Lock(const std::string& directory) = 0;
};

// The local disk. Stateless.
FileSystem& PosixFileSystem();

}  // namespace lsm
