// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lsm/cache_node.h"

namespace lsm {

// Whose nodes the policy keeps.
class NodeOwner {
 public:
  virtual ~NodeOwner() = default;
  // A hash of what the node is (not where): the same when it comes back.
  virtual uint32_t Fingerprint(const CacheNode& node) = 0;
  // Frees the node, which calls Remove(node) on the way, and gives true; or false if it may not go
  // now (not applied yet). May free other nodes too.
  virtual bool Evict(CacheNode* node) = 0;
};

// Remembers the fingerprints of the last nodes that were evicted. A table of buckets of 4: a
// fingerprint and the number of the insertion, 8 bytes; an insertion overwrites the oldest of its
// bucket. What is older than `capacity` insertions does not count.
class GhostQueue {
 public:
  // Takes no RAM before the first insertion. Raises (never lowers) the room for `nodes`.
  void Reserve(size_t nodes);
  void Insert(uint32_t fingerprint);
  // Whether it was there; forgets it.
  bool Take(uint32_t fingerprint);
  size_t memory_bytes() const { return cells_.capacity() * sizeof(Cell); }
  void Clear();

 private:
  struct Cell {
    uint32_t fingerprint = 0;
    uint32_t number = 0;  // 0: empty.
  };
  static constexpr size_t kWays = 4;

  Cell* Bucket(uint32_t fingerprint);

  std::vector<Cell> cells_;
  size_t capacity_ = 0;
  uint32_t number_ = 0;
};

// Which entries and pages stay in RAM: S3-FIFO, weighed by bytes. New nodes enter a small queue, a
// tenth of all; who is used there more than once, or comes back soon after it left (the ghost queue
// knows), goes to the main queue, where each use since the last look buys a further round. So one
// scan over everything passes through the small queue and leaves the main one alone, and a hit
// costs one increment (CacheNode::Touch).
//
// Nodes that a load brought for parked commands first stand in an arrival queue, exempt from
// eviction until the commands had their turn: see AdmitArrivals.
//
// Loop thread only.
class ReplacementPolicy {
 public:
  explicit ReplacementPolicy(NodeOwner& owner) : owner_(owner) {}
  ReplacementPolicy(const ReplacementPolicy&) = delete;
  ReplacementPolicy& operator=(const ReplacementPolicy&) = delete;

  // `charge_bytes` must be right by then, and changes only through Resize.
  void Add(CacheNode* node, bool arrival = false);
  void Remove(CacheNode* node);
  void Resize(CacheNode* node, uint32_t charge_bytes);
  // The node stands at another address now, its links copied from the old one.
  void Moved(CacheNode* node);

  // Called once a turn: what arrived before the previous call enters the queues, but only as much
  // as brings the arrivals down to `max_bytes` (0: all; more, while commands still wait for the
  // rest of what they need).
  void AdmitArrivals(uint64_t max_bytes);

  // Evicts until bytes() <= target or `max_steps` nodes were looked at. Returns the number evicted.
  // The small queue is made a tenth of `target`, so call it with the budget.
  size_t EvictTo(uint64_t target, size_t max_steps);

  uint64_t bytes() const { return bytes_; }
  size_t nodes() const { return nodes_; }
  size_t memory_bytes() const { return ghosts_.memory_bytes(); }

 private:
  struct Queue {
    CacheNode* oldest = nullptr;
    CacheNode* newest = nullptr;
    uint64_t bytes = 0;
    size_t nodes = 0;
  };
  enum QueueName : uint8_t { kNone = 0, kSmall, kMain, kYoungArrivals, kOldArrivals, kQueues };

  // What follows `at` (nullptr: what is the oldest) is `node` from now on; and the other way round.
  static void LinkAfter(Queue& queue, CacheNode* at, CacheNode* node);
  static void LinkBefore(Queue& queue, CacheNode* at, CacheNode* node);
  void PushNewest(QueueName name, CacheNode* node);
  void Unlink(CacheNode* node);
  void Enter(CacheNode* node);
  bool StepSmall();
  bool StepMain();
  // Asks the owner; a refused node goes to the newest end of its queue.
  bool TryEvict(CacheNode* node);

  NodeOwner& owner_;
  Queue queues_[kQueues];
  uint64_t bytes_ = 0;
  size_t nodes_ = 0;
  GhostQueue ghosts_;
};

}  // namespace lsm
