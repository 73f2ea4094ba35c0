// SPDX-License-Identifier: BSD-3-Clause
// Values that get another name, another database, or a second copy.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "datatypes/command_table.h"
#include "datatypes/copy_value.h"
#include "datatypes/draft.h"
#include "datatypes/errors.h"
#include "datatypes/key_watch.h"
#include "datatypes/rerun.h"
#include "lsm/row_expiry.h"
#include "lsm/row_stream.h"

namespace datatypes {
namespace {

void NotifyIn(const CommandContext& ctx, uint32_t db, uint32_t event_class, std::string_view event,
              std::string_view key) {
  ctx.notifier.Send(event_class, event, db, key);
}

enum class Existing : uint8_t { kReplace, kKeep };

Result<void> RenameKey(CommandContext& ctx, Existing existing) {
  const std::string_view from = ctx.args[1];
  const std::string_view to = ctx.args[2];
  ASSIGN_OR_RETURN(const lsm::Entry* const source, ctx.keyspace.Get(from));
  if (source == nullptr) return Fail(kNoSuchKey);
  bool moves = from != to;
  if (moves && existing == Existing::kKeep) {
    ASSIGN_OR_RETURN(const lsm::Entry* const destination, ctx.keyspace.Peek(to));
    moves = destination == nullptr;
  } else if (moves) {
    // To have it resident: what it is does not matter.
    ASSIGN_OR_RETURN([[maybe_unused]] const lsm::Entry* const destination, ctx.keyspace.Peek(to));
  }
  if (moves) {
    ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Peek(from));
    ctx.keyspace.store().Move(entry, ctx.keyspace.db(), to);
    ctx.Notify(kNotifyNew, "new", to);
    ctx.Notify(kNotifyGeneric, "rename_from", from);
    ctx.Notify(kNotifyGeneric, "rename_to", to);
  }
  if (existing == Existing::kKeep) {
    ctx.reply.Integer(moves ? 1 : 0);
  } else {
    ctx.reply.SimpleString("OK");
  }
  return {};
}

// RENAME key newkey
Result<void> Rename(CommandContext& ctx) {
  return RenameKey(ctx, Existing::kReplace);
}
// RENAMENX key newkey
Result<void> RenameNx(CommandContext& ctx) {
  return RenameKey(ctx, Existing::kKeep);
}

// MOVE key db
Result<void> Move(CommandContext& ctx) {
  lsm::Store& store = ctx.keyspace.store();
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(const uint32_t to_db, ParseDb(ctx.args[2], store.databases()));
  if (to_db == ctx.keyspace.db()) return Fail(kSameObject);
  if (!LoadedOrSuspended(ctx, to_db, key)) return {};
  ASSIGN_OR_RETURN(const lsm::Entry* const taken, ctx.keyspace.InDb(to_db).Peek(key));
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Peek(key));
  if (entry == nullptr || taken != nullptr) {
    ctx.reply.Integer(0);
    return {};
  }
  store.Move(entry, to_db, key);
  NotifyIn(ctx, to_db, kNotifyNew, "new", key);
  ctx.Notify(kNotifyGeneric, "move_from", key);
  NotifyIn(ctx, to_db, kNotifyGeneric, "move_to", key);
  ctx.reply.Integer(1);
  return {};
}

Result<void> CopyNow(CommandContext& ctx, uint32_t to_db) {
  const std::string_view to = ctx.args[2];
  RETURN_IF_ERROR(CopyValue(ctx.keyspace, ctx.args[1], ctx.keyspace.InDb(to_db), to));
  NotifyIn(ctx, to_db, kNotifyNew, "new", to);
  NotifyIn(ctx, to_db, kNotifyGeneric, "copy_to", to);
  ctx.reply.Integer(1);
  return {};
}

// Copies a large collection a part at a time while others run: its rows are read from a snapshot,
// off the loop, into a draft. If the source was changed meanwhile, all begins anew, and after some
// such disappointments is done at one go: so the copy is what the source is when it appears.
class CopyWalk final : public Suspension {
 public:
  CopyWalk(lsm::Store& store, uint32_t to_db, Existing existing)
      : to_db_(to_db), existing_(existing), watch_(store) {}

  Result<bool> Resume(CommandContext& ctx) override {
    if (draft_ != nullptr && !draft_->MayGoOn(*this)) return Wait(ctx);
    const Keyspace to_space = ctx.keyspace.InDb(to_db_);
    ASSIGN_OR_RETURN(const lsm::Entry* const taken, to_space.Peek(ctx.args[2]));
    ASSIGN_OR_RETURN(const lsm::Entry* const source, ctx.keyspace.Get(ctx.args[1]));
    if (source == nullptr || (taken != nullptr && existing_ == Existing::kKeep)) {
      ctx.reply.Integer(0);
      return true;
    }
    if (watch_.changed()) return Begin(ctx);
    if (std::exchange(fetching_, false)) {
      const bool last = rows_->slice().last();
      RETURN_IF_ERROR(draft_->Append(rows_->slice(), *this));
      fetching_ = !last;
      if (fetching_) rows_->Fetch(*this);
      return Wait(ctx);
    }
    if (!draft_->Settle(*this)) return Wait(ctx);
    RETURN_IF_ERROR(Finish(ctx, *source));
    return true;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  static constexpr int kMaxTries = 3;

  Result<bool> Wait(CommandContext& ctx) {
    ctx.yield = pending() == 0;
    return false;
  }

  Result<bool> Begin(CommandContext& ctx) {
    draft_.reset();
    rows_.reset();
    fetching_ = false;
    lsm::Store& store = ctx.keyspace.store();
    // A snapshot is of whole turns.
    if (!store.CommitTurn().ok()) return Wait(ctx);
    ASSIGN_OR_RETURN(const lsm::Entry* const source, ctx.keyspace.Get(ctx.args[1]));
    if (++tries_ >= kMaxTries || !source->has_collection()) {
      RETURN_IF_ERROR(CopyNow(ctx, to_db_));
      return true;
    }
    watch_.Begin(ctx.keyspace.db(), ctx.args.subspan(1, 1));
    rows_ = lsm::StreamRows(store, *source, {});
    draft_ = std::make_unique<Draft>(store, ctx.random, static_cast<Type>(source->type()));
    fetching_ = true;
    rows_->Fetch(*this);
    return false;
  }

  Result<void> Finish(CommandContext& ctx, const lsm::Entry& source) {
    const std::string payload(source.payload());
    Draft::Head head;
    head.type_flags = source.type_flags();
    head.payload = payload;
    head.row_times = lsm::RowExpiry::TimesOf(source);
    head.expire_at_ms = source.expire_at_ms();
    const std::string_view to = ctx.args[2];
    RETURN_IF_ERROR(draft_->MoveTo(ctx.keyspace.InDb(to_db_), to, head));
    NotifyIn(ctx, to_db_, kNotifyNew, "new", to);
    NotifyIn(ctx, to_db_, kNotifyGeneric, "copy_to", to);
    ctx.reply.Integer(1);
    return {};
  }

  const uint32_t to_db_;
  const Existing existing_;
  KeyWatch watch_;
  std::unique_ptr<lsm::RowStream> rows_;
  std::unique_ptr<Draft> draft_;
  int tries_ = 0;
  bool fetching_ = false;
};

// COPY source destination [DB destination-db] [REPLACE]
Result<void> Copy(CommandContext& ctx) {
  lsm::Store& store = ctx.keyspace.store();
  const std::string_view from = ctx.args[1];
  const std::string_view to = ctx.args[2];
  uint32_t to_db = ctx.keyspace.db();
  Existing existing = Existing::kKeep;
  for (OptionReader options(ctx.args, 3); !options.done();) {
    if (options.Take("REPLACE")) {
      existing = Existing::kReplace;
    } else if (options.Take("DB", 1)) {
      ASSIGN_OR_RETURN(to_db, ParseDb(options.operand(), store.databases()));
    } else {
      return Fail(kSyntaxError);
    }
  }
  if (to_db == ctx.keyspace.db() && from == to) return Fail(kSameObject);
  if (!LoadedOrSuspended(ctx, to_db, to)) return {};
  ASSIGN_OR_RETURN(const lsm::Entry* const taken, ctx.keyspace.InDb(to_db).Peek(to));
  ASSIGN_OR_RETURN(lsm::Entry* const source, ctx.keyspace.Get(from));
  if (source == nullptr || (taken != nullptr && existing == Existing::kKeep)) {
    ctx.reply.Integer(0);
    return {};
  }
  // Not by may_suspend: it may have waited for a load of `to`.
  if (ctx.may_block && source->has_collection() && IsLongWork(source->collection())) {
    ctx.Suspend(std::make_unique<CopyWalk>(store, to_db, existing));
    ctx.yield = true;
    return {};
  }
  return CopyNow(ctx, to_db);
}

constexpr CommandSpec kMoveCommands[] = {
    {.name = "rename",
     .handler = Rename,
     .arity = 3,
     .flags = kWrite,
     .acl = kAclKeyspace,
     .keys = {{.flags = kRW | kAccess | kDelete, .index = 1}, {.flags = kOW | kUpdate, .index = 2}},
     .group = "generic",
     .since = "1.0.0",
     .summary = "Gives a key another name, over whatever had it.",
     .complexity = "O(1)",
     .syntax = "key newkey"},
    {.name = "renamenx",
     .handler = RenameNx,
     .arity = 3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = {{.flags = kRW | kAccess | kDelete, .index = 1}, {.flags = kOW | kInsert, .index = 2}},
     .group = "generic",
     .since = "1.0.0",
     .summary = "Gives a key another name that is still free.",
     .complexity = "O(1)",
     .syntax = "key newkey",
     .history = "3.2.0\tThe command no longer returns an error when source and destination names "
                "are the same."},
    {.name = "copy",
     .handler = Copy,
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .acl = kAclKeyspace,
     .keys = {{.flags = kRO | kAccess, .index = 1}, {.flags = kOW | kUpdate, .index = 2}},
     .group = "generic",
     .since = "6.2.0",
     .summary = "Copies a value to another key.",
     .complexity = "O(N) for N elements of a collection, O(1) for a string.",
     .syntax = "source destination [DB destination-db] [REPLACE]"},
    {.name = "move",
     .handler = Move,
     .arity = 3,
     .flags = kWrite | kFast,
     .acl = kAclKeyspace,
     .keys = OneKey(1, kRW | kAccess | kUpdate),
     .group = "generic",
     .since = "1.0.0",
     .summary = "Moves a key to another database.",
     .complexity = "O(1)",
     .syntax = "key db"},
};

}  // namespace

std::span<const CommandSpec> MoveCommands() {
  return kMoveCommands;
}

}  // namespace datatypes
