// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "datatypes/command_context.h"

namespace datatypes {

// Loads of rows that a handler needs, off the loop: it names them all before its first change and
// before it replies anything, and if Suspend() then says true it returns, to be run again from the
// start when they have arrived.
//
//   RowLoads loads(ctx);
//   if (loads.wanted()) list.PrefetchPop(end, count, loads.waiter());
//   if (loads.Suspend()) return {};
class RowLoads {
 public:
  explicit RowLoads(CommandContext& ctx) : ctx_(ctx) {}
  ~RowLoads();
  RowLoads(const RowLoads&) = delete;
  RowLoads& operator=(const RowLoads&) = delete;

  // False: this command must not wait; then views load on the spot.
  bool wanted() const { return ctx_.may_suspend; }
  // Requires wanted().
  lsm::LoadWaiter& waiter();
  // False: all is resident, or must be loaded on the spot.
  [[nodiscard]] bool Suspend();

 private:
  CommandContext& ctx_;
  std::unique_ptr<Suspension> retry_;
};

}  // namespace datatypes
