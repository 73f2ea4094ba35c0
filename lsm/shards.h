// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include "lsm/file_system.h"
#include "lsm/flush_tracker.h"
#include "lsm/level_env.h"
#include "lsm/mutex.h"
#include "lsm/page_source.h"
#include "lsm/row_format.h"
#include "lsm/status.h"
#include "lsm/store_options.h"

namespace lsm {

// The LevelDB instances of a store, `DIR/lsm-NNN`, and which rows each holds: slots are dealt to
// them in contiguous ranges; a collection's id names the shard of its rows; ttl rows are with the
// key's slot; a collection's garbage row is in its shard, a generation's in every shard; store rows
// are in shard 0, but for each shard's own row «applied». The number of shards is fixed when the
// store is created. Thread-safe.
//
// LevelDB's background error is sticky: after a failed write, flush or compaction an instance takes
// no more writes, though it can be read. Reopen() closes and opens it again. Its memtables are lost
// with that, so everything after the applied row that it then has must be written again before
// anybody reads: hence Reopen() runs `reapply` while readers wait.
class Shards {
 public:
  struct Options {
    StoreOptions store;
    FileSystem* files = &PosixFileSystem();
    // Called with the new least flushed_seq() of all shards when it moved: from any thread, inside
    // LevelDB; must be quick and call no function of Shards.
    std::function<void(uint64_t flushed_seq)> on_flushed;
    // The seed of a new store's hash; 0: chosen at random.
    uint64_t hash_seed = 0;
    // False: a store that does not exist is not created but kInvalid.
    bool create_if_missing = true;
    // LevelDB checks everything it reads at opening, and stops at the first damage.
    bool paranoid = false;
  };

  // Opens all shards, or creates them. kNotSupported: another format version. kInvalid: the number
  // of shards differs from the one the store was created with (0 in options: take what there is).
  static Result<std::unique_ptr<Shards>> Open(Options options);
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  uint32_t count() const { return static_cast<uint32_t>(shards_.size()); }
  uint64_t hash_seed() const { return hash_seed_; }
  uint64_t PositionOf(std::string_view key) const { return KeyPosition(hash_seed_, key); }

  uint32_t ShardOfSlot(uint16_t slot) const { return uint32_t{slot} * count() / kSlots; }
  uint32_t ShardOfCollection(CollectionId id) const {
    return static_cast<uint32_t>(id >> kCollectionShardShift) % count();
  }
  // Which shard a row belongs to; kEveryShard for a generation's garbage row.
  static constexpr uint32_t kEveryShard = UINT32_MAX;
  uint32_t ShardOfRow(std::string_view row_key) const;

  // An open instance: keeps it from being closed. To be held for one piece of work, not for long.
  class Pin {
   public:
    Pin(Pin&& other) noexcept;
    Pin& operator=(Pin&&) = delete;
    ~Pin();
    leveldb::DB& db() const { return *db_; }
    // Counts the reopenings: a leveldb::Snapshot is good only in the epoch in which it was taken.
    uint64_t epoch() const { return epoch_; }

   private:
    friend class Shards;
    Pin(SharedMutex* mutex, leveldb::DB* db, uint64_t epoch)
        : mutex_(mutex), db_(db), epoch_(epoch) {}
    SharedMutex* mutex_;
    leveldb::DB* db_;
    uint64_t epoch_;
  };
  // kIoError if the instance is closed, since reopening it has failed.
  Result<Pin> Acquire(uint32_t shard) const;

  Result<std::optional<std::string>> Get(uint32_t shard, std::string_view row_key) const;
  Status Write(uint32_t shard, leveldb::WriteBatch* batch);

  // To be called after a write that brought the row «applied» of `shard` to `seq`.
  void Written(uint32_t shard, uint64_t seq);
  // The row «applied», read from the shard; 0: none yet.
  Result<uint64_t> ReadApplied(uint32_t shard) const;
  // What the tables of all shards hold for sure.
  uint64_t flushed_seq() const;
  uint64_t flushed_seq(uint32_t shard) const;
  // The row «applied» that was last written to the shard (Written()), or found in it when it was
  // opened: the shard has every row of all batches up to there.
  uint64_t written_seq(uint32_t shard) const;
  // Says that the shard has batches up to `seq` only, although it has more, and brings that into
  // its tables: after the log was cut before what the shard has. Nobody else writes meanwhile.
  Status Rewind(uint32_t shard, uint64_t seq);

  // Brings the shard's memtable into tables. Blocks; any thread.
  Status FlushMemtable(uint32_t shard);
  // Compacts all rows with keys in [from, to); empty `to`: to the end. Blocks.
  Status CompactRange(uint32_t shard, std::string_view from, std::string_view to);
  uint64_t ApproximateBytes(uint32_t shard, std::string_view from, std::string_view to) const;

  // Writes again what a reopened instance lacks: all that came after `applied_seq`, ending with the
  // row «applied» (and Written()). Through `db`, not through Shards, whose lock is held.
  using Reapply = std::function<Status(leveldb::DB& db, uint64_t applied_seq)>;
  // Closes and opens the instance, and runs `reapply`, which will write up to `bytes`, while
  // readers wait. First makes sure that there is space for that: else kIoError, and the old
  // instance stays readable. If opening or `reapply` fails nonetheless the instance stays closed
  // until a later call succeeds, and reads give kIoError.
  Status Reopen(uint32_t shard, uint64_t bytes, const Reapply& reapply);
  uint64_t reopens() const { return reopens_.load(std::memory_order_relaxed); }

  struct Statistics {
    uint64_t bytes_on_disk = 0;
    uint64_t tables = 0;
    uint64_t memory_bytes = 0;
    uint64_t block_reads = 0;  // See TableReads.
    uint64_t block_read_bytes = 0;
  };
  Statistics statistics() const;
  // The counters among them begin at 0 again.
  void ResetStatistics();

 private:
  struct Shard;
  explicit Shards(Options options);

  Status OpenAll();
  Status CreateStore();
  std::unique_ptr<Shard> MakeShard(uint32_t number);
  leveldb::Options LevelOptions(const Shard& shard, bool create) const;
  Status OpenShard(Shard& shard, bool create);
  Status CheckRoom(const Shard& shard, uint64_t bytes);
  void ReportFlushed();
  static Result<std::optional<std::string>> GetFrom(leveldb::DB& db, std::string_view row_key,
                                                    const std::string& path);
  static Result<uint64_t> ReadAppliedFrom(const Shard& shard);

  Options options_;
  uint64_t hash_seed_ = 0;
  TableReads table_reads_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<bool> opened_{false};  // flushed_seq() can be asked for.
  std::atomic<uint64_t> reopens_{0};
};

}  // namespace lsm
