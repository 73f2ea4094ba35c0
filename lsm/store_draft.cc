// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <memory>
#include <utility>

#include "lsm/draft.h"
#include "lsm/row_stream.h"
#include "lsm/snapshot.h"
#include "lsm/store_impl.h"

namespace lsm {

// The image is replaced by one of which nothing is resident: nothing was read, and nothing has to
// stay until it is applied.
Entry* StoreImpl::AppendDraftRows(Entry* draft, const RowSlice& rows) {
  const CollectionId id = draft->collection().id();
  rows.ForEach([&](std::string_view subkey, std::string_view value) {
    batch_.Put({EncodeRowKeyPrefix(id).view(), subkey}, {value});
    return true;
  });
  EntryParts parts = EntryAllocator::PartsOf(*draft);
  EntryCollection* const old = parts.collection;
  parts.collection = new EntryCollection(id, &collection_env_, old->count() + rows.rows());
  draft = hot_.Reshape(draft, parts);
  hot_.FreeCollection(old);
  Touched(draft);
  return draft;
}

Status StoreImpl::AwaitApplied(LoadWaiter& waiter) {
  LSM_RETURN_IF_ERROR(CommitTurn());
  LoadBoard::Begin(waiter);
  auto wait = std::make_shared<AppliedWait>();
  wait->waiter = &waiter;
  applied_waits_.push_back(wait.get());
  parts_->applier->Barrier([this, wait](const Status& status) {
    Post([this, wait, status] {
      std::erase(applied_waits_, wait.get());
      LoadWaiter* const told = std::exchange(wait->waiter, nullptr);
      if (told != nullptr) board_->Done(*told, status);
    });
  });
  return Status();
}

void StoreImpl::AbandonApplied(const LoadWaiter& waiter) {
  for (AppliedWait* const wait : applied_waits_) {
    if (wait->waiter == &waiter) wait->waiter = nullptr;
  }
}

uint32_t DraftsDatabase(const Store& store) {
  return store.databases();
}

Entry* AppendDraftRows(Store& store, Entry* draft, const RowSlice& rows) {
  return static_cast<StoreImpl&>(store).AppendDraftRows(draft, rows);
}

Status AwaitApplied(Store& store, LoadWaiter& waiter) {
  return static_cast<StoreImpl&>(store).AwaitApplied(waiter);
}

}  // namespace lsm
