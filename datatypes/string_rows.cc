// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "datatypes/string_format.h"
#include "datatypes/string_value.h"
#include "datatypes/value_rows.h"

namespace datatypes {
namespace {

class StringRows final : public ValueRows {
 public:
  explicit StringRows(PutRow put) : put_(std::move(put)) {}

  lsm::Status StringPiece(std::string_view piece) override {
    size_ += piece.size();
    while (!piece.empty()) {
      // As long as it may be short, all of it is kept; then chunk by chunk.
      const size_t limit = chunked_ ? String::kChunkBytes : String::kMaxInlineBytes;
      const std::string_view part = piece.substr(0, limit - std::min(limit, bytes_.size()));
      bytes_.append(part);
      piece.remove_prefix(part.size());
      if (piece.empty()) break;
      chunked_ = true;
      LSM_RETURN_IF_ERROR(PutChunk(String::kChunkBytes));
    }
    return {};
  }

  lsm::Result<bool> Finish(ValueHead* head) override {
    head->type = kString;
    if (!chunked_) {
      head->payload = std::move(bytes_);
      return true;
    }
    head->has_rows = true;
    while (!bytes_.empty()) {
      LSM_RETURN_IF_ERROR(PutChunk(std::min(bytes_.size(), String::kChunkBytes)));
    }
    head->payload = std::string(ChunkedSize(size_).view());
    return true;
  }

 private:
  // What is not stored is zero.
  lsm::Status PutChunk(size_t bytes) {
    const std::string_view chunk = std::string_view(bytes_).substr(0, bytes);
    const ChunkKey key(next_chunk_++);
    if (chunk.find_first_not_of('\0') != std::string_view::npos) {
      LSM_RETURN_IF_ERROR(put_(key.view(), chunk));
    }
    bytes_.erase(0, bytes);
    return {};
  }

  const PutRow put_;
  std::string bytes_;
  uint64_t size_ = 0;
  uint64_t next_chunk_ = 0;
  bool chunked_ = false;
};

}  // namespace

std::unique_ptr<ValueRows> MakeStringRows(ValueRows::PutRow put) {
  return std::make_unique<StringRows>(std::move(put));
}

}  // namespace datatypes
