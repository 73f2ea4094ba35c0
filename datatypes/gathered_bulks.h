// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/number_format.h"
#include "resp/writer.h"

namespace datatypes {

// Bulk strings that gather while a command waits in between, to be sent once their number is known.
// They lie in pieces that the reply then shares, so nothing is held twice.
class GatheredBulks {
 public:
  void Add(std::string_view bytes) {
    if (pieces_.empty() || pieces_.back()->size() >= kPieceBytes) {
      pieces_.push_back(std::make_shared<std::string>());
    }
    std::string& piece = *pieces_.back();
    char header[resp::kMaxInt64Chars];
    piece += '$';
    piece.append(header, resp::FormatUint64(header, bytes.size()));
    piece += "\r\n";
    piece += bytes;
    piece += "\r\n";
    ++count_;
  }
  size_t count() const { return count_; }
  void Clear() {
    pieces_.clear();
    count_ = 0;
  }
  void WriteArray(resp::Writer& reply) {
    reply.Array(count_);
    WritePieces(reply);
  }
  void WriteSet(resp::Writer& reply) {
    reply.Set(count_);
    WritePieces(reply);
  }

 private:
  void WritePieces(resp::Writer& reply) {
    for (std::shared_ptr<std::string>& piece : pieces_) {
      reply.out().AppendShared(std::move(piece));
    }
    Clear();
  }

  static constexpr size_t kPieceBytes = size_t{64} * 1024;
  std::vector<std::shared_ptr<std::string>> pieces_;
  size_t count_ = 0;
};

}  // namespace datatypes
