// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/list.h"

#include <algorithm>
#include <utility>

#include "datatypes/errors.h"
#include "datatypes/listpack_size.h"
#include "datatypes/types.h"

namespace datatypes {
namespace {

// Elements that near an end are reached by steps from there: ranks within a collection whose pages
// are on disk may have to be counted first.
constexpr uint64_t kNearEnd = 128;

Failure Corrupt(const char* what) {
  return Failure(Error(lsm::Status::Corruption(what)));
}

Failure Failed(const lsm::Status& status) {
  return Failure(Error(status));
}

Result<OrderLabel> LabelOf(const lsm::CollectionCursor& row) {
  const std::optional<OrderLabel> label = OrderLabel::Decode(row.subkey());
  if (!label) return Corrupt("a list's row has no valid label");
  return *label;
}

}  // namespace

Result<List> List::Open(Keyspace keyspace, std::string_view key, const Settings& settings) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace.GetTyped(key, kList));
  return Of(keyspace, key, entry, settings);
}

Result<List> List::Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry,
                      const Settings& settings) {
  List list(keyspace, key, entry, settings);
  if (entry != nullptr) {
    const std::optional<ListExtras> extras = DecodeListPayload(entry->payload());
    if (!extras || !entry->has_collection()) return Corrupt("a list's meta");
    list.extras_ = *extras;
  }
  return list;
}

void List::SaveExtras() {
  entry_ = store().SetPayload(entry_, ListPayload(extras_).view());
}

void List::BeforeGrowth(uint64_t bytes, uint64_t elements) {
  if ((entry_->type_flags() & kQuicklist) != 0) return;
  if (ExceedsListpack(*settings_, extras_.packed_bytes + bytes, size() + elements)) {
    store().SetTypeFlags(entry_, entry_->type_flags() | kQuicklist);
  }
}

void List::AfterChange() {
  if ((entry_->type_flags() & kQuicklist) != 0 &&
      ReturnsToListpack(*settings_, extras_.packed_bytes, size()) && !HasLargeElement()) {
    store().SetTypeFlags(entry_, entry_->type_flags() & ~uint8_t{kQuicklist});
  }
  SaveExtras();
}

// In Redis an element above that threshold has a node of its own, which no listpack takes back.
bool List::HasLargeElement() const {
  const auto threshold = static_cast<uint64_t>(settings_->list_packed_threshold_bytes);
  if (extras_.packed_bytes <= threshold) return false;
  lsm::CollectionCursor row = AtEnd(End::kHead);
  for (; row.valid(); row.Next()) {
    if (row.value().size() > threshold) return true;
  }
  return false;
}

void List::Delete() {
  store().Delete(entry_);
  entry_ = nullptr;
}

std::string List::PastLast() const {
  std::string past(extras_.last.view());
  past += '\0';
  return past;
}

// ---- Residency.

bool List::fully_resident() const {
  if (entry_ == nullptr) return true;
  const lsm::Collection& all = rows();
  return all.small() || all.resident_pages() == all.pages();
}

bool List::PrefetchPush(End end, lsm::LoadWaiter& waiter) const {
  if (fully_resident()) return true;
  const OrderLabel label = end == End::kHead ? extras_.first.Before() : extras_.last.After();
  return store().PrefetchRow(*entry_, label.view(), waiter);
}

bool List::PrefetchPop(End end, uint64_t count, lsm::LoadWaiter& waiter) const {
  if (fully_resident()) return true;
  count = std::min(count, size());
  if (end == End::kHead) {
    return store().PrefetchScan(*entry_, extras_.first.view(), count + 1,
                                lsm::Collection::Direction::kForward, waiter);
  }
  return store().PrefetchScan(*entry_, PastLast(), count + 1, lsm::Collection::Direction::kBackward,
                              waiter);
}

bool List::PrefetchRange(uint64_t index, uint64_t count, lsm::LoadWaiter& waiter) const {
  if (fully_resident() || index >= size()) return true;
  count = std::min(count, size() - index);
  if (index < kNearEnd) {
    return store().PrefetchScan(*entry_, extras_.first.view(), index + count,
                                lsm::Collection::Direction::kForward, waiter);
  }
  if (const uint64_t from_end = size() - index; from_end <= kNearEnd) {
    return store().PrefetchScan(*entry_, PastLast(), from_end,
                                lsm::Collection::Direction::kBackward, waiter);
  }
  if (!store().PrefetchAt(*entry_, index, waiter)) return false;
  const lsm::CollectionCursor first = rows().At(index);
  if (!first.valid()) return true;  // The access itself will meet the error.
  return store().PrefetchScan(*entry_, first.subkey(), count, lsm::Collection::Direction::kForward,
                              waiter);
}

bool List::PrefetchFrom(std::string_view label, uint64_t count, lsm::LoadWaiter& waiter) const {
  return store().PrefetchScan(*entry_, label, count, lsm::Collection::Direction::kForward, waiter);
}

bool List::PrefetchAll(uint64_t max_elements, lsm::LoadWaiter& waiter) const {
  return fully_resident() || store().PrefetchAll(*entry_, max_elements, waiter);
}

// ---- Reading.

lsm::CollectionCursor List::AtEnd(End end) const {
  if (end == End::kHead) return rows().Seek(extras_.first.view());
  // By its label where pages are missing: rows that are gone may have left some behind the last.
  return fully_resident() ? rows().SeekLast() : rows().SeekBefore(PastLast());
}

lsm::CollectionCursor List::At(uint64_t index) const {
  if (rows().small() || index >= size()) return rows().At(index);
  if (index < kNearEnd) {
    lsm::CollectionCursor row = AtEnd(End::kHead);
    while (index-- > 0 && row.valid()) row.Next();
    return row;
  }
  if (uint64_t from_end = size() - 1 - index; from_end < kNearEnd) {
    lsm::CollectionCursor row = AtEnd(End::kTail);
    while (from_end-- > 0 && row.valid()) row.Prev();
    return row;
  }
  return rows().At(index);
}

Result<std::string_view> List::PeekForPop(End end) const {
  lsm::CollectionCursor row = AtEnd(end);
  if (!row.valid()) return Failed(row.status());
  const std::string_view element = row.value();
  if (size() > 1) {
    // Its neighbour is going to be the end.
    end == End::kHead ? row.Next() : row.Prev();
    if (!row.valid()) return Failed(row.status());
  }
  return element;
}

// ---- Changing at the ends.

Result<void> List::Push(End end, Args elements) {
  uint64_t bytes = 0;
  for (const std::string_view element : elements) bytes += element.size();
  if (exists()) {
    // After this nothing can fail: what follows goes into the same page, or into new ones.
    const OrderLabel label = end == End::kHead ? extras_.first.Before() : extras_.last.After();
    if (!fully_resident()) {
      const lsm::Result<bool> loaded = rows().Contains(label.view());
      if (!loaded) return Failed(loaded.error());
    }
  } else {
    entry_ = store().Create(keyspace_.db(), key_, kList, 0, {});
    entry_ = store().AttachCollection(entry_);
    extras_ = {{}, {}, kEmptyListpackBytes};
  }
  BeforeGrowth(bytes, elements.size());
  for (const std::string_view element : elements) {
    OrderLabel& outermost = end == End::kHead ? extras_.first : extras_.last;
    if (extras_.first.empty()) {
      extras_.first = extras_.last = OrderLabel::FromInteger(0);
    } else {
      outermost = end == End::kHead ? outermost.Before() : outermost.After();
    }
    const lsm::Result<lsm::Collection::PutResult> put = rows().Put(outermost.view(), element);
    if (!put) return Failed(put.error());
    extras_.packed_bytes += ListpackElementBytes(element);
  }
  SaveExtras();
  return {};
}

Result<void> List::Pop(End end, uint64_t count, absl::FunctionRef<void(std::string_view)> sink) {
  const bool all = count >= size();
  uint64_t packed_bytes = 0;
  lsm::CollectionCursor row = AtEnd(end);
  for (uint64_t left = count; left > 0; --left) {
    if (!row.valid()) return Failed(row.status());
    sink(row.value());
    packed_bytes += ListpackElementBytes(row.value());
    end == End::kHead ? row.Next() : row.Prev();
  }
  if (all) {
    Delete();
    return {};
  }
  if (!row.valid()) return Failed(row.status());
  ASSIGN_OR_RETURN(const OrderLabel outermost, LabelOf(row));
  // All of it was just walked over, so is resident.
  OrderLabel& old = end == End::kHead ? extras_.first : extras_.last;
  if (count == 1) {
    const lsm::Result<bool> erased = rows().Erase(old.view());
    if (!erased) return Failed(erased.error());
  } else {
    std::string past(outermost.view());
    past += '\0';
    const lsm::Result<uint64_t> erased =
        end == End::kHead ? rows().EraseRange(extras_.first.view(), outermost.view())
                          : rows().EraseRange(past, std::optional<std::string_view>(PastLast()));
    if (!erased) return Failed(erased.error());
  }
  old = outermost;
  extras_.packed_bytes -= packed_bytes;
  AfterChange();
  return {};
}

Result<void> List::Trim(uint64_t index, uint64_t count) {
  if (index >= size() || count == 0) {
    Delete();
    return {};
  }
  count = std::min(count, size() - index);
  if (count == size()) return {};
  // To erase rows is a row operation for each; to copy what stays may be much less.
  constexpr uint64_t kManyRows = 1024;
  const uint64_t removed = size() - count;
  if (removed > kManyRows && count < removed / 2) return TrimByCopy(index, count);
  return TrimByErasing(index, count);
}

Result<void> List::TrimByCopy(uint64_t index, uint64_t count) {
  std::vector<std::string> kept;
  lsm::CollectionCursor row = At(index);
  for (; count > 0; --count, row.Next()) {
    if (!row.valid()) return Failed(row.status());
    kept.emplace_back(row.value());
  }
  const uint8_t flags = entry_->type_flags();
  entry_ = store().DetachCollection(entry_);
  entry_ = store().AttachCollection(entry_);
  extras_ = {{}, {}, kEmptyListpackBytes};
  const std::vector<std::string_view> elements(kept.begin(), kept.end());
  RETURN_IF_ERROR(Push(End::kTail, elements));
  store().SetTypeFlags(entry_, flags);
  AfterChange();
  return {};
}

Result<void> List::TrimByErasing(uint64_t index, uint64_t count) {
  uint64_t packed_bytes = 0;
  lsm::CollectionCursor row = AtEnd(End::kHead);
  for (uint64_t left = index; left > 0 && row.valid(); --left, row.Next()) {
    packed_bytes += ListpackElementBytes(row.value());
  }
  if (!row.valid()) return Failed(row.status());
  ASSIGN_OR_RETURN(const OrderLabel first, LabelOf(row));
  row = AtEnd(End::kTail);
  for (uint64_t left = size() - index - count; left > 0 && row.valid(); --left, row.Prev()) {
    packed_bytes += ListpackElementBytes(row.value());
  }
  if (!row.valid()) return Failed(row.status());
  ASSIGN_OR_RETURN(const OrderLabel last, LabelOf(row));
  const std::string past = PastLast();
  std::string from(last.view());
  from += '\0';
  lsm::Result<uint64_t> erased = rows().EraseRange(extras_.first.view(), first.view());
  if (erased) erased = rows().EraseRange(from, std::string_view(past));
  if (!erased) return Failed(erased.error());
  extras_ = {first, last, extras_.packed_bytes - packed_bytes};
  AfterChange();
  return {};
}

}  // namespace datatypes
