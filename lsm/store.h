// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/clock.h"
#include "lsm/collection.h"
#include "lsm/entry.h"
#include "lsm/status.h"
#include "lsm/store_options.h"
#include "lsm/store_stats.h"

namespace lsm {

class FileSystem;
class Snapshot;

// Waits for loads: counts those it still waits for, and is told once, on the loop thread, when the
// last has arrived (or failed: error() then says why). One waiter serves one parked command. It may
// be destroyed only when pending() is 0 or after Store::Abandon(waiter).
class LoadWaiter {
 public:
  virtual ~LoadWaiter() = default;
  virtual void OnLoaded() = 0;
  size_t pending() const { return pending_; }
  const Status& error() const { return error_; }

 private:
  friend class Store;
  friend class LoadBoard;
  size_t pending_ = 0;
  Status error_;
};

// Is told, on the loop thread, of what happens to keys. Calls come in the order of the changes.
class KeyspaceObserver {
 public:
  virtual ~KeyspaceObserver() = default;
  // A key was created, changed or deleted, by whatever way. Called once per change, at once.
  virtual void OnModified(uint32_t db, std::string_view key) = 0;
  // Its time ran out and it was deleted (by the sweeper, or by an access that found it).
  virtual void OnExpired(uint32_t db, std::string_view key) = 0;
  // All keys of a database went at once.
  virtual void OnFlushed(uint32_t db) = 0;
  // Two databases are about to exchange all their keys.
  virtual void OnSwapped(uint32_t a, uint32_t b) = 0;
};

// One step of a walk over a database's keys.
struct ScanItem {
  std::string key;
  TypeCode type = kAbsentType;
  uint8_t type_flags = 0;
  int64_t expire_at_ms = kNoExpiry;
};
struct ScanPage {
  std::vector<ScanItem> items;
  uint64_t next_cursor = 0;  // 0: the walk is complete.
};

// The store: everything below the commands. Keys of all databases, their values and collections in
// RAM (the hot tier), on the way to disk (commit log, backlog) and on disk (LevelDB).
//
// Thread: the loop thread only, unless a function says otherwise. Worker threads never touch the
// keyspace: what they finish is queued, `wake_loop` is called (from any thread), and the loop calls
// RunCompletions().
//
// A turn: commands read and mutate images; CommitTurn() at its end serialises every mutated meta
// once, together with the row operations of collections, into one batch = one commit-log record.
class Store {
 public:
  // Opens or creates the store in options.dir: takes its lock, checks the format version, opens
  // LevelDB, replays the commit log. kBusy: another process has it. kNotSupported: a newer format.
  // kCorruption: damage that is not a torn tail; the message has file, offset and the way out.
  static Result<std::unique_ptr<Store>> Open(const StoreOptions& options, FileSystem& files,
                                             Clock& clock, std::function<void()> wake_loop);
  virtual ~Store();

  // Commits what is open, waits until the log is synced, the backlog applied and (if `flush`) the
  // memtables are in tables. No call but the destructor's may follow.
  virtual Status Close(bool flush) = 0;

  // ---- Lookup -----------------------------------------------------------------------------

  enum class Presence : uint8_t { kPresent, kAbsent, kNotResident };
  struct Lookup {
    Presence presence = Presence::kAbsent;
    Entry* entry = nullptr;  // Set when kPresent.
  };
  enum class Access : uint8_t {
    kTouch,    // Counts as a use for the replacement policy and for OBJECT IDLETIME.
    kNoTouch,  // CLIENT NO-TOUCH, OBJECT, TTL, SCAN …
  };

  // Never blocks, never does I/O. A key whose time has come is deleted on the way (OnExpired), and
  // answers kAbsent. kAbsent is certain: from an entry that says so, or because all keys of the
  // database are resident.
  virtual Lookup Find(uint32_t db, std::string_view key, Access access = Access::kTouch) = 0;

  // Asks the processor for the memory that a Find of each of these keys is going to touch, so that
  // the misses of commands that stand in line overlap. Changes nothing. Worth while for 4 keys and
  // more; not for more than some 64, which would push each other out.
  virtual void Hint(uint32_t db, std::span<const std::string_view> keys) const = 0;

  // True: the entry is resident (or known absent) now. False: `waiter` was joined to the one load
  // of that key, and will be told.
  virtual bool Prefetch(uint32_t db, std::string_view key, LoadWaiter& waiter) = 0;
  // The same for the page of `entry`'s collection that holds `subkey`; true also when there is no
  // collection.
  virtual bool PrefetchRow(Entry& entry, std::string_view subkey, LoadWaiter& waiter) = 0;
  // The same for a whole collection, if it has at most `max_rows` rows (more: true; the handler
  // then loads page by page).
  virtual bool PrefetchAll(Entry& entry, uint64_t max_rows, LoadWaiter& waiter) = 0;
  // The same for the row of that rank, counted from 0.
  virtual bool PrefetchAt(Entry& entry, uint64_t rank, LoadWaiter& waiter) = 0;
  // The same for a walk over `rows` rows, as Collection::CheckScan has it.
  virtual bool PrefetchScan(Entry& entry, std::optional<std::string_view> from, uint64_t rows,
                            Collection::Direction direction, LoadWaiter& waiter) = 0;
  // `waiter` is about to go: nobody will call it any more.
  virtual void Abandon(LoadWaiter& waiter) = 0;
  // Find, and if not resident, loads on the spot, blocking (counted in the stats). An I/O error is
  // the Status. nullptr: absent.
  virtual Result<Entry*> FindOrLoad(uint32_t db, std::string_view key,
                                    Access access = Access::kTouch) = 0;

  // ---- Mutation ---------------------------------------------------------------------------
  // Each requires what it names to be resident; each puts the entry's meta into the open turn.

  // Makes `key` a fresh key of that type, without expiry, with this payload, replacing whatever was
  // there (its collection goes to the garbage list). Requires the key to be resident or absent.
  virtual Entry* Create(uint32_t db, std::string_view key, TypeCode type, uint8_t type_flags,
                        std::string_view payload) = 0;
  // Replaces the payload; keeps type, expiry and collection.
  virtual Entry* SetPayload(Entry* entry, std::string_view payload) = 0;
  // Makes the payload `size` bytes long (new bytes are zero) and gives it out for writing, until
  // the next call of any mutator.
  virtual Entry* ResizePayload(Entry* entry, size_t size, char** bytes) = 0;
  virtual void SetTypeFlags(Entry* entry, uint8_t type_flags) = 0;
  // As if the last use had been so long ago (RESTORE … IDLETIME), 194 days at most. Nothing is
  // written.
  virtual void SetIdle(Entry* entry, uint32_t idle_s) = 0;
  // kNoExpiry removes it. A time in the past is allowed: the key is then gone at the next look.
  virtual Entry* SetExpiry(Entry* entry, int64_t expire_at_ms) = 0;
  // Gives the entry an empty collection with a new id; requires !has_collection(). Its row
  // operations go to the open turn by themselves, and its count to the meta.
  virtual Entry* AttachCollection(Entry* entry) = 0;
  // Drops the collection (to the garbage list) and keeps the key, e.g. a long string made short.
  virtual Entry* DetachCollection(Entry* entry) = 0;
  // Deletes the key: O(1) whatever its size.
  virtual void Delete(Entry* entry) = 0;
  // Moves the value with its collection and expiry to another name or database; what was at the
  // destination is deleted. Requires the destination to be resident or absent.
  virtual Entry* Move(Entry* entry, uint32_t to_db, std::string_view to_key) = 0;

  // ---- Databases --------------------------------------------------------------------------

  virtual uint32_t databases() const = 0;
  virtual uint64_t KeyCount(uint32_t db) const = 0;
  virtual uint64_t ExpiringCount(uint32_t db) const = 0;
  // O(1); the rows are collected in the background.
  virtual void Flush(uint32_t db) = 0;
  virtual void Swap(uint32_t a, uint32_t b) = 0;

  // One page of a walk in the order of DESIGN.md section 3, beginning at `cursor` (0: from the
  // start): at least one item unless the walk is complete, about `count`, and all keys of equal
  // position together. Expired keys are left out. Async: false, and the waiter is told when `page`
  // (which must live until then) is filled; true: it is filled already.
  virtual bool Scan(uint32_t db, uint64_t cursor, size_t count, ScanPage& page,
                    LoadWaiter& waiter) = 0;
  virtual Status ScanNow(uint32_t db, uint64_t cursor, size_t count, ScanPage& page) = 0;
  // A key chosen at random, uniformly as far as its position's hash is; nullopt: empty. Blocks when
  // it must read.
  virtual Result<std::optional<std::string>> RandomKey(uint32_t db) = 0;

  // Small values that belong to the server (functions, script cache …): durable with the turn.
  virtual Result<std::optional<std::string>> GetSystem(std::string_view name) = 0;
  virtual void PutSystem(std::string_view name, std::string_view value) = 0;
  virtual void DeleteSystem(std::string_view name) = 0;

  // ---- Turns and promises -----------------------------------------------------------------

  // True while write commands can be accepted. False: a full disk or a failing write, with the
  // reason in write_error(); it turns true by itself when the cause has gone.
  virtual bool Writable() const = 0;
  virtual std::string write_error() const = 0;
  // Ends the turn: appends its batch to the commit log, if there is any. On failure the turn stays
  // open, no reply may leave, and the call is repeated.
  virtual Status CommitTurn() = 0;
  // Bytes of row operations in the open turn: a long loop ends the turn when it has grown large.
  virtual size_t TurnBytes() const = 0;
  virtual bool TurnIsDirty() const = 0;
  // The last committed turn.
  virtual uint64_t committed_seq() const = 0;
  // Replies to what was seen up to this turn may leave: all, but under `always` only what is
  // synced.
  virtual uint64_t promised_seq() const = 0;
  // On disk for sure, whatever the policy: for WAITAOF. RequestSync asks for it soon.
  virtual uint64_t synced_seq() const = 0;
  virtual void RequestSync() = 0;
  virtual void SetFsyncPolicy(FsyncPolicy policy) = 0;
  // True while the backlog is near its limit and writers should be slowed (paced) by this many
  // microseconds per write command; 0: no pacing.
  virtual uint32_t WriteDelayUs() const = 0;

  // Takes in what worker threads have finished: loads (waiters are told), syncs, applied batches.
  // Called by the loop after wake_loop.
  virtual void RunCompletions() = 0;
  // Housekeeping in bounded slices: the sweeper's due keys, eviction, garbage. Called each turn;
  // `budget_us` bounds it. Returns the milliseconds until it wants to be called again at the
  // latest.
  virtual int64_t RunHousekeeping(int64_t budget_us) = 0;

  // ---- Whole store ------------------------------------------------------------------------

  // A consistent view of everything at committed_seq(), readable from any thread, handed to `done`
  // on the loop thread when the applier has reached it.
  virtual void TakeSnapshot(std::function<void(Result<std::unique_ptr<Snapshot>>)> done) = 0;
  // Drops all RAM that can be dropped after everything is applied, and reads again from disk
  // (DEBUG RELOAD, DEBUG LOADAOF). Blocks. No load may be pending.
  virtual Status Reopen() = 0;
  // Writes everything that is pending to tables and compacts it all. Blocks (any thread).
  virtual Status CompactAll() = 0;

  virtual void SetObserver(KeyspaceObserver* observer) = 0;
  // Further ones, told after that one.
  virtual void AddObserver(KeyspaceObserver* observer) = 0;
  virtual void RemoveObserver(KeyspaceObserver* observer) = 0;
  // The RAM that entries and pages may take; what the server computes from maxmemory.
  virtual void SetHotBudget(uint64_t bytes) = 0;
  virtual void SetSweeping(bool on) = 0;
  virtual StoreStats Stats() const = 0;
  virtual void ResetStats() = 0;

 protected:
  Store() = default;
};

}  // namespace lsm
