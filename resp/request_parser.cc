// SPDX-License-Identifier: BSD-3-Clause
//
// Redis finds the end of a line with strchr, which a NUL byte stops. So a line with a NUL in it
// never ends and is refused as too big in the end; we do the same, as a proxy or a test may tell
// servers apart by it. Redis looks for no LF after the CR of a count and for no CRLF after an
// argument: two bytes are skipped, whatever they are.
#include "resp/request_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "resp/number_parse.h"
#include "resp/split_args.h"

namespace resp {
namespace {

constexpr int64_t kMaxArguments = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxUnauthenticatedArguments = 10;
constexpr int64_t kMaxUnauthenticatedBulk = 16384;
// A command of more arguments than this does not leave its memory behind with the connection.
constexpr size_t kKeptArguments = 4096;

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool EndsWord(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The usual header line, read in one go: a number of at most nine digits, in its only spelling,
// and two bytes of line end. Returns what follows, or nullptr if the line is anything else or not
// all there, which is left to the careful path.
inline const char* ReadSmallNumber(const char* p, const char* end, int64_t* value) {
  if (end - p < 3) return nullptr;
  unsigned digit = static_cast<unsigned char>(*p) - static_cast<unsigned>('0');
  if (digit > 9) return nullptr;
  unsigned number = digit;
  ++p;
  if (digit != 0) {
    const char* const last = std::min(end - 1, p + 8);
    while (p < last && (digit = static_cast<unsigned char>(*p) - static_cast<unsigned>('0')) <= 9) {
      number = number * 10 + digit;
      ++p;
    }
  }
  if (end - p < 2 || *p != '\r') return nullptr;
  *value = number;
  return p + 2;
}

// Words of a line without quotes.
void SplitBareWords(std::string_view line, Args* args) {
  const char* p = line.data();
  const char* const end = p + line.size();
  while (true) {
    while (p < end && IsSpace(*p)) ++p;
    if (p == end) return;
    const char* const start = p;
    while (p < end && !EndsWord(*p)) ++p;
    args->emplace_back(start, static_cast<size_t>(p - start));
  }
}

}  // namespace

RequestParser::Status RequestParser::Next(std::string_view buffer, const Limits& limits,
                                          size_t* consumed, Args* args) {
  *consumed = 0;
  args->clear();
  bytes_wanted_ = 0;
  if (args->capacity() > kKeptArguments) Args().swap(*args);
  while (true) {
    if (state_ == State::kBetween) {
      if (buffer.empty()) return Status::kNeedMore;
      state_ = buffer.front() == '*' ? State::kMultibulk : State::kInline;
    }
    Step step = Step::kError;
    if (state_ == State::kMultibulk) {
      step = ReadMultibulk(buffer, limits, args);
    } else if (state_ == State::kInline) {
      step = ReadInline(buffer, limits, args);
    }
    if (step == Step::kNeedMore) return Status::kNeedMore;
    if (step == Step::kError) return Status::kError;
    const size_t length = std::exchange(position_, 0);
    scanned_ = 0;
    state_ = State::kBetween;
    *consumed += length;
    if (!args->empty()) return Status::kCommand;
    buffer.remove_prefix(length);  // An empty line or "*0" is no command and gets no reply.
  }
}

RequestParser::Step RequestParser::ReadMultibulk(std::string_view buffer, const Limits& limits,
                                                 Args* args) {
  if (arguments_left_ == 0) {
    const Step step = ReadCount(buffer, limits);
    if (step != Step::kDone || arguments_left_ == 0) return step;
  }
  const int64_t max_bulk = limits.authenticated
                               ? limits.max_bulk_bytes
                               : std::min(limits.max_bulk_bytes, kMaxUnauthenticatedBulk);
  const char* const base = buffer.data();
  const char* const end = base + buffer.size();
  const char* p = base + position_;
  int64_t bulk = bulk_length_;
  int64_t left = arguments_left_;
  Step step = Step::kDone;
  for (; left > 0; --left) {
    if (bulk < 0) {
      const char* after = p < end && *p == '$' ? ReadSmallNumber(p + 1, end, &bulk) : nullptr;
      if (after == nullptr || bulk > max_bulk) {
        position_ = static_cast<size_t>(p - base);
        step = ReadBulkLength(buffer, limits);
        bulk = bulk_length_;
        if (step != Step::kDone) break;
        after = base + position_;
      }
      p = after;
    }
    if (end - p < bulk || end - p - bulk < 2) {
      step = Step::kNeedMore;
      bytes_wanted_ = static_cast<size_t>(bulk) + 2 - static_cast<size_t>(end - p);
      break;
    }
    args->emplace_back(p, static_cast<size_t>(bulk));
    p += bulk + 2;
    bulk = -1;
  }
  position_ = static_cast<size_t>(p - base);
  arguments_left_ = left;
  bulk_length_ = bulk;
  if (step == Step::kNeedMore) return Suspend(buffer, *args);
  if (step == Step::kDone && !pieces_.empty()) Resume(buffer, args);
  return step;
}

// Keeps as offsets what this call has added; the next one starts behind it.
RequestParser::Step RequestParser::Suspend(std::string_view buffer, const Args& args) {
  for (const std::string_view arg : args) {
    pieces_.push_back({static_cast<size_t>(arg.data() - buffer.data()), arg.size()});
  }
  return Step::kNeedMore;
}

// Puts the arguments of earlier calls before those of this one.
void RequestParser::Resume(std::string_view buffer, Args* args) {
  const size_t earlier = pieces_.size();
  args->insert(args->begin(), earlier, std::string_view());
  for (size_t i = 0; i < earlier; ++i) {
    (*args)[i] = buffer.substr(pieces_[i].offset, pieces_[i].length);
  }
  if (pieces_.capacity() > kKeptArguments) {
    std::vector<Piece>().swap(pieces_);
  } else {
    pieces_.clear();
  }
}

RequestParser::Step RequestParser::ReadCount(std::string_view buffer, const Limits& limits) {
  const int64_t max_count = limits.authenticated ? kMaxArguments : kMaxUnauthenticatedArguments;
  const char* const base = buffer.data();
  int64_t fast = 0;
  const char* const after = ReadSmallNumber(base + 1, base + buffer.size(), &fast);
  if (after != nullptr && fast <= max_count) {
    arguments_left_ = fast;
    position_ = static_cast<size_t>(after - base);
    scanned_ = position_;
    return Step::kDone;
  }
  size_t line_end = 0;
  const Step step = FindLineEnd(buffer, '\r', limits.max_line_bytes,
                                "Protocol error: too big mbulk count string", &line_end);
  if (step != Step::kDone) return step;
  if (line_end + 2 > buffer.size()) return Step::kNeedMore;
  const std::optional<int64_t> count = ParseInt64(buffer.substr(1, line_end - 1));
  if (!count.has_value() || *count > kMaxArguments) {
    return Fail("Protocol error: invalid multibulk length");
  }
  if (*count > max_count) return Fail("Protocol error: unauthenticated multibulk length");
  arguments_left_ = std::max<int64_t>(*count, 0);
  position_ = line_end + 2;
  scanned_ = position_;
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadBulkLength(std::string_view buffer, const Limits& limits) {
  scanned_ = std::max(scanned_, position_);
  size_t line_end = 0;
  const Step step = FindLineEnd(buffer, '\r', limits.max_line_bytes,
                                "Protocol error: too big bulk count string", &line_end);
  bulk_length_ = -1;
  if (step != Step::kDone) return step;
  if (line_end + 2 > buffer.size()) return Step::kNeedMore;
  if (buffer[position_] != '$') {
    return Fail(std::string("Protocol error: expected '$', got '") + buffer[position_] + "'");
  }
  const std::optional<int64_t> length =
      ParseInt64(buffer.substr(position_ + 1, line_end - position_ - 1));
  if (!length.has_value() || *length < 0 || *length > limits.max_bulk_bytes) {
    return Fail("Protocol error: invalid bulk length");
  }
  if (!limits.authenticated && *length > kMaxUnauthenticatedBulk) {
    return Fail("Protocol error: unauthenticated bulk length");
  }
  bulk_length_ = *length;
  position_ = line_end + 2;
  return Step::kDone;
}

RequestParser::Step RequestParser::ReadInline(std::string_view buffer, const Limits& limits,
                                              Args* args) {
  size_t line_end = 0;
  const Step step = FindLineEnd(buffer, '\n', limits.max_line_bytes,
                                "Protocol error: too big inline request", &line_end);
  if (step != Step::kDone) return step;
  std::string_view line = buffer.substr(0, line_end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  position_ = line_end + 1;
  // Two searches for a byte each are faster than one for a set.
  if (line.find('"') == std::string_view::npos && line.find('\'') == std::string_view::npos) {
    SplitBareWords(line, args);
    return Step::kDone;
  }
  if (!SplitArgs(line, &unquoted_)) {
    return Fail("Protocol error: unbalanced quotes in request");
  }
  args->assign(unquoted_.begin(), unquoted_.end());
  return Step::kDone;
}

RequestParser::Step RequestParser::FindLineEnd(std::string_view buffer, char terminator,
                                               size_t max_bytes, const char* too_big_error,
                                               size_t* line_end) {
  const char* const base = buffer.data();
  const char* const from = base + scanned_;
  const size_t unscanned = buffer.size() - scanned_;
  const void* found = unscanned == 0 ? nullptr : std::memchr(from, terminator, unscanned);
  const size_t candidate = found == nullptr
                               ? buffer.size()
                               : static_cast<size_t>(static_cast<const char*>(found) - base);
  const size_t searched = candidate - scanned_;
  const void* nul = searched == 0 ? nullptr : std::memchr(from, '\0', searched);
  if (nul != nullptr) {
    // The line will never end; whatever comes is only counted.
    scanned_ = static_cast<size_t>(static_cast<const char*>(nul) - base);
    return buffer.size() - position_ > max_bytes ? Fail(too_big_error) : Step::kNeedMore;
  }
  scanned_ = candidate;
  // A line that is too long is refused even if its end is there: how the input was cut into
  // pieces must not matter.
  if (candidate - position_ > max_bytes) return Fail(too_big_error);
  if (found == nullptr) return Step::kNeedMore;
  *line_end = candidate;
  return Step::kDone;
}

RequestParser::Step RequestParser::Fail(std::string text) {
  error_ = std::move(text);
  state_ = State::kFailed;
  pieces_.clear();
  return Step::kError;
}

}  // namespace resp
