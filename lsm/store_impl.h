// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_map.h>

#include "lsm/applier.h"
#include "lsm/commit_log.h"
#include "lsm/disk_reader.h"
#include "lsm/garbage_collector.h"
#include "lsm/hot_tier.h"
#include "lsm/keyspaces.h"
#include "lsm/load_board.h"
#include "lsm/loader_pool.h"
#include "lsm/mutex.h"
#include "lsm/new_key_index.h"
#include "lsm/recovery.h"
#include "lsm/replica_store.h"
#include "lsm/row_batch.h"
#include "lsm/row_expiry.h"
#include "lsm/row_stream.h"
#include "lsm/shards.h"
#include "lsm/space_keeper.h"
#include "lsm/store.h"
#include "lsm/ttl_index.h"
#include "lsm/use_counter.h"

namespace lsm {

// What the commit log calls it.
SyncPolicy LogPolicy(FsyncPolicy policy);

// The store behind lsm/store.h. By file:
//   store_open.cc      opening, recovery, closing, reopening
//   store_lookup.cc    finding and loading keys and rows
//   store_mutation.cc  changes of entries and of collections' rows
//   store_database.cc  databases, system rows
//   store_turn.cc      the open turn, its way into the log and the applier, what comes back
//   store_expiry.cc    keys whose time has come
//   store_scan.cc      walks over keys, random keys
//   store_stream.cc    streams of rows
//   store_draft.cc     values that are made over many turns
//   store_upkeep.cc    eviction, housekeeping, statistics, snapshots
// What a change does: edits the entry, puts it on the hot tier's list of the turn, appends the rows
// of collections and garbage to batch_ at once. SerialiseTurn() brings the listed entries' metas
// into batch_: at the end of the turn, or before something in the midst of it looks at the indices.
class StoreImpl final : public Store,
                        public RowExpiry,
                        public ReplicaStore,
                        private RowSink,
                        private PageSource,
                        private HotTierListener,
                        private LoadSink {
 public:
  StoreImpl(const StoreOptions& options, FileSystem& files, Clock& clock,
            std::function<void()> wake_loop);
  ~StoreImpl() override;
  // Once, before anything else.
  Status Start();

  Status Close(bool flush) override;

  Lookup Find(uint32_t db, std::string_view key, Access access) override;
  void Hint(uint32_t db, std::span<const std::string_view> keys) const override;
  bool Prefetch(uint32_t db, std::string_view key, LoadWaiter& waiter) override;
  bool PrefetchRow(Entry& entry, std::string_view subkey, LoadWaiter& waiter) override;
  bool PrefetchAll(Entry& entry, uint64_t max_rows, LoadWaiter& waiter) override;
  bool PrefetchAt(Entry& entry, uint64_t rank, LoadWaiter& waiter) override;
  bool PrefetchScan(Entry& entry, std::optional<std::string_view> from, uint64_t rows,
                    Collection::Direction direction, LoadWaiter& waiter) override;
  void Abandon(LoadWaiter& waiter) override;
  // lsm/row_stream.h
  std::unique_ptr<RowStream> StreamRows(const Entry& entry, RowWalk walk);
  bool PrefetchRows(Entry& entry, RowsWanted wanted, LoadWaiter& waiter);
  // lsm/draft.h
  Entry* AppendDraftRows(Entry* draft, const RowSlice& rows);
  Status AwaitApplied(LoadWaiter& waiter);
  Result<Entry*> FindOrLoad(uint32_t db, std::string_view key, Access access) override;

  Entry* Create(uint32_t db, std::string_view key, TypeCode type, uint8_t type_flags,
                std::string_view payload) override;
  Entry* SetPayload(Entry* entry, std::string_view payload) override;
  Entry* ResizePayload(Entry* entry, size_t size, char** bytes) override;
  void SetTypeFlags(Entry* entry, uint8_t type_flags) override;
  void SetIdle(Entry* entry, uint32_t idle_s) override;
  // See use_counter.h.
  void SetUseCounting(const UseCounting& how) { use_counting_ = how; }
  uint8_t UseCount(const Entry& entry) const;
  void SetUseCount(Entry* entry, uint8_t count);
  // For backups.
  const StoreOptions& options() const { return options_; }
  const std::shared_ptr<LogLink>& log_link() const { return parts_->link; }
  uint32_t shards() const { return parts_->shards->count(); }
  Entry* SetExpiry(Entry* entry, int64_t expire_at_ms) override;
  void SetTimes(Entry* entry, const RowTimes& times) override;
  Entry* AttachCollection(Entry* entry) override;
  Entry* DetachCollection(Entry* entry) override;
  void Delete(Entry* entry) override;
  Entry* Move(Entry* entry, uint32_t to_db, std::string_view to_key) override;

  uint32_t databases() const override { return options_.databases; }
  uint64_t KeyCount(uint32_t db) const override { return keyspaces_.at(db).keys; }
  uint64_t ExpiringCount(uint32_t db) const override { return keyspaces_.at(db).expiring; }
  void Flush(uint32_t db) override;
  void Swap(uint32_t a, uint32_t b) override;
  uint32_t StagedDb(uint32_t db) const override { return drafts_db() + 1 + db; }
  void DropStaged() override;
  void ShowStaged() override;

  bool Scan(uint32_t db, uint64_t cursor, size_t count, ScanPage& page,
            LoadWaiter& waiter) override;
  Status ScanNow(uint32_t db, uint64_t cursor, size_t count, ScanPage& page) override;
  Result<std::optional<std::string>> RandomKey(uint32_t db) override;

  Result<std::optional<std::string>> GetSystem(std::string_view name) override;
  void PutSystem(std::string_view name, std::string_view value) override;
  void DeleteSystem(std::string_view name) override;

  bool Writable() const override;
  std::string write_error() const override;
  Status CommitTurn() override;
  // As lsm::RollBackTurn.
  Status RollBackTurn();
  size_t TurnBytes() const override { return batch_.payload_size() + turn_meta_bytes_; }
  bool TurnIsDirty() const override;
  uint64_t committed_seq() const override { return committed_seq_; }
  uint64_t promised_seq() const override;
  uint64_t synced_seq() const override { return parts_->log->synced_seq(); }
  void RequestSync() override { parts_->log->RequestSync(committed_seq_); }
  void SetFsyncPolicy(FsyncPolicy policy) override;
  uint32_t WriteDelayUs() const override;

  void RunCompletions() override;
  int64_t RunHousekeeping(int64_t budget_us) override;
  bool FreeDeleted(int64_t budget_us);  // lsm/store_upkeep.h

  void TakeSnapshot(std::function<void(Result<std::unique_ptr<Snapshot>>)> done) override;
  Status Reopen() override;
  Status CompactAll() override;

  void SetObserver(KeyspaceObserver* observer) override { observer_ = observer; }
  void AddObserver(KeyspaceObserver* observer) override { more_observers_.push_back(observer); }
  void RemoveObserver(KeyspaceObserver* observer) override {
    std::erase(more_observers_, observer);
  }
  void SetExpirer(RowExpirer* expirer) override { row_expirer_ = expirer; }
  void SetHotBudget(uint64_t bytes) override { hot_budget_bytes_ = bytes; }
  void SetSweeping(bool on) override { sweeping_ = on; }
  void SetHeld(bool held) override { expiry_held_ = held; }
  void SetExpiryMode(ExpiryMode mode) override { expiry_mode_ = mode; }
  ExpiryMode expiry_mode() const override { return expiry_mode_; }
  void SetPrimary(const void* who) override { primary_ = who; }
  const void* primary() const override { return primary_; }
  StoreStats Stats() const override;
  void ResetStats() override;

 private:
  class ScanJob;
  struct StreamState;
  class StreamJob;
  class Stream;
  class RefillJob;

  // A due key that is on its way from disk.
  class ExpiryWaiter : public LoadWaiter {
   public:
    ExpiryWaiter(StoreImpl& store, TtlRow due_row, int loads_before)
        : row(std::move(due_row)), loads(loads_before + 1), store_(store) {}
    void OnLoaded() override { store_.SweepLoaded(this); }

    TtlRow row;
    const int loads;  // This one included.

   private:
    StoreImpl& store_;
  };

  // ---- Opening (store_open.cc).
  Status RecoverParts();
  Status Replay(uint64_t seq, const RowOperation& operation);
  Status ReplayMeta(uint64_t seq, const RowOperation& operation);
  Status ReplayTtl(uint64_t seq, const RowOperation& operation);
  Status ReadKeyspaces();
  // Forgets all of RAM, which nothing may be waiting to be written from.
  Status ReadAgain();
  void CountResidents();
  void StartHelpers();
  void DrainLoads();
  Result<std::optional<std::string>> StoreRow(std::string_view name);

  // ---- Lookup.
  uint64_t HashOf(const Entry& entry) const { return hot_.Hash(entry.generation(), entry.key()); }
  Entry* FindEntry(const Keyspace& space, std::string_view key);
  bool IsExpired(const Entry& entry) const;
  // Whether the key has gone by that; the entry then says «absent», unless nothing can be written.
  bool ExpireIfDue(Entry* entry);
  // One more use of the entry.
  void Use(Entry* entry);
  // It is used for the first time since it came into RAM.
  void SetFresh(Entry* entry);
  Entry* Install(const KeyName& name, std::optional<StoredMeta> meta, bool arrival);
  bool PrefetchWanted(Entry& entry, RowsWanted wanted, LoadWaiter& waiter);
  void OnKeyLoaded(const KeyName& name, std::optional<StoredMeta> meta) override;
  Status OnRunLoaded(const KeyName& name, const LoadedRun& run) override;
  std::optional<LoadRequest> StillMissing(const KeyName& name, CollectionId collection,
                                          const RowsWanted& wanted) override;
  std::optional<LoadRequest> MissingOf(Entry& entry, const RowsWanted& wanted);
  void OnEvicted(const Entry& entry) override;
  Result<LoadedRun> LoadRun(const LoadRequest& request) override;

  // ---- Mutation.
  void Touched(Entry* entry);
  void Modified(const Entry& entry);
  Keyspace& SpaceOf(const Entry& entry);
  void EnsureGeneration(uint32_t db);
  // A fresh keyspace for it; what the old one had goes to the garbage list.
  void Empty(uint32_t db);
  std::string RowNameOf(uint32_t db) const;
  bool IsStaged(uint32_t db) const { return db > drafts_db(); }
  // Drops the collection to the garbage list; `parts` are left without it.
  void DropCollection(EntryParts& parts);
  // Without its collection, which must be dropped or moved already.
  Entry* MakeAbsent(Entry* entry);
  // RowSink: the rows of collections.
  uint64_t sequence() const override { return committed_seq_ + 1; }
  void PutRow(const Collection& collection, std::string_view subkey,
              std::string_view value) override;
  void DeleteRow(const Collection& collection, std::string_view subkey) override;
  void OnRowChange(const Collection& collection);

  // ---- Databases.
  uint32_t NextGeneration();
  CollectionId NextCollection(std::string_view key);
  void PutStoreRow(std::string_view name, std::string_view value);
  void FreeDeadEntries(size_t max_segments);

  // ---- The turn.
  void SerialiseTurn();
  void SerialiseEntry(Entry* entry, bool created);
  Entry* SettleTtlRow(Entry* entry);
  void PutTtlRow(int64_t at_ms, uint32_t generation, std::string_view key);
  void DeleteTtlRow(int64_t at_ms, uint32_t generation, std::string_view key);
  void TakeApplied();
  void UpdateCoarseClock();

  bool BacklogHasRoom() const;
  // Runs `task` on the loop thread. Any thread.
  void Post(std::function<void()> task);

  // ---- Expiry.
  void ExpireNow(Entry* entry);
  // `loads`: how often it has been waited for what is not resident.
  void SweepRow(const TtlRow& row, int64_t now_ms, int loads = 0);
  bool SweepDueRows(const TtlRow& row, Entry* entry, int64_t now_ms, int loads);
  // True: more is due.
  bool Sweep(int64_t until_us);
  void SweepLoaded(ExpiryWaiter* waiter);
  void MaybeRefillTtl();

  // ---- Walks.
  struct WalkStart {
    uint32_t generation = 0;
    uint64_t from = 0;
    size_t count = 0;
  };
  // Adds what stands in the part that `disk` covers, or less of it; returns where it ends.
  Result<uint64_t> MergeScan(const WalkStart& start, const MetaScan& disk, ScanPage& page);
  Status AddScanItem(uint32_t generation, std::string_view key, const MetaHead* head,
                     ScanPage& page);
  void StartScan(const WalkStart& start, ScanPage& page, LoadWaiter& waiter);
  void FinishScan(ScanJob& job);
  void UpdateAbsentFloor();
  void AbandonScans(LoadWaiter& waiter);
  Result<std::optional<std::string>> RandomKeyNear(uint32_t db, uint64_t position);

  // ---- Streams.
  // Its reading has ended: tells who waits.
  void EndFetch(StreamState& state, const Status& status);
  void AbandonStreams(const LoadWaiter& waiter);

  // ---- Drafts, whose database is the one after those that clients see.
  struct AppliedWait {
    LoadWaiter* waiter = nullptr;  // None: it was abandoned.
  };
  uint32_t drafts_db() const { return options_.databases; }
  void AbandonApplied(const LoadWaiter& waiter);

  // ---- Upkeep.
  bool HasDeleted() const;
  void FreeUntil(int64_t until_us);
  uint32_t PinnedDelayUs() const;
  void EvictSome(int64_t until_us);
  void HurryApplier();
  void Log(char level, const std::string& line) const;

  const StoreOptions options_;
  FileSystem& files_;
  Clock& clock_;
  const std::function<void()> wake_loop_;
  // Calls `tell` for each observer.
  template <typename Tell>
  void ForEachObserver(Tell tell) {
    if (observer_ != nullptr) tell(*observer_);
    for (KeyspaceObserver* const observer : more_observers_) tell(*observer);
  }
  KeyspaceObserver* observer_ = nullptr;
  std::vector<KeyspaceObserver*> more_observers_;
  RowExpirer* row_expirer_ = nullptr;
  FsyncPolicy fsync_policy_;

  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<RecoveredStore> parts_;
  std::unique_ptr<DiskReader> reader_;
  std::unique_ptr<SpaceKeeper> space_;
  std::unique_ptr<GarbageCollector> collector_;

  NewKeyIndex new_keys_;
  std::optional<TtlIndex> ttl_rows_;
  Keyspaces keyspaces_;
  CollectionEnv collection_env_;
  HotTier hot_;
  std::unique_ptr<LoaderPool> pool_;
  std::unique_ptr<LoadBoard> board_;

  // The open turn.
  RowBatch batch_;
  size_t turn_meta_bytes_ = 0;
  uint64_t committed_seq_ = 0;

  CountersRow counters_;
  uint64_t reserved_collection_ = 1;  // Ids below this are covered by the row «counters».
  // Store rows that may not be in LevelDB yet, with the batch that has them.
  struct PendingStoreRow {
    std::optional<std::string> value;
    uint64_t seq = 0;
  };
  std::map<std::string, PendingStoreRow, std::less<>> store_rows_;

  // Rows of collections that were replayed are not in LevelDB before this batch is applied.
  uint64_t rows_held_until_ = 0;

  uint64_t hot_budget_bytes_ = 0;
  bool dead_entries_ = false;  // Some may be left; the walk that frees them is at dead_cursor_.
  uint64_t dead_cursor_ = 0;
  bool dead_again_ = false;

  bool sweeping_ = true;
  bool expiry_held_ = false;
  ExpiryMode expiry_mode_ = ExpiryMode::kDelete;
  const void* primary_ = nullptr;
  std::deque<TtlRow> sweep_retries_;
  absl::flat_hash_map<ExpiryWaiter*, std::unique_ptr<ExpiryWaiter>> expiry_waiters_;
  std::vector<ScanJob*> scans_;  // Under way, oldest first.
  std::vector<StreamState*> streams_;
  std::vector<AppliedWait*> applied_waits_;

  std::mt19937_64 random_;
  uint32_t coarse_now_s_ = 0;
  UseCounting use_counting_;

  // Used by other threads. The parts that they reach may be gone before them.
  Mutex helpers_mutex_;
  Applier* synced_applier_ ABSL_GUARDED_BY(helpers_mutex_) = nullptr;
  SpaceKeeper* deletes_to_ ABSL_GUARDED_BY(helpers_mutex_) = nullptr;
  Mutex inbox_mutex_;
  std::vector<std::function<void()>> inbox_ ABSL_GUARDED_BY(inbox_mutex_);
  bool hurrying_ = false;

  StoreStats counts_;  // The counters among its members that are ours.
  // Lookups that come again when their load has arrived, and are then found: no hits of the tier.
  uint64_t awaited_lookups_ = 0;
};

}  // namespace lsm
