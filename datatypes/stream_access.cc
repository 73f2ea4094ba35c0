// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_access.h"

#include <algorithm>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/stream_errors.h"

namespace datatypes {
namespace {

// How much approximate trimming does at most, unless LIMIT says so: this many runs.
constexpr int64_t kDefaultLimitRuns = 100;
constexpr int64_t kDefaultLimit = 10'000;
constexpr int64_t kMaxDefaultLimit = 1'000'000;

}  // namespace

Result<Stream> OpenStream(const CommandContext& ctx, std::string_view key) {
  return Stream::Open(ctx.keyspace, key, ctx.settings);
}

void ReplyStreamId(resp::Writer& reply, const StreamId& id) {
  char text[kMaxStreamIdChars];
  reply.Bulk({text, static_cast<size_t>(FormatStreamId(text, id) - text)});
}

void ReplyStreamEntry(resp::Writer& reply, const StreamId& id, StreamFields fields) {
  reply.Array(2);
  ReplyStreamId(reply, id);
  reply.Array(fields.size());
  while (fields.size() > 0) reply.Bulk(fields.Take());
}

Result<size_t> StreamTrimOptions::Take(Args args, size_t at) {
  const size_t more = args.size() - 1 - at;
  const std::string_view option = args[at];
  if (more == 0) return size_t{0};
  if (EqualsIgnoreCase(option, "LIMIT")) {
    ASSIGN_OR_RETURN(const int64_t limit, ParseIntegerFrom(args[at + 1], 0, kTrimLimitNegative));
    trim_.limit = static_cast<uint64_t>(limit);
    limit_given_ = true;
    return size_t{2};
  }
  const bool by_length = EqualsIgnoreCase(option, "MAXLEN");
  if (!by_length && !EqualsIgnoreCase(option, "MINID")) return size_t{0};
  if (trim_.strategy != StreamTrim::Strategy::kNone) return Fail(kTrimMaxLenAndMinId);
  size_t operand = at + 1;
  trim_.approximate = more >= 2 && args[operand] == "~";
  if (trim_.approximate || (more >= 2 && args[operand] == "=")) ++operand;
  if (by_length) {
    ASSIGN_OR_RETURN(const int64_t length, ParseIntegerFrom(args[operand], 0, kTrimMaxLenNegative));
    trim_.max_length = static_cast<uint64_t>(length);
    trim_.strategy = StreamTrim::Strategy::kMaxLen;
  } else {
    ASSIGN_OR_RETURN(trim_.min_id, ParseStreamId(args[operand]));
    trim_.strategy = StreamTrim::Strategy::kMinId;
  }
  return operand + 1 - at;
}

Result<StreamTrim> StreamTrimOptions::Finish(const Settings& settings) const {
  if (trim_.limit != 0 && trim_.strategy == StreamTrim::Strategy::kNone) {
    return Fail(kTrimLimitWithoutStrategy);
  }
  if (limit_given_ && !trim_.approximate) return Fail(kTrimLimitNotApproximate);
  StreamTrim trim = trim_;
  if (trim.approximate && !limit_given_) {
    int64_t limit = kDefaultLimit;
    if (settings.stream_node_max_entries > 0) {
      limit = std::min(settings.stream_node_max_entries, kMaxDefaultLimit) * kDefaultLimitRuns;
    }
    trim.limit = static_cast<uint64_t>(std::min(limit, kMaxDefaultLimit));
  }
  return trim;
}

}  // namespace datatypes
