// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/sorted_rows.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace lsm {
namespace {

// A row, in the arena and in a run: shard, sizes, key, value.
constexpr size_t kHeaderBytes = 1 + 2 * sizeof(uint32_t);
constexpr size_t kWriteBuffer = size_t{1} << 20;

SortRow RowIn(const char* at) {
  uint32_t sizes[2];
  std::memcpy(sizes, at + 1, sizeof sizes);
  return {static_cast<uint8_t>(*at),
          {at + kHeaderBytes, sizes[0]},
          {at + kHeaderBytes + sizes[0], sizes[1]}};
}

size_t BytesOf(const SortRow& row) {
  return kHeaderBytes + row.key.size() + row.value.size();
}

void AppendRow(std::string* out, const SortRow& row) {
  char header[kHeaderBytes];
  const uint32_t sizes[2] = {static_cast<uint32_t>(row.key.size()),
                             static_cast<uint32_t>(row.value.size())};
  header[0] = static_cast<char>(row.shard);
  std::memcpy(header + 1, sizes, sizeof sizes);
  out->append(header, sizeof header);
  out->append(row.key);
  out->append(row.value);
}

uint64_t BigEndian(const unsigned char* bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

Status Failed(const std::string& path) {
  return Status::IoError(path + ": " + std::strerror(errno));
}

}  // namespace

SortPrefix PrefixOf(uint8_t shard, std::string_view key) {
  unsigned char first[sizeof(SortPrefix)] = {};
  first[0] = shard;
  std::memcpy(first + 1, key.data(), std::min(key.size(), sizeof first - 1));
  return {BigEndian(first), BigEndian(first + sizeof(uint64_t))};
}

bool RowLess(const SortRow& a, const SortRow& b) {
  return a.shard != b.shard ? a.shard < b.shard : a.key < b.key;
}

// ---- In memory ----------------------------------------------------------------------------------

void SortChunk::Add(uint8_t shard, std::string_view key, std::string_view value) {
  refs_.push_back({PrefixOf(shard, key), arena_.size()});
  AppendRow(&arena_, {shard, key, value});
}

void SortChunk::Sort() {
  std::sort(refs_.begin(), refs_.end(), [this](const Ref& a, const Ref& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return RowLess(RowIn(arena_.data() + a.at), RowIn(arena_.data() + b.at));
  });
}

void SortChunk::Clear() {
  arena_.clear();
  refs_.clear();
}

SortRow SortChunk::RowAt(size_t i) const {
  return RowIn(arena_.data() + refs_[i].at);
}

size_t SortChunk::LowerBound(const SortBound& bound) const {
  size_t low = 0;
  size_t high = refs_.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (RowLess(RowAt(middle), bound.view())) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

class ChunkCursor final : public SortCursor {
 public:
  ChunkCursor(const SortChunk& chunk, size_t from, size_t to)
      : chunk_(chunk), next_(from), end_(to) {}
  Result<bool> Next() override {
    // What comes soon is all over the arena: have it fetched meanwhile.
    constexpr size_t kAhead = 8;
    if (next_ == end_) return false;
    if (next_ + kAhead < end_) {
      const char* const ahead = chunk_.arena_.data() + chunk_.refs_[next_ + kAhead].at;
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + 64);
    }
    const SortChunk::Ref& ref = chunk_.refs_[next_++];
    row_ = RowIn(chunk_.arena_.data() + ref.at);
    prefix_ = ref.prefix;
    return true;
  }

 private:
  const SortChunk& chunk_;
  size_t next_;
  const size_t end_;
};

std::unique_ptr<SortCursor> SortChunk::Walk(const SortRange& range) const {
  const size_t from = range.from == nullptr ? 0 : LowerBound(*range.from);
  const size_t to = range.to == nullptr ? refs_.size() : LowerBound(*range.to);
  return std::make_unique<ChunkCursor>(*this, from, to);
}

// ---- In a file ----------------------------------------------------------------------------------

Result<std::unique_ptr<SortRun>> SortRun::Create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(path);
  std::unique_ptr<SortRun> run(new SortRun(path, fd));
  if (::unlink(path.c_str()) != 0) return Failed(path);
  return run;
}

SortRun::~SortRun() {
  ::close(fd_);
}

Status SortRun::Write(const SortRow& row) {
  const uint64_t offset = flushed_ + buffer_.size();
  if (marks_.empty() || offset - marks_.back().offset >= kMarkBytes) {
    marks_.push_back({{row.shard, std::string(row.key)}, offset});
  }
  AppendRow(&buffer_, row);
  if (buffer_.size() < kWriteBuffer) return {};
  return Flush();
}

Status SortRun::Flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t written = ::write(fd_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(path_);
    left.remove_prefix(static_cast<size_t>(written));
  }
  flushed_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status SortRun::Seal() {
  LSM_RETURN_IF_ERROR(Flush());
  buffer_.shrink_to_fit();
  return {};
}

class RunCursor final : public SortCursor {
 public:
  RunCursor(const SortRun& run, const SortRange& range, uint64_t offset, size_t buffer_bytes)
      : run_(run), range_(range), offset_(offset), buffer_bytes_(buffer_bytes) {}

  Result<bool> Next() override {
    for (;;) {
      LSM_ASSIGN_OR_RETURN(const bool more, Read());
      if (!more) return false;
      // What is between the mark and the beginning.
      if (range_.from != nullptr && RowLess(row_, range_.from->view())) continue;
      range_.from = nullptr;
      if (range_.to != nullptr && !RowLess(row_, range_.to->view())) return false;
      prefix_ = PrefixOf(row_.shard, row_.key);
      return true;
    }
  }

 private:
  Result<bool> Read() {
    LSM_RETURN_IF_ERROR(Need(kHeaderBytes));
    if (pos_ == buffer_.size()) return false;
    LSM_RETURN_IF_ERROR(Need(BytesOf(RowIn(buffer_.data() + pos_))));
    row_ = RowIn(buffer_.data() + pos_);
    pos_ += BytesOf(row_);
    return true;
  }
  // So many bytes are there from pos_ on; fewer at the end.
  Status Need(size_t bytes) {
    if (buffer_.size() - pos_ >= bytes) return {};
    buffer_.erase(0, pos_);
    pos_ = 0;
    const uint64_t left = run_.flushed_ - offset_;
    size_t want = std::max(bytes, buffer_bytes_) - buffer_.size();
    want = std::min<uint64_t>(want, left);
    while (want > 0) {
      const size_t old = buffer_.size();
      buffer_.resize(old + want);
      const ssize_t got =
          ::pread(run_.fd_, buffer_.data() + old, want, static_cast<off_t>(offset_));
      buffer_.resize(old + static_cast<size_t>(std::max<ssize_t>(got, 0)));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return Failed(run_.path_);
      offset_ += static_cast<uint64_t>(got);
      want -= static_cast<size_t>(got);
    }
    return {};
  }

  const SortRun& run_;
  SortRange range_;
  uint64_t offset_;  // Of what follows the buffer.
  const size_t buffer_bytes_;
  std::string buffer_;
  size_t pos_ = 0;
};

std::unique_ptr<SortCursor> SortRun::Walk(const SortRange& range, size_t buffer_bytes) const {
  uint64_t offset = 0;
  if (range.from != nullptr) {
    // The last mark at or before it.
    const auto after = std::upper_bound(marks_.begin(), marks_.end(), *range.from,
                                        [](const SortBound& from, const Mark& mark) {
                                          return RowLess(from.view(), mark.bound.view());
                                        });
    if (after != marks_.begin()) offset = std::prev(after)->offset;
  }
  return std::make_unique<RunCursor>(*this, range, offset, buffer_bytes);
}

// ---- Several ------------------------------------------------------------------------------------

bool SortMerge::Less(const SortCursor& a, const SortCursor& b) {
  if (a.prefix() != b.prefix()) return a.prefix() < b.prefix();
  return RowLess(a.row(), b.row());
}

Status SortMerge::Start(std::vector<std::unique_ptr<SortCursor>> cursors) {
  cursors_ = std::move(cursors);
  for (const auto& cursor : cursors_) {
    LSM_ASSIGN_OR_RETURN(const bool any, cursor->Next());
    if (any) heap_.push_back(cursor.get());
  }
  std::make_heap(heap_.begin(), heap_.end(),
                 [](const SortCursor* a, const SortCursor* b) { return Less(*b, *a); });
  return {};
}

Status SortMerge::Next() {
  LSM_ASSIGN_OR_RETURN(const bool more, heap_.front()->Next());
  if (!more) {
    heap_.front() = heap_.back();
    heap_.pop_back();
  }
  SinkFirst();
  return {};
}

void SortMerge::SinkFirst() {
  const size_t size = heap_.size();
  size_t at = 0;
  for (size_t child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && Less(*heap_[child + 1], *heap_[child])) ++child;
    if (!Less(*heap_[child], *heap_[at])) return;
    std::swap(heap_[child], heap_[at]);
    at = child;
  }
}

}  // namespace lsm
