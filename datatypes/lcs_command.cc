// SPDX-License-Identifier: BSD-3-Clause
// LCS: what two strings have in common.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/lcs.h"
#include "datatypes/string_access.h"
#include "datatypes/string_families.h"
#include "datatypes/string_value.h"

namespace datatypes {
namespace {

struct LcsOptions {
  bool idx = false;
  bool len = false;
  bool with_match_len = false;
  uint64_t min_match_len = 0;
};

Result<LcsOptions> ParseLcsOptions(Args args) {
  LcsOptions options;
  for (size_t i = 0; i < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "idx")) {
      options.idx = true;
    } else if (EqualsIgnoreCase(args[i], "len")) {
      options.len = true;
    } else if (EqualsIgnoreCase(args[i], "withmatchlen")) {
      options.with_match_len = true;
    } else if (EqualsIgnoreCase(args[i], "minmatchlen") && i + 1 < args.size()) {
      ASSIGN_OR_RETURN(const int64_t least, ParseInteger(args[++i]));
      options.min_match_len = static_cast<uint64_t>(std::max<int64_t>(least, 0));
    } else {
      return Fail(kSyntaxError);
    }
  }
  if (options.idx && options.len) return Fail(kLcsBothLenAndIdx);
  return options;
}

// Redis keeps four bytes for each pair of positions and refuses what exceeds proto-max-bulk-len. We
// need a bit, and refuse the same: clients must not meet another limit here than there.
Result<void> CheckLcsSize(const CommandContext& ctx, uint64_t a_size, uint64_t b_size) {
  constexpr uint64_t kMaxBytes = std::numeric_limits<uint32_t>::max() - 1;
  if (a_size >= kMaxBytes || b_size >= kMaxBytes) return Fail(kLcsTooLong);
  const uint64_t cells = (a_size + 1) * (b_size + 1);
  const uint64_t limit = static_cast<uint64_t>(ctx.settings.proto_max_bulk_len);
  if (cells > limit / sizeof(uint32_t)) return Fail(kLcsNeedsTooMuchMemory);
  return {};
}

void ReplyMatches(CommandContext& ctx, const LongestCommonSubsequence& lcs,
                  const LcsOptions& options) {
  ctx.reply.Map(2);
  ctx.reply.Bulk("matches");
  const resp::Writer::Deferred header = ctx.reply.Defer();
  size_t shown = 0;
  for (const LongestCommonSubsequence::Match& match : lcs.Matches()) {
    if (match.length < options.min_match_len) continue;
    ++shown;
    ctx.reply.Array(options.with_match_len ? 3 : 2);
    for (const size_t begin : {match.a_begin, match.b_begin}) {
      ctx.reply.Array(2);
      ctx.reply.Integer(static_cast<int64_t>(begin));
      ctx.reply.Integer(static_cast<int64_t>(begin + match.length - 1));
    }
    if (options.with_match_len) ctx.reply.Integer(static_cast<int64_t>(match.length));
  }
  ctx.reply.SetArrayLength(header, shown);
  ctx.reply.Bulk("len");
  ctx.reply.Integer(static_cast<int64_t>(lcs.length()));
}

// WRONGTYPE has a text of its own here.
Result<String> OpenForLcs(CommandContext& ctx, std::string_view key) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Get(key));
  if (entry != nullptr && entry->type() != kString) return Fail(kLcsNotStrings);
  return String::Of(ctx.keyspace, key, entry);
}

// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]
Result<void> Lcs(CommandContext& ctx) {
  ASSIGN_OR_RETURN(String a, OpenForLcs(ctx, ctx.args[1]));
  ASSIGN_OR_RETURN(String b, OpenForLcs(ctx, ctx.args[2]));
  ASSIGN_OR_RETURN(const LcsOptions options, ParseLcsOptions(ctx.args.subspan(3)));
  RETURN_IF_ERROR(CheckLcsSize(ctx, a.size(), b.size()));
  ChunkLoads loads(ctx);
  loads.Need(a, 0, a.size());
  loads.Need(b, 0, b.size());
  if (loads.Suspend()) return {};

  std::string a_scratch;
  std::string b_scratch;
  ASSIGN_OR_RETURN(const std::string_view a_bytes, a.View(0, a.size(), a_scratch));
  ASSIGN_OR_RETURN(const std::string_view b_bytes, b.View(0, b.size(), b_scratch));
  const LongestCommonSubsequence lcs(a_bytes, b_bytes, options.idx || !options.len);
  if (options.idx) {
    ReplyMatches(ctx, lcs, options);
  } else if (options.len) {
    ctx.reply.Integer(static_cast<int64_t>(lcs.length()));
  } else {
    ctx.reply.Bulk(lcs.Text());
  }
  return {};
}

constexpr CommandSpec kLcsCommands[] = {
    {.name = "lcs",
     .handler = Lcs,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclString,
     .keys = {KeySpec{.flags = kRO | kAccess, .index = 1, .last = 1}},
     .group = "string",
     .since = "7.0.0",
     .summary = "Finds the longest common subsequence of two strings.",
     .complexity = "O(N*M) where N and M are the lengths of the strings.",
     .syntax = "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]"},
};

}  // namespace

std::span<const CommandSpec> LcsCommands() {
  return kLcsCommands;
}

}  // namespace datatypes
