// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_context.h"
#include "datatypes/command_spec.h"
#include "lsm/store.h"

namespace datatypes {

// Arguments of a request that outlives the input it came from: one block with all bytes.
class CopiedArgs {
 public:
  void Assign(Args args);
  Args view() const { return views_; }

 private:
  std::string bytes_;
  std::vector<std::string_view> views_;
};

// The dispatcher's side of a ParkedCommand: where it is told that loads have arrived.
class ParkingLot {
 public:
  virtual void OnParkedReady(ParkedCommand& parked) = 0;

 protected:
  ~ParkingLot() = default;
};

// A request that waits, with all it needs to go on. Owned by its session, known to the dispatcher.
// As a waiter it waits for what the command declares; a Suspension waits for its own loads.
struct ParkedCommand final : lsm::LoadWaiter {
  enum class State : uint8_t {
    kLoading,    // For declared keys and rows; the handler has not run.
    kPostponed,  // By DispatchHooks::Admit; not even admitted.
    kSuspended,  // By its handler: `suspension` says what for.
    kFinished,   // Its reply is written; the session has to be told.
  };

  explicit ParkedCommand(ParkingLot& its_lot) : lot(its_lot) {}
  void OnLoaded() override { lot.OnParkedReady(*this); }

  ParkingLot& lot;
  Session* session = nullptr;
  const CommandSpec* spec = nullptr;
  CopiedArgs args;
  State state = State::kLoading;
  bool ready = false;  // In the queue of those to go on with.
  bool is_block = false;
  bool yielded = false;
  bool broken = false;  // Finished, but after a part of the reply had gone out.
  uint8_t load_rounds = 0;
  size_t reply_mark = 0;  // Where the reply begins; moves on while nothing of it is written.
  bool replying = false;  // A part of the reply is written, or the handler is at it.
  int64_t deadline_ms = 0;
  int64_t busy_us = 0;  // Spent in it so far.
  std::unique_ptr<Suspension> suspension;
};

}  // namespace datatypes
