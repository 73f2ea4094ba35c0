// SPDX-License-Identifier: BSD-3-Clause
#include "resp/output_buffer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace resp {

void OutputBuffer::AppendSlowly(std::string_view bytes) {
  if (const size_t head = room(); head > 0) {
    std::memcpy(cursor_, bytes.data(), head);
    cursor_ += head;
    bytes.remove_prefix(head);
  }
  StartBlock(bytes.size());
  std::memcpy(cursor_, bytes.data(), bytes.size());
  cursor_ += bytes.size();
}

// A big payload's own block is a little larger than it, so that the payload's CRLF and the small
// replies after it do not open yet another one.
void OutputBuffer::StartBlock(size_t min_capacity) {
  constexpr size_t kSlack = 256;
  size_t capacity = block_ == nullptr ? kFirstBlockBytes : kBlockBytes;
  if (min_capacity > capacity) capacity = std::max(min_capacity + kSlack, kBlockBytes);
  Seal();
  if (block_ != nullptr && block_.use_count() == 1) block_bytes_ -= block_->capacity;
  block_ = std::make_shared<Block>(capacity);
  block_bytes_ += capacity;
  open_begin_ = cursor_ = block_->bytes.get();
  limit_ = cursor_ + capacity;
}

// Ends the open run; the rest of its block remains to be appended to.
void OutputBuffer::Seal() {
  const size_t size = open_bytes();
  if (size == 0) return;
  sealed_.push_back({.block = block_,
                     .shared = nullptr,
                     .block_data = open_begin_,
                     .data = open_begin_,
                     .size = size});
  sealed_bytes_ += size;
  open_begin_ = cursor_;
}

void OutputBuffer::AppendShared(std::shared_ptr<const std::string> bytes) {
  if (bytes->size() < kMinSharedBytes) {
    Append(*bytes);
    return;
  }
  Seal();
  const size_t size = bytes->size();
  const char* const data = bytes->data();
  sealed_.push_back({.block = nullptr,
                     .shared = std::move(bytes),
                     .block_data = nullptr,
                     .data = data,
                     .size = size});
  sealed_bytes_ += size;
  shared_bytes_ += size;
}

// Before `segment` leaves sealed_: what goes with it.
void OutputBuffer::Release(const Segment& segment) {
  if (segment.shared != nullptr) shared_bytes_ -= segment.shared->size();
  if (segment.block != nullptr && segment.block.use_count() == 1) {
    block_bytes_ -= segment.block->capacity;
  }
}

void OutputBuffer::TruncateTo(size_t mark) {
  assert(mark >= consumed_ && mark <= Mark());
  size_t excess = Mark() - mark;
  const size_t from_open = std::min(excess, open_bytes());
  cursor_ -= from_open;
  excess -= from_open;
  while (excess > 0) {
    Segment& last = sealed_.back();
    const size_t cut = std::min(excess, last.size);
    last.size -= cut;
    sealed_bytes_ -= cut;
    excess -= cut;
    if (last.size == 0) {
      Release(last);
      sealed_.pop_back();
    }
  }
  RewindIfEmpty();
}

size_t OutputBuffer::Reserve(size_t size) {
  char* const hole = Prepare(size);
  std::memset(hole, 0, size);
  const size_t mark = Mark();
  Commit(hole + size);
  return mark;
}

void OutputBuffer::FillReserved(size_t mark, size_t reserved, std::string_view text) {
  assert(text.size() <= reserved && mark >= consumed_ && mark + reserved <= Mark());
  const size_t gap = reserved - text.size();
  size_t run_begin = consumed_ + sealed_bytes_;  // Mark of the run under view, from the last.
  char* run = open_begin_;
  size_t run_size = open_bytes();
  auto segment = sealed_.rbegin();
  while (mark < run_begin) {
    run = segment->block_data;
    run_size = segment->size;
    run_begin -= run_size;
    if (mark < run_begin) ++segment;
  }
  const size_t at = mark - run_begin;
  std::memcpy(run + at, text.data(), text.size());
  std::memmove(run + at + text.size(), run + at + reserved, run_size - at - reserved);
  if (run == open_begin_) {
    cursor_ -= gap;
  } else {
    segment->size -= gap;
    sealed_bytes_ -= gap;
  }
}

size_t OutputBuffer::FillIovec(struct iovec* pieces, size_t max) const {
  size_t count = 0;
  const auto add = [&](const char* data, size_t size) {
    // writev(2) reads only; its struct is shared with readv(2) and hence not const.
    pieces[count].iov_base = const_cast<char*>(data);  // NOLINT(*-const-cast)
    pieces[count].iov_len = size;
    ++count;
  };
  for (const Segment& segment : sealed_) {
    if (count == max) return count;
    add(segment.data, segment.size);
  }
  if (count < max && open_bytes() > 0) add(open_begin_, open_bytes());
  return count;
}

void OutputBuffer::Consume(size_t size) {
  assert(size <= this->size());
  consumed_ += size;
  while (size > 0 && !sealed_.empty()) {
    Segment& first = sealed_.front();
    const size_t cut = std::min(size, first.size);
    first.data += cut;
    if (first.block_data != nullptr) first.block_data += cut;
    first.size -= cut;
    sealed_bytes_ -= cut;
    size -= cut;
    if (first.size == 0) {
      Release(first);
      sealed_.pop_front();
    }
  }
  open_begin_ += size;
  RewindIfEmpty();
}

// An empty buffer starts at the front of its block again, unless that was made for one big payload.
void OutputBuffer::RewindIfEmpty() {
  if (open_begin_ != cursor_ || !sealed_.empty() || block_ == nullptr) return;
  if (block_->capacity > kBlockBytes) {
    ReleaseIdle();
    return;
  }
  open_begin_ = cursor_ = block_->bytes.get();
}

void OutputBuffer::ReleaseIdle() {
  if (!empty() || block_ == nullptr) return;
  block_bytes_ -= block_->capacity;
  block_.reset();
  open_begin_ = cursor_ = limit_ = nullptr;
}

std::string OutputBuffer::ToString() const {
  std::string text;
  text.reserve(size());
  for (const Segment& segment : sealed_) text.append(segment.data, segment.size);
  if (open_bytes() > 0) text.append(open_begin_, open_bytes());
  return text;
}

}  // namespace resp
