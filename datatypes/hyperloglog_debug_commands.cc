// SPDX-License-Identifier: BSD-3-Clause
// What tests of clients look into HyperLogLogs with: PFDEBUG, PFSELFTEST.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "datatypes/hyperloglog.h"
#include "datatypes/hyperloglog_access.h"

namespace datatypes {
namespace {

// Gives the value at `key` its dense form. Requires it to be a sparse one.
Result<void> StoreDense(CommandContext& ctx, const String& string, std::string_view bytes) {
  HyperLogLog log(std::string(bytes), /*sparse_max_bytes=*/0);
  if (!log.MakeDense()) return Fail(kDamagedHyperLogLog);
  SaveHyperLogLog(ctx, ctx.args[2], string.entry(), log.bytes());
  return {};
}

// PFDEBUG GETREG | DECODE | ENCODING | TODENSE key
Result<void> PfDebug(CommandContext& ctx) {
  const std::string_view what = ctx.args[1];
  ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, ctx.args[2]));
  if (!string.exists()) return Fail(kPfDebugNoKey);
  std::string scratch;
  ASSIGN_OR_RETURN(const std::string_view bytes, HyperLogLogBytes(string, scratch));
  const bool sparse = HyperLogLog::EncodingOf(bytes) == HyperLogLog::Encoding::kSparse;
  if (EqualsIgnoreCase(what, "getreg")) {
    HyperLogLog::Registers registers = {};
    if (!HyperLogLog::MergeInto(registers, bytes)) return Fail(kDamagedHyperLogLog);
    if (sparse) RETURN_IF_ERROR(StoreDense(ctx, string, bytes));
    ctx.reply.Array(registers.size());
    for (const uint8_t value : registers) ctx.reply.Integer(value);
  } else if (EqualsIgnoreCase(what, "decode")) {
    if (!sparse) return Fail(kPfDebugNotSparse);
    ctx.reply.Bulk(HyperLogLog::Describe(bytes));
  } else if (EqualsIgnoreCase(what, "encoding")) {
    ctx.reply.SimpleString(sparse ? "sparse" : "dense");
  } else if (EqualsIgnoreCase(what, "todense")) {
    if (sparse) RETURN_IF_ERROR(StoreDense(ctx, string, bytes));
    ctx.reply.Integer(sparse ? 1 : 0);
  } else {
    return Fail(fmt::format("ERR Unknown PFDEBUG subcommand '{}'", what));
  }
  return {};
}

// Whether both forms hold registers and agree: every register is set to several values, each
// greater than the last.
std::optional<std::string> CheckRegisters(CommandContext& ctx) {
  HyperLogLog sparse(HyperLogLog::Empty(), HyperLogLog::kMaxBytes);
  HyperLogLog dense(HyperLogLog::Empty(), 0);
  HyperLogLog::Registers wanted = {};
  constexpr int kRounds = 4096;
  for (int i = 0; i < kRounds; ++i) {
    const size_t index = ctx.random() % HyperLogLog::kRegisters;
    const auto value = static_cast<uint8_t>(ctx.random() % 32 + 1);
    if (!sparse.Raise(index, value) || !dense.Raise(index, value)) return "an edit failed";
    wanted[index] = std::max(wanted[index], value);
  }
  for (const HyperLogLog* log : {&sparse, &dense}) {
    HyperLogLog::Registers found = {};
    if (!HyperLogLog::MergeInto(found, log->bytes()) || found != wanted) {
      return log == &sparse ? "sparse registers are wrong" : "dense registers are wrong";
    }
  }
  return std::nullopt;
}

// Whether estimates are as good as they should be, from 1 to 100,000 elements.
std::optional<std::string> CheckEstimates(CommandContext& ctx) {
  HyperLogLog log(HyperLogLog::Empty(), 3000);
  const double error = 1.04 / std::sqrt(static_cast<double>(HyperLogLog::kRegisters));
  const uint64_t seed = ctx.random();
  constexpr uint64_t kMost = 100'000;
  uint64_t checkpoint = 1;
  for (uint64_t added = 1; added <= kMost; ++added) {
    const uint64_t element = seed ^ added;
    char bytes[sizeof(element)];
    std::memcpy(bytes, &element, sizeof(element));
    if (!log.Add({bytes, sizeof(bytes)})) return "an element could not be added";
    if (added != checkpoint) continue;
    const uint64_t count = HyperLogLog::Count(log.bytes()).value_or(0);
    const double off = std::fabs(static_cast<double>(count) - static_cast<double>(added));
    // Six times the standard error; small numbers may be off by one element.
    if (off > std::ceil(error * 6 * static_cast<double>(added))) {
      return fmt::format("Too big error. card:{} abserr:{}", added, static_cast<uint64_t>(off));
    }
    checkpoint *= 10;
  }
  return std::nullopt;
}

// PFSELFTEST
Result<void> PfSelfTest(CommandContext& ctx) {
  for (const auto& check : {CheckRegisters, CheckEstimates}) {
    if (const std::optional<std::string> wrong = check(ctx)) {
      return Fail("TESTFAILED " + *wrong);
    }
  }
  ctx.reply.SimpleString("OK");
  return {};
}

constexpr CommandSpec kDebugCommands[] = {
    {.name = "pfdebug",
     .handler = PfDebug,
     .arity = 3,
     .flags = kWrite | kDenyOom | kAdmin,
     .acl = kAclHyperLogLog,
     .keys = OneKey(2, kRW | kAccess),
     .group = "hyperloglog",
     .since = "2.8.9",
     .summary = "Shows how a HyperLogLog is stored.",
     .complexity = "N/A",
     .syntax = "subcommand key"},
    {.name = "pfselftest",
     .handler = PfSelfTest,
     .arity = 1,
     .flags = kAdmin,
     .acl = kAclHyperLogLog,
     .group = "hyperloglog",
     .since = "2.8.9",
     .summary = "Checks that HyperLogLogs work.",
     .complexity = "N/A"},
};

}  // namespace

std::span<const CommandSpec> HyperLogLogDebugCommands() {
  return kDebugCommands;
}

}  // namespace datatypes
