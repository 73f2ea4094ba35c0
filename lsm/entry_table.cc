// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/entry_table.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "lsm/status.h"

namespace lsm {

namespace {

// The steps a segment grows by: what the allocator's size classes make of them, with the header,
// leaves nothing unused worth the name.
constexpr std::array<uint32_t, 5> kCapacities = {254, 318, 382, 446, 510};
constexpr uint64_t kPointerMask = (uint64_t{1} << 48) - 1;

// Full when five sixths of the slots are taken: a miss then probes about 18 slots, three lines.
constexpr uint32_t Limit(uint32_t capacity) {
  return capacity * 5 / 6;
}

uint32_t CapacityFor(uint32_t count) {
  for (uint32_t capacity : kCapacities) {
    if (count < Limit(capacity)) return capacity;
  }
  return kCapacities.back();
}

// The directory takes the hash's top bits, the tag its lowest 16.
constexpr uint64_t TagOf(uint64_t hash) {
  return hash & 0xffff;
}

uint64_t MakeSlot(uint64_t hash, const Entry* entry) {
  return TagOf(hash) << 48 | reinterpret_cast<uintptr_t>(entry);
}

constexpr uint32_t HomeOf(uint64_t slot, uint32_t capacity) {
  return static_cast<uint32_t>(((slot >> 48) * capacity) >> 16);
}

Entry* EntryIn(uint64_t slot) {
  return reinterpret_cast<Entry*>(slot & kPointerMask);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

struct EntryTable::Segment {
  uint32_t capacity;
  uint32_t count;
  uint32_t depth;  // How many top bits of the hash all entries here share.
  uint32_t unused;

  // `capacity` of them behind the header; 0: empty.
  uint64_t* slots() { return reinterpret_cast<uint64_t*>(this + 1); }
  const uint64_t* slots() const { return reinterpret_cast<const uint64_t*>(this + 1); }
};

EntryTable::EntryTable(uint64_t seed) : seed_(seed) {
  directory_.resize(1);
  Link(NewSegment(kCapacities.front(), 0), 0);
}

EntryTable::~EntryTable() {
  Segment* last = nullptr;
  for (uint64_t ref : directory_) {
    if (SegmentOf(ref) == last) continue;
    if (last != nullptr) FreeSegment(last);
    last = SegmentOf(ref);
  }
  FreeSegment(last);
}

EntryTable::Segment* EntryTable::SegmentOf(uint64_t ref) {
  return reinterpret_cast<Segment*>(ref & kPointerMask);  // NOLINT(performance-no-int-to-ptr)
}

uint32_t EntryTable::CapacityOf(uint64_t ref) {
  return static_cast<uint32_t>(ref >> 48);
}

uint64_t EntryTable::Hash(uint32_t generation, std::string_view key) const {
  // The generation goes into the seed by an odd multiplier, so that databases do not collide.
  return XXH3_64bits_withSeed(key.data(), key.size(),
                              seed_ ^ (uint64_t{generation} * 0x9E3779B97F4A7C15ULL));
}

void EntryTable::Prefetch(uint64_t hash) const {
  const uint64_t ref = directory_[IndexOf(hash)];
  __builtin_prefetch(&SegmentOf(ref)->slots()[HomeOf(hash << 48, CapacityOf(ref))]);
}

void EntryTable::PrefetchEntry(uint64_t hash) const {
  const uint64_t ref = directory_[IndexOf(hash)];
  const Segment* segment = SegmentOf(ref);
  const uint32_t capacity = CapacityOf(ref);
  for (uint32_t i = HomeOf(hash << 48, capacity);; i = i + 1 == capacity ? 0 : i + 1) {
    const uint64_t slot = segment->slots()[i];
    if (slot == 0) return;
    if (slot >> 48 != TagOf(hash)) continue;
    const char* entry = reinterpret_cast<const char*>(EntryIn(slot));
    __builtin_prefetch(entry);
    __builtin_prefetch(entry + 64);
    __builtin_prefetch(entry + 128);
    return;
  }
}

Entry* EntryTable::Find(uint64_t hash, uint32_t generation, std::string_view key) const {
  const uint64_t ref = directory_[IndexOf(hash)];
  const Segment* segment = SegmentOf(ref);
  const uint32_t capacity = CapacityOf(ref);
  const uint64_t tag = TagOf(hash);
  for (uint32_t i = HomeOf(hash << 48, capacity);; i = i + 1 == capacity ? 0 : i + 1) {
    const uint64_t slot = segment->slots()[i];
    if (slot == 0) return nullptr;
    if (slot >> 48 != tag) continue;
    Entry* entry = EntryIn(slot);
    // Whoever finds it reads its value next.
    __builtin_prefetch(reinterpret_cast<const char*>(entry) + 64);
    __builtin_prefetch(reinterpret_cast<const char*>(entry) + 128);
    if (entry->generation() == generation && entry->key() == key) return entry;
  }
}

uint64_t* EntryTable::SlotOf(uint64_t hash, const Entry* entry) const {
  const uint64_t ref = directory_[IndexOf(hash)];
  Segment* segment = SegmentOf(ref);
  const uint32_t capacity = CapacityOf(ref);
  const uint64_t wanted = MakeSlot(hash, entry);
  for (uint32_t i = HomeOf(wanted, capacity);; i = i + 1 == capacity ? 0 : i + 1) {
    if (segment->slots()[i] == wanted) return &segment->slots()[i];
    ENSURE(segment->slots()[i] != 0);
  }
}

void EntryTable::Place(Segment* segment, uint64_t slot) {
  const uint32_t capacity = segment->capacity;
  uint32_t i = HomeOf(slot, capacity);
  while (segment->slots()[i] != 0) i = i + 1 == capacity ? 0 : i + 1;
  segment->slots()[i] = slot;
  ++segment->count;
}

void EntryTable::Insert(uint64_t hash, Entry* entry) {
  Segment* segment = SegmentOf(directory_[IndexOf(hash)]);
  while (segment->count >= Limit(segment->capacity)) {
    if (segment->capacity < kCapacities.back()) {
      Grow(segment, hash);
    } else {
      Split(segment, hash);
    }
    segment = SegmentOf(directory_[IndexOf(hash)]);
  }
  Place(segment, MakeSlot(hash, entry));
  ++size_;
}

void EntryTable::Replace(uint64_t hash, const Entry* old, Entry* now) {
  *SlotOf(hash, old) = MakeSlot(hash, now);
}

void EntryTable::Erase(uint64_t hash, const Entry* entry) {
  Segment* segment = SegmentOf(directory_[IndexOf(hash)]);
  const uint32_t capacity = segment->capacity;
  auto hole = static_cast<uint32_t>(SlotOf(hash, entry) - segment->slots());
  // Whatever follows without a gap and would like to stand at the hole or before it moves there.
  for (uint32_t i = hole;;) {
    i = i + 1 == capacity ? 0 : i + 1;
    const uint64_t slot = segment->slots()[i];
    if (slot == 0) break;
    const uint32_t home = HomeOf(slot, capacity);
    const uint32_t from_home = i >= home ? i - home : i + capacity - home;
    const uint32_t from_hole = i >= hole ? i - hole : i + capacity - hole;
    if (from_home < from_hole) continue;
    segment->slots()[hole] = slot;
    hole = i;
  }
  segment->slots()[hole] = 0;
  --segment->count;
  --size_;
}

EntryTable::Segment* EntryTable::NewSegment(uint32_t capacity, uint32_t depth) {
  const size_t bytes = sizeof(Segment) + capacity * sizeof(uint64_t);
  void* memory = std::calloc(1, bytes);
  ENSURE(memory != nullptr);
  auto* segment = static_cast<Segment*>(memory);
  segment->capacity = capacity;
  segment->depth = depth;
  slot_bytes_ += bytes;
  return segment;
}

void EntryTable::FreeSegment(Segment* segment) {
  slot_bytes_ -= sizeof(Segment) + segment->capacity * sizeof(uint64_t);
  std::free(segment);
}

void EntryTable::Link(Segment* segment, uint64_t hash) {
  const uint64_t ref = uint64_t{segment->capacity} << 48 | reinterpret_cast<uintptr_t>(segment);
  const size_t span = size_t{1} << (depth_ - segment->depth);
  const size_t first = IndexOf(hash) & ~(span - 1);
  std::fill_n(directory_.begin() + static_cast<ptrdiff_t>(first), span, ref);
}

void EntryTable::Grow(Segment* segment, uint64_t hash) {
  Segment* larger = NewSegment(CapacityFor(segment->count), segment->depth);
  for (uint32_t i = 0; i < segment->capacity; ++i) {
    if (segment->slots()[i] != 0) Place(larger, segment->slots()[i]);
  }
  Link(larger, hash);
  FreeSegment(segment);
}

void EntryTable::Split(Segment* segment, uint64_t hash) {
  if (segment->depth == depth_) {
    // Each directory entry becomes two.
    ENSURE(depth_ < 40);
    std::vector<uint64_t> twice(directory_.size() * 2);
    for (size_t i = 0; i < twice.size(); ++i) twice[i] = directory_[i / 2];
    directory_ = std::move(twice);
    ++depth_;
  }
  // The entries' hashes are needed: all their lines are asked for ahead, so that the misses
  // overlap.
  std::array<std::vector<uint64_t>, 2> halves;
  constexpr uint32_t kAhead = 16;
  const uint32_t bit = 63 - segment->depth;
  for (uint32_t i = 0; i < segment->capacity + kAhead; ++i) {
    if (i < segment->capacity && segment->slots()[i] != 0) {
      __builtin_prefetch(EntryIn(segment->slots()[i]));
    }
    if (i < kAhead) continue;
    const uint64_t slot = segment->slots()[i - kAhead];
    if (slot != 0) halves[HashOf(*EntryIn(slot)) >> bit & 1].push_back(slot);
  }
  for (uint64_t side = 0; side < 2; ++side) {
    Segment* half =
        NewSegment(CapacityFor(static_cast<uint32_t>(halves[side].size())), segment->depth + 1);
    for (uint64_t slot : halves[side]) Place(half, slot);
    Link(half, (hash & ~(uint64_t{1} << bit)) | side << bit);
  }
  FreeSegment(segment);
}

uint64_t EntryTable::CollectSegment(uint64_t cursor, std::vector<Entry*>& out) const {
  const Segment* segment = SegmentOf(directory_[IndexOf(cursor)]);
  for (uint32_t i = 0; i < segment->capacity; ++i) {
    if (segment->slots()[i] != 0) out.push_back(EntryIn(segment->slots()[i]));
  }
  if (segment->depth == 0) return 0;
  const uint64_t width = uint64_t{1} << (64 - segment->depth);
  return (cursor & ~(width - 1)) + width;  // Wraps to 0 after the last.
}

Entry* EntryTable::Sample(std::mt19937_64& random) const {
  for (int tries = 0; tries < 200; ++tries) {
    const uint64_t number = random();
    const Segment* segment = SegmentOf(directory_[IndexOf(number)]);
    // A shallow segment is met more often than a deep one, by a power of two: as many are passed.
    const uint32_t excess = depth_ - segment->depth;
    if (excess > 0 && (random() & ((uint64_t{1} << excess) - 1)) != 0) continue;
    const uint32_t i = static_cast<uint32_t>((number & 0xffffffff) % kCapacities.back());
    if (i < segment->capacity && segment->slots()[i] != 0) return EntryIn(segment->slots()[i]);
  }
  return nullptr;
}

}  // namespace lsm
