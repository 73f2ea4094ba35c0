// SPDX-License-Identifier: BSD-3-Clause
// Estimates of how many different elements there are: PFADD, PFCOUNT, PFMERGE.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/hyperloglog.h"
#include "datatypes/hyperloglog_access.h"
#include "datatypes/string_access.h"

namespace datatypes {

Result<std::string_view> HyperLogLogBytes(const String& string, std::string& scratch) {
  constexpr std::string_view kDense("\0", 1);
  if (string.size() < HyperLogLog::kHeaderBytes) return Fail(kNotAHyperLogLog);
  if (string.size() > HyperLogLog::kMaxBytes) {
    // Too long for any, so that only its beginning matters for the error.
    ASSIGN_OR_RETURN(const std::string_view header,
                     string.View(0, HyperLogLog::kHeaderBytes, scratch));
    const bool sparse = HyperLogLog::Recognize(header) && header.substr(4, 1) != kDense;
    return Fail(sparse ? kDamagedHyperLogLog : kNotAHyperLogLog);
  }
  ASSIGN_OR_RETURN(const std::string_view bytes, string.View(0, string.size(), scratch));
  if (!HyperLogLog::Recognize(bytes)) return Fail(kNotAHyperLogLog);
  return bytes;
}

void SaveHyperLogLog(CommandContext& ctx, std::string_view key, lsm::Entry* old,
                     std::string_view bytes) {
  String::Replace(ctx.keyspace, key, old, bytes, String::Expiry::kKeep, String::kEdited);
}

namespace {

size_t SparseLimit(const CommandContext& ctx) {
  return static_cast<size_t>(std::max<int64_t>(ctx.settings.hll_sparse_max_bytes, 0));
}

// A copy to be edited; of an absent one, a new one.
Result<HyperLogLog> CopyOf(CommandContext& ctx, const String& string) {
  if (!string.exists()) return HyperLogLog(HyperLogLog::Empty(), SparseLimit(ctx));
  std::string scratch;
  ASSIGN_OR_RETURN(const std::string_view bytes, HyperLogLogBytes(string, scratch));
  return HyperLogLog(std::string(bytes), SparseLimit(ctx));
}

// PFADD key [element [element ...]]
Result<void> PfAdd(CommandContext& ctx) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
  ASSIGN_OR_RETURN(HyperLogLog log, CopyOf(ctx, string));
  const bool created = !string.exists();
  bool changed = created;
  for (const std::string_view element : ctx.args.subspan(2)) {
    const std::optional<bool> raised = log.Add(element);
    if (!raised) return Fail(kDamagedHyperLogLog);
    changed = changed || *raised;
  }
  if (changed) {
    log.InvalidateCachedCount();
    SaveHyperLogLog(ctx, key, string.entry(), log.bytes());
    NotifyChanged(ctx, key, created, "pfadd");
  }
  ctx.reply.Integer(changed ? 1 : 0);
  return {};
}

// Raises `registers` to those of `key`, if it is there.
Result<void> Merge(CommandContext& ctx, std::string_view key, HyperLogLog::Registers& registers,
                   bool* any_dense) {
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
  if (!string.exists()) return {};
  std::string scratch;
  ASSIGN_OR_RETURN(const std::string_view bytes, HyperLogLogBytes(string, scratch));
  if (HyperLogLog::EncodingOf(bytes) == HyperLogLog::Encoding::kDense) *any_dense = true;
  if (!HyperLogLog::MergeInto(registers, bytes)) return Fail(kDamagedHyperLogLog);
  return {};
}

Result<uint64_t> CountUnion(CommandContext& ctx, Args keys) {
  HyperLogLog::Registers registers = {};
  bool any_dense = false;
  for (const std::string_view key : keys) {
    RETURN_IF_ERROR(Merge(ctx, key, registers, &any_dense));
  }
  return HyperLogLog::Count(registers);
}

// Also keeps the estimate in the value, as Redis does, while writes are possible.
Result<uint64_t> CountOne(CommandContext& ctx, std::string_view key) {
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
  if (!string.exists()) return uint64_t{0};
  std::string scratch;
  ASSIGN_OR_RETURN(const std::string_view bytes, HyperLogLogBytes(string, scratch));
  if (const std::optional<uint64_t> cached = HyperLogLog::CachedCount(bytes)) return *cached;
  const std::optional<uint64_t> count = HyperLogLog::Count(bytes);
  if (!count) return Fail(kDamagedHyperLogLog);
  if (ctx.keyspace.store().Writable()) {
    HyperLogLog log(std::string(bytes), SparseLimit(ctx));
    log.CacheCount(*count);
    SaveHyperLogLog(ctx, key, string.entry(), log.bytes());
  }
  return *count;
}

// PFCOUNT key [key ...]
Result<void> PfCount(CommandContext& ctx) {
  uint64_t count = 0;
  if (ctx.args.size() > 2) {
    ASSIGN_OR_RETURN(count, CountUnion(ctx, ctx.args.subspan(1)));
  } else {
    ASSIGN_OR_RETURN(count, CountOne(ctx, ctx.args[1]));
  }
  ctx.reply.Integer(static_cast<int64_t>(count));
  return {};
}

// PFMERGE destkey [sourcekey [sourcekey ...]]
Result<void> PfMerge(CommandContext& ctx) {
  HyperLogLog::Registers registers = {};
  bool any_dense = false;
  for (const std::string_view key : ctx.args.subspan(1)) {
    RETURN_IF_ERROR(Merge(ctx, key, registers, &any_dense));
  }
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, key));
  ASSIGN_OR_RETURN(HyperLogLog log, CopyOf(ctx, string));
  const bool created = !string.exists();
  if (any_dense && !log.MakeDense()) return Fail(kDamagedHyperLogLog);
  for (size_t i = 0; i < registers.size(); ++i) {
    if (registers[i] == 0) continue;
    if (!log.Raise(i, registers[i])) return Fail(kDamagedHyperLogLog);
  }
  log.InvalidateCachedCount();
  SaveHyperLogLog(ctx, key, string.entry(), log.bytes());
  NotifyChanged(ctx, key, created, "pfadd");
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr CommandSpec kHyperLogLogCommands[] = {
    {.name = "pfadd",
     .handler = PfAdd,
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .acl = kAclHyperLogLog,
     .keys = OneKey(1, kRW | kInsert),
     .group = "hyperloglog",
     .since = "2.8.9",
     .summary = "Adds elements to a HyperLogLog; creates the key if absent.",
     .complexity = "O(1) for every element.",
     .syntax = "key [element [element ...]]"},
    {.name = "pfcount",
     .handler = PfCount,
     .arity = -2,
     .flags = kReadonly | kMayReplicate,
     .acl = kAclHyperLogLog,
     .keys = {{.flags = kRW | kAccess,
               .index = 1,
               .last = -1,
               .notes = "RW because it may change the internal representation of the key, and "
                        "propagate to replicas"}},
     .group = "hyperloglog",
     .since = "2.8.9",
     .summary = "Estimates how many different elements HyperLogLogs have seen.",
     .complexity = "O(1) with one key; O(N) for N keys, each of which is read whole.",
     .syntax = "key [key ...]"},
    {.name = "pfmerge",
     .handler = PfMerge,
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .acl = kAclHyperLogLog,
     .keys = {{.flags = kRW | kAccess | kInsert, .index = 1},
              {.flags = kRO | kAccess, .index = 2, .last = -1}},
     .group = "hyperloglog",
     .since = "2.8.9",
     .summary = "Merges HyperLogLogs into one; creates the key if absent.",
     .complexity = "O(N) for N HyperLogLogs, each of which is read whole.",
     .syntax = "destkey [sourcekey [sourcekey ...]]"},
};

}  // namespace

std::span<const CommandSpec> HyperLogLogCommands() {
  // One family to the outside; inside, one file and table for each idea.
  static const std::vector<CommandSpec> all = [] {
    std::vector<CommandSpec> rows(std::begin(kHyperLogLogCommands), std::end(kHyperLogLogCommands));
    const std::span<const CommandSpec> debug = HyperLogLogDebugCommands();
    rows.insert(rows.end(), debug.begin(), debug.end());
    return rows;
  }();
  return all;
}

}  // namespace datatypes
