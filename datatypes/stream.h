// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "datatypes/settings.h"
#include "datatypes/stream_format.h"
#include "datatypes/stream_id.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "lsm/entry.h"
#include "lsm/row_stream.h"
#include "lsm/store.h"

namespace datatypes {

// How XADD and XTRIM shorten a stream.
struct StreamTrim {
  enum class Strategy : uint8_t { kNone, kMaxLen, kMinId };
  Strategy strategy = Strategy::kNone;
  uint64_t max_length = 0;
  StreamId min_id;
  // Only whole runs go, and at most `limit` entries (0: any number).
  bool approximate = false;
  uint64_t limit = 0;
};

// The typed view of a stream: entries by ID, each a row, and what is known of all of them, in the
// payload. It knows nothing of RESP or of commands; consumer groups are in stream_group.h.
// FORMAT.md has the bytes.
//
// A stream may be empty. When many entries are trimmed, their rows only cease to count, and are
// erased by and by (Sweep()). A view borrows the entry and is good until something else changes the
// key, or the end of the command. A mutator that fails (a page could not be loaded) has changed
// nothing. Loop thread only.
class Stream {
 public:
  enum class Direction : uint8_t { kForward, kBackward };
  using Visitor = absl::FunctionRef<bool(const StreamId&, StreamFields)>;

  // Trimming erases up to so many rows at once, and each append so many of those left over.
  static constexpr uint64_t kMaxErasedAtOnce = 1024;
  static constexpr uint64_t kSweptByAppend = 64;
  // And so many each time that a command goes on with it.
  static constexpr uint64_t kSweptByTurn = 256;

  // The stream at `key`, which may be absent. WRONGTYPE if it is another type. `key` and `settings`
  // must live as long as the view.
  static Result<Stream> Open(Keyspace keyspace, std::string_view key, const Settings& settings);
  // The same for an entry that was looked up already; nullptr: absent. Requires it to be a stream.
  static Result<Stream> Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry,
                           const Settings& settings);

  bool exists() const { return entry_ != nullptr; }
  std::string_view key() const { return key_; }
  lsm::Entry* entry() const { return entry_; }
  lsm::Collection& rows() const { return entry_->collection(); }
  const StreamHead& head() const { return head_; }
  uint64_t length() const { return head_.length; }
  // As Redis would have: blocks of entries.
  uint64_t runs() const { return head_.closed_runs + (head_.open ? 1 : 0); }

  // --- Residency. Each joins `waiter` to a load of what the call named needs. Require exists().

  // False: it waits.
  bool PrefetchRow(std::string_view subkey, lsm::LoadWaiter& waiter) const {
    return store().PrefetchRow(*entry_, subkey, waiter);
  }
  void PrefetchAppend(lsm::LoadWaiter& waiter) const;
  // Whether an append needs none.
  bool TailResident() const;
  void PrefetchEntry(const StreamId& id, lsm::LoadWaiter& waiter) const;
  // At most `count` entries of a range.
  void PrefetchRange(const StreamId& from, const StreamId& to, uint64_t count, Direction direction,
                     lsm::LoadWaiter& waiter) const;
  bool RangeResident(const StreamId& from, const StreamId& to, uint64_t count,
                     Direction direction) const;
  // What Count() needs; false: it waits.
  bool PrefetchCount(const StreamId& from, const StreamId& to, lsm::LoadWaiter& waiter) const;
  // What Erase() needs.
  void PrefetchErase(const StreamId& id, lsm::LoadWaiter& waiter) const;
  void PrefetchSweep(uint64_t most, lsm::LoadWaiter& waiter) const;
  // What Trim() looks at first.
  void PrefetchTrim(const StreamTrim& trim, lsm::LoadWaiter& waiter) const;

  // --- Reading. Views of fields are good until the next change of this stream.

  // Visits the entries [from, to] until `visit` answers false.
  Result<void> Visit(const StreamId& from, const StreamId& to, Direction direction,
                     Visitor visit) const;
  // How many entries there are in [from, to], and the rows that hold them and nothing else.
  Result<uint64_t> Count(const StreamId& from, const StreamId& to) const;
  lsm::RowWalk RowsOf(const StreamId& from, const StreamId& to, Direction direction) const;
  // The fields of one entry; none if there is no such entry.
  Result<std::optional<StreamFields>> Find(const StreamId& id) const;

  // --- Changing. Save() must follow the last change of a command, unless the key was deleted.

  // Makes the key an empty stream. Requires that it is absent.
  void Create();
  // Requires exists(), id > head().last, and an even number of texts: fields and values in turn.
  Result<void> Append(const StreamId& id, std::span<const std::string_view> fields);
  // Whether there was such an entry. Counts as a deletion for consumer groups' lag.
  Result<bool> Erase(const StreamId& id);
  // Sets the last ID, which is not below the last entry's.
  Result<void> SetLast(const StreamId& id);
  // Returns how many entries have gone.
  Result<uint64_t> Trim(const StreamTrim& trim);
  // Erases rows of trimmed entries, at most `most`. Not a change that anybody could see.
  Result<void> Sweep(uint64_t most);
  // The same as a by-work of something that succeeded.
  void SweepIfPossible(uint64_t most);
  bool needs_sweep() const {
    return head_.dead > 0 || head_.dead_runs > 0 || head_.destroyed_groups > 0;
  }
  // For XSETID and groups.
  StreamHead& mutable_head() { return head_; }
  void Save();

 private:
  Stream(Keyspace keyspace, std::string_view key, lsm::Entry* entry, const Settings& settings)
      : keyspace_(keyspace), key_(key), entry_(entry), settings_(&settings) {}

  struct TrimPlan;
  // Subkeys between which the entries [from, to] are.
  struct Span {
    std::string begin;
    std::string end;
  };
  Span SpanOf(const StreamId& from, const StreamId& to) const;

  // Of trimming, so many runs are loaded before it at most.
  static constexpr uint64_t kMaxLoadedRuns = 65536;

  // Quick to ask, unlike what a range needs.
  bool AllResident() const { return rows().small() || rows().resident_pages() == rows().pages(); }
  lsm::Store& store() const { return keyspace_.store(); }
  bool StartsRun(uint64_t field_bytes) const;
  Result<void> ReopenLastRun();
  Result<StreamRun> ClosedRunOf(const StreamId& id) const;
  Result<void> EraseFromRun(const StreamId& id);
  Result<StreamId> FirstFrom(const StreamId& from) const;
  Result<StreamId> LastBefore(const StreamId& id) const;
  Result<TrimPlan> PlanTrim(const StreamTrim& trim) const;
  Result<void> PlanWithinRun(const StreamTrim& trim, TrimPlan& plan, uint64_t left) const;
  Result<void> ApplyTrim(const TrimPlan& plan);
  Result<uint64_t> SweepRows(std::string_view from, std::string end, uint64_t most);
  Result<uint64_t> SweepDestroyedGroup(uint64_t most);
  Result<uint64_t> SweepTag(StreamTag tag, const StreamId& last, uint64_t dead, uint64_t most);

  Keyspace keyspace_;
  std::string_view key_;
  lsm::Entry* entry_;
  const Settings* settings_;
  StreamHead head_;
};

}  // namespace datatypes
