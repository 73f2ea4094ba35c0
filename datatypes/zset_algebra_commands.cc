// SPDX-License-Identifier: BSD-3-Clause
// Unions, intersections and differences of sorted sets: ZUNION, ZINTER, ZDIFF, their STORE forms,
// ZINTERCARD.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/command_table.h"
#include "datatypes/errors.h"
#include "datatypes/rerun.h"
#include "datatypes/sorted_set_access.h"
#include "datatypes/sorted_set_families.h"
#include "datatypes/zset_algebra.h"

namespace datatypes {
namespace {

enum class Operation : uint8_t { kUnion, kInter, kDiff, kInterCard };
enum class Output : uint8_t { kReply, kStore };

struct Request {
  Args keys;
  std::vector<double> weights;  // One for each key.
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  uint64_t limit = 0;  // 0: none.
};

Result<Aggregate> ParseAggregate(std::string_view text) {
  if (EqualsIgnoreCase(text, "sum")) return Aggregate::kSum;
  if (EqualsIgnoreCase(text, "min")) return Aggregate::kMin;
  if (EqualsIgnoreCase(text, "max")) return Aggregate::kMax;
  return Fail(kSyntaxError);
}

// The number of keys at argument `at`, and the keys after it.
Result<Args> ParseKeys(const CommandContext& ctx, size_t at) {
  ASSIGN_OR_RETURN(const int64_t keys, ParseInteger(ctx.args[at]));
  if (keys < 1) return NeedsInputKey(ctx.spec.name);
  if (static_cast<uint64_t>(keys) > ctx.args.size() - at - 1) return Fail(kSyntaxError);
  return ctx.args.subspan(at + 1, static_cast<size_t>(keys));
}

// What follows the keys. The types of the keys are checked before it is, as in Redis.
Result<void> ParseOptions(Args args, size_t from, Operation operation, Output output,
                          Request& request) {
  const bool merges = operation == Operation::kUnion || operation == Operation::kInter;
  for (OptionReader options(args, from); !options.done();) {
    if (merges && options.Take("WEIGHTS", request.keys.size())) {
      for (size_t i = 0; i < request.keys.size(); ++i) {
        ASSIGN_OR_RETURN(request.weights[i], ParseDouble(options.operand(i), kWeightNotAFloat));
      }
    } else if (merges && options.Take("AGGREGATE", 1)) {
      ASSIGN_OR_RETURN(request.aggregate, ParseAggregate(options.operand()));
    } else if (output == Output::kReply && operation != Operation::kInterCard &&
               options.Take("WITHSCORES")) {
      request.with_scores = true;
    } else if (operation == Operation::kInterCard && options.Take("LIMIT", 1)) {
      ASSIGN_OR_RETURN(request.limit, ParseCount(options.operand(), kZSetLimitNegative));
    } else {
      return Fail(kSyntaxError);
    }
  }
  return {};
}

Result<std::vector<ScoredInput>> OpenInputs(CommandContext& ctx, Args keys) {
  std::vector<ScoredInput> inputs;
  inputs.reserve(keys.size());
  for (const std::string_view key : keys) {
    ASSIGN_OR_RETURN(ScoredInput input, ScoredInput::Open(ctx, key));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

// False: some are small and have to be loaded first, and the command is suspended.
bool LoadedOrSuspended(CommandContext& ctx, const std::vector<ScoredInput>& inputs) {
  if (!ctx.may_suspend) return true;
  std::unique_ptr<Suspension> rerun;
  bool loaded = true;
  for (const ScoredInput& input : inputs) {
    if (input.FullyResident()) continue;
    if (!rerun) rerun = MakeRerun();
    if (!input.Prefetch(*rerun)) loaded = false;
  }
  if (!loaded) ctx.Suspend(std::move(rerun));
  return loaded;
}

Result<ScoredMembers> Compute(Operation operation, std::vector<ScoredInput> inputs,
                              const Request& request) {
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i].weight = request.weights[i];
  switch (operation) {
    case Operation::kUnion:
      return UnionOf(std::move(inputs), request.aggregate);
    case Operation::kDiff:
      return DifferenceOf(inputs);
    default:
      return IntersectionOf(std::move(inputs), request.aggregate, request.limit);
  }
}

void WriteReply(resp::Writer& writer, const ScoredMembers& members, bool with_scores) {
  ElementsReply reply(writer, with_scores);
  reply.Begin(members.size());
  for (const SortedSet::Element& element : members) reply.Add(element);
}

// At the destination itself members lie that the result borrows.
Result<void> Store(CommandContext& ctx, const Request& request, ScoredMembers members,
                   std::string_view event) {
  const std::string_view destination = ctx.args[1];
  std::vector<std::string> copies;
  if (std::find(request.keys.begin(), request.keys.end(), destination) != request.keys.end()) {
    copies.reserve(members.size());
    for (SortedSet::Element& element : members) {
      element.member = copies.emplace_back(element.member);
    }
  }
  return StoreSortedSet(ctx, destination, members, event);
}

template <Operation kOperation, Output kOutput>
Result<void> Combine(CommandContext& ctx) {
  constexpr size_t kNumKeysAt = kOutput == Output::kStore ? 2 : 1;
  Request request;
  ASSIGN_OR_RETURN(request.keys, ParseKeys(ctx, kNumKeysAt));
  request.weights.assign(request.keys.size(), 1.0);
  ASSIGN_OR_RETURN(const std::vector<ScoredInput> inputs, OpenInputs(ctx, request.keys));
  RETURN_IF_ERROR(
      ParseOptions(ctx.args, kNumKeysAt + 1 + request.keys.size(), kOperation, kOutput, request));
  if (!LoadedOrSuspended(ctx, inputs)) return {};
  ASSIGN_OR_RETURN(ScoredMembers members, Compute(kOperation, inputs, request));
  if (kOperation == Operation::kInterCard) {
    ctx.reply.Integer(static_cast<int64_t>(members.size()));
    return {};
  }
  std::sort(members.begin(), members.end(), SortedSet::Less);
  if (kOutput == Output::kStore) {
    return Store(ctx, request, std::move(members), ctx.spec.name);
  }
  WriteReply(ctx.reply, members, request.with_scores);
  return {};
}

constexpr KeySpec CountedKeys(int16_t index) {
  return {.flags = kRO | kAccess,
          .index = index,
          .find = KeySpec::Find::kKeynum,
          .keynum_index = 0,
          .first_key = 1};
}

constexpr CommandSpec ReadSpec(std::string_view name, CommandSpec::Handler handler,
                               std::string_view since, std::string_view summary,
                               std::string_view syntax) {
  return {.name = name,
          .handler = handler,
          .arity = -3,
          .flags = kReadonly,
          .acl = kAclSortedSet,
          .keys = {CountedKeys(1)},
          .group = "sorted-set",
          .since = since,
          .summary = summary,
          .complexity = "O(N)+O(M*log(M)) for N members of all inputs and M of the result.",
          .syntax = syntax};
}

constexpr CommandSpec StoreSpec(std::string_view name, CommandSpec::Handler handler,
                                std::string_view since, std::string_view summary,
                                std::string_view syntax) {
  return {.name = name,
          .handler = handler,
          .arity = -4,
          .flags = kWrite | kDenyOom,
          .acl = kAclSortedSet,
          .keys = {{.flags = kOW | kUpdate, .index = 1}, CountedKeys(2)},
          .group = "sorted-set",
          .since = since,
          .summary = summary,
          .complexity = "O(N)+O(M*log(M)) for N members of all inputs and M of the result.",
          .syntax = syntax};
}

constexpr CommandSpec kAlgebraCommands[] = {
    ReadSpec("zunion", Combine<Operation::kUnion, Output::kReply>, "6.2.0",
             "Tells the members of all of several sorted sets.",
             "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] "
             "[WITHSCORES]"),
    ReadSpec("zinter", Combine<Operation::kInter, Output::kReply>, "6.2.0",
             "Tells the members that several sorted sets have in common.",
             "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] "
             "[WITHSCORES]"),
    ReadSpec("zdiff", Combine<Operation::kDiff, Output::kReply>, "6.2.0",
             "Tells the members of a sorted set that others have not.",
             "numkeys key [key ...] [WITHSCORES]"),
    ReadSpec("zintercard", Combine<Operation::kInterCard, Output::kReply>, "7.0.0",
             "Counts the members that several sorted sets have in common.",
             "numkeys key [key ...] [LIMIT limit]"),
    StoreSpec("zunionstore", Combine<Operation::kUnion, Output::kStore>, "2.0.0",
              "Stores the members of all of several sorted sets.",
              "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | "
              "MIN | MAX>]"),
    StoreSpec("zinterstore", Combine<Operation::kInter, Output::kStore>, "2.0.0",
              "Stores the members that several sorted sets have in common.",
              "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | "
              "MIN | MAX>]"),
    StoreSpec("zdiffstore", Combine<Operation::kDiff, Output::kStore>, "6.2.0",
              "Stores the members of a sorted set that others have not.",
              "destination numkeys key [key ...]"),
};

}  // namespace

std::span<const CommandSpec> SortedSetAlgebraCommands() {
  return kAlgebraCommands;
}

}  // namespace datatypes
