// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/replacement_policy.h"

#include <algorithm>
#include <bit>

#include "lsm/status.h"

namespace lsm {

// ---- Ghosts.

GhostQueue::Cell* GhostQueue::Bucket(uint32_t fingerprint) {
  const size_t buckets = cells_.size() / kWays;
  // The fingerprint is a good hash; its low bits choose the bucket, all of it is compared.
  return &cells_[(fingerprint & (buckets - 1)) * kWays];
}

void GhostQueue::Reserve(size_t nodes) {
  if (nodes <= capacity_) return;
  capacity_ = std::bit_ceil(std::max<size_t>(nodes, 64));
  std::vector<Cell> old(capacity_);
  old.swap(cells_);
  for (const Cell& cell : old) {
    if (cell.number == 0) continue;
    Cell* bucket = Bucket(cell.fingerprint);
    Cell* oldest = std::min_element(
        bucket, bucket + kWays, [](const Cell& a, const Cell& b) { return a.number < b.number; });
    if (oldest->number < cell.number) *oldest = cell;
  }
}

void GhostQueue::Clear() {
  cells_ = {};
  capacity_ = 0;
  number_ = 0;
}

void GhostQueue::Insert(uint32_t fingerprint) {
  if (capacity_ == 0) Reserve(1);
  if (++number_ == 0) {  // Wrapped: forget all, once in four billion evictions.
    std::fill(cells_.begin(), cells_.end(), Cell{});
    number_ = 1;
  }
  Cell* bucket = Bucket(fingerprint);
  Cell* oldest = std::min_element(bucket, bucket + kWays,
                                  [](const Cell& a, const Cell& b) { return a.number < b.number; });
  *oldest = {fingerprint, number_};
}

bool GhostQueue::Take(uint32_t fingerprint) {
  if (capacity_ == 0) return false;
  Cell* bucket = Bucket(fingerprint);
  for (size_t i = 0; i < kWays; ++i) {
    Cell& cell = bucket[i];
    if (cell.number == 0 || cell.fingerprint != fingerprint) continue;
    const bool recent = number_ - cell.number < capacity_;
    cell = {};
    return recent;
  }
  return false;
}

// ---- Queues.

void ReplacementPolicy::LinkAfter(Queue& queue, CacheNode* at, CacheNode* node) {
  if (at != nullptr) {
    at->set_next(node);
  } else {
    queue.oldest = node;
  }
}

void ReplacementPolicy::LinkBefore(Queue& queue, CacheNode* at, CacheNode* node) {
  if (at != nullptr) {
    at->set_prev(node);
  } else {
    queue.newest = node;
  }
}

void ReplacementPolicy::PushNewest(QueueName name, CacheNode* node) {
  Queue& queue = queues_[name];
  node->queue = name;
  node->set_next(nullptr);
  node->set_prev(queue.newest);
  LinkAfter(queue, queue.newest, node);
  queue.newest = node;
  queue.bytes += node->charge_bytes;
  ++queue.nodes;
}

void ReplacementPolicy::Unlink(CacheNode* node) {
  Queue& queue = queues_[node->queue];
  LinkAfter(queue, node->prev(), node->next());
  LinkBefore(queue, node->next(), node->prev());
  queue.bytes -= node->charge_bytes;
  --queue.nodes;
  node->set_prev(nullptr);
  node->set_next(nullptr);
  node->queue = kNone;
}

void ReplacementPolicy::Enter(CacheNode* node) {
  const bool came_back = ghosts_.memory_bytes() > 0 && ghosts_.Take(owner_.Fingerprint(*node));
  PushNewest(came_back ? kMain : kSmall, node);
}

void ReplacementPolicy::Add(CacheNode* node, bool arrival) {
  ENSURE(node->queue == kNone);
  node->freq = 0;
  bytes_ += node->charge_bytes;
  ++nodes_;
  if (arrival) {
    PushNewest(kYoungArrivals, node);
  } else {
    Enter(node);
  }
}

void ReplacementPolicy::Remove(CacheNode* node) {
  ENSURE(node->queue != kNone);
  bytes_ -= node->charge_bytes;
  --nodes_;
  Unlink(node);
}

void ReplacementPolicy::Resize(CacheNode* node, uint32_t charge_bytes) {
  ENSURE(node->queue != kNone);
  const uint64_t difference = uint64_t{charge_bytes} - node->charge_bytes;  // Wraps: added below.
  queues_[node->queue].bytes += difference;
  bytes_ += difference;
  node->charge_bytes = charge_bytes;
}

void ReplacementPolicy::Moved(CacheNode* node) {
  Queue& queue = queues_[node->queue];
  LinkAfter(queue, node->prev(), node);
  LinkBefore(queue, node->next(), node);
}

void ReplacementPolicy::AdmitArrivals(uint64_t max_bytes) {
  Queue& old = queues_[kOldArrivals];
  Queue& young = queues_[kYoungArrivals];
  while (old.oldest != nullptr && old.bytes + young.bytes > max_bytes) {
    CacheNode* node = old.oldest;
    Unlink(node);
    Enter(node);
  }
  while (young.oldest != nullptr) {
    CacheNode* node = young.oldest;
    Unlink(node);
    PushNewest(kOldArrivals, node);
  }
}

bool ReplacementPolicy::TryEvict(CacheNode* node) {
  const auto name = static_cast<QueueName>(node->queue);
  const bool leaves_ghost = name == kSmall;
  const uint32_t fingerprint = leaves_ghost ? owner_.Fingerprint(*node) : 0;
  if (owner_.Evict(node)) {
    if (leaves_ghost) {
      ghosts_.Reserve(queues_[kMain].nodes);
      ghosts_.Insert(fingerprint);
    }
    return true;
  }
  Unlink(node);
  PushNewest(name, node);
  return false;
}

bool ReplacementPolicy::StepSmall() {
  CacheNode* node = queues_[kSmall].oldest;
  if (node->freq > 1) {
    Unlink(node);
    node->freq = 0;
    PushNewest(kMain, node);
    return false;
  }
  return TryEvict(node);
}

bool ReplacementPolicy::StepMain() {
  CacheNode* node = queues_[kMain].oldest;
  if (node->freq > 0) {
    --node->freq;
    Unlink(node);
    PushNewest(kMain, node);
    return false;
  }
  return TryEvict(node);
}

size_t ReplacementPolicy::EvictTo(uint64_t target, size_t max_steps) {
  // A small queue full of what is not applied yet must not hide a main queue that could give.
  constexpr size_t kPatience = 32;
  size_t evicted = 0;
  size_t refused = 0;
  for (size_t step = 0; bytes_ > target && step < max_steps; ++step) {
    const Queue& small = queues_[kSmall];
    const Queue& main = queues_[kMain];
    if (small.oldest == nullptr && main.oldest == nullptr) break;
    bool from_small =
        main.oldest == nullptr || (small.oldest != nullptr && small.bytes > target / 10);
    if (refused / kPatience % 2 == 1 && small.oldest != nullptr && main.oldest != nullptr) {
      from_small = !from_small;
    }
    if (from_small ? StepSmall() : StepMain()) {
      ++evicted;
      refused = 0;
    } else {
      ++refused;
    }
  }
  return evicted;
}

}  // namespace lsm
