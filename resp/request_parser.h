// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

// The arguments of one command, the command's name first. Reused from command to command, so that
// parsing allocates nothing.
using Args = std::vector<std::string_view>;

// From which size of a bulk on it pays to grow the connection's buffer to all of it at once.
inline constexpr size_t kBigBulkBytes = size_t{32} * 1024;

// Finds commands, multibulk or inline, in the bytes that a client sends, with Redis' limits and
// error texts. It copies nothing: the arguments point into the caller's buffer. Input may arrive in
// any pieces, and the buffer may move between calls: what was already understood of a command is
// kept as offsets and not looked at again. One per connection; loop thread only.
//
//   while (true) {
//     size_t consumed = 0;
//     const auto status = parser.Next(unconsumed, limits, &consumed, &args);
//     ... status == kCommand: run args, which point into `unconsumed` ...
//     drop `consumed` bytes from the front of the buffer, whatever the status
//     ... status == kNeedMore: read more, BytesWanted() says how much if that is known ...
//   }
class RequestParser {
 public:
  enum class Status {
    kNeedMore,  // No whole command yet.
    kCommand,   // `args` holds one, of at least one argument.
    kError,     // Not a request. error() says why; the connection is beyond use.
  };

  // Read at every call, so that AUTH or CONFIG SET holds for what follows it in a pipeline.
  struct Limits {
    int64_t max_bulk_bytes = 512LL * 1024 * 1024;  // proto-max-bulk-len
    size_t max_line_bytes = size_t{64} * 1024;     // Inline commands, and lines with a count.
    bool authenticated = true;  // If not: at most 10 arguments of at most 16,384 bytes.
  };

  // `buffer` starts where the last call's `consumed` ended and holds at least what it held then.
  // `*consumed` bytes are done with: the command found and the empty ones skipped before it.
  // `args` is valid until `buffer` changes or the next call.
  Status Next(std::string_view buffer, const Limits& limits, size_t* consumed, Args* args);

  // After kNeedMore: how many bytes must at least be added to the buffer for the bulk that it ends
  // in, its CRLF included; 0 if that is not known. Compare with kBigBulkBytes.
  size_t BytesWanted() const { return bytes_wanted_; }

  // After kError: the text as Redis sends it after "-ERR ", such as "Protocol error: invalid bulk
  // length". It may hold any byte of the client's, which the writer of the reply sanitises.
  std::string_view error() const { return error_; }

  // Whether a command has begun and is not complete.
  bool InsideCommand() const { return state_ != State::kBetween; }

 private:
  enum class State { kBetween, kMultibulk, kInline, kFailed };
  enum class Step { kDone, kNeedMore, kError };
  struct Piece {
    size_t offset;
    size_t length;
  };

  Step ReadInline(std::string_view buffer, const Limits& limits, Args* args);
  Step ReadMultibulk(std::string_view buffer, const Limits& limits, Args* args);
  Step ReadCount(std::string_view buffer, const Limits& limits);
  Step ReadBulkLength(std::string_view buffer, const Limits& limits);
  // Finds `terminator` in the line that starts at position_.
  Step FindLineEnd(std::string_view buffer, char terminator, size_t max_bytes,
                   const char* too_big_error, size_t* line_end);
  Step Suspend(std::string_view buffer, const Args& args);
  void Resume(std::string_view buffer, Args* args);
  Step Fail(std::string text);

  State state_ = State::kBetween;
  size_t position_ = 0;  // Where in the buffer the next unread part of the command starts.
  size_t scanned_ = 0;   // Up to where the line at position_ has no terminator.
  int64_t arguments_left_ = 0;
  int64_t bulk_length_ = -1;  // Of the argument at position_; -1 while its header is unread.
  size_t bytes_wanted_ = 0;
  std::vector<Piece> pieces_;          // Arguments found before the command was interrupted.
  std::vector<std::string> unquoted_;  // An inline command's arguments, if it has quotes.
  std::string error_;
};

}  // namespace resp
