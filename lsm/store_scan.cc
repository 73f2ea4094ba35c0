// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "lsm/store_impl.h"

// Walks over the keys of a database in the order of positions. What LevelDB has is read on a
// worker, a page at a time, and merged on the loop with what it has not got yet: keys that are new
// (the index of new keys, pinned while the page is read) and keys that are gone (entries that say
// «absent»). A key that lives through the whole walk is given exactly once: positions never change,
// each page covers [from, end), and the next one begins at `end`.

namespace lsm {

class StoreImpl::ScanJob : public LoadJob {
 public:
  ScanJob(StoreImpl& store, const WalkStart& where, ScanPage* to, LoadWaiter* waiting)
      : start(where),
        page(to),
        waiter(waiting),
        applied_seq(store.hot_.applied_seq()),
        store_(store),
        pin_(store.new_keys_) {}
  void Run() override {
    result = store_.reader_->ScanMetas(start.generation, start.from, start.count);
  }
  void Finish() override { store_.FinishScan(*this); }

  const WalkStart start;
  ScanPage* const page;
  LoadWaiter* waiter;          // nullptr: abandoned.
  const uint64_t applied_seq;  // What was applied for sure before it reads.
  Result<MetaScan> result = MetaScan();

 private:
  StoreImpl& store_;
  NewKeyIndex::Pin pin_;
};

Status StoreImpl::AddScanItem(uint32_t generation, std::string_view key, const MetaHead* head,
                              ScanPage& page) {
  const Entry* entry = hot_.Peek(hot_.Hash(generation, key), generation, key);
  if (entry != nullptr) {
    if (!entry->exists() || IsExpired(*entry)) return Status();
    page.items.push_back(
        {std::string(key), entry->type(), entry->type_flags(), entry->expire_at_ms()});
    return Status();
  }
  std::optional<StoredMeta> meta;
  if (head == nullptr) {
    // Was new when the page was read, and has been applied and evicted since.
    LSM_ASSIGN_OR_RETURN(meta, reader_->ReadMeta(generation, key));
    if (!meta.has_value()) return Status();
    head = &meta->head;
  }
  if (head->expired(clock_.NowMs())) return Status();
  page.items.push_back({std::string(key), head->type, head->type_flags, head->expire_at_ms});
  return Status();
}

Result<uint64_t> StoreImpl::MergeScan(const WalkStart& start, const MetaScan& disk,
                                      ScanPage& page) {
  SerialiseTurn();  // So that the index has the keys of this turn.
  // New keys can be very many: the page ends where `count` of them do.
  std::vector<NewKeyIndex::Item> fresh = new_keys_.First(start.generation, start.from, start.count);
  uint64_t end = disk.next_position;
  if (fresh.size() >= start.count) end = std::min(end, fresh.back().position + 1);
  auto next_new = fresh.begin();
  auto next_old = disk.items.begin();
  while (true) {
    const bool has_new = next_new != fresh.end() && next_new->position < end;
    const bool has_old = next_old != disk.items.end() && next_old->position < end;
    if (!has_new && !has_old) return end;
    std::string_view key;
    const MetaHead* head = nullptr;
    const auto order = [](const auto& item) {
      return std::pair(item.position, std::string_view(item.key));
    };
    const bool take_old = has_old && (!has_new || order(*next_old) <= order(*next_new));
    const bool take_new = has_new && (!has_old || order(*next_new) <= order(*next_old));
    if (take_new) key = (next_new++)->key;
    if (take_old) {
      key = next_old->key;
      head = &(next_old++)->head;
    }
    LSM_RETURN_IF_ERROR(AddScanItem(start.generation, key, head, page));
  }
}

void StoreImpl::UpdateAbsentFloor() {
  hot_.SetAbsentFloor(scans_.empty() ? HotTier::kNoFloor : scans_.front()->applied_seq);
}

void StoreImpl::StartScan(const WalkStart& start, ScanPage& page, LoadWaiter& waiter) {
  auto job = std::make_unique<ScanJob>(*this, start, &page, &waiter);
  scans_.push_back(job.get());
  UpdateAbsentFloor();
  board_->Add(std::move(job));
}

void StoreImpl::FinishScan(ScanJob& job) {
  std::erase(scans_, &job);
  UpdateAbsentFloor();
  if (job.waiter == nullptr) return;
  if (!job.result.has_value()) return board_->Done(*job.waiter, job.result.error());
  if (!keyspaces_.IsLive(job.start.generation)) {
    return board_->Done(*job.waiter, Status());  // Flushed: the walk is complete.
  }
  const Result<uint64_t> end = MergeScan(job.start, *job.result, *job.page);
  if (!end.has_value()) return board_->Done(*job.waiter, end.error());
  if (*end < kPositionEnd && job.page->items.empty()) {
    StartScan({job.start.generation, *end, job.start.count}, *job.page, *job.waiter);
    return;
  }
  job.page->next_cursor = *end < kPositionEnd ? *end : 0;
  board_->Done(*job.waiter, Status());
}

void StoreImpl::AbandonScans(LoadWaiter& waiter) {
  for (ScanJob* scan : scans_) {
    if (scan->waiter == &waiter) scan->waiter = nullptr;
  }
}

bool StoreImpl::Scan(uint32_t db, uint64_t cursor, size_t count, ScanPage& page,
                     LoadWaiter& waiter) {
  page = ScanPage();
  const Keyspace& space = keyspaces_.at(db);
  if (space.keys == 0 || cursor >= kPositionEnd) return true;
  LoadBoard::Begin(waiter);
  StartScan({space.generation, cursor, std::max<size_t>(count, 1)}, page, waiter);
  return false;
}

Status StoreImpl::ScanNow(uint32_t db, uint64_t cursor, size_t count, ScanPage& page) {
  page = ScanPage();
  const Keyspace& space = keyspaces_.at(db);
  if (space.keys == 0) return Status();
  WalkStart start{space.generation, cursor, std::max<size_t>(count, 1)};
  while (page.items.empty() && start.from < kPositionEnd) {
    LSM_ASSIGN_OR_RETURN(const MetaScan disk,
                         reader_->ScanMetas(start.generation, start.from, start.count));
    LSM_ASSIGN_OR_RETURN(start.from, MergeScan(start, disk, page));
  }
  page.next_cursor = start.from < kPositionEnd ? start.from : 0;
  return Status();
}

// ---- A key at random.

Result<std::optional<std::string>> StoreImpl::RandomKeyNear(uint32_t db, uint64_t position) {
  // One of the next few, so that a wide gap before a key does not favour it much.
  constexpr size_t kNeighbours = 16;
  for (uint64_t from : {position, uint64_t{0}}) {
    ScanPage page;
    LSM_RETURN_IF_ERROR(ScanNow(db, from, kNeighbours, page));
    if (page.items.empty()) continue;
    return std::optional(std::move(page.items[random_() % page.items.size()].key));
  }
  return std::optional<std::string>();
}

Result<std::optional<std::string>> StoreImpl::RandomKey(uint32_t db) {
  const Keyspace& space = keyspaces_.at(db);
  if (space.keys == 0) return std::optional<std::string>();
  constexpr int kTries = 128;
  for (int i = 0; space.all_resident() && i < kTries; ++i) {
    const Entry* entry = hot_.Sample(random_);
    if (entry == nullptr) break;
    if (entry->generation() != space.generation || !entry->exists() || IsExpired(*entry)) continue;
    return std::optional(std::string(entry->key()));
  }
  return RandomKeyNear(db, random_() % kPositionEnd);
}

}  // namespace lsm
