// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_id.h"

#include "datatypes/errors.h"
#include "datatypes/stream_errors.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
// Redis has no room for a longer one.
constexpr size_t kMaxTextBytes = 127;

enum class Sequence : uint8_t { kNumber, kMayBeStar };

Result<NewStreamId> Parse(std::string_view text, uint64_t missing_seq, Sequence sequence) {
  if (text.size() > kMaxTextBytes) return Fail(kInvalidStreamId);
  text = text.substr(0, text.find('\0'));  // As C sees it.
  const size_t dash = text.find('-');
  const std::optional<uint64_t> ms = resp::ParseUint64(text.substr(0, dash));
  if (!ms) return Fail(kInvalidStreamId);
  if (dash == std::string_view::npos) return NewStreamId{{*ms, missing_seq}, true};
  const std::string_view rest = text.substr(dash + 1);
  if (sequence == Sequence::kMayBeStar && rest == "*") return NewStreamId{{*ms, 0}, false};
  const std::optional<uint64_t> seq = resp::ParseUint64(rest);
  if (!seq) return Fail(kInvalidStreamId);
  return NewStreamId{{*ms, *seq}, true};
}

bool IsExclusive(std::string_view text) {
  return text.size() > 1 && text.front() == '(';
}

}  // namespace

std::optional<StreamId> StreamId::Next() const {
  if (seq != kMax) return StreamId{ms, seq + 1};
  if (ms != kMax) return StreamId{ms + 1, 0};
  return std::nullopt;
}

std::optional<StreamId> StreamId::Previous() const {
  if (seq != 0) return StreamId{ms, seq - 1};
  if (ms != 0) return StreamId{ms - 1, kMax};
  return std::nullopt;
}

char* FormatStreamId(char* out, const StreamId& id) {
  out = resp::FormatUint64(out, id.ms);
  *out++ = '-';
  return resp::FormatUint64(out, id.seq);
}

Result<StreamId> ParseStreamId(std::string_view text, uint64_t missing_seq) {
  ASSIGN_OR_RETURN(const NewStreamId parsed, Parse(text, missing_seq, Sequence::kNumber));
  return parsed.id;
}

Result<StreamId> ParseStreamIdOrEnd(std::string_view text, uint64_t missing_seq) {
  if (text == "-") return StreamId{};
  if (text == "+") return StreamId::Max();
  return ParseStreamId(text, missing_seq);
}

Result<NewStreamId> ParseNewStreamId(std::string_view text) {
  return Parse(text, 0, Sequence::kMayBeStar);
}

Result<StreamId> ParseRangeStart(std::string_view text) {
  if (!IsExclusive(text)) return ParseStreamIdOrEnd(text, 0);
  ASSIGN_OR_RETURN(const StreamId before, ParseStreamId(text.substr(1), 0));
  const std::optional<StreamId> start = before.Next();
  if (!start) return Fail(kInvalidRangeStart);
  return *start;
}

Result<StreamId> ParseRangeEnd(std::string_view text) {
  if (!IsExclusive(text)) return ParseStreamIdOrEnd(text, kMax);
  ASSIGN_OR_RETURN(const StreamId after, ParseStreamId(text.substr(1), kMax));
  const std::optional<StreamId> end = after.Previous();
  if (!end) return Fail(kInvalidRangeEnd);
  return *end;
}

}  // namespace datatypes
