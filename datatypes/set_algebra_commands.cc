// SPDX-License-Identifier: BSD-3-Clause
// Intersections, unions and differences of sets: SINTER, SUNION, SDIFF, their STORE forms,
// SINTERCARD.
//
// Large sets are read a part at a time, and nothing of them is gathered but the result: of a reply,
// the reply itself; of a STORE form, the members in one string, or if they are many, a draft.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/draft.h"
#include "datatypes/errors.h"
#include "datatypes/gathered_bulks.h"
#include "datatypes/key_watch.h"
#include "datatypes/row_loads.h"
#include "datatypes/set_access.h"
#include "datatypes/set_algebra.h"
#include "datatypes/set_errors.h"
#include "datatypes/set_families.h"
#include "datatypes/value_rows.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

enum class Output : uint8_t { kReply, kStore, kCount };

struct Request {
  SetOperation operation;
  Output output;
  Args keys;
  uint64_t limit = 0;  // 0: none.
};

Result<std::vector<Set>> OpenSets(const CommandContext& ctx, Args keys) {
  std::vector<Set> sets;
  sets.reserve(keys.size());
  for (const std::string_view key : keys) {
    ASSIGN_OR_RETURN(const Set set, OpenSet(ctx, key));
    sets.push_back(set);
  }
  return sets;
}

// ---- What becomes of the members.

Result<void> Store(CommandContext& ctx, const std::vector<std::string_view>& members) {
  const std::string_view key = ctx.args[1];
  ASSIGN_OR_RETURN(lsm::Entry* const old, ctx.keyspace.Peek(key));
  const bool existed = old != nullptr;
  if (members.empty()) {
    if (existed) {
      ctx.keyspace.store().Delete(old);
      ctx.Notify(kNotifyGeneric, "del", key);
    }
    ctx.reply.Integer(0);
    return {};
  }
  Set::Replace(ctx.keyspace, key, members, ctx.settings);
  if (!existed) ctx.Notify(kNotifyNew, "new", key);
  ctx.Notify(kNotifySet, ctx.spec.name, key);
  ctx.reply.Integer(static_cast<int64_t>(members.size()));
  return {};
}

// Members in one string, to be kept while the sets they come from change.
class MemberList {
 public:
  void Add(std::string_view member) {
    bytes_ += member;
    ends_.push_back(bytes_.size());
  }
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  size_t count() const { return ends_.size(); }
  std::vector<std::string_view> Views() const {
    std::vector<std::string_view> views;
    views.reserve(ends_.size());
    size_t begin = 0;
    for (const size_t end : ends_) {
      views.push_back(std::string_view(bytes_).substr(begin, end - begin));
      begin = end;
    }
    return views;
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

// A large set that is made a part at a time.
class SetDraft {
 public:
  SetDraft(CommandContext& ctx)
      : draft_(ctx.keyspace.store(), ctx.random, kSet),
        rows_(MakeSetRows(ctx.settings, [this](std::string_view subkey, std::string_view value) {
          draft_.Add(subkey, value);
          return lsm::Status();
        })) {}

  Draft& draft() { return draft_; }
  void Add(std::string_view member) {
    const lsm::Status taken = rows_->SetMember(member);
    ENSURE(taken.ok());
  }
  // After the last member: to be flushed then.
  void Complete() {
    const lsm::Result<bool> any = rows_->Finish(&head_);
    ENSURE(any && *any && head_.has_rows);
    complete_ = true;
  }
  bool complete() const { return complete_; }
  Result<void> Store(CommandContext& ctx) {
    const std::string_view key = ctx.args[1];
    ASSIGN_OR_RETURN(const lsm::Entry* const old, ctx.keyspace.Peek(key));
    const bool existed = old != nullptr;
    Draft::Head head;
    head.type_flags = head_.type_flags;
    head.payload = head_.payload;
    RETURN_IF_ERROR(draft_.MoveTo(ctx.keyspace, key, head));
    if (!existed) ctx.Notify(kNotifyNew, "new", key);
    ctx.Notify(kNotifySet, ctx.spec.name, key);
    ctx.reply.Integer(static_cast<int64_t>(draft_.rows()));
    return {};
  }

 private:
  Draft draft_;
  std::unique_ptr<ValueRows> rows_;
  ValueHead head_;
  bool complete_ = false;
};

// The result, as far as it is known.
class Gathered {
 public:
  explicit Gathered(Output output) : output_(output) {}

  void Add(std::string_view member) {
    switch (output_) {
      case Output::kReply:
        bulks_.Add(member);
        break;
      case Output::kStore:
        draft_ != nullptr ? draft_->Add(member) : members_.Add(member);
        break;
      case Output::kCount:
        ++count_;
        break;
    }
  }
  void Clear() {
    bulks_.Clear();
    members_.Clear();
    draft_.reset();
    count_ = 0;
  }
  SetDraft* draft() { return draft_.get(); }
  // Of many members, makes them a draft.
  void Spill(CommandContext& ctx) {
    if (draft_ != nullptr || members_.count() <= kMaxSetMembersAtOnce) return;
    draft_ = std::make_unique<SetDraft>(ctx);
    for (const std::string_view member : members_.Views()) draft_->Add(member);
    members_.Clear();
  }
  Result<void> Finish(CommandContext& ctx) {
    switch (output_) {
      case Output::kReply:
        bulks_.WriteSet(ctx.reply);
        break;
      case Output::kStore:
        return Store(ctx, members_.Views());
      case Output::kCount:
        ctx.reply.Integer(count_);
        break;
    }
    return {};
  }

 private:
  const Output output_;
  GatheredBulks bulks_;
  MemberList members_;
  std::unique_ptr<SetDraft> draft_;
  int64_t count_ = 0;
};

// ---- How they are found.

// Sets that are too large for one turn, a part at a time while others run. The result is that of
// one moment: if somebody changes one of them meanwhile, all begins anew, and after some such
// disappointments is done at one go.
class CombineWalk final : public Suspension {
 public:
  // `first_key`: where the keys are in the arguments.
  CombineWalk(lsm::Store& store, const Request& request, size_t first_key)
      : watch_(store),
        first_key_(first_key),
        key_count_(request.keys.size()),
        combiner_(request.operation, request.limit),
        gathered_(request.output) {}

  Result<bool> Resume(CommandContext& ctx) override {
    SetDraft* draft = gathered_.draft();
    if (draft != nullptr && !draft->draft().MayGoOn(*this)) return Wait(ctx);
    const Args keys = ctx.args.subspan(first_key_, key_count_);
    ASSIGN_OR_RETURN(const std::vector<Set> sets, OpenSets(ctx, keys));
    if (draft != nullptr && draft->complete() && !watch_.changed()) {
      if (!draft->draft().Settle(*this)) return Wait(ctx);
      RETURN_IF_ERROR(draft->Store(ctx));
      return true;
    }
    for (int step = 0; step < kStepsAtOnce || LastTry(); ++step) {
      if (watch_.changed()) Begin(ctx, sets);
      // The loads of a step may take two rounds: of its members, and of what they are looked up in.
      // What was evicted again meanwhile is loaded on the spot.
      if (!LastTry() && rounds_ < kMaxRounds) {
        ++rounds_;
        ASSIGN_OR_RETURN(const bool resident, combiner_.Prefetch(sets, kStepMembers, *this));
        if (!resident) return false;
      }
      rounds_ = 0;
      ASSIGN_OR_RETURN(const bool more,
                       combiner_.Step(sets, kStepMembers,
                                      [this](std::string_view member) { gathered_.Add(member); }));
      if (!LastTry()) gathered_.Spill(ctx);
      draft = gathered_.draft();
      if (draft != nullptr && (!more || draft->draft().needs_flush())) {
        if (!more) draft->Complete();
        RETURN_IF_ERROR(draft->draft().Flush(*this));
        return Wait(ctx);
      }
      if (more) continue;
      RETURN_IF_ERROR(gathered_.Finish(ctx));
      return true;
    }
    ctx.yield = true;
    return false;
  }
  void TimeOut(CommandContext&) override {}  // There is no deadline.

 private:
  Result<bool> Wait(CommandContext& ctx) {
    ctx.yield = pending() == 0;
    return false;
  }

  static constexpr uint64_t kStepMembers = 512;
  static constexpr int kStepsAtOnce = 4;
  static constexpr int kMaxRounds = 2;
  static constexpr int kMaxTries = 3;

  bool LastTry() const { return tries_ >= kMaxTries; }
  void Begin(CommandContext& ctx, const std::vector<Set>& sets) {
    ++tries_;
    rounds_ = 0;
    gathered_.Clear();
    combiner_.Restart(sets);
    watch_.Begin(ctx.keyspace.db(), ctx.args.subspan(first_key_, key_count_));
  }

  KeyWatch watch_;
  const size_t first_key_;
  const size_t key_count_;
  SetCombiner combiner_;
  Gathered gathered_;
  int tries_ = 0;
  int rounds_ = 0;
};

// A union of small sets. Of integers alone Redis makes an intset, which is in order.
Result<void> GatherUnion(const std::vector<Set>& sets, Gathered& gathered) {
  std::vector<std::string> members;
  for (const Set& set : sets) {
    RETURN_IF_ERROR(set.Visit(0, set.size(), [&members](std::string_view member) {
      members.emplace_back(member);
      return true;
    }));
  }
  const auto number = [](const std::string& member) { return resp::ParseInt64(member); };
  if (std::all_of(members.begin(), members.end(), number)) {
    std::sort(members.begin(), members.end(),
              [&number](const auto& a, const auto& b) { return *number(a) < *number(b); });
  } else {
    std::sort(members.begin(), members.end());
  }
  const auto end = std::unique(members.begin(), members.end());
  for (auto member = members.begin(); member != end; ++member) gathered.Add(*member);
  return {};
}

Result<void> CombineNow(CommandContext& ctx, const Request& request, const std::vector<Set>& sets,
                        bool small) {
  Gathered gathered(request.output);
  if (small && request.operation == SetOperation::kUnion) {
    RETURN_IF_ERROR(GatherUnion(sets, gathered));
    return gathered.Finish(ctx);
  }
  SetCombiner combiner(request.operation, request.limit);
  combiner.Restart(sets);
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, combiner.Step(sets, kMaxSetMembersAtOnce,
                                         [&](std::string_view member) { gathered.Add(member); }));
  }
  return gathered.Finish(ctx);
}

// How many members have to be walked through.
uint64_t WorkOf(SetOperation operation, const std::vector<Set>& sets) {
  uint64_t work = sets[0].size();
  for (const Set& set : sets) {
    if (operation == SetOperation::kInter) work = std::min(work, set.size());
    if (operation == SetOperation::kUnion && &set != &sets[0]) work += set.size();
  }
  return work;
}

Result<void> Combine(CommandContext& ctx, const Request& request) {
  ASSIGN_OR_RETURN(const std::vector<Set> sets, OpenSets(ctx, request.keys));
  const bool small = WorkOf(request.operation, sets) <= kMaxSetMembersAtOnce;
  const auto resident = [](const Set& set) { return set.fully_resident(); };
  // Small sets are loaded whole; what a few members are looked up in may be large.
  const bool loadable = std::all_of(sets.begin(), sets.end(), [&resident](const Set& set) {
    return resident(set) || set.size() <= kMaxSetMembersAtOnce;
  });
  if (ctx.may_suspend && !(small && loadable)) {
    const auto first_key = static_cast<size_t>(request.keys.data() - ctx.args.data());
    ctx.Suspend(std::make_unique<CombineWalk>(ctx.keyspace.store(), request, first_key));
    ctx.yield = true;
    return {};
  }
  if (!std::all_of(sets.begin(), sets.end(), resident)) {
    RowLoads loads(ctx);
    if (loads.wanted()) {
      for (const Set& set : sets) set.PrefetchAll(kMaxSetMembersAtOnce, loads.waiter());
    }
    if (loads.Suspend()) return {};
  }
  return CombineNow(ctx, request, sets, small);
}

// SINTER key [key …], SUNION key [key …], SDIFF key [key …]
template <SetOperation kOperation>
Result<void> Tell(CommandContext& ctx) {
  return Combine(ctx, {kOperation, Output::kReply, ctx.args.subspan(1)});
}

// SINTERSTORE destination key [key …], SUNIONSTORE …, SDIFFSTORE …
template <SetOperation kOperation>
Result<void> TellAndStore(CommandContext& ctx) {
  return Combine(ctx, {kOperation, Output::kStore, ctx.args.subspan(2)});
}

// SINTERCARD numkeys key [key …] [LIMIT limit]
Result<void> SInterCard(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const int64_t keys, ParseIntegerFrom(ctx.args[1], 1, kZSetNumKeysNotPositive,
                                                        kZSetNumKeysNotPositive));
  if (static_cast<uint64_t>(keys) > ctx.args.size() - 2) return Fail(kTooManyKeys);
  Request request{SetOperation::kInter, Output::kCount,
                  ctx.args.subspan(2, static_cast<size_t>(keys))};
  for (OptionReader options(ctx.args, 2 + request.keys.size()); !options.done();) {
    if (!options.Take("LIMIT", 1)) return Fail(kSyntaxError);
    ASSIGN_OR_RETURN(const int64_t limit, ParseIntegerFrom(options.operand(), 0, kZSetLimitNegative,
                                                           kZSetLimitNegative));
    request.limit = static_cast<uint64_t>(limit);
  }
  return Combine(ctx, request);
}

constexpr CommandSpec ReadSpec(std::string_view name, CommandSpec::Handler handler,
                               std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = -2,
          .flags = kReadonly,
          .acl = kAclSet,
          .keys = KeysToEnd(1, kRO | kAccess),
          .group = "set",
          .since = "1.0.0",
          .summary = summary,
          .complexity = "O(N*M*log(S)) for N members to look up in M sets of S members.",
          .syntax = "key [key ...]",
          .tips = "nondeterministic_output_order"};
}

constexpr CommandSpec StoreSpec(std::string_view name, CommandSpec::Handler handler, uint16_t flag,
                                std::string_view summary) {
  return {.name = name,
          .handler = handler,
          .arity = -3,
          .flags = kWrite | kDenyOom,
          .acl = kAclSet,
          .keys = {{.flags = static_cast<uint16_t>(flag | kUpdate), .index = 1},
                   {.flags = kRO | kAccess, .index = 2, .last = -1}},
          .group = "set",
          .since = "1.0.0",
          .summary = summary,
          .complexity = "O(N*M*log(S)) for N members to look up in M sets of S members.",
          .syntax = "destination key [key ...]"};
}

constexpr CommandSpec kAlgebraCommands[] = {
    ReadSpec("sinter", Tell<SetOperation::kInter>,
             "Tells the members that several sets have in common."),
    ReadSpec("sunion", Tell<SetOperation::kUnion>, "Tells the members of all of several sets."),
    ReadSpec("sdiff", Tell<SetOperation::kDiff>,
             "Tells the members of a set that others have not."),
    StoreSpec("sinterstore", TellAndStore<SetOperation::kInter>, kRW,
              "Stores the members that several sets have in common."),
    StoreSpec("sunionstore", TellAndStore<SetOperation::kUnion>, kOW,
              "Stores the members of all of several sets."),
    StoreSpec("sdiffstore", TellAndStore<SetOperation::kDiff>, kOW,
              "Stores the members of a set that others have not."),
    {.name = "sintercard",
     .handler = SInterCard,
     .arity = -3,
     .flags = kReadonly,
     .acl = kAclSet,
     .keys = {{.flags = kRO | kAccess,
               .index = 1,
               .find = KeySpec::Find::kKeynum,
               .keynum_index = 0,
               .first_key = 1}},
     .group = "set",
     .since = "7.0.0",
     .summary = "Counts the members that several sets have in common.",
     .complexity = "O(N*M*log(S)) for N members to look up in M sets of S members.",
     .syntax = "numkeys key [key ...] [LIMIT limit]"},
};

}  // namespace

std::span<const CommandSpec> SetAlgebraCommands() {
  return kAlgebraCommands;
}

}  // namespace datatypes
