// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "datatypes/result.h"
#include "datatypes/set.h"

namespace datatypes {

enum class SetOperation : uint8_t { kInter, kUnion, kDiff };

// The intersection, union or difference of sets, a part at a time. Nothing is gathered: one set
// after another is walked through, and each member looked up in others. So the work may rest
// between any two parts, as long as the sets stay the same, and costs no memory. The members of an
// intersection or a difference come in the order of one of the sets.
class SetCombiner {
 public:
  // `limit`: at most so many members; 0: all. Of an intersection only.
  SetCombiner(SetOperation operation, uint64_t limit) : operation_(operation), limit_(limit) {}

  // From the beginning, for these sets.
  void Restart(const std::vector<Set>& sets);
  // Looks at the next `most` members of the set that is being walked through. Each member of the
  // result is shown to `sink` once; the view is good during the call. False: all is done. `sets`
  // are those of Restart(), perhaps opened anew.
  using Sink = absl::FunctionRef<void(std::string_view member)>;
  Result<bool> Step(const std::vector<Set>& sets, uint64_t most, Sink sink);
  // Joins `waiter` to the loads that such a step needs; true: there are none. May have to be asked
  // again when the loads are there.
  Result<bool> Prefetch(const std::vector<Set>& sets, uint64_t most, lsm::LoadWaiter& waiter);

 private:
  // The sets that are walked through are those from walked_ to last_, in order_.
  const Set& walked(const std::vector<Set>& sets) const { return sets[order_[walked_]]; }
  // Whether a member of the walked set belongs to the result.
  Result<bool> Belongs(const std::vector<Set>& sets, std::string_view member) const;

  const SetOperation operation_;
  const uint64_t limit_;
  std::vector<size_t> order_;
  size_t walked_ = 0;
  size_t last_ = 0;
  Set::Place place_;
  uint64_t found_ = 0;
};

}  // namespace datatypes
