// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/sync_loader.h"

#include <algorithm>

#include "lsm/collection.h"
#include "lsm/row_expiry.h"
#include "scripting/function_registry.h"
#include "server/scripts.h"
#include "server/server.h"
#include "server/turns.h"

namespace server {
namespace {

// Steps between two looks at the clock.
constexpr int kStepsAtOnce = 32;
// When nothing can be written: how long until it is tried again.
constexpr int64_t kRetryMs = 100;
constexpr int64_t kMaxPaceMs = 1000;

}  // namespace

SyncLoader::SyncLoader(Server& server)
    : server_(server), store_(server.store()), staging_(lsm::ReplicaStore::Of(store_)) {
  staging_.DropStaged();
}

SyncLoader::~SyncLoader() {
  if (!shown_) staging_.DropStaged();
}

lsm::Status SyncLoader::Apply(SyncBatch& batch, int64_t until_us, int64_t* wait_ms) {
  *wait_ms = 0;
  entry_ = nullptr;
  while (!batch.done()) {
    if (!store_.Writable() || server_.turns().failing()) {
      *wait_ms = kRetryMs;
      return {};
    }
    for (int i = 0; i < kStepsAtOnce && !batch.done(); ++i) {
      LSM_RETURN_IF_ERROR(ApplyStep(batch.Next()));
    }
    pace_debt_us_ += int64_t{kStepsAtOnce} * store_.WriteDelayUs();
    if (pace_debt_us_ >= 1000) {
      *wait_ms = std::min(pace_debt_us_ / 1000, kMaxPaceMs);
      pace_debt_us_ = 0;
      return {};
    }
    if (store_.TurnBytes() > Turns::kMaxTurnBytes) {
      server_.turns().CommitIfLarge();
      entry_ = nullptr;
    }
    if (server_.clock().MonotonicUs() >= until_us) break;
  }
  return {};
}

lsm::Status SyncLoader::ApplyStep(const SyncBatch::Step& step) {
  switch (step.kind) {
    case SyncBatch::Step::Kind::kKey:
      return BeginKey(step);
    case SyncBatch::Step::Kind::kRow:
      return PutRow(step);
    case SyncBatch::Step::Kind::kEnd:
      return EndKey(step);
    case SyncBatch::Step::Kind::kFunction:
      break;
  }
  function_bytes_ += step.first.size();
  if (function_bytes_ > scripting::FunctionRegistry::kMaxCodeBytes) {
    return lsm::Status::Invalid("the primary's libraries of functions are too large");
  }
  functions_.emplace_back(step.first);
  return {};
}

lsm::Status SyncLoader::BeginKey(const SyncBatch::Step& step) {
  key_.assign(step.first);
  db_ = staging_.StagedDb(step.db);
  type_ = step.type;
  expire_at_ms_ = step.expire_at_ms;
  created_ = false;
  LSM_ASSIGN_OR_RETURN(entry_, store_.FindOrLoad(db_, key_, lsm::Store::Access::kNoTouch));
  if (entry_ != nullptr) return lsm::Status::Corruption("the primary sent a key twice");
  return {};
}

lsm::Result<lsm::Entry*> SyncLoader::Current() {
  if (entry_ != nullptr) return entry_;
  LSM_ASSIGN_OR_RETURN(entry_, store_.FindOrLoad(db_, key_, lsm::Store::Access::kNoTouch));
  if (entry_ == nullptr) return lsm::Status::Corruption("a key has vanished during a full sync");
  return entry_;
}

lsm::Status SyncLoader::PutRow(const SyncBatch::Step& step) {
  if (!created_) {
    // Between two slices the knowledge that it is absent may have gone.
    LSM_ASSIGN_OR_RETURN(entry_, store_.FindOrLoad(db_, key_, lsm::Store::Access::kNoTouch));
    entry_ = store_.AttachCollection(store_.Create(db_, key_, type_, 0, {}));
    created_ = true;
  }
  LSM_ASSIGN_OR_RETURN(lsm::Entry* const entry, Current());
  LSM_ASSIGN_OR_RETURN(const auto put, entry->collection().Put(step.first, step.second));
  if (!put.created) return lsm::Status::Corruption("the primary sent an element twice");
  return {};
}

lsm::Status SyncLoader::EndKey(const SyncBatch::Step& step) {
  if (!created_) {
    LSM_ASSIGN_OR_RETURN(entry_, store_.FindOrLoad(db_, key_, lsm::Store::Access::kNoTouch));
    entry_ = store_.Create(db_, key_, type_, step.type_flags, step.first);
    if (step.has_rows) entry_ = store_.AttachCollection(entry_);
  } else {
    LSM_ASSIGN_OR_RETURN(entry_, Current());
    entry_ = store_.SetPayload(entry_, step.first);
    if (entry_->type_flags() != step.type_flags) store_.SetTypeFlags(entry_, step.type_flags);
  }
  if (expire_at_ms_ != lsm::kNoExpiry) entry_ = store_.SetExpiry(entry_, expire_at_ms_);
  if (step.row_times != lsm::RowTimes()) {
    lsm::RowExpiry::Of(store_).SetTimes(entry_, step.row_times);
  }
  ++keys_;
  return {};
}

lsm::Status SyncLoader::Show() {
  // First what can fail.
  const auto restored = server_.scripts().functions().Restore(
      functions_, scripting::FunctionRegistry::RestorePolicy::kFlush);
  if (!restored) {
    return lsm::Status::Invalid("the primary's functions: " + restored.error().text());
  }
  staging_.ShowStaged();
  shown_ = true;
  return {};
}

}  // namespace server
