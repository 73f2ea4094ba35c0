// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/draft.h"

#include <utility>

#include "lsm/draft.h"
#include "lsm/row_expiry.h"

namespace datatypes {
namespace {

constexpr uint64_t kMaxRowsAtOnce = 8192;
constexpr uint64_t kMaxBytesAtOnce = uint64_t{4} << 20;
// Of rows that are not in RAM nobody knows how long they are.
constexpr uint64_t kMaxUnknownAtOnce = 256;

}  // namespace

bool IsLongWork(const lsm::Collection& rows) {
  if (rows.small()) return false;
  if (rows.count() > kMaxRowsAtOnce || rows.bytes() > kMaxBytesAtOnce) return true;
  return rows.count() > kMaxUnknownAtOnce && rows.resident_pages() < rows.pages();
}

Draft::Draft(lsm::Store& store, std::mt19937_64& random, Type type)
    : store_(store), name_(std::to_string(random())), type_(type) {}

Draft::~Draft() {
  if (!created_) return;
  // If it cannot be read, it goes when the store is opened next.
  const Result<lsm::Entry*> entry = keyspace().Peek(name_);
  if (entry && *entry != nullptr) store_.Delete(*entry);
}

Keyspace Draft::keyspace() const {
  return {store_, lsm::DraftsDatabase(store_), /*no_touch=*/true};
}

Result<lsm::Entry*> Draft::Open() {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace().Peek(name_));
  if (created_) {
    ENSURE(entry != nullptr);
    return entry;
  }
  ENSURE(entry == nullptr);  // One of 2^64 names.
  created_ = true;
  return store_.AttachCollection(store_.Create(keyspace().db(), name_, type_, 0, {}));
}

Result<void> Draft::Append(const lsm::RowSlice& rows, lsm::LoadWaiter& waiter) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, Open());
  lsm::AppendDraftRows(store_, entry, rows);
  rows_ += rows.rows();
  ahead_bytes_ += rows.bytes();
  if (ahead_bytes_ >= kAheadBytes || store_.WriteDelayUs() > 0) {
    Await(waiter);
  } else {
    // At once, so that nothing else in this turn can take it back.
    state_ = store_.CommitTurn().ok() ? State::kAhead : State::kBlocked;
  }
  return {};
}

Result<void> Draft::Flush(lsm::LoadWaiter& waiter) {
  const lsm::RowSlice rows = std::exchange(open_, {});
  return Append(rows, waiter);
}

void Draft::Await(lsm::LoadWaiter& waiter) {
  state_ = lsm::AwaitApplied(store_, waiter).ok() ? State::kSettled : State::kBlocked;
  if (state_ == State::kSettled) ahead_bytes_ = 0;
}

bool Draft::MayGoOn(lsm::LoadWaiter& waiter) {
  if (state_ != State::kBlocked) return true;
  Await(waiter);
  return false;
}

bool Draft::Settle(lsm::LoadWaiter& waiter) {
  if (state_ == State::kSettled) return true;
  Await(waiter);
  return false;
}

Result<void> Draft::MoveTo(Keyspace keyspace, std::string_view key, const Head& head) {
  // To have it resident: what it is does not matter.
  ASSIGN_OR_RETURN([[maybe_unused]] const lsm::Entry* const old, keyspace.Peek(key));
  ASSIGN_OR_RETURN(lsm::Entry * entry, Open());
  ENSURE(open_.rows() == 0 && state_ == State::kSettled && entry->collection().count() == rows_);
  entry = store_.SetPayload(entry, head.payload);
  store_.SetTypeFlags(entry, head.type_flags);
  entry = store_.Move(entry, keyspace.db(), key);
  created_ = false;
  if (head.row_times != lsm::RowTimes()) lsm::RowExpiry::Of(store_).SetTimes(entry, head.row_times);
  if (head.expire_at_ms != lsm::kNoExpiry) store_.SetExpiry(entry, head.expire_at_ms);
  return {};
}

}  // namespace datatypes
