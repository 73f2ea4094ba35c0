// SPDX-License-Identifier: BSD-3-Clause
// Walks over all keys of a database. They go page by page; between pages that must be read others
// run, and after some that were in RAM likewise. The matches gather in pieces that the reply then
// shares, since the length of the array stands before it.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/gathered_bulks.h"
#include "datatypes/glob.h"
#include "datatypes/types.h"
#include "resp/number_format.h"

namespace datatypes {
namespace {

enum class Form : uint8_t { kKeys, kScan };

struct WalkPlan {
  Form form = Form::kScan;
  uint64_t cursor = 0;
  uint64_t count = 10;  // Keys to look at, about.
  std::string pattern = "*";
  std::string type;  // Empty: any.
};

class KeyWalk final : public Suspension {
 public:
  explicit KeyWalk(WalkPlan plan) : plan_(std::move(plan)), all_(plan_.pattern == "*") {}

  // Goes on until the reply is written (true), or it has to wait or ought to let others run.
  Result<bool> Resume(CommandContext& ctx) override {
    if (std::exchange(waiting_, false)) TakePage();
    for (int pages = 0; !complete_; ++pages) {
      if (pages >= kPagesAtOnce && ctx.may_suspend) {
        ctx.yield = true;
        return false;
      }
      ASSIGN_OR_RETURN(const bool filled, FillPage(ctx));
      if (!filled) return false;
      TakePage();
    }
    WriteReply(ctx.reply);
    return true;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr uint64_t kPageKeys = 512;
  static constexpr int kPagesAtOnce = 8;

  Result<bool> FillPage(CommandContext& ctx) {
    lsm::Store& store = ctx.keyspace.store();
    const uint32_t db = ctx.keyspace.db();
    const auto count = static_cast<size_t>(std::min(plan_.count, kPageKeys));
    page_ = {};
    if (ctx.may_suspend) {
      waiting_ = !store.Scan(db, plan_.cursor, count, page_, *this);
      return !waiting_;
    }
    const lsm::Status status = store.ScanNow(db, plan_.cursor, count, page_);
    if (!status.ok()) return tl::unexpected(Error(status));
    return true;
  }

  void TakePage() {
    for (const lsm::ScanItem& item : page_.items) {
      if (!all_ && !GlobMatch(plan_.pattern, item.key)) continue;
      if (!plan_.type.empty() && !EqualsIgnoreCase(plan_.type, TypeName(item.type))) continue;
      matches_.Add(item.key);
    }
    plan_.cursor = page_.next_cursor;
    plan_.count -= std::min<uint64_t>(plan_.count, page_.items.size());
    complete_ = plan_.cursor == 0 || plan_.count == 0;
  }

  void WriteReply(resp::Writer& reply) {
    if (plan_.form == Form::kScan) {
      char cursor[resp::kMaxInt64Chars];
      const char* end = resp::FormatUint64(cursor, plan_.cursor);
      reply.Array(2);
      reply.Bulk({cursor, static_cast<size_t>(end - cursor)});
    }
    matches_.WriteArray(reply);
  }

  WalkPlan plan_;
  const bool all_;
  bool waiting_ = false;  // For page_.
  bool complete_ = false;
  lsm::ScanPage page_;
  GatheredBulks matches_;
};

Result<void> Walk(CommandContext& ctx, WalkPlan plan) {
  auto walk = std::make_unique<KeyWalk>(std::move(plan));
  ASSIGN_OR_RETURN(const bool done, walk->Resume(ctx));
  if (!done) ctx.Suspend(std::move(walk));
  return {};
}

// KEYS pattern
Result<void> Keys(CommandContext& ctx) {
  WalkPlan plan;
  plan.form = Form::kKeys;
  plan.count = std::numeric_limits<uint64_t>::max();
  plan.pattern = ctx.args[1];
  return Walk(ctx, std::move(plan));
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
Result<void> Scan(CommandContext& ctx) {
  WalkPlan plan;
  ASSIGN_OR_RETURN(plan.cursor, ParseCursor(ctx.args[1]));
  for (OptionReader options(ctx.args, 2); !options.done();) {
    if (options.Take("COUNT", 1)) {
      ASSIGN_OR_RETURN(const int64_t count, ParseIntegerFrom(options.operand(), 1, kSyntaxError));
      plan.count = static_cast<uint64_t>(count);
    } else if (options.Take("MATCH", 1)) {
      plan.pattern = options.operand();
    } else if (options.Take("TYPE", 1)) {
      plan.type = options.operand();
      if (plan.type.empty()) plan.type = " ";  // No type at all.
    } else {
      return Fail(kSyntaxError);
    }
  }
  return Walk(ctx, std::move(plan));
}

// RANDOMKEY
Result<void> RandomKey(CommandContext& ctx) {
  lsm::Result<std::optional<std::string>> key = ctx.keyspace.store().RandomKey(ctx.keyspace.db());
  if (!key) return tl::unexpected(Error(key.error()));
  if (*key) {
    ctx.reply.Bulk(**key);
  } else {
    ctx.reply.Null();
  }
  return {};
}

constexpr CommandSpec kScanCommands[] = {
    {.name = "keys",
     .handler = Keys,
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Lists all keys whose names match a pattern.",
     .complexity = "O(N) for N keys in the database.",
     .syntax = "pattern",
     .tips = "request_policy:all_shards nondeterministic_output_order"},
    {.name = "scan",
     .handler = Scan,
     .arity = -2,
     .flags = kReadonly,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.8.0",
     .summary = "Lists the keys of the database in steps.",
     .complexity = "O(1) for a step, O(N) for all of them, N being the number of keys.",
     .syntax = "cursor [MATCH pattern] [COUNT count] [TYPE type]{@6.0.0}",
     .tips = "nondeterministic_output request_policy:special",
     .history = "6.0.0\tAdded the `TYPE` subcommand."},
    {.name = "randomkey",
     .handler = RandomKey,
     .arity = 1,
     .flags = kReadonly,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Names a key of the database, chosen by chance.",
     .complexity = "O(1)",
     .tips = "request_policy:all_shards nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> ScanCommands() {
  return kScanCommands;
}

}  // namespace datatypes
