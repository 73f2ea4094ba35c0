// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/ttl_index.h"

#include <algorithm>
#include <utility>

namespace lsm {
namespace {

// The window may grow by this part of its limit before its far end is given up, a slice at a time.
constexpr size_t kSlackDivisor = 8;
// A refill is wanted when fewer rows than this part of the limit are left.
constexpr size_t kLowDivisor = 4;

// The least row that is greater.
TtlRow After(TtlRow row) {
  row.key.push_back('\0');
  return row;
}

}  // namespace

void TtlIndex::OnTtlRowPut(int64_t expire_ms, uint32_t generation, std::string_view key,
                           uint64_t seq) {
  TtlRow row{expire_ms, generation, std::string(key)};
  if (!BelowHorizon(row)) {
    Remember(std::move(row), seq, true);
    return;
  }
  // A pending deletion of the same row is no longer the last operation on it.
  if (!pending_.empty() && pending_.contains(row)) Remember(row, seq, true);
  window_.insert_or_assign(std::move(row), seq);
  ShrinkWindow();
}

void TtlIndex::OnTtlRowDeleted(int64_t expire_ms, uint32_t generation, std::string_view key,
                               uint64_t seq) {
  TtlRow row{expire_ms, generation, std::string(key)};
  window_.erase(row);
  // Below the horizon too: the window may shrink, and the row be read before this is applied.
  Remember(std::move(row), seq, false);
}

void TtlIndex::Remember(TtlRow row, uint64_t seq, bool put) {
  const auto [it, created] = pending_.try_emplace(std::move(row), Pending{seq, put});
  if (!created) {
    if (it->second.seq > seq) return;  // The window gives up a row that was put again since.
    const bool same_batch = it->second.seq == seq;
    it->second = {seq, put};
    if (same_batch) return;
  }
  pending_order_.emplace_back(seq, it);
}

void TtlIndex::OnApplied(uint64_t seq) {
  applied_seq_ = std::max(applied_seq_, seq);
  Purge();
}

// Forgets what LevelDB has, and shows to every refill that is under way or comes.
void TtlIndex::Purge() {
  const uint64_t limit = refilling() ? refill_applied_seq_ : applied_seq_;
  while (!pending_order_.empty() && pending_order_.front().first <= limit) {
    const auto [seq, it] = pending_order_.front();
    pending_order_.pop_front();
    // A later operation on the row has an element of its own further on, which erases it.
    if (it->second.seq == seq) pending_.erase(it);
  }
}

// The rows at the far end go back to LevelDB, in small slices since freeing them takes time.
void TtlIndex::ShrinkWindow() {
  const size_t slack = window_limit_ / kSlackDivisor + 1;
  if (refilling() || window_.size() <= window_limit_ + slack) return;
  for (size_t i = 0; i < slack; ++i) {
    auto last = std::prev(window_.end());
    horizon_ = last->first;
    const uint64_t seq = last->second;
    window_.erase(last);
    if (seq > applied_seq_) Remember(horizon_, seq, true);
  }
  complete_ = false;
}

std::vector<TtlRow> TtlIndex::PopDue(int64_t now_ms, size_t max) {
  std::vector<TtlRow> out;
  auto it = window_.begin();
  for (; it != window_.end() && out.size() < max && it->first.expire_ms <= now_ms; ++it) {
    out.push_back(it->first);
  }
  window_.erase(window_.begin(), it);
  return out;
}

int64_t TtlIndex::NextDueMs() const {
  if (!window_.empty()) return window_.begin()->first.expire_ms;
  return complete_ ? kNever : horizon_.expire_ms;
}

std::optional<TtlIndex::Refill> TtlIndex::StartRefill() {
  if (complete_ || refilling() || window_.size() > window_limit_ / kLowDivisor) {
    return std::nullopt;
  }
  refill_limit_ = std::max<size_t>(1, window_limit_ / 2);
  refill_applied_seq_ = applied_seq_;
  return Refill{horizon_, refill_limit_};
}

void TtlIndex::FinishRefill(TtlScan scan) {
  const TtlRow from = horizon_;
  if (scan.complete) {
    complete_ = true;
  } else if (!scan.rows.empty()) {
    horizon_ = After(scan.rows.back());
  }
  for (TtlRow& row : scan.rows) {
    if (!pending_.contains(row)) window_.emplace(std::move(row), 0);
  }
  // What had not been applied when LevelDB was read.
  size_t added = 0;
  for (auto it = pending_.lower_bound(from); it != pending_.end(); ++it) {
    if (!BelowHorizon(it->first)) break;
    if (!it->second.put) continue;
    if (added++ == window_limit_) {  // They may be many: not all at once.
      complete_ = false;
      horizon_ = it->first;
      window_.erase(window_.lower_bound(horizon_), window_.end());
      break;
    }
    window_.insert_or_assign(it->first, it->second.seq);
  }
  refill_limit_ = 0;
  Purge();
}

void TtlIndex::FailRefill() {
  refill_limit_ = 0;
  Purge();
}

}  // namespace lsm
