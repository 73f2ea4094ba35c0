// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include <sys/uio.h>

namespace resp {

// The replies a client has yet to be sent: bytes are appended at the end and taken from the front.
// They lie in blocks, the first small, the later ones of 16 KB or as large as one big payload; a
// payload may also be shared with others and is then not copied. When all is sent the block is used
// again, so a client in a steady state allocates nothing. Loop thread only.
class OutputBuffer {
 public:
  static constexpr size_t kFirstBlockBytes = 1024;
  static constexpr size_t kBlockBytes = size_t{16} * 1024;
  // Smaller shared payloads are copied: that is cheaper than to count references and send pieces.
  static constexpr size_t kMinSharedBytes = 1024;
  // The most that Prepare() and Reserve() give in one piece.
  static constexpr size_t kMaxPrepared = size_t{4} * 1024;

  OutputBuffer() = default;
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;
  OutputBuffer(OutputBuffer&&) = delete;
  OutputBuffer& operator=(OutputBuffer&&) = delete;
  ~OutputBuffer() = default;

  void Append(std::string_view bytes) {
    if (bytes.size() <= room()) {
      if (!bytes.empty()) std::memcpy(cursor_, bytes.data(), bytes.size());
      cursor_ += bytes.size();
    } else {
      AppendSlowly(bytes);
    }
  }

  // Appends without copying; the bytes must not change while anybody owns them.
  void AppendShared(std::shared_ptr<const std::string> bytes);

  // Room for `size` <= kMaxPrepared bytes in one piece, to be written by the caller, who then says
  // with Commit() where they end. Nothing else may be called in between.
  char* Prepare(size_t size) {
    if (size > room()) StartBlock(size);
    return cursor_;
  }
  void Commit(char* end) { cursor_ = end; }

  // Bytes pending.
  size_t size() const { return sealed_bytes_ + open_bytes(); }
  bool empty() const { return size() == 0; }

  // What this buffer keeps in memory: whole blocks, and shared payloads in full. For the output
  // buffer limits.
  size_t memory_bytes() const { return block_bytes_ + shared_bytes_; }

  // A position in the stream of replies, counted from the first byte ever appended.
  size_t Mark() const { return consumed_ + size(); }

  // Drops what was appended since Mark() gave `mark`. None of it may have been consumed.
  void TruncateTo(size_t mark);

  // Leaves a hole of `size` <= kMaxPrepared bytes and returns its mark.
  size_t Reserve(size_t size);

  // Puts `text` in place of the hole of `reserved` bytes at `mark`; what follows closes up. `text`
  // must not be longer than the hole. Marks after the hole are void; of several holes the last
  // one must be filled first. Costs at most a move of one block's bytes.
  void FillReserved(size_t mark, size_t reserved, std::string_view text);

  // Describes the pending bytes from the front, in at most `max` pieces; returns how many.
  size_t FillIovec(struct iovec* pieces, size_t max) const;

  // The first `size` pending bytes have been sent.
  void Consume(size_t size);

  // Drops all pending bytes.
  void Clear() { Consume(size()); }

  // Gives back the block that an empty buffer keeps. For clients that have long been idle.
  void ReleaseIdle();

  // All pending bytes in one string. For tests and for replies that do not go to a socket.
  std::string ToString() const;

 private:
  struct Block {
    explicit Block(size_t size)
        : bytes(std::make_unique_for_overwrite<char[]>(size)), capacity(size) {}
    std::unique_ptr<char[]> bytes;
    size_t capacity;
  };
  // A run of bytes that is not appended to any more: of a block, which several runs may own
  // together, or a shared payload.
  struct Segment {
    std::shared_ptr<Block> block;
    std::shared_ptr<const std::string> shared;
    char* block_data = nullptr;  // Only if of a block.
    const char* data = nullptr;
    size_t size = 0;
  };

  size_t room() const { return static_cast<size_t>(limit_ - cursor_); }
  size_t open_bytes() const { return static_cast<size_t>(cursor_ - open_begin_); }
  void AppendSlowly(std::string_view bytes);
  void StartBlock(size_t min_capacity);
  void Seal();
  void Release(const Segment& segment);
  void RewindIfEmpty();

  // The open run is [open_begin_, cursor_) of block_; sealed_ lies before it.
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  char* open_begin_ = nullptr;
  std::shared_ptr<Block> block_;
  std::deque<Segment> sealed_;
  size_t sealed_bytes_ = 0;
  size_t consumed_ = 0;
  size_t block_bytes_ = 0;
  size_t shared_bytes_ = 0;
};

}  // namespace resp
