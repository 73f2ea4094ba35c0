// SPDX-License-Identifier: BSD-3-Clause
#include "resp/reply_parser.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "resp/number_parse.h"

namespace resp {
namespace {

bool IsBigNumber(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// A number of a reply's: as ParseInt64, and with the '+' that RESP allows.
std::optional<int64_t> ParseReplyInteger(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return ParseInt64(text);
}

Reply MakeText(Reply::Type type, std::string_view text) {
  Reply reply;
  reply.type = type;
  reply.text = text;
  return reply;
}

Reply MakeInteger(Reply::Type type, int64_t value) {
  Reply reply;
  reply.type = type;
  reply.integer = value;
  return reply;
}

Reply::Type AggregateType(char type) {
  switch (type) {
    case '%':
    case '|':
      return Reply::Type::kMap;
    case '~':
      return Reply::Type::kSet;
    case '>':
      return Reply::Type::kPush;
    default:
      return Reply::Type::kArray;
  }
}

}  // namespace

void ReplyParser::Feed(std::string_view bytes) {
  // What is behind us goes when it is the larger part, so that each byte moves O(1) times.
  if (position_ > 4096 && position_ > buffer_.size() / 2) {
    buffer_.erase(0, position_);
    scanned_ -= position_;
    position_ = 0;
  }
  buffer_.append(bytes);
}

ReplyParser::Status ReplyParser::Next(Reply* reply) {
  while (error_.empty()) {
    progress_ = false;
    std::optional<Reply> item = ReadItem();
    if (item.has_value()) {
      *reply = std::move(*item);
      return Status::kReply;
    }
    if (!progress_ && error_.empty()) return Status::kNeedMore;
  }
  return Status::kError;
}

std::optional<Reply> ReplyParser::ReadItem() {
  if (position_ == buffer_.size()) return std::nullopt;
  size_t after_line = 0;
  const std::optional<std::string_view> whole = FindLine(&after_line);
  if (!whole.has_value()) return std::nullopt;
  const char type = buffer_[position_];
  const std::string_view line = whole->substr(std::min<size_t>(1, whole->size()));
  const bool in_string = !frames_.empty() && frames_.back().is_string;
  if (in_string != (type == ';')) return Fail("a piece of a streamed string is out of place");
  switch (type) {
    case ';':
      return ReadPiece(line, after_line);
    case '$':
    case '!':
    case '=':
      return ReadBulk(type, line, after_line);
    case '*':
    case '%':
    case '~':
    case '>':
    case '|':
      Advance(after_line);
      return OpenAggregate(type, line);
    case '.':
      Advance(after_line);
      return EndStream(line);
    default:
      Advance(after_line);
      return ReadLineItem(type, line);
  }
}

std::optional<Reply> ReplyParser::ReadLineItem(char type, std::string_view line) {
  switch (type) {
    case '+':
      return Deliver(MakeText(Reply::Type::kSimpleString, line));
    case '-':
      return Deliver(MakeText(Reply::Type::kError, line));
    case '_':
      if (!line.empty()) return Fail("a null with text");
      return Deliver(Reply());
    case '#':
      if (line != "t" && line != "f") return Fail("a boolean that is neither t nor f");
      return Deliver(MakeInteger(Reply::Type::kBool, line == "t" ? 1 : 0));
    case ':':
    case ',':
    case '(':
      return ReadNumberItem(type, line);
    default:
      return Fail("an unknown type of reply");
  }
}

std::optional<Reply> ReplyParser::ReadNumberItem(char type, std::string_view line) {
  if (type == ':') {
    const std::optional<int64_t> value = ParseReplyInteger(line);
    if (!value.has_value()) return Fail("an invalid integer");
    return Deliver(MakeInteger(Reply::Type::kInteger, *value));
  }
  if (type == '(') {
    if (!IsBigNumber(line)) return Fail("an invalid big number");
    return Deliver(MakeText(Reply::Type::kBigNumber, line));
  }
  Reply reply = MakeText(Reply::Type::kDouble, line);
  if (line == "nan" || line == "-nan") {
    reply.number = std::numeric_limits<double>::quiet_NaN();
    return Deliver(std::move(reply));
  }
  const std::optional<double> value = ParseDouble(line);
  if (!value.has_value()) return Fail("an invalid double");
  reply.number = *value;
  return Deliver(std::move(reply));
}

std::optional<Reply> ReplyParser::ReadBulk(char type, std::string_view line, size_t after_line) {
  if (type == '$' && line == "-1") {
    Advance(after_line);
    return Deliver(MakeText(Reply::Type::kNullBulk, {}));
  }
  if (type == '$' && line == "?") {
    if (frames_.size() >= limits_.max_depth) return Fail("replies nested too deeply");
    Frame& frame = frames_.emplace_back();
    frame.reply.type = Reply::Type::kBulk;
    frame.is_string = true;
    frame.left = kStreamed;
    return Advance(after_line);
  }
  const std::optional<int64_t> length = ReadLength(line, limits_.max_bulk_bytes);
  if (!length.has_value() || !HasPayload(after_line, *length)) return std::nullopt;
  const auto size = static_cast<size_t>(*length);
  std::string_view text = std::string_view(buffer_).substr(after_line, size);
  Reply reply;
  if (type == '=') {
    if (size < 4 || text[3] != ':') return Fail("a verbatim string without its format");
    reply.type = Reply::Type::kVerbatim;
    reply.format = text.substr(0, 3);
    text.remove_prefix(4);
  } else {
    reply.type = type == '$' ? Reply::Type::kBulk : Reply::Type::kBulkError;
  }
  reply.text = text;
  Advance(after_line + size + 2);
  return Deliver(std::move(reply));
}

std::optional<Reply> ReplyParser::OpenAggregate(char type, std::string_view line) {
  if (type == '*' && line == "-1") return Deliver(MakeText(Reply::Type::kNullArray, {}));
  const bool in_pairs = type == '%' || type == '|';
  int64_t left = kStreamed;
  if (line != "?") {
    const std::optional<int64_t> count =
        ReadLength(line, in_pairs ? limits_.max_children / 2 : limits_.max_children);
    if (!count.has_value()) return std::nullopt;
    left = in_pairs ? *count * 2 : *count;
  }
  if (frames_.size() >= limits_.max_depth) return Fail("replies nested too deeply");
  Frame& frame = frames_.emplace_back();
  frame.reply.type = AggregateType(type);
  frame.is_attribute = type == '|';
  frame.left = left;
  if (left == 0) return CloseFrame();
  return std::nullopt;
}

std::optional<Reply> ReplyParser::ReadPiece(std::string_view line, size_t after_line) {
  std::string& text = frames_.back().reply.text;
  const std::optional<int64_t> length =
      ReadLength(line, limits_.max_bulk_bytes - static_cast<int64_t>(text.size()));
  if (!length.has_value()) return std::nullopt;
  if (*length == 0) {
    Advance(after_line);
    return CloseFrame();
  }
  if (!HasPayload(after_line, *length)) return std::nullopt;
  const auto size = static_cast<size_t>(*length);
  text.append(buffer_, after_line, size);
  return Advance(after_line + size + 2);
}

std::optional<Reply> ReplyParser::EndStream(std::string_view line) {
  if (!line.empty() || frames_.empty() || frames_.back().left != kStreamed) {
    return Fail("an end of a stream that is out of place");
  }
  const Frame& frame = frames_.back();
  const bool odd = frame.reply.children.size() % 2 != 0;
  if (!frame.attributes.empty() || (frame.reply.type == Reply::Type::kMap && odd)) {
    return Fail("a streamed reply that ends in the middle of a pair");
  }
  return CloseFrame();
}

std::optional<Reply> ReplyParser::Deliver(Reply reply) {
  progress_ = true;
  std::vector<Reply>& attributes = frames_.empty() ? attributes_ : frames_.back().attributes;
  reply.attributes = std::exchange(attributes, {});
  if (frames_.empty()) return reply;
  Frame& frame = frames_.back();
  if (static_cast<int64_t>(frame.reply.children.size()) >= limits_.max_children) {
    return Fail("too many elements");
  }
  frame.reply.children.push_back(std::move(reply));
  if (frame.left == kStreamed || --frame.left > 0) return std::nullopt;
  return CloseFrame();
}

std::optional<Reply> ReplyParser::CloseFrame() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (!frame.is_attribute) return Deliver(std::move(frame.reply));
  // Several attributes before one reply count as one.
  std::vector<Reply>& attributes = frames_.empty() ? attributes_ : frames_.back().attributes;
  std::move(frame.reply.children.begin(), frame.reply.children.end(),
            std::back_inserter(attributes));
  progress_ = true;
  return std::nullopt;
}

std::optional<std::string_view> ReplyParser::FindLine(size_t* after_line) {
  const size_t end = buffer_.find('\n', std::max(scanned_, position_));
  scanned_ = end == std::string::npos ? buffer_.size() : end;
  if (scanned_ - position_ > limits_.max_line_bytes) return Fail("a line that is too long");
  if (end == std::string::npos) return std::nullopt;
  if (end == position_ || buffer_[end - 1] != '\r') return Fail("a line without CR LF");
  *after_line = end + 1;
  return std::string_view(buffer_).substr(position_, end - 1 - position_);
}

bool ReplyParser::HasPayload(size_t at, int64_t length) {
  const auto size = static_cast<size_t>(length);
  const size_t available = buffer_.size() - at;
  if (available < size || available - size < 2) return false;
  if (buffer_[at + size] == '\r' && buffer_[at + size + 1] == '\n') return true;
  Fail("a payload that does not end in CR LF");
  return false;
}

std::optional<int64_t> ReplyParser::ReadLength(std::string_view line, int64_t max) {
  const std::optional<int64_t> length = ParseInt64(line);
  if (!length.has_value() || *length < 0 || *length > max) return Fail("an invalid length");
  return length;
}

std::nullopt_t ReplyParser::Fail(std::string_view text) {
  if (error_.empty()) error_ = text;
  return std::nullopt;
}

std::nullopt_t ReplyParser::Advance(size_t to) {
  position_ = to;
  scanned_ = to;
  progress_ = true;
  return std::nullopt;
}

}  // namespace resp
