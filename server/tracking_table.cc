// SPDX-License-Identifier: BSD-3-Clause
#include "server/tracking_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace server {
namespace {

// A list of clients that is full and at least so long is searched for those that have gone.
constexpr size_t kWorthPruning = 16;

}  // namespace

size_t TrackingTable::BytesOf(const Entry& entry) {
  constexpr size_t kInTables = 2 * sizeof(void*) + 2;
  const size_t key = entry.key.capacity() > std::string().capacity() ? entry.key.capacity() + 1 : 0;
  const size_t clients =
      entry.clients.capacity() > Clients().capacity() ? entry.clients.capacity() * 8 : 0;
  return sizeof(Entry) + kInTables + key + clients;
}

TrackingTable::Segment& TrackingTable::SegmentOf(std::string_view key) {
  if (segments_ == nullptr) segments_ = std::make_unique<Segments>();
  // The set itself goes by the lower bits.
  return (*segments_)[Hash()(key) >> 56];
}

TrackingTable::Entry& TrackingTable::Find(Segment& segment, std::string_view key) {
  if (const auto found = segment.find(key); found != segment.end()) return **found;
  auto entry = std::make_unique<Entry>();
  entry->key = key;
  entry->place = entries_.size();
  bytes_ += BytesOf(*entry);
  segment.insert(entry.get());
  entries_.push_back(std::move(entry));
  return *entries_.back();
}

void TrackingTable::Remember(std::string_view key, uint64_t client, const IsAlive& alive) {
  Entry& entry = Find(SegmentOf(key), key);
  auto at = std::lower_bound(entry.clients.begin(), entry.clients.end(), client);
  if (at != entry.clients.end() && *at == client) return;
  const size_t before = BytesOf(entry);
  if (entry.clients.size() == entry.clients.capacity() && entry.clients.size() >= kWorthPruning) {
    const auto gone = std::remove_if(entry.clients.begin(), entry.clients.end(),
                                     [&](uint64_t id) { return !alive(id); });
    items_ -= static_cast<size_t>(entry.clients.end() - gone);
    entry.clients.erase(gone, entry.clients.end());
    at = std::lower_bound(entry.clients.begin(), entry.clients.end(), client);
  }
  entry.clients.insert(at, client);
  ++items_;
  bytes_ = bytes_ - before + BytesOf(entry);
}

TrackingTable::Clients TrackingTable::Remove(Entry& entry) {
  Segment& segment = SegmentOf(entry.key);
  segment.erase(segment.find(std::string_view(entry.key)));
  items_ -= entry.clients.size();
  bytes_ -= BytesOf(entry);
  Clients clients = std::move(entry.clients);
  // The last takes its place.
  const size_t place = entry.place;
  std::swap(entries_[place], entries_.back());
  entries_[place]->place = place;
  entries_.pop_back();
  return clients;
}

TrackingTable::Clients TrackingTable::Take(std::string_view key) {
  if (entries_.empty()) return {};
  Segment& segment = SegmentOf(key);
  const auto found = segment.find(key);
  return found == segment.end() ? Clients() : Remove(**found);
}

TrackingTable::Clients TrackingTable::TakeRandom(std::mt19937_64& random, std::string& key) {
  Entry& entry = *entries_[random() % entries_.size()];
  key = entry.key;
  return Remove(entry);
}

void TrackingTable::Clear() {
  if (entries_.empty()) return;
  segments_.reset();
  if (dying_.empty()) {
    dying_.swap(entries_);
  } else {
    std::move(entries_.begin(), entries_.end(), std::back_inserter(dying_));
    entries_.clear();
  }
  dying_bytes_ += std::exchange(bytes_, 0);
  items_ = 0;
}

void TrackingTable::FreeSome(size_t entries) {
  for (; entries > 0 && !dying_.empty(); --entries) {
    dying_bytes_ -= BytesOf(*dying_.back());
    dying_.pop_back();
  }
}

}  // namespace server
