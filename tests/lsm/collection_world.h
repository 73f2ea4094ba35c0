// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <leveldb/iterator.h>

#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "lsm/page_source.h"
#include "lsm/run_reader.h"

namespace lsm_test {

using Rows = std::map<std::string, std::string>;

inline std::string RowKey(lsm::CollectionId id, std::string_view subkey) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(id >> shift));
  return key.append(subkey);
}

// A LevelDB iterator over a map.
class MapIterator : public leveldb::Iterator {
 public:
  explicit MapIterator(const Rows& rows) : rows_(rows), at_(rows.end()) {}
  bool Valid() const override { return at_ != rows_.end(); }
  void SeekToFirst() override { at_ = rows_.begin(); }
  void SeekToLast() override { at_ = rows_.empty() ? rows_.end() : std::prev(rows_.end()); }
  void Seek(const leveldb::Slice& target) override { at_ = rows_.lower_bound(target.ToString()); }
  void Next() override { ++at_; }
  void Prev() override { at_ = at_ == rows_.begin() ? rows_.end() : std::prev(at_); }
  leveldb::Slice key() const override { return at_->first; }
  leveldb::Slice value() const override { return at_->second; }
  leveldb::Status status() const override { return {}; }

 private:
  const Rows& rows_;
  Rows::const_iterator at_;
};

// A disk that lags behind: batches are applied to it one by one, when a test says so.
class World : public lsm::RowSink, public lsm::PageSource, public lsm::PageListener {
 public:
  static constexpr lsm::CollectionId kId = 0x0102;

  World() {
    env.rows = this;
    env.source = this;
    env.listener = this;
    // Neighbours that must never be read.
    for (const lsm::CollectionId id : {kId - 1, kId + 1}) {
      disk[RowKey(id, "")] = "foreign";
      disk[RowKey(id, "m")] = "foreign";
      disk[RowKey(id, "\xff\xff\xff")] = "foreign";
    }
  }

  uint64_t sequence() const override { return open_seq_; }
  void PutRow(const lsm::Collection& of, std::string_view subkey, std::string_view value) override {
    batch_.emplace_back(RowKey(of.id(), subkey), std::string(value));
  }
  void DeleteRow(const lsm::Collection& of, std::string_view subkey) override {
    batch_.emplace_back(RowKey(of.id(), subkey), std::nullopt);
  }
  lsm::Result<lsm::LoadedRun> LoadRun(const lsm::LoadRequest& request) override {
    if (!failure.ok()) return failure;
    return Read(request);
  }
  void PageIn(lsm::CacheNode* page) override { pages[page] = page->charge_bytes; }
  void PageOut(lsm::CacheNode* page) override { pages.erase(page); }
  void PageResized(lsm::CacheNode* page, uint32_t) override { pages[page] = page->charge_bytes; }

  lsm::Result<lsm::LoadedRun> Read(const lsm::LoadRequest& request) {
    MapIterator rows(disk);
    return lsm::ReadRun(request, &rows);
  }
  void EndTurn() {
    if (batch_.empty()) return;
    backlog_.emplace_back(open_seq_++, std::move(batch_));
    batch_.clear();
  }
  // Applies the oldest batch; whether there was one.
  bool ApplyOne() {
    if (backlog_.empty()) return false;
    for (auto& [key, value] : backlog_.front().second) {
      if (value) {
        disk[key] = *value;
      } else {
        disk.erase(key);
      }
    }
    applied_seq = backlog_.front().first;
    backlog_.pop_front();
    return true;
  }
  void ApplyAll() {
    EndTurn();
    while (ApplyOne()) {
    }
  }
  size_t EvictAll() {
    std::vector<lsm::CacheNode*> all;
    for (const auto& [page, bytes] : pages) all.push_back(page);
    size_t evicted = 0;
    for (lsm::CacheNode* page : all) {
      if (lsm::Collection::EvictPage(page, applied_seq)) ++evicted;
    }
    return evicted;
  }
  // What a dispatcher does: loads until nothing is missing. How many loads it took.
  template <typename Check>
  int Prefetch(lsm::Collection& collection, Check check) {
    int loads = 0;
    while (std::optional<lsm::LoadRequest> request = check()) {
      lsm::Result<lsm::LoadedRun> run = Read(*request);
      if (!run || !collection.Install(*run) || ++loads > 1000) return -1;
    }
    return loads;
  }

  lsm::CollectionEnv env;
  Rows disk;
  uint64_t applied_seq = 0;
  lsm::Status failure;  // Of loads on the spot.
  std::unordered_map<lsm::CacheNode*, uint32_t> pages;

 private:
  using Operation = std::pair<std::string, std::optional<std::string>>;
  uint64_t open_seq_ = 1;
  std::vector<Operation> batch_;
  std::deque<std::pair<uint64_t, std::vector<Operation>>> backlog_;
};

}  // namespace lsm_test
