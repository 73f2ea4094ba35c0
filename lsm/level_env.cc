// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/level_env.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include "lsm/level_env_files.h"

namespace lsm {
namespace {

using leveldb::Slice;

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string DirectoryName(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// The number in "NNNNNN.log", the name that LevelDB gives to a write-ahead log; 0 for other names.
uint64_t LogNumber(std::string_view path) {
  const std::string_view name = BaseName(path);
  constexpr std::string_view kSuffix = ".log";
  if (name.size() <= kSuffix.size() || !name.ends_with(kSuffix)) return 0;
  uint64_t number = 0;
  for (char c : name.substr(0, name.size() - kSuffix.size())) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

class LineLogger final : public leveldb::Logger {
 public:
  explicit LineLogger(std::function<void(std::string_view)> line) : line_(std::move(line)) {}

  void Logv(const char* format, std::va_list arguments) override {
    if (!line_) return;
    std::array<char, 1024> text{};
    const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
    if (size <= 0) return;
    std::string_view line(text.data(), std::min(static_cast<size_t>(size), text.size() - 1));
    while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    line_(line);
  }

 private:
  const std::function<void(std::string_view)> line_;
};

// LevelDB's handle of a lock.
class EnvLock final : public leveldb::FileLock {
 public:
  explicit EnvLock(std::unique_ptr<DirectoryLock> lock) : lock_(std::move(lock)) {}

 private:
  const std::unique_ptr<DirectoryLock> lock_;
};

// Runs functions one after another on a thread that is made when the first one comes.
class BackgroundThread {
 public:
  explicit BackgroundThread(int nice_value) : nice_value_(nice_value) {}
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;
  ~BackgroundThread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void Schedule(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    wake_.notify_all();
  }

 private:
  void Run() {
    // On Linux a nice value belongs to the thread, if the thread's id is given. It may be refused:
    // then the thread runs with the process' priority.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice_value_);
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;  // What was scheduled is done even when stopping.
      const std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  const int nice_value_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

class LevelEnv final : public leveldb::Env {
 public:
  explicit LevelEnv(LevelEnvOptions options)
      : options_(std::move(options)),
        fs_(*options_.file_system),
        readahead_(options_.compaction_readahead),
        background_(options_.background_nice) {}

  leveldb::Status NewSequentialFile(const std::string& path,
                                    leveldb::SequentialFile** result) override {
    *result = nullptr;
    if (IsStorelessLog(path)) {
      *result = NewEmptySequentialFile().release();
      return leveldb::Status::OK();
    }
    if (!fs_.Exists(path)) return leveldb::Status::NotFound(path, "does not exist");
    auto file = fs_.Open(path, OpenMode::kRead);
    if (!file.has_value()) return ToLevelStatus(file.error());
    *result = NewSequentialFileOn(std::move(*file)).release();
    return leveldb::Status::OK();
  }

  leveldb::Status NewRandomAccessFile(const std::string& path,
                                      leveldb::RandomAccessFile** result) override {
    *result = nullptr;
    auto file = fs_.Open(path, OpenMode::kReadRandom);
    if (!file.has_value()) return ToLevelStatus(file.error());
    *result = NewTableFileOn(std::move(*file), &readahead_, options_.table_reads).release();
    return leveldb::Status::OK();
  }

  leveldb::Status NewWritableFile(const std::string& path,
                                  leveldb::WritableFile** result) override {
    *result = nullptr;
    if (const uint64_t number = LogNumber(path); number != 0) {
      AddLog(path, number);
      *result = NewStorelessFile().release();
      return leveldb::Status::OK();
    }
    auto file = fs_.Open(path, OpenMode::kCreate);
    if (!file.has_value()) return ToLevelStatus(file.error());
    // A MANIFEST that is synced must also be found, and the tables that it names with it.
    const bool with_directory = BaseName(path).starts_with("MANIFEST");
    *result = NewWritableFileOn(std::move(*file), 0, fs_,
                                with_directory ? DirectoryName(path) : std::string())
                  .release();
    return leveldb::Status::OK();
  }

  leveldb::Status NewAppendableFile(const std::string& path,
                                    leveldb::WritableFile** result) override {
    *result = nullptr;
    // Asked for by Options::reuse_logs only, which makes no sense here for the log; a MANIFEST may
    // be reused.
    if (LogNumber(path) != 0) {
      return leveldb::Status::NotSupported(path, "LevelDB's log is not stored");
    }
    auto file = fs_.Open(path, fs_.Exists(path) ? OpenMode::kReadWrite : OpenMode::kCreate);
    if (!file.has_value()) return ToLevelStatus(file.error());
    auto size = (*file)->Size();
    if (!size.has_value()) return ToLevelStatus(size.error());
    *result = NewWritableFileOn(std::move(*file), *size, fs_, DirectoryName(path)).release();
    return leveldb::Status::OK();
  }

  bool FileExists(const std::string& path) override {
    return IsStorelessLog(path) || fs_.Exists(path);
  }

  leveldb::Status GetChildren(const std::string& directory,
                              std::vector<std::string>* names) override {
    names->clear();
    auto listed = fs_.List(directory);
    if (!listed.has_value()) return ToLevelStatus(listed.error());
    *names = std::move(*listed);
    // LevelDB removes what it finds here: that is how we learn that a memtable is flushed.
    const std::lock_guard lock(mutex_);
    for (const auto& [number, path] : logs_) {
      if (DirectoryName(path) == directory) names->emplace_back(BaseName(path));
    }
    return leveldb::Status::OK();
  }

  leveldb::Status RemoveFile(const std::string& path) override {
    if (IsStorelessLog(path)) {
      RemoveLog(LogNumber(path));
      return leveldb::Status::OK();
    }
    return ToLevelStatus(fs_.Remove(path));
  }

  leveldb::Status CreateDir(const std::string& path) override {
    return ToLevelStatus(fs_.CreateDirectory(path));
  }

  leveldb::Status RemoveDir(const std::string& path) override {
    return ToLevelStatus(fs_.RemoveDirectory(path));
  }

  leveldb::Status GetFileSize(const std::string& path, uint64_t* size) override {
    *size = 0;
    if (IsStorelessLog(path)) return leveldb::Status::OK();
    auto found = fs_.FileSize(path);
    if (!found.has_value()) return ToLevelStatus(found.error());
    *size = *found;
    return leveldb::Status::OK();
  }

  leveldb::Status RenameFile(const std::string& from, const std::string& to) override {
    const Status renamed = fs_.Rename(from, to);
    if (!renamed.ok()) return ToLevelStatus(renamed);
    // CURRENT must name the new MANIFEST before LevelDB removes the old one.
    return ToLevelStatus(fs_.SyncDirectory(DirectoryName(to)));
  }

  leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override {
    *lock = nullptr;
    auto held = fs_.Lock(DirectoryName(path));
    if (!held.has_value()) return ToLevelStatus(held.error());
    *lock = std::make_unique<EnvLock>(std::move(*held)).release();
    return leveldb::Status::OK();
  }

  leveldb::Status UnlockFile(leveldb::FileLock* lock) override {
    delete lock;
    return leveldb::Status::OK();
  }

  void Schedule(void (*function)(void*), void* argument) override {
    background_.Schedule([this, function, argument] {
      readahead_.Enter();
      function(argument);
      readahead_.Leave();
    });
  }

  void StartThread(void (*function)(void*), void* argument) override {
    std::thread(function, argument).detach();  // LevelDB itself never calls it.
  }

  leveldb::Status GetTestDirectory(std::string* path) override {
    path->clear();
    return leveldb::Status::NotSupported("no test directory");
  }

  leveldb::Status NewLogger(const std::string& /*path*/, leveldb::Logger** result) override {
    *result = std::make_unique<LineLogger>(options_.log_line).release();
    return leveldb::Status::OK();
  }

  uint64_t NowMicros() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  }

  void SleepForMicroseconds(int micros) override {
    std::this_thread::sleep_for(std::chrono::microseconds(micros));
  }

 private:
  // A real file NNNNNN.log, left by a LevelDB with another Env, is not one of these: LevelDB reads
  // it into a table when it opens, as ever.
  bool IsStorelessLog(const std::string& path) {
    const uint64_t number = LogNumber(path);
    if (number == 0) return false;
    const std::lock_guard lock(mutex_);
    return logs_.contains(number);
  }

  void AddLog(const std::string& path, uint64_t number) {
    {
      const std::lock_guard lock(mutex_);
      logs_[number] = path;
    }
    if (options_.observer != nullptr) options_.observer->OnMemtableSwitch(number);
  }

  // LevelDB removes logs below the one that began after the newest flushed memtable, in any order.
  void RemoveLog(uint64_t number) {
    uint64_t next = 0;
    {
      const std::lock_guard lock(mutex_);
      logs_.erase(number);
      const auto it = logs_.upper_bound(number);
      if (it != logs_.end()) next = it->first;
    }
    if (next != 0 && options_.observer != nullptr) options_.observer->OnMemtableFlushed(next);
  }

  const LevelEnvOptions options_;
  FileSystem& fs_;
  Readahead readahead_;
  std::mutex mutex_;
  std::map<uint64_t, std::string> logs_;  // Guarded by mutex_: number -> path.
  BackgroundThread background_;           // Last: its work uses all the rest.
};

}  // namespace

std::unique_ptr<leveldb::Env> NewLevelEnv(LevelEnvOptions options) {
  return std::make_unique<LevelEnv>(std::move(options));
}

}  // namespace lsm
