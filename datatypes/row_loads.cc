// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/row_loads.h"

#include <utility>

#include "datatypes/rerun.h"

namespace datatypes {

RowLoads::~RowLoads() {
  // The handler left with an error before Suspend().
  if (retry_ && retry_->pending() > 0) ctx_.keyspace.store().Abandon(*retry_);
}

lsm::LoadWaiter& RowLoads::waiter() {
  if (!retry_) retry_ = MakeRerun();
  return *retry_;
}

bool RowLoads::Suspend() {
  if (!retry_ || retry_->pending() == 0) return false;
  ctx_.Suspend(std::move(retry_));
  return true;
}

}  // namespace datatypes
