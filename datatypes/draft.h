// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "datatypes/types.h"
#include "lsm/row_stream.h"
#include "lsm/row_times.h"
#include "lsm/store.h"

namespace datatypes {

// Whether to make or to read a value with this collection takes longer than one turn should.
bool IsLongWork(const lsm::Collection& rows);

// A value with a collection that is made over many turns, where nobody sees it (lsm/draft.h), and
// then gets its name at once. Destroyed without that, it leaves nothing. Loop thread.
class Draft {
 public:
  Draft(lsm::Store& store, std::mt19937_64& random, Type type);
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  uint64_t rows() const { return rows_; }

  // A row that it does not have yet. They go into the store by Flush().
  void Add(std::string_view subkey, std::string_view value) { open_.Add(subkey, value); }
  bool needs_flush() const { return open_.bytes() >= kFlushBytes; }
  // Ends the turn: entries that were looked up may have moved. If the applier is far behind, it
  // joins `waiter`, and so drafts cannot outrun it. Go on in another turn.
  Result<void> Flush(lsm::LoadWaiter& waiter);
  // The same for these rows.
  Result<void> Append(const lsm::RowSlice& rows, lsm::LoadWaiter& waiter);
  // Whether more may be flushed. False: the log took nothing; the waiter waits until it does, or if
  // even that fails, for nothing.
  bool MayGoOn(lsm::LoadWaiter& waiter);
  // Whether all that was flushed is in LevelDB. False: as MayGoOn().
  bool Settle(lsm::LoadWaiter& waiter);

  // Makes it the value of `key`, over whatever was there. Requires all its rows to be settled.
  struct Head {
    uint8_t type_flags = 0;
    std::string_view payload;
    lsm::RowTimes row_times = {};
    int64_t expire_at_ms = lsm::kNoExpiry;
  };
  Result<void> MoveTo(Keyspace keyspace, std::string_view key, const Head& head);

 private:
  static constexpr size_t kFlushBytes = size_t{256} << 10;
  // So much may be on its way to LevelDB: it arrives there after a sync of the log.
  static constexpr size_t kAheadBytes = size_t{2} << 20;

  Keyspace keyspace() const;
  // Creates it if need be.
  Result<lsm::Entry*> Open();
  void Await(lsm::LoadWaiter& waiter);

  lsm::Store& store_;
  const std::string name_;
  const Type type_;
  lsm::RowSlice open_;
  uint64_t rows_ = 0;  // Flushed.
  bool created_ = false;
  size_t ahead_bytes_ = 0;  // Flushed since it last waited.
  enum class State : uint8_t { kSettled, kAhead, kBlocked };
  State state_ = State::kSettled;
};

}  // namespace datatypes
