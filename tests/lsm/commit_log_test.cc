// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/commit_log.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "test_log.h"

using lsm::Fault;
using lsm::FileOperation;
using lsm::LogOptions;
using lsm::RowBatch;
using lsm::Status;
using lsm::SyncPolicy;
using lsm::TestLog;

namespace {

using Strings = std::vector<std::string>;

// Fills segments until `count` more records of a fixed size are in the log.
void AppendMany(TestLog& t, int count, const std::string& prefix = "v") {
  for (int i = 0; i < count; ++i) {
    REQUIRE(
        t.Append(prefix + std::to_string(t.log->written_seq() + 1) + std::string(90, '.')).ok());
    t.log->RunBackground();
  }
}

size_t CountNames(TestLog& t, const std::string& prefix) {
  const Strings names = t.Files();
  return static_cast<size_t>(std::count_if(
      names.begin(), names.end(), [&](const auto& name) { return name.starts_with(prefix); }));
}

}  // namespace

TEST_CASE("what was appended is replayed in order, after the applied sequence number only") {
  TestLog t;
  REQUIRE(t.Open().ok());
  CHECK(t.replayed.empty());
  for (const char* value : {"a", "b", "c"}) REQUIRE(t.Append(value).ok());
  CHECK(t.log->written_seq() == 3);
  TestLog all = t.AfterKill();
  REQUIRE(all.Open().ok());
  CHECK(all.replayed == Strings{"1:a", "2:b", "3:c"});
  CHECK(all.log->written_seq() == 3);
  CHECK(all.log->synced_seq() == 3);
  TestLog rest = t.AfterKill();
  REQUIRE(rest.Open(2).ok());
  CHECK(rest.replayed == Strings{"3:c"});
}

TEST_CASE("a reopened log goes on where it ended") {
  TestLog t;
  Strings expected;
  for (int i = 1; i <= 10; ++i) {
    REQUIRE(t.Open().ok());
    CHECK(t.replayed == expected);
    REQUIRE(t.Append("x" + std::to_string(i)).ok());
    expected.push_back(std::to_string(i) + ":x" + std::to_string(i));
  }
  CHECK(t.log->Close().ok());
}

TEST_CASE("always: one sync serves all that was written before it began") {
  TestLog t;
  REQUIRE(t.Open().ok());
  const uint64_t before = t.log->statistics().syncs;
  for (int i = 0; i < 5; ++i) REQUIRE(t.Append("v").ok());
  CHECK(t.log->synced_seq() == 0);
  t.log->RunBackground();
  CHECK(t.log->statistics().syncs == before + 1);
  CHECK(t.log->synced_seq() == 5);
  CHECK(t.synced == std::vector<uint64_t>{5});
  t.log->RunBackground();
  CHECK(t.log->statistics().syncs == before + 1);
}

TEST_CASE("everysec: a sync each second, if there is anything to sync") {
  TestLog t;
  t.options.policy = SyncPolicy::kEverySecond;
  REQUIRE(t.Open().ok());
  REQUIRE(t.Append("v").ok());
  t.Tick(999);
  CHECK(t.log->synced_seq() == 0);
  t.Tick(1);
  CHECK(t.log->synced_seq() == 1);
  const uint64_t syncs = t.log->statistics().syncs;
  t.Tick(5000);
  CHECK(t.log->statistics().syncs == syncs);
}

TEST_CASE("no: a sync only when asked for") {
  TestLog t;
  t.options.policy = SyncPolicy::kNo;
  REQUIRE(t.Open().ok());
  REQUIRE(t.Append("v").ok());
  t.Tick(100'000);
  CHECK(t.log->synced_seq() == 0);
  t.log->RequestSync(1);
  t.log->RunBackground();
  CHECK(t.log->synced_seq() == 1);
}

TEST_CASE("the policy can be changed while the log is open") {
  TestLog t;
  t.options.policy = SyncPolicy::kNo;
  REQUIRE(t.Open().ok());
  REQUIRE(t.Append("v").ok());
  t.log->SetPolicy(SyncPolicy::kAlways);
  t.log->RunBackground();
  CHECK(t.log->synced_seq() == 1);
}

TEST_CASE("a log goes over many segments") {
  TestLog t;
  REQUIRE(t.Open().ok());
  AppendMany(t, 50);
  CHECK(CountNames(t, "wal-") >= 5);
  TestLog after = t.AfterKill();
  REQUIRE(after.Open().ok());
  CHECK(after.replayed.size() == 50);
}

TEST_CASE("the next segment is prepared before it is needed, so an append allocates nothing") {
  TestLog t;
  REQUIRE(t.Open().ok());
  t.fs->AddFault({.operation = FileOperation::kAllocate});
  REQUIRE(t.Append("v").ok());
  for (int i = 0; i < 7; ++i) REQUIRE(t.Append(std::string(90, '.')).ok());
}

TEST_CASE("segments grow from the first size to the full one") {
  TestLog t;
  t.options.first_segment_bytes = 1024;
  t.options.segment_bytes = 4096;
  REQUIRE(t.Open().ok());
  AppendMany(t, 100);
  std::vector<uint64_t> sizes;
  for (const char* name : {"1", "2", "3", "4"}) {
    sizes.push_back(t.fs->FileSize(std::string("log/wal-000000000") + name).value());
  }
  CHECK(sizes == std::vector<uint64_t>{1024, 2048, 4096, 4096});
}

TEST_CASE("a record larger than a segment gets room of its own") {
  TestLog t;
  REQUIRE(t.Open().ok());
  REQUIRE(t.Append("small").ok());
  const std::string large(10'000, 'L');
  REQUIRE(t.log->EnsureRoom(large.size() + 16).ok());
  REQUIRE(t.Append(large).ok());
  REQUIRE(t.Append("after").ok());
  TestLog after = t.AfterKill();
  REQUIRE(after.Open().ok());
  CHECK(after.replayed == Strings{"1:small", "2:" + large, "3:after"});
}

TEST_CASE("released segments become spares, then new segments; what is too many is removed") {
  TestLog t;
  t.options.max_spare_segments = 2;
  REQUIRE(t.Open().ok());
  AppendMany(t, 60);
  const size_t segments = CountNames(t, "wal-");
  t.log->Release(30);
  t.log->RunBackground();
  CHECK(CountNames(t, "wal-") < segments);
  CHECK(CountNames(t, "spare-") == 2);
  AppendMany(t, 10);
  CHECK(CountNames(t, "spare-") < 2);
  TestLog after = t.AfterKill();
  REQUIRE(after.Open(30).ok());
  CHECK(after.replayed.size() == 40);
  TestLog too_old = t.AfterKill();
  CHECK_FALSE(too_old.Open(0).ok());  // Records 1… are not there any more.
}

TEST_CASE("a quiet log gives back what it keeps for speed, and asks for a flush") {
  TestLog t;
  t.options.segment_bytes = t.options.first_segment_bytes = 64 << 10;
  t.options.quiet_bytes = 4 << 10;
  t.options.quiet_ms = 1000;
  int asked = 0;
  t.options.on_quiet = [&asked] { ++asked; };
  REQUIRE(t.Open().ok());
  const auto burst = [&] {
    for (int i = 0; i < 60; ++i) {
      REQUIRE(t.Append(std::string(10'000, 'x')).ok());
      t.log->RunBackground();
    }
  };
  burst();
  t.log->Release(40);
  t.log->RunBackground();
  CHECK(t.log->statistics().spare_segments == 2);
  t.Tick(1000);  // Much was appended meanwhile: not quiet.
  CHECK(t.log->statistics().spare_segments == 2);
  CHECK(asked == 0);
  t.Tick(1000);
  CHECK(t.log->statistics().spare_segments == 0);
  CHECK(CountNames(t, "spare-") == 0);
  CHECK(asked == 1);  // The last records are not flushed.
  TestLog after = t.AfterKill();
  REQUIRE(after.Open(40).ok());
  CHECK(after.replayed.size() == 20);

  t.log->Release(60);
  t.Tick(1000);
  CHECK(asked == 1);
  CHECK(t.log->statistics().bytes_on_disk == 4 << 10);
  CHECK(t.fs->FileSize("log/" + t.Files().at(0)).value() == 4 << 10);
  CHECK(t.Files().size() == 1);
  TestLog empty = t.AfterKill();
  REQUIRE(empty.Open(60).ok());
  CHECK(empty.log->written_seq() == 60);

  // And it goes on as before.
  REQUIRE(t.Append("small").ok());
  t.Tick(1000);
  burst();
  TestLog last = t.AfterKill();
  REQUIRE(last.Open(60).ok());
  CHECK(last.replayed.size() == 61);
}

TEST_CASE("a segment that holds one record not yet flushed is kept") {
  TestLog t;
  REQUIRE(t.Open().ok());
  AppendMany(t, 60);
  for (uint64_t flushed = 0; flushed <= 60; ++flushed) {
    t.log->Release(flushed);
    t.log->RunBackground();
    TestLog after = t.AfterKill();
    REQUIRE(after.Open(flushed).ok());
    CHECK(after.replayed.size() == 60 - flushed);
  }
}

TEST_CASE("stale records of a recycled segment are not replayed") {
  TestLog t;
  REQUIRE(t.Open().ok());
  // The same sizes, so that an old record begins exactly where a new one ends.
  for (int life = 0; life < 5; ++life) {
    AppendMany(t, 40, "v");
    t.log->Release(t.log->written_seq());
    t.log->RunBackground();
    for (int more = 0; more < 9; ++more) {
      const uint64_t flushed = t.log->written_seq();
      AppendMany(t, 1, "n");
      TestLog after = t.AfterKill();
      REQUIRE(after.Open(flushed).ok());
      CHECK(after.replayed.size() == 1);
      CHECK(after.log->written_seq() == flushed + 1);
      CHECK_FALSE(after.report.torn_tail);
    }
  }
}

TEST_CASE("opening and closing again and again leaves no files behind") {
  TestLog t;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(t.Open(t.log == nullptr ? 0 : t.log->written_seq()).ok());
    AppendMany(t, 3);
  }
  CHECK(t.Files().size() <= 6);
}

TEST_CASE("a full disk is met when the next segment is prepared, and passes by itself") {
  TestLog t;
  REQUIRE(t.Open().ok());
  CHECK(t.log->writable());
  t.fs->SetCapacity(2 * 1024);
  AppendMany(t, 8);  // Into the second segment; no third one can be made.
  CHECK_FALSE(t.log->writable());
  CHECK(t.log->writable_error().find("No space left on device") != std::string::npos);
  const Status refused = t.log->EnsureRoom(10);
  CHECK(refused.message() == t.log->writable_error());
  // A turn that had already begun is still taken.
  CHECK(t.Append("begun").ok());
  t.fs->SetCapacity(10 * 1024);
  t.Tick(500);
  CHECK_FALSE(t.log->writable());
  t.Tick(500);
  CHECK(t.log->writable());
  CHECK(t.log->EnsureRoom(10).ok());
  CHECK(t.writable_changes.size() == 2);
  CHECK(t.writable_changes.back().empty());
  AppendMany(t, 20);
  TestLog after = t.AfterKill();
  REQUIRE(after.Open().ok());
  CHECK(after.replayed.size() == 29);
}

TEST_CASE("a log is opened and replayed on a full disk") {
  TestLog t;
  REQUIRE(t.Open().ok());
  AppendMany(t, 5);
  TestLog after = t.AfterKill();
  after.fs->SetCapacity(0);
  REQUIRE(after.Open().ok());
  CHECK(after.replayed.size() == 5);
  CHECK_FALSE(after.log->writable());
  CHECK_FALSE(after.log->EnsureRoom(1).ok());
  after.fs->SetCapacity(1 << 20);
  after.Tick(1000);
  CHECK(after.log->writable());
  CHECK(after.Append("again").ok());
}

TEST_CASE("a failed append is repeated at the same place, torn at any byte") {
  for (size_t torn = 0; torn < 60; ++torn) {
    TestLog t;
    REQUIRE(t.Open().ok());
    REQUIRE(t.Append("first").ok());
    t.fs->AddFault({.operation = FileOperation::kWrite, .times = 2, .torn_bytes = torn});
    CHECK_FALSE(t.Append("second").ok());
    CHECK(t.log->written_seq() == 1);
    {
      TestLog killed = t.AfterKill();
      REQUIRE(killed.Open().ok());
      CHECK(killed.replayed.size() <= 2);
      CHECK(killed.replayed.front() == "1:first");
    }
    CHECK_FALSE(t.Append("second").ok());
    CHECK(t.Append("second").ok());
    CHECK(t.Append("third").ok());
    TestLog after = t.AfterKill();
    REQUIRE(after.Open().ok());
    CHECK(after.replayed == Strings{"1:first", "2:second", "3:third"});
  }
}

TEST_CASE("a segment that cannot be written is left for the next one") {
  TestLog t;
  REQUIRE(t.Open().ok());
  REQUIRE(t.Append("first").ok());
  t.log->RunBackground();
  t.fs->AddFault({.path_part = "wal-0000000001", .torn_bytes = 37});
  for (int i = 0; i < 3; ++i) CHECK_FALSE(t.Append("second").ok());
  CHECK(t.Append("second").ok());
  CHECK(t.Append("third").ok());
  TestLog after = t.AfterKill();
  REQUIRE(after.Open().ok());
  CHECK(after.replayed == Strings{"1:first", "2:second", "3:third"});
  CHECK(after.log->statistics().append_errors == 0);
  CHECK(t.log->statistics().append_errors == 3);
}

TEST_CASE("after a failed sync nothing is claimed until the records are stored anew") {
  TestLog t;
  REQUIRE(t.Open().ok());
  AppendMany(t, 3);
  REQUIRE(t.log->synced_seq() == 3);
  REQUIRE(t.Append("four").ok());
  REQUIRE(t.Append("five").ok());
  t.fs->AddFault({.operation = FileOperation::kSync, .times = 1});
  // The repair, which comes at once, is stopped too.
  t.fs->AddFault({.operation = FileOperation::kWrite, .path_part = "wal-", .times = 1});
  t.log->RunBackground();
  CHECK(t.log->synced_seq() == 3);
  CHECK_FALSE(t.log->writable());
  CHECK_FALSE(t.Append("six").ok());
  CHECK_FALSE(t.log->EnsureRoom(1).ok());
  CHECK_FALSE(t.log->WaitSynced(5).ok());
  CHECK(t.synced.back() == 3);
  t.Tick(1000);
  CHECK(t.log->synced_seq() == 5);
  CHECK(t.synced.back() == 5);
  CHECK(t.log->writable());
  CHECK(t.Append("six").ok());
  t.log->RunBackground();
  CHECK(t.log->synced_seq() == 6);
  TestLog after = t.AfterPowerCut();
  REQUIRE(after.Open().ok());
  REQUIRE(after.replayed.size() == 6);
  CHECK(after.replayed[3] == "4:four");
  CHECK(after.replayed[5] == "6:six");
}

TEST_CASE(
    "a repair over several segments keeps all records, and its own failing sync is not trusted") {
  TestLog t;
  t.options.policy = SyncPolicy::kNo;
  REQUIRE(t.Open().ok());
  AppendMany(t, 30);
  t.log->RequestSync(30);
  t.fs->AddFault({.operation = FileOperation::kSync, .path_part = "wal-", .times = 3});
  for (int i = 0; i < 5 && t.log->synced_seq() == 0; ++i) t.Tick(1000);
  CHECK(t.log->synced_seq() == 30);
  CHECK(t.log->statistics().sync_errors == 1);
  AppendMany(t, 10);
  REQUIRE(t.log->WaitSynced(40).ok());
  TestLog after = t.AfterPowerCut();
  REQUIRE(after.Open().ok());
  CHECK(after.replayed.size() == 40);
}

TEST_CASE("records lost by a failed sync block the log until LevelDB has them") {
  TestLog t;
  REQUIRE(t.Open().ok());
  AppendMany(t, 3);
  REQUIRE(t.Append("four").ok());
  t.fs->AddFault({.operation = FileOperation::kSync, .times = 1, .drop_pages = true});
  t.Tick(0);
  for (int i = 0; i < 3; ++i) t.Tick(1000);
  CHECK_FALSE(t.log->writable());
  CHECK(t.log->synced_seq() == 3);
  t.log->Release(3);
  t.Tick(1000);
  CHECK_FALSE(t.log->writable());
  t.log->Release(4);
  t.Tick(1000);
  CHECK(t.log->writable());
  CHECK(t.log->synced_seq() == 4);
  REQUIRE(t.Append("five").ok());
  t.log->RunBackground();
  TestLog after = t.AfterPowerCut();
  REQUIRE(after.Open(4).ok());
  CHECK(after.replayed == Strings{"5:five"});
}

TEST_CASE("a closed log is sealed, so that damage to its very last record is seen") {
  TestLog t;
  REQUIRE(t.Open().ok());
  REQUIRE(t.Append("first").ok());
  REQUIRE(t.Append("second").ok());
  REQUIRE(t.log->Close().ok());
  std::string bytes = t.fs->Contents("log/wal-0000000001");
  const size_t at = bytes.find("second");
  REQUIRE(at != std::string::npos);
  bytes[at] = 'S';
  t.fs->SetContents("log/wal-0000000001", bytes);
  const Status refused = t.Open();
  CHECK(refused.code() == Status::Code::kCorruption);
  CHECK(refused.message().find("log/wal-0000000001 at offset 105") != std::string::npos);
  CHECK(refused.message().find("--log-recovery-truncate yes") != std::string::npos);
}

TEST_CASE("statistics tell what was written and what is kept") {
  TestLog t;
  REQUIRE(t.Open().ok());
  REQUIRE(t.Append("v").ok());
  auto statistics = t.log->statistics();
  CHECK(statistics.appends == 1);
  CHECK(statistics.bytes_appended == 32 + 5);
  CHECK(statistics.pending_records == 1);
  CHECK(statistics.segments == 1);
  t.log->RunBackground();
  statistics = t.log->statistics();
  CHECK(statistics.pending_records == 0);
  CHECK(statistics.syncs == 1);
  CHECK(statistics.segments == 2);
  CHECK(statistics.bytes_on_disk == 2048);
}

TEST_CASE("appends go on while a sync runs, and all of them share the next one") {
  lsm::FaultFileSystem fs;
  std::mutex mutex;
  std::condition_variable changed;
  bool block = false;
  bool blocked = false;
  fs.SetHook([&](FileOperation operation, const std::string& path) {
    if (operation != FileOperation::kSync || path.find("wal-") == std::string::npos) return;
    std::unique_lock lock(mutex);
    blocked = block;
    changed.notify_all();
    changed.wait(lock, [&] { return !block; });
  });
  LogOptions options;
  options.policy = SyncPolicy::kAlways;
  auto log = lsm::CommitLog::Open(fs, "log", options, 0, nullptr).value();
  const uint64_t before = log->statistics().syncs;
  {
    const std::lock_guard lock(mutex);
    block = true;
  }
  RowBatch batch;
  batch.Put("k", "v");
  REQUIRE(log->Append(1, batch).ok());
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return blocked; });
  }
  for (uint64_t seq = 2; seq <= 100; ++seq) REQUIRE(log->Append(seq, batch).ok());
  CHECK(log->synced_seq() == 0);
  {
    const std::lock_guard lock(mutex);
    block = false;
  }
  changed.notify_all();
  REQUIRE(log->WaitSynced(100).ok());
  CHECK(log->statistics().syncs == before + 2);
}
