// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "datatypes/command_spec.h"
#include "datatypes/parked_command.h"

namespace server {

// What a connection has collected between MULTI and EXEC. Loop thread only.
class Transaction {
 public:
  struct Queued {
    const datatypes::CommandSpec* spec = nullptr;
    datatypes::CopiedArgs args;
  };

  // Keeps a copy of the request; but nothing once it is certain that EXEC will refuse.
  // `flags` is what it may do: its row's, or, if it runs a script that says so, less.
  void Queue(const datatypes::CommandSpec& spec, uint32_t flags, datatypes::Args args);
  // A request was refused while queueing: EXEC will, too.
  void Fail() { failed_ = true; }
  bool failed() const { return failed_; }

  const std::deque<Queued>& queue() const { return queue_; }
  // Flags that any of the queued commands has (datatypes::CommandFlag).
  uint32_t any_flags() const { return any_flags_; }
  // Flags that all of them have.
  uint32_t all_flags() const { return all_flags_; }
  // Bytes of all arguments: they count as the client's query buffer does.
  size_t argument_bytes() const { return argument_bytes_; }
  // The same with what it costs to keep them.
  size_t memory_bytes() const;

 private:
  std::deque<Queued> queue_;
  uint32_t any_flags_ = 0;
  uint32_t all_flags_ = ~uint32_t{0};
  size_t argument_bytes_ = 0;
  bool failed_ = false;
};

}  // namespace server
