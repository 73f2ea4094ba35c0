// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "lsm/snapshot.h"
#include "lsm/store.h"
#include "tests/lsm/store_world.h"

namespace lsm {

// ---- Promises.

TEST_CASE("store: a turn that the log refuses stays open until it is taken") {
  StoreWorld w;
  w.Open();
  w.Set("k", "v");
  w.Commit();
  const uint64_t before = w.store->committed_seq();
  Fault fault;
  fault.operation = FileOperation::kWrite;
  fault.path_part = "/log/";
  w.files->AddFault(fault);
  w.Set("k", "new");
  CHECK_FALSE(w.store->CommitTurn().ok());
  CHECK_FALSE(w.store->CommitTurn().ok());
  CHECK(w.store->committed_seq() == before);
  CHECK(w.Get("k") == "new");
  w.files->ClearFaults();
  w.Set("other", "v");
  w.RunUntil([&] { return w.store->CommitTurn().ok(); });
  CHECK(w.store->committed_seq() == before + 1);
  w.Crash();
  w.Open();
  CHECK(w.Get("k") == "new");
  CHECK(w.Get("other") == "v");
}

TEST_CASE("store: under «always» a promise waits for the sync, else only for the write") {
  StoreWorld w;
  w.options.fsync_policy = FsyncPolicy::kNo;
  w.options.apply_interval_ms = 3'600'000;  // The applier would ask for a sync.
  w.Open();
  w.Set("k", "v");
  w.Commit();
  CHECK(w.store->promised_seq() == w.store->committed_seq());
  CHECK(w.store->synced_seq() < w.store->committed_seq());
  w.store->SetFsyncPolicy(FsyncPolicy::kAlways);
  w.RunUntil([&] { return w.store->synced_seq() == w.store->committed_seq(); });
  std::mutex mutex;
  std::condition_variable changed;
  bool may_sync = false;
  w.files->SetHook([&](FileOperation operation, const std::string& path) {
    if (operation != FileOperation::kSync || path.find("/log/") == std::string::npos) return;
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return may_sync; });
  });
  w.Set("k", "new");
  w.Commit();
  CHECK(w.store->promised_seq() < w.store->committed_seq());
  {
    const std::lock_guard lock(mutex);
    may_sync = true;
    changed.notify_all();
  }
  w.RunUntil([&] { return w.store->promised_seq() == w.store->committed_seq(); });
  w.files->SetHook(nullptr);
}

TEST_CASE("store: on a full disk keys that are due vanish for readers, and no turn is begun") {
  StoreWorld w;
  w.Open();
  w.store->SetExpiry(w.Set("k", "v"), w.clock.now_ms + 10);
  w.Commit();
  w.files->SetCapacity(0);
  for (int i = 0; i < 100'000 && w.store->Writable(); ++i) {
    w.Set("fill" + std::to_string(i % 10), std::string(1000, 'f'));
    if (!w.store->CommitTurn().ok()) break;
    w.store->RunCompletions();
  }
  w.RunUntil([&] { return !w.store->Writable(); });
  CHECK_FALSE(w.store->write_error().empty());
  const bool open = w.store->TurnIsDirty();
  w.clock.now_ms += 100;
  CHECK(w.store->Find(0, "k").presence == Store::Presence::kAbsent);
  w.store->RunHousekeeping(1000);
  CHECK(w.store->TurnIsDirty() == open);
  w.files->SetCapacity(~0ULL);
  w.RunUntil([&] { return w.store->Writable() && w.store->CommitTurn().ok(); });
  w.RunUntil([&] { return w.store->ExpiringCount(0) == 0; });
}

// ---- Snapshots.

TEST_CASE("store: writes are refused when LevelDB takes none, not when it is slow") {
  StoreWorld w;
  w.options.backlog_limit_bytes = 100'000;
  w.options.apply_interval_ms = 1;
  w.options.log_segment_bytes = size_t{1} << 20;
  std::mutex gate;
  {
    const std::lock_guard closed(gate);
    w.files->SetHook([&](FileOperation operation, const std::string& path) {
      if (operation == FileOperation::kSync && path.find("/log/wal") != std::string::npos) {
        const std::lock_guard open(gate);  // Nothing is applied before it is synced.
      }
    });
    w.Open();
    for (int i = 0; i < 5; ++i) {
      w.store->Create(0, "slow" + std::to_string(i), 1, 0, std::string(60'000, 'x'));
      w.Commit();
    }
    CHECK(w.store->Stats().backlog_bytes > 2 * w.options.backlog_limit_bytes);
    CHECK(w.store->Writable());
    CHECK(w.store->WriteDelayUs() > 500'000);
  }
  w.Apply();
  w.files->SetHook(nullptr);
  CHECK(w.store->WriteDelayUs() == 0);
  w.files->AddFault({.operation = FileOperation::kWrite, .path_part = ".ldb"});
  for (int i = 0; w.store->Writable(); ++i) {
    w.store->RunCompletions();
    if (w.store->Stats().backlog_bytes > 1'000'000) continue;  // The error is to come.
    w.Set("full" + std::to_string(i), std::string(60'000, 'x'));
    w.Commit();
  }
  CHECK(w.store->write_error().find("Input/output error") != std::string::npos);
  w.files->ClearFaults();
  w.RunUntil([&] { return w.store->Writable(); });
}

TEST_CASE("store: a snapshot shows what was committed when it was taken, and nothing later") {
  StoreWorld w;
  w.Open();
  w.Set("a", "1");
  w.store->AttachCollection(w.Set("c", ""));
  REQUIRE(w.Load("c")->collection().Put("row", "old").has_value());
  w.Commit();
  std::unique_ptr<Snapshot> snapshot;
  const uint64_t seq = w.store->committed_seq();
  w.store->TakeSnapshot([&](Result<std::unique_ptr<Snapshot>> taken) {
    REQUIRE(taken.has_value());
    snapshot = std::move(*taken);
  });
  w.Set("a", "2");
  w.Set("b", "2");
  REQUIRE(w.Load("c")->collection().Put("row", "new").has_value());
  w.Apply();
  w.RunUntil([&] { return snapshot != nullptr; });
  CHECK(snapshot->seq() == seq);
  std::vector<std::string> seen;
  CollectionId id = 0;
  REQUIRE(snapshot
              ->ForEachKey(0,
                           [&](std::string_view key, const MetaView& meta) {
                             seen.push_back(std::string(key) + "=" + std::string(meta.payload));
                             if (meta.head.collection != 0) id = meta.head.collection;
                             return Status();
                           })
              .ok());
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"a=1", "c="});
  REQUIRE(snapshot
              ->ForEachRow(id,
                           [&](std::string_view subkey, std::string_view value) {
                             CHECK(subkey == "row");
                             CHECK(value == "old");
                             return Status();
                           })
              .ok());
  snapshot.reset();
}

TEST_CASE("store: hints change nothing, whatever they name") {
  StoreWorld w;
  w.Open();
  std::vector<std::string_view> names(100, "nothing");
  w.store->Hint(0, names);
  w.Set("k", "v");
  names[3] = "k";
  w.store->Hint(0, names);
  w.store->Hint(0, {});
  CHECK(w.store->Stats().hot_entries == 1);
  CHECK(w.Get("k") == "v");
}

}  // namespace lsm
