// SPDX-License-Identifier: BSD-3-Clause
#include "server/job_wait.h"

#include <memory>
#include <utility>

#include "datatypes/errors.h"
#include "server/arguments.h"
#include "server/server.h"

namespace server {

using datatypes::CommandContext;
using datatypes::Fail;
using datatypes::Result;

namespace {

// The client waits; others do not.
class JobWait final : public datatypes::Suspension {
 public:
  struct State {
    bool done = false;
    std::string error;              // Empty: it went well.
    Connection* waiting = nullptr;  // Set while it waits.
  };
  explicit JobWait(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~JobWait() override { state_->waiting = nullptr; }

  Result<bool> Resume(CommandContext& ctx) override {
    if (!state_->done) return false;
    if (!state_->error.empty()) return Fail(state_->error);
    ctx.reply.SimpleString("OK");
    return true;
  }
  void TimeOut(CommandContext&) override {}

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

std::function<void(std::string error)> WaitForJob(CommandContext& ctx) {
  auto state = std::make_shared<JobWait::State>();
  state->waiting = &ConnectionOf(ctx);
  ctx.Suspend(std::make_unique<JobWait>(state));
  return [&server = ServerOf(ctx), state](std::string error) {
    state->done = true;
    state->error = std::move(error);
    if (state->waiting == nullptr) return;
    server.EnsureTurn();
    server.dispatcher().Wake(*state->waiting);
    server.RunSoon();
  };
}

}  // namespace server
