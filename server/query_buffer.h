// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace server {

// What a client has sent and the server has not run yet: appended at the end, dropped from the
// front. Never shrinks by itself and costs nothing while empty and released. Loop thread only.
class QueryBuffer {
 public:
  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  size_t capacity() const { return capacity_; }

  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Prepare(bytes.size()), bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  // Room for `size` more bytes in one piece; Commit() says how many were written. Moves what is
  // there: views are void.
  char* Prepare(size_t size) {
    if (capacity_ - end_ < size) MakeRoom(size);
    return bytes_.get() + end_;
  }
  void Commit(size_t size) { end_ += size; }
  size_t room() const { return capacity_ - end_; }

  void Consume(size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Gives the memory of an empty buffer back.
  void Release() {
    if (!empty()) return;
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  void MakeRoom(size_t size) {
    const size_t used = end_ - begin_;
    if (capacity_ - used >= size && begin_ >= capacity_ / 2) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    } else {
      // Doubling only while small: a client that sends 500 MB in one bulk says so before, and gets
      // that much and no more.
      constexpr size_t kDoubleUpTo = 1 << 20;
      const size_t wanted = used + size;
      const size_t grown = std::max(wanted, std::min(2 * capacity_, wanted + kDoubleUpTo));
      auto bytes = std::make_unique_for_overwrite<char[]>(grown);
      if (used > 0) std::memcpy(bytes.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(bytes);
      capacity_ = grown;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> bytes_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

}  // namespace server
