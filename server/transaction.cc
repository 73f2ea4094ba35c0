// SPDX-License-Identifier: BSD-3-Clause
#include "server/transaction.h"

#include <string_view>

namespace server {

void Transaction::Queue(const datatypes::CommandSpec& spec, uint32_t flags, datatypes::Args args) {
  if (failed_) return;
  Queued& queued = queue_.emplace_back();
  queued.spec = &spec;
  queued.args.Assign(args);
  any_flags_ |= flags;
  all_flags_ &= spec.flags;
  for (const std::string_view arg : args) argument_bytes_ += arg.size();
}

size_t Transaction::memory_bytes() const {
  size_t bytes = argument_bytes_ + queue_.size() * sizeof(Queued);
  for (const Queued& queued : queue_) bytes += queued.args.view().size() * sizeof(std::string_view);
  return bytes;
}

}  // namespace server
