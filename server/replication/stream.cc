// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/stream.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace server {
namespace {

std::string NoId() {
  return std::string(ReplicationStream::kIdDigits, '0');
}

}  // namespace

ReplicationStream::ReplicationStream(std::function<std::string()> make_id)
    : make_id_(std::move(make_id)), id_(make_id_()), second_id_(NoId()) {}

// ---- Identity ----------------------------------------------------------------------------------

void ReplicationStream::Break() {
  if (on_break_) on_break_();
}

void ReplicationStream::StartEmpty(uint64_t offset) {
  blocks_.clear();
  offset_ = offset;
  recorded_from_ = offset;
  blocks_start_ = offset;
}

void ReplicationStream::Adopt(std::string id, uint64_t offset) {
  Break();
  id_ = std::move(id);
  second_id_ = NoId();
  second_offset_ = -1;
  active_ = true;
  StartEmpty(offset);
}

void ReplicationStream::ContinueAs(std::string id) {
  Break();
  second_id_ = std::exchange(id_, std::move(id));
  second_offset_ = static_cast<int64_t>(offset_) + 1;
}

void ReplicationStream::Fork() {
  ContinueAs(make_id_());
}

void ReplicationStream::Resume(const std::string& former_id, uint64_t offset) {
  assert(!active_);
  second_id_ = former_id;
  second_offset_ = static_cast<int64_t>(offset) + 1;
  active_ = true;
  StartEmpty(offset);
}

// ---- Bytes -------------------------------------------------------------------------------------

void ReplicationStream::Activate() {
  if (active_) return;
  active_ = true;
  id_ = make_id_();
  second_id_ = NoId();
  second_offset_ = -1;
  StartEmpty(offset_);
}

void ReplicationStream::Deactivate() {
  assert(readers_.empty());
  active_ = false;
  id_ = make_id_();
  second_id_ = NoId();
  second_offset_ = -1;
  StartEmpty(offset_);
}

void ReplicationStream::Append(std::string_view bytes) {
  assert(active_);
  while (!bytes.empty()) {
    const uint64_t used = offset_ - blocks_start_;
    if (used == blocks_.size() * kBlockBytes) {
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    }
    const auto at = static_cast<size_t>(used % kBlockBytes);
    const size_t fits = std::min(bytes.size(), kBlockBytes - at);
    std::memcpy(blocks_.back().get() + at, bytes.data(), fits);
    offset_ += fits;
    bytes.remove_prefix(fits);
  }
  Trim();
}

uint64_t ReplicationStream::backlog_start() const {
  const uint64_t wanted = offset_ - std::min<uint64_t>(offset_, backlog_size_);
  return std::max(recorded_from_, wanted);
}

uint64_t ReplicationStream::FirstKept() const {
  uint64_t first = backlog_start();
  for (const Reader* const reader : readers_) first = std::min(first, reader->position());
  return first;
}

void ReplicationStream::Trim() {
  // Two blocks more than needed, before it is worth looking.
  if (blocks_.size() * kBlockBytes < backlog_size_ + 2 * kBlockBytes) return;
  const uint64_t first = FirstKept();
  while (!blocks_.empty() && blocks_start_ + kBlockBytes <= first) {
    blocks_.pop_front();
    blocks_start_ += kBlockBytes;
  }
}

void ReplicationStream::set_backlog_size(size_t bytes) {
  // What a smaller backlog has let go is gone, even if it grows again before it is freed.
  recorded_from_ = backlog_start();
  backlog_size_ = bytes;
  recorded_from_ = backlog_start();
  Trim();
}

bool ReplicationStream::Continues(std::string_view id, uint64_t position) const {
  if (!active_ || position > offset_ || position < backlog_start()) return false;
  if (id == id_) return true;
  return id == second_id_ && second_offset_ >= 0 &&
         position + 1 <= static_cast<uint64_t>(second_offset_);
}

ReplicationStream::Reader::Reader(ReplicationStream& stream, uint64_t position)
    : stream_(stream), position_(position) {
  assert(stream.active() && position >= stream.FirstKept() && position <= stream.offset());
  stream_.readers_.push_back(this);
}

ReplicationStream::Reader::~Reader() {
  std::erase(stream_.readers_, this);
}

std::string_view ReplicationStream::Reader::Next(size_t most) const {
  const uint64_t from = position_ - stream_.blocks_start_;
  const auto at = static_cast<size_t>(from % kBlockBytes);
  const auto size = static_cast<size_t>(std::min<uint64_t>({behind(), kBlockBytes - at, most}));
  if (size == 0) return {};
  return {stream_.blocks_[from / kBlockBytes].get() + at, size};
}

}  // namespace server
