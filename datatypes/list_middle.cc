// SPDX-License-Identifier: BSD-3-Clause
// Changes in the middle of a list.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "datatypes/errors.h"
#include "datatypes/list.h"
#include "datatypes/listpack_size.h"

namespace datatypes {
namespace {

// How many elements to either side get new labels when there is no room left between two.
constexpr uint64_t kFirstRadius = 32;
// What labels made anew have to leave free.
constexpr size_t kLongestRespaced = OrderLabel::kMaxBytes - 8;

Failure Failed(const lsm::Status& status) {
  return Failure(Error(status));
}

Result<OrderLabel> LabelOf(const lsm::CollectionCursor& row) {
  const std::optional<OrderLabel> label = OrderLabel::Decode(row.subkey());
  if (!label) return Failed(lsm::Status::Corruption("a list's row has no valid label"));
  return *label;
}

// Labels for the places [from, to), evenly between `low` and `high`. False: too narrow.
bool Spread(const OrderLabel& low, const OrderLabel& high, size_t from, size_t to,
            std::vector<OrderLabel>& labels) {
  if (from == to) return true;
  const size_t middle = from + (to - from) / 2;
  const std::optional<OrderLabel> label = OrderLabel::Between(low, high);
  if (!label || label->view().size() > kLongestRespaced) return false;
  labels[middle] = *label;
  return Spread(low, *label, from, middle, labels) && Spread(*label, high, middle + 1, to, labels);
}

// Labels for `count` neighbours between `low` and `high`, either of which may be missing.
std::optional<std::vector<OrderLabel>> NewLabels(const OrderLabel& low, const OrderLabel& high,
                                                 size_t count) {
  std::vector<OrderLabel> labels(count);
  if (!low.empty() && !high.empty()) {
    if (!Spread(low, high, 0, count, labels)) return std::nullopt;
    return labels;
  }
  if (low.empty() && !high.empty()) {
    OrderLabel label = high;
    for (size_t i = count; i-- > 0;) labels[i] = label = label.Before();
    return labels;
  }
  OrderLabel label = low;
  for (OrderLabel& each : labels) {
    label = label.empty() ? OrderLabel::FromInteger(0) : label.After();
    each = label;
  }
  return labels;
}

}  // namespace

Result<bool> List::Set(uint64_t index, std::string_view element) {
  if (index >= size()) return false;
  lsm::CollectionCursor row = At(index);
  if (!row.valid()) return Failed(row.status());
  ASSIGN_OR_RETURN(const OrderLabel label, LabelOf(row));
  const uint64_t old_bytes = ListpackElementBytes(row.value());
  BeforeGrowth(element.size(), 1);
  const lsm::Result<lsm::Collection::PutResult> put = rows().Put(label.view(), element);
  if (!put) return Failed(put.error());
  extras_.packed_bytes += ListpackElementBytes(element) - old_bytes;
  AfterChange();
  return true;
}

Result<bool> List::Insert(Side side, std::string_view pivot, std::string_view element) {
  lsm::CollectionCursor row = AtEnd(End::kHead);
  while (row.valid() && row.value() != pivot) row.Next();
  if (!row.status().ok()) return Failed(row.status());
  if (!row.valid()) return false;
  BeforeGrowth(element.size(), 1);
  ASSIGN_OR_RETURN(OrderLabel label, LabelOf(row));
  const End towards = side == Side::kBefore ? End::kHead : End::kTail;
  for (uint64_t radius = kFirstRadius;; radius *= 2) {
    if (label == (towards == End::kHead ? extras_.first : extras_.last)) {
      const std::array<std::string_view, 1> one = {element};
      RETURN_IF_ERROR(Push(towards, one));
      return true;
    }
    row = Seek(label.view());
    if (row.valid()) towards == End::kHead ? row.Prev() : row.Next();
    if (!row.valid()) return Failed(row.status());
    ASSIGN_OR_RETURN(const OrderLabel neighbour, LabelOf(row));
    const std::optional<OrderLabel> between = towards == End::kHead
                                                  ? OrderLabel::Between(neighbour, label)
                                                  : OrderLabel::Between(label, neighbour);
    if (between) {
      const lsm::Result<lsm::Collection::PutResult> put = rows().Put(between->view(), element);
      if (!put) return Failed(put.error());
      extras_.packed_bytes += ListpackElementBytes(element);
      SaveExtras();
      return true;
    }
    ASSIGN_OR_RETURN(label, Respace(label, radius));
  }
}

// Gives the elements around `near` new labels with room between them, and returns the new one of
// `near` (the same, if that was not possible with so few).
Result<OrderLabel> List::Respace(const OrderLabel& near, uint64_t radius) {
  lsm::CollectionCursor row = Seek(near.view());
  uint64_t before = 0;
  OrderLabel low;
  OrderLabel high;
  for (; row.valid() && before < radius && row.subkey() != extras_.first.view(); ++before) {
    row.Prev();
  }
  if (!row.valid()) return Failed(row.status());
  // The cursor is on the first one to get a new label; the one before it is the border.
  if (row.subkey() != extras_.first.view()) {
    lsm::CollectionCursor border = row;
    border.Prev();
    if (!border.valid()) return Failed(border.status());
    ASSIGN_OR_RETURN(low, LabelOf(border));
  }
  const std::string from(row.subkey());
  std::vector<std::string> elements;
  for (; row.valid() && elements.size() < before + 1 + radius; row.Next()) {
    elements.emplace_back(row.value());
  }
  if (!row.status().ok()) return Failed(row.status());
  if (row.valid()) {
    ASSIGN_OR_RETURN(high, LabelOf(row));
  }
  const std::optional<std::vector<OrderLabel>> labels = NewLabels(low, high, elements.size());
  if (!labels) return near;
  std::optional<std::string_view> to;
  const std::string past = PastLast();
  to = high.empty() ? std::string_view(past) : high.view();
  // All of it is resident.
  const lsm::Result<uint64_t> erased = rows().EraseRange(from, to);
  if (!erased) return Failed(erased.error());
  for (size_t i = 0; i < elements.size(); ++i) {
    const lsm::Result<lsm::Collection::PutResult> put =
        rows().Put((*labels)[i].view(), elements[i]);
    if (!put) return Failed(put.error());
  }
  if (low.empty()) extras_.first = labels->front();
  if (high.empty()) extras_.last = labels->back();
  SaveExtras();
  return (*labels)[before];
}

Result<uint64_t> List::Remove(End from, uint64_t count, std::string_view element) {
  std::vector<OrderLabel> doomed;
  OrderLabel first;  // Of what stays: the first and the last one seen.
  OrderLabel last;
  lsm::CollectionCursor row = AtEnd(from);
  for (; row.valid(); from == End::kHead ? row.Next() : row.Prev()) {
    const bool stays = doomed.size() >= count || row.value() != element;
    if (stays && doomed.size() >= count && !first.empty()) break;
    ASSIGN_OR_RETURN(const OrderLabel label, LabelOf(row));
    if (!stays) {
      doomed.push_back(label);
    } else {
      if (first.empty()) first = label;
      last = label;
    }
  }
  if (!row.status().ok()) return Failed(row.status());
  if (doomed.empty()) return 0;
  if (doomed.size() == size()) {
    Delete();
    return doomed.size();
  }
  // If the walk did not come to the other end, that end stays what it is.
  const bool whole = !row.valid();
  if (from == End::kTail) std::swap(first, last);
  for (const OrderLabel& label : doomed) {
    const lsm::Result<bool> erased = rows().Erase(label.view());
    if (!erased) return Failed(erased.error());
  }
  if (whole || from == End::kHead) extras_.first = first;
  if (whole || from == End::kTail) extras_.last = last;
  extras_.packed_bytes -= doomed.size() * ListpackElementBytes(element);
  AfterChange();
  return doomed.size();
}

}  // namespace datatypes
