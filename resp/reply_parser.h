// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply.h"

namespace resp {

// Reads replies, RESP2 and RESP3, from bytes that arrive in any pieces. Stricter than a request
// parser: every CR LF must be there, since who sends replies is a server. Memory follows what has
// arrived, never what a header promises. One per connection; not shared by threads.
class ReplyParser {
 public:
  enum class Status { kNeedMore, kReply, kError };

  struct Limits {
    int64_t max_bulk_bytes = 512LL * 1024 * 1024;  // Of a streamed string: all its pieces.
    int64_t max_children = 1LL << 32;              // Of one aggregate; a pair counts as two.
    size_t max_depth = 128;                        // Aggregates within each other.
    size_t max_line_bytes = size_t{64} * 1024;     // Of everything that is not a bulk.
  };

  ReplyParser() = default;
  explicit ReplyParser(const Limits& limits) : limits_(limits) {}

  // Bytes as they came. They are copied.
  void Feed(std::string_view bytes);

  // The next whole reply, if there is one. After kError, which error() explains, the stream is
  // beyond use and every further call gives the same.
  Status Next(Reply* reply);

  std::string_view error() const { return error_; }

  // Bytes fed and not yet part of a reply that Next() has given.
  size_t buffered_bytes() const { return buffer_.size() - position_; }

 private:
  static constexpr int64_t kStreamed = -1;

  // An aggregate, attribute or streamed string whose parts are being read.
  struct Frame {
    Reply reply;
    bool is_attribute = false;
    bool is_string = false;         // Streamed: its parts are ";" pieces.
    int64_t left = 0;               // Children to come, or kStreamed.
    std::vector<Reply> attributes;  // For the next child.
  };

  // A reply that is complete, or nothing: more bytes are needed, the last item only opened or
  // continued a frame (progress_), or the input is wrong (error_).
  std::optional<Reply> ReadItem();
  std::optional<Reply> ReadLineItem(char type, std::string_view line);
  std::optional<Reply> ReadNumberItem(char type, std::string_view line);
  std::optional<Reply> ReadBulk(char type, std::string_view line, size_t after_line);
  std::optional<Reply> OpenAggregate(char type, std::string_view line);
  std::optional<Reply> ReadPiece(std::string_view line, size_t after_line);
  std::optional<Reply> EndStream(std::string_view line);
  // Hands a finished reply to the frame around it; gives back what that completes, if anything.
  std::optional<Reply> Deliver(Reply reply);
  // Gives the innermost frame's reply, which is complete.
  std::optional<Reply> CloseFrame();
  std::optional<std::string_view> FindLine(size_t* after_line);
  // Whether `length` bytes and a CR LF lie at `at`; finds fault if it is not a CR LF.
  bool HasPayload(size_t at, int64_t length);
  std::optional<int64_t> ReadLength(std::string_view line, int64_t max);
  std::nullopt_t Fail(std::string_view text);
  std::nullopt_t Advance(size_t to);

  Limits limits_;
  std::string buffer_;
  size_t position_ = 0;  // Of the next item in buffer_.
  size_t scanned_ = 0;   // Up to where no line end was found for it.
  bool progress_ = false;
  std::vector<Frame> frames_;
  std::vector<Reply> attributes_;  // For the next reply at top level.
  std::string error_;
};

}  // namespace resp
