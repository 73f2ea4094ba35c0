// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/space_keeper.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <leveldb/iterator.h>
#include <leveldb/write_batch.h>

#include "lsm/level_status.h"
#include "lsm/row_format.h"
#include "lsm/varint.h"

namespace lsm {
namespace {

// Deletions are counted by the first bytes of the row's key: of metas by keyspace and 256 slots, of
// collections' rows by 65,536 neighbouring ids, of ttl rows by five hours. Coarse is good enough:
// whatever a range holds, it is compacted only when enough of it is garbage.
constexpr size_t kMetaRangeBytes = 1 + 4 + 1;
constexpr size_t kRowRangeBytes = 1 + 6;
constexpr size_t kTtlRangeBytes = 1 + 5;
constexpr size_t kMaxRanges = 65536;
// Neighbouring ranges are compacted together up to this size: a table would else be rewritten once
// for each range that it touches.
constexpr uint64_t kMaxCompactionBytes = uint64_t{256} << 20;
constexpr int kSampleRows = 100;

std::string RangePrefix(std::string_view row_key) {
  if (row_key.empty()) return {};
  switch (static_cast<RowTag>(row_key[0])) {
    case RowTag::kMeta:
      return std::string(row_key.substr(0, kMetaRangeBytes));
    case RowTag::kRow:
      return std::string(row_key.substr(0, kRowRangeBytes));
    case RowTag::kTtl:
      return std::string(row_key.substr(0, kTtlRangeBytes));
    case RowTag::kGarbage:
    case RowTag::kStore:
      break;
  }
  return std::string(row_key.substr(0, 1));
}

// The first key behind all that begin with `prefix`.
std::string RangeEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == UINT8_MAX) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

void AppendVarint(std::string* out, uint64_t value) {
  char bytes[kMaxVarintBytes];
  out->append(bytes, EncodeVarint(bytes, value));
}

}  // namespace

SpaceKeeper::SpaceKeeper(Shards& shards, Options options)
    : shards_(shards), options_(std::move(options)) {
  Load();
  if (options_.own_thread) thread_ = std::thread([this] { Run(); });
}

SpaceKeeper::~SpaceKeeper() {
  {
    const MutexLock lock(&mutex_);
    stop_ = true;
    wake_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void SpaceKeeper::OnDelete(uint32_t shard, std::string_view row_key, uint64_t bytes) {
  RangeId id(shard, RangePrefix(row_key));
  const MutexLock lock(&mutex_);
  if (ranges_.size() >= kMaxRanges && !ranges_.contains(id)) return;
  Counts& counts = ranges_[std::move(id)];
  ++counts.rows;
  counts.known_rows += bytes > 0 ? 1 : 0;
  counts.known_bytes += bytes;
  changed_ = true;
}

void SpaceKeeper::Run() {
  while (!stopping()) {
    RunOnce();
    const MutexLock lock(&mutex_);
    if (stop_) return;
    wake_.WaitFor(&mutex_, std::chrono::milliseconds(options_.interval_ms));
  }
}

bool SpaceKeeper::stopping() {
  const MutexLock lock(&mutex_);
  return stop_;
}

size_t SpaceKeeper::RunOnce() {
  Ranges ranges;
  {
    const MutexLock lock(&mutex_);
    // What is deleted from here on, while ranges are being compacted, is for the next time.
    if (!std::exchange(changed_, false)) return 0;
    ranges = ranges_;
  }
  std::vector<Weighed> chosen = Choose(ranges);
  chosen.resize(Compact(chosen));
  {
    const MutexLock lock(&mutex_);
    for (const Weighed& weighed : chosen) {
      // What was deleted while the range was being compacted counts on.
      const auto it = ranges_.find(weighed.id);
      const Counts& done = ranges[weighed.id];
      if (it == ranges_.end()) continue;
      it->second.rows -= done.rows;
      it->second.known_rows -= done.known_rows;
      it->second.known_bytes -= done.known_bytes;
      if (it->second.rows == 0) ranges_.erase(it);
    }
  }
  Save();
  return chosen.size();
}

// The mean size of the first rows that are left in the range; those that were deleted are taken to
// have been like them. 0: none is left.
uint64_t SpaceKeeper::MeanRowBytes(const RangeId& id) const {
  const auto pin = shards_.Acquire(id.first);
  if (!pin.has_value()) return 0;
  leveldb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> it(pin->db().NewIterator(options));
  uint64_t rows = 0;
  uint64_t bytes = 0;
  for (it->Seek(id.second); it->Valid() && rows < kSampleRows; it->Next()) {
    if (!ToView(it->key()).starts_with(id.second)) break;
    ++rows;
    bytes += it->key().size() + it->value().size();
  }
  return rows == 0 ? 0 : bytes / rows;
}

SpaceKeeper::Weighed SpaceKeeper::Weigh(const RangeId& id, const Counts& counts) const {
  Weighed out{.id = id};
  out.range_bytes = shards_.ApproximateBytes(id.first, id.second, RangeEnd(id.second));
  out.garbage_bytes = counts.known_bytes;
  const uint64_t unknown = counts.rows - counts.known_rows;
  if (unknown > 0) {
    const uint64_t mean = MeanRowBytes(id);
    out.garbage_bytes = mean == 0 ? out.range_bytes : out.garbage_bytes + unknown * mean;
  }
  out.garbage_bytes = std::min(out.garbage_bytes, out.range_bytes);
  return out;
}

std::vector<SpaceKeeper::Weighed> SpaceKeeper::Choose(const Ranges& ranges) const {
  std::vector<Weighed> chosen;
  uint64_t garbage = 0;
  for (const auto& [id, counts] : ranges) {
    Weighed weighed = Weigh(id, counts);
    const auto part = static_cast<double>(weighed.garbage_bytes);
    if (part == 0 || part < options_.garbage_ratio * static_cast<double>(weighed.range_bytes)) {
      continue;
    }
    garbage += weighed.garbage_bytes;
    chosen.push_back(std::move(weighed));
  }
  // Many small ranges may be worth it together.
  if (garbage < options_.min_garbage_bytes) chosen.clear();
  return chosen;
}

size_t SpaceKeeper::Compact(const std::vector<Weighed>& chosen) {
  size_t i = 0;
  while (i < chosen.size() && !stopping()) {
    const auto& [shard, from] = chosen[i].id;
    std::string to = RangeEnd(from);
    uint64_t bytes = chosen[i].range_bytes;
    size_t end = i + 1;
    while (end < chosen.size() && chosen[end].id.first == shard && chosen[end].id.second == to &&
           bytes + chosen[end].range_bytes <= kMaxCompactionBytes) {
      bytes += chosen[end].range_bytes;
      to = RangeEnd(chosen[end].id.second);
      ++end;
    }
    // An error shows at the next write. Later deletions, or the next start, bring the range up
    // again.
    if (!shards_.CompactRange(shard, from, to).ok()) return i;
    i = end;
    compactions_.fetch_add(1, std::memory_order_relaxed);
  }
  return i;
}

void SpaceKeeper::Save() {
  std::string value;
  {
    const MutexLock lock(&mutex_);
    AppendVarint(&value, ranges_.size());
    for (const auto& [id, counts] : ranges_) {
      AppendVarint(&value, id.first);
      AppendVarint(&value, id.second.size());
      value.append(id.second);
      AppendVarint(&value, counts.rows);
      AppendVarint(&value, counts.known_rows);
      AppendVarint(&value, counts.known_bytes);
    }
  }
  leveldb::WriteBatch batch;
  batch.Put(EncodeStoreKey(kSpaceRow), value);
  const Status status = shards_.Write(0, &batch);
  if (!status.ok() && options_.log_line) {
    options_.log_line('.', "deletion counts not saved: " + status.message());
  }
}

void SpaceKeeper::Load() {
  const auto value = shards_.Get(0, EncodeStoreKey(kSpaceRow));
  if (!value.has_value() || !value->has_value()) return;
  std::string_view rest = **value;
  uint64_t count = 0;
  Ranges ranges;
  if (!DecodeVarint(&rest, &count)) return;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t shard = 0;
    uint64_t size = 0;
    Counts counts;
    if (!DecodeVarint(&rest, &shard) || shard >= shards_.count() || !DecodeVarint(&rest, &size) ||
        size > rest.size()) {
      return;
    }
    std::string prefix(rest.substr(0, size));
    rest.remove_prefix(size);
    if (!DecodeVarint(&rest, &counts.rows) || !DecodeVarint(&rest, &counts.known_rows) ||
        !DecodeVarint(&rest, &counts.known_bytes) || counts.known_rows > counts.rows) {
      return;
    }
    ranges[{static_cast<uint32_t>(shard), std::move(prefix)}] = counts;
  }
  const MutexLock lock(&mutex_);
  ranges_ = std::move(ranges);
  changed_ = !ranges_.empty();
}

}  // namespace lsm
