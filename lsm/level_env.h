// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include <leveldb/env.h>

#include "lsm/file_system.h"

namespace lsm {

// Told when LevelDB changes and flushes memtables. Called with LevelDB's mutex held or inside a
// write: must be quick and must not call the DB.
class MemtableObserver {
 public:
  virtual ~MemtableObserver() = default;

  // A new memtable begins; all that was written before is in older ones. Called on the thread that
  // is inside DB::Open, DB::Write or DB::CompactRange.
  virtual void OnMemtableSwitch(uint64_t log_number) = 0;

  // Every memtable older than the one that began with OnMemtableSwitch(next_log_number) is now in
  // table files that survive a power cut. Called on any thread, with ascending numbers.
  virtual void OnMemtableFlushed(uint64_t next_log_number) = 0;
};

// Reads of table files by whoever looks something up: blocks, and of a table that is opened its
// index and filter. Compactions' are not counted.
struct TableReads {
  std::atomic<uint64_t> reads{0};
  std::atomic<uint64_t> bytes{0};
};

struct LevelEnvOptions {
  FileSystem* file_system = &PosixFileSystem();
  MemtableObserver* observer = nullptr;  // May be null; must outlive the DB.

  TableReads* table_reads = nullptr;  // Counts; may be null; must outlive the DB.

  // The thread that compacts gets this priority (nice value); the event loop shall win.
  int background_nice = 5;

  // A file that the compaction reads front to back is read in pieces of this size.
  size_t compaction_readahead = 256 << 10;

  // LevelDB's own messages, one line each; empty: dropped. Called on any thread.
  std::function<void(std::string_view line)> log_line;
};

// The leveldb::Env of one LevelDB instance (one shard): every file through the FileSystem, and
// background work on one thread of its own. Must outlive the DB.
//
// LevelDB's write-ahead log is switched off: NNNNNN.log is a file that stores nothing, since the
// commit log already makes writes durable. A memtable reaches a table file whole or not at all, and
// each WriteBatch goes to one memtable whole: so after a crash the instance stands exactly after
// some WriteBatch. If each WriteBatch carries the row "applied sequence number", that row says
// which, and the commit log replays from there. Hence:
//  - the commit log must keep what is not yet *flushed* (see FlushTracker), not just not applied;
//  - WriteOptions::sync means nothing, and leveldb::RepairDB finds only the tables;
//  - closing the DB does not flush: `db->CompactRange(&k, &k)` with a k above every key does (it
//    flushes the memtable, waits for it, and finds nothing to compact).
// MANIFEST, CURRENT and tables are stored and synced as LevelDB asks.
std::unique_ptr<leveldb::Env> NewLevelEnv(LevelEnvOptions options);

}  // namespace lsm
