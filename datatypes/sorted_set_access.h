// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/sorted_set.h"

namespace datatypes {

// What the handlers of sorted set and geo commands share.

// 0 and more. All that is anything else has the same error.
Result<uint64_t> ParseCount(std::string_view text, std::string_view error);

Result<SortedSet> OpenSortedSet(const CommandContext& ctx, std::string_view key);

// False: a set without index has to be loaded first; the command is suspended, and the handler must
// return, before its first change and before it replies anything. (Of an indexed one the row hints
// have brought the members' pages.)
[[nodiscard]] bool SmallLoadedOrSuspended(CommandContext& ctx, const SortedSet& set);

struct SortedSetAddOptions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
  bool ch = false;
  bool incr = false;  // Then there is one element.
};
// What ZADD does, its reply included.
Result<void> AddToSortedSet(CommandContext& ctx, std::string_view key,
                            const SortedSetAddOptions& options,
                            std::span<const SortedSet::Element> elements);

// Announces a change, and `new` before it if the change created the key.
void NotifySortedSet(const CommandContext& ctx, std::string_view key, bool created,
                     std::string_view event);
// Announces that members were removed, and `del` after it if the last one was.
void NotifyMembersRemoved(const CommandContext& ctx, const SortedSet& set, std::string_view key,
                          std::string_view event);

// What a STORE form replies: writes `elements`, which are in order and may not be borrowed from
// what is at `key`, as the sorted set there, announces it as `event`, and replies with their
// number. Without elements it deletes the key.
Result<void> StoreSortedSet(CommandContext& ctx, std::string_view key,
                            const std::vector<SortedSet::Element>& elements,
                            std::string_view event);

// An array of members, perhaps with their scores: pairs in RESP3, flat in RESP2.
class ElementsReply {
 public:
  ElementsReply(resp::Writer& reply, bool with_scores)
      : reply_(reply), with_scores_(with_scores), pairs_(with_scores && reply.resp3()) {}

  void Begin(size_t elements) { reply_.Array(with_scores_ && !pairs_ ? 2 * elements : elements); }
  void Add(const SortedSet::Element& element) {
    if (pairs_) reply_.Array(2);
    reply_.Bulk(element.member);
    if (with_scores_) reply_.Double(element.score);
  }

 private:
  resp::Writer& reply_;
  const bool with_scores_;
  const bool pairs_;
};

}  // namespace datatypes
