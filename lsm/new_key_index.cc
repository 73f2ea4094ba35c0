// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/new_key_index.h"

#include <algorithm>
#include <tuple>

#include "lsm/row_format.h"

namespace lsm {
namespace {

using Item = NewKeyIndex::Item;

void SortAndUnite(std::vector<Item>* items, size_t begin) {
  const auto first = items->begin() + static_cast<std::ptrdiff_t>(begin);
  std::sort(first, items->end(), [](const Item& a, const Item& b) {
    return std::tie(a.position, a.key) < std::tie(b.position, b.key);
  });
  const auto last = std::unique(first, items->end(), [](const Item& a, const Item& b) {
    return a.position == b.position && a.key == b.key;
  });
  items->erase(last, items->end());
}

}  // namespace

void NewKeyIndex::Add(uint32_t generation, uint64_t position, std::string_view key, uint64_t seq) {
  buckets_[BucketOf(position)].push_back({seq, position, generation, std::string(key)});
  ++size_;
}

void NewKeyIndex::Forget(uint64_t seq) {
  for (std::vector<Created>& bucket : buckets_) {
    size_ -= std::erase_if(bucket, [seq](const Created& created) { return created.seq >= seq; });
  }
}

void NewKeyIndex::OnApplied(uint64_t seq) {
  applied_seq_ = std::max(applied_seq_, seq);
  Purge();
}

void NewKeyIndex::Purge() {
  const uint64_t limit = pins_.empty() ? applied_seq_ : pins_.begin()->first;
  if (limit <= purged_seq_) return;
  purged_seq_ = limit;
  if (size_ == 0) return;
  for (auto& bucket : buckets_) {
    const auto keep = std::find_if(bucket.begin(), bucket.end(),
                                   [&](const Created& created) { return created.seq > limit; });
    size_ -= static_cast<size_t>(keep - bucket.begin());
    if (keep == bucket.end()) {
      std::vector<Created>().swap(bucket);
    } else {
      bucket.erase(bucket.begin(), keep);
    }
  }
}

NewKeyIndex::Pin::Pin(NewKeyIndex& index) : index_(index), applied_seq_(index.applied_seq_) {
  ++index_.pins_[applied_seq_];
}

NewKeyIndex::Pin::~Pin() {
  const auto it = index_.pins_.find(applied_seq_);
  if (--it->second == 0) index_.pins_.erase(it);
  index_.Purge();
}

void NewKeyIndex::Collect(size_t bucket, uint32_t generation, uint64_t from, uint64_t to,
                          std::vector<Item>* out) const {
  const size_t begin = out->size();
  for (const Created& created : buckets_[bucket]) {
    if (created.generation != generation || created.position < from || created.position >= to) {
      continue;
    }
    out->push_back({created.position, created.key});
  }
  SortAndUnite(out, begin);
}

std::vector<Item> NewKeyIndex::Range(uint32_t generation, uint64_t from, uint64_t to) const {
  std::vector<Item> out;
  if (size_ == 0 || from >= to) return out;
  for (size_t bucket = BucketOf(from); bucket <= BucketOf(to - 1); ++bucket) {
    Collect(bucket, generation, from, to, &out);
  }
  return out;
}

std::vector<Item> NewKeyIndex::First(uint32_t generation, uint64_t from, size_t limit) const {
  std::vector<Item> out;
  if (size_ == 0 || from >= kPositionEnd) return out;
  for (size_t bucket = BucketOf(from); bucket < buckets_.size() && out.size() <= limit; ++bucket) {
    Collect(bucket, generation, from, kPositionEnd, &out);
  }
  if (limit == 0 || out.size() <= limit) return out;
  size_t end = limit;
  while (end < out.size() && out[end].position == out[limit - 1].position) ++end;
  out.resize(end);
  return out;
}

}  // namespace lsm
