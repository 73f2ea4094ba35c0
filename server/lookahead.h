// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lsm/store.h"

namespace server {

// While one command of a pipeline waits for its keys, those of the commands behind it are loaded,
// too, so that a cold pipeline's loads run side by side. Nobody waits for this waiter: it only
// counts, so that a client has no more than kMaxPending loads under way.
class LookaheadWaiter final : public lsm::LoadWaiter {
 public:
  static constexpr size_t kMaxPending = 128;
  void OnLoaded() override {}
};

// The start and the end of what a client sent, readable, in quotes.
std::string ExcerptForLog(std::string_view input);

}  // namespace server
