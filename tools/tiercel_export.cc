// SPDX-License-Identifier: BSD-3-Clause
//
// tiercel-export DIR FILE.rdb: writes what a stopped server's store has as an RDB file.
// Exit codes: 0 done, 1 it could not be done, 2 wrong usage.

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>

#include "datatypes/snapshot_dump.h"
#include "lsm/clock.h"
#include "lsm/file_system.h"
#include "lsm/store.h"
#include "resp/number_parse.h"
#include "scripting/function_store.h"
#include "tools/progress.h"

namespace {

constexpr char kUsage[] =
    "usage: tiercel-export [--rdb-version N] [--quiet] DIR FILE.rdb\n"
    "\n"
    "Writes what the store in DIR has, which no server may have open, as an RDB file.\n"
    "  --rdb-version N   9 for Redis 5 and later, 10 for 7.0 (the default), 11 for 7.2, 12 for "
    "7.4\n"
    "  --quiet           no progress\n";

struct Arguments {
  std::string dir;
  std::string file;
  int version = 10;
  bool quiet = false;
};

std::optional<Arguments> ParseArguments(int argc, char** argv) {
  Arguments out;
  int paths = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quiet") {
      out.quiet = true;
    } else if (word == "--rdb-version" && i + 1 < argc) {
      const auto version = resp::ParseInt64(argv[++i]);
      if (!version || *version < rdb::kMinWrittenVersion || *version > rdb::kMaxWrittenVersion) {
        return std::nullopt;
      }
      out.version = static_cast<int>(*version);
    } else if (word.starts_with("-") || paths == 2) {
      return std::nullopt;
    } else {
      (paths++ == 0 ? out.dir : out.file) = word;
    }
  }
  if (paths != 2) return std::nullopt;
  return out;
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "tiercel-export: %s\n", message.c_str());
  return 1;
}

// A store without a loop: the calling thread is the loop's.
class OpenedStore {
 public:
  lsm::Status Open(const std::string& dir) {
    lsm::StoreOptions options;
    options.dir = dir;
    options.shards = 0;  // As many as it has.
    LSM_ASSIGN_OR_RETURN(store_, lsm::Store::Open(options, lsm::PosixFileSystem(),
                                                  *lsm::SystemClock(), [this] { Wake(); }));
    store_->SetSweeping(false);
    return {};
  }

  lsm::Result<std::unique_ptr<lsm::Snapshot>> TakeSnapshot() {
    std::optional<lsm::Result<std::unique_ptr<lsm::Snapshot>>> taken;
    store_->TakeSnapshot([&taken](auto snapshot) { taken.emplace(std::move(snapshot)); });
    while (!taken) {
      store_->RunCompletions();
      if (taken) break;
      std::unique_lock<std::mutex> lock(mutex_);
      woken_.wait_for(lock, std::chrono::milliseconds(10), [this] { return wake_; });
      wake_ = false;
    }
    return std::move(*taken);
  }

  lsm::Status Close() { return store_->Close(/*flush=*/false); }

 private:
  void Wake() {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake_ = true;
    woken_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  bool wake_ = false;
  std::unique_ptr<lsm::Store> store_;
};

int Export(const Arguments& arguments) {
  struct stat status = {};
  if (::stat((arguments.dir + "/lsm-000").c_str(), &status) != 0) {
    return Fail(arguments.dir + ": there is no store here");
  }
  OpenedStore store;
  if (const lsm::Status opened = store.Open(arguments.dir); !opened.ok()) {
    return Fail(opened.message());
  }
  auto snapshot = store.TakeSnapshot();
  if (!snapshot) return Fail(snapshot.error().message());
  datatypes::SnapshotDumpOptions options;
  options.format.version = arguments.version;
  auto libraries = scripting::ReadLibraries(**snapshot);
  if (!libraries) return Fail(libraries.error().message());
  for (auto& library : *libraries) options.functions.push_back(std::move(library.source));
  datatypes::SnapshotDumpProgress progress;
  datatypes::SnapshotDumpLosses losses;
  lsm::Status dumped;
  tools::Progress shown(arguments.quiet);
  shown.Begin("writing", "keys", std::nullopt);
  bool done = false;
  std::mutex mutex;
  std::condition_variable ended;
  std::thread writer([&] {
    dumped = datatypes::DumpSnapshotToFile(**snapshot, options, arguments.file, progress, &losses);
    const std::lock_guard<std::mutex> lock(mutex);
    done = true;
    ended.notify_one();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    while (!ended.wait_for(lock, std::chrono::milliseconds(200), [&] { return done; })) {
      shown.Update(progress.keys);
    }
  }
  writer.join();
  snapshot->reset();
  const lsm::Status closed = store.Close();
  if (!dumped.ok()) return Fail(dumped.message());
  if (!closed.ok()) return Fail(closed.message());
  shown.Update(progress.keys);
  shown.End();
  if (losses.hashes > 0) {
    std::fprintf(stderr,
                 "warning: %llu hashes were written without the expiry of their fields, for which "
                 "version %d has no place\n",
                 static_cast<unsigned long long>(losses.hashes), arguments.version);
  }
  if (losses.functions > 0) {
    std::fprintf(stderr,
                 "warning: %llu function libraries were left out, for which version %d has no "
                 "place\n",
                 static_cast<unsigned long long>(losses.functions), arguments.version);
  }
  std::printf("%llu keys exported, %llu bytes\n",
              static_cast<unsigned long long>(progress.keys.load()),
              static_cast<unsigned long long>(progress.bytes.load()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const std::optional<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  return Export(*arguments);
}
