// SPDX-License-Identifier: BSD-3-Clause
// Commands that wait.
#include <algorithm>
#include <utility>

#include "datatypes/dispatcher_impl.h"
#include "datatypes/errors.h"

namespace datatypes {

ParkedCommand& Dispatcher::Impl::Spare() {
  if (spare_ == nullptr) spare_ = std::make_unique<ParkedCommand>(*this);
  return *spare_;
}

ParkedCommand& Dispatcher::Impl::Park(Session& session, const CommandSpec& spec, Args args,
                                      ParkedCommand::State state) {
  ParkedCommand& parked = Spare();
  parked.session = &session;
  parked.spec = &spec;
  parked.args.Assign(args);
  parked.state = state;
  session.parked_ = std::move(spare_);
  ++parked_count_;
  return parked;
}

void Dispatcher::Impl::SetDeadline(ParkedCommand& parked, int64_t deadline_ms) {
  if (parked.deadline_ms != 0) deadlines_.erase({parked.deadline_ms, &parked});
  parked.deadline_ms = deadline_ms;
  if (deadline_ms != 0) deadlines_.insert({deadline_ms, &parked});
}

void Dispatcher::Impl::KeepSuspension(ParkedCommand& parked, CommandContext& ctx) {
  parked.state = ParkedCommand::State::kSuspended;
  parked.suspension = std::move(ctx.suspension);
  parked.suspension->parked_ = &parked;
  SetDeadline(parked, ctx.suspension_deadline_ms);
  parked.is_block = ctx.suspension_is_block;
  if (parked.is_block) ++blocked_count_;
  if (ctx.yield) {
    parked.yielded = true;
    yielded_.push_back(&parked);
  }
}

void Dispatcher::Impl::MakeReady(ParkedCommand& parked) {
  if (std::exchange(parked.ready, true)) return;
  ready_.push_back(&parked);
}

void Dispatcher::Impl::OnParkedReady(ParkedCommand& parked) {
  // A waiter that was not parked after all: what it waited for was found on the second look.
  if (parked.session != nullptr) MakeReady(parked);
}

void Dispatcher::Impl::RunReady() {
  if (ready_depth_ >= kMaxReadyDepth) return;
  ++ready_depth_;
  for (;;) {
    if (blocked_keys_.has_ready() && depth_ == 0) ServeBlocked();
    if (ready_.empty()) break;
    ParkedCommand& parked = *ready_.front();
    ready_.pop_front();
    parked.ready = false;
    Continue(parked);
  }
  --ready_depth_;
}

void Dispatcher::Impl::ServeBlocked() {
  // As within a command: the sessions learn of it when all have been served.
  ++depth_;
  blocked_keys_.Serve([this](KeyWait& wait) {
    ParkedCommand* const parked = static_cast<Suspension&>(wait).parked_;
    if (parked != nullptr && parked->state == ParkedCommand::State::kSuspended) Resume(*parked);
  });
  --depth_;
}

void Dispatcher::Impl::Continue(ParkedCommand& parked) {
  switch (parked.state) {
    case ParkedCommand::State::kLoading:
      if (!parked.error().ok()) {
        const Error error(parked.error());
        parked.session->writer().Error(error.text());
        Finish(parked, &error);
      } else if (parked.pending() == 0) {
        RunAdmitted(*parked.session, *parked.spec, parked.args.view(), &parked);
      }
      break;
    case ParkedCommand::State::kSuspended:
      if (parked.suspension->pending() == 0) Resume(parked);
      break;
    case ParkedCommand::State::kFinished:
      Release(parked);
      break;
    case ParkedCommand::State::kPostponed:
      break;
  }
}

void Dispatcher::Impl::Resume(ParkedCommand& parked) {
  Session& session = *parked.session;
  if (std::exchange(parked.yielded, false)) Erase(yielded_, &parked);
  const int64_t started_us = StartTimer();
  resp::Writer& reply = session.writer();
  if (!parked.replying) parked.reply_mark = reply.out().Mark();  // Pushes came in between.
  parked.replying = true;
  CommandContext ctx = MakeContext(session, *parked.spec, parked.args.view(), reply, nullptr);
  Result<bool> result = true;
  if (parked.suspension->error().ok()) {
    const ExpiryView view(replica_store_, session);
    ++depth_;
    const Session* const outer = std::exchange(running_, &session);
    result = parked.suspension->Resume(ctx);
    running_ = outer;
    --depth_;
  } else {
    result = tl::unexpected(Error(parked.suspension->error()));
  }
  parked.busy_us += StopTimer(started_us);
  if (!result) {
    parked.broken = !WriteError(reply, parked.reply_mark, result.error());
    Finish(parked, &result.error());
  } else if (*result) {
    Finish(parked, nullptr);
  } else {
    parked.replying = reply.out().Mark() != parked.reply_mark;
    // As at its start: so that what there is of the reply is sent.
    if (parked.replying) hooks_.OnStart(session, *parked.spec, parked.args.view());
    if (ctx.suspension != nullptr) {
      KeepSuspension(parked, ctx);  // It waits for something else now.
    } else if (ctx.yield) {
      parked.yielded = true;
      yielded_.push_back(&parked);
    }
  }
}

void Dispatcher::Impl::Finish(ParkedCommand& parked, const Error* error) {
  parked.state = ParkedCommand::State::kFinished;
  SetDeadline(parked, 0);
  if (std::exchange(parked.is_block, false)) --blocked_count_;
  EndSuspension(parked);
  hooks_.OnDone(*parked.session, *parked.spec, parked.args.view(), parked.busy_us, error);
  // Within a command nobody else's next command may start.
  if (depth_ > 0) {
    MakeReady(parked);
  } else {
    Release(parked);
  }
}

void Dispatcher::Impl::Release(ParkedCommand& parked) {
  Session& session = *parked.session;
  const bool broken = parked.broken;
  Forget(parked);
  if (broken) {
    session.OnReplyBroken();
  } else {
    session.OnUnparked();
  }
}

void Dispatcher::Impl::Forget(ParkedCommand& parked) {
  SetDeadline(parked, 0);
  if (parked.is_block) --blocked_count_;
  if (parked.yielded) Erase(yielded_, &parked);
  if (parked.state == ParkedCommand::State::kPostponed) Erase(postponed_, &parked);
  if (parked.ready) ready_.erase(std::find(ready_.begin(), ready_.end(), &parked));
  if (parked.pending() > 0) store_.Abandon(parked);
  EndSuspension(parked);
  --parked_count_;
  parked.session->parked_.reset();
}

void Dispatcher::Impl::EndSuspension(ParkedCommand& parked) {
  if (parked.suspension == nullptr) return;
  if (parked.suspension->pending() > 0) store_.Abandon(*parked.suspension);
  parked.suspension.reset();
}

void Dispatcher::Impl::Erase(std::vector<ParkedCommand*>& list, const ParkedCommand* parked) {
  list.erase(std::remove(list.begin(), list.end(), parked), list.end());
}

void Dispatcher::Impl::Wake(Session& session) {
  ParkedCommand* parked = session.parked_.get();
  if (parked != nullptr && parked->state == ParkedCommand::State::kSuspended) MakeReady(*parked);
}

bool Dispatcher::Impl::IsBlocked(const Session& session) {
  return session.parked_ != nullptr && session.parked_->is_block;
}

bool Dispatcher::Impl::IsReplying(const Session& session) {
  const ParkedCommand* const parked = session.parked_.get();
  return parked != nullptr &&
         (parked->replying || parked->state == ParkedCommand::State::kFinished);
}

bool Dispatcher::Impl::Unblock(Session& session, const Error* error) {
  if (!IsBlocked(session)) return false;
  EndWait(*session.parked_, error);
  return true;
}

void Dispatcher::Impl::EndWait(ParkedCommand& parked, const Error* error) {
  Session& session = *parked.session;
  if (depth_ == 0) now_ms_ = clock_.NowMs();
  if (!parked.replying) parked.reply_mark = session.writer().out().Mark();
  if (error != nullptr) {
    parked.broken = !WriteError(session.writer(), parked.reply_mark, *error);
  } else {
    CommandContext ctx =
        MakeContext(session, *parked.spec, parked.args.view(), session.writer(), nullptr);
    ++depth_;
    const Session* const outer = std::exchange(running_, &session);
    parked.suspension->TimeOut(ctx);
    running_ = outer;
    --depth_;
  }
  Finish(parked, error);
}

void Dispatcher::Impl::Cancel(Session& session) {
  if (session.parked_ != nullptr) Forget(*session.parked_);
}

int64_t Dispatcher::Impl::RunDeadlines() {
  const int64_t now_ms = clock_.NowMs();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ms) {
    EndWait(*deadlines_.begin()->second, nullptr);
  }
  for (ParkedCommand* parked : std::exchange(yielded_, {})) {
    parked->yielded = false;
    MakeReady(*parked);
  }
  RunReady();
  if (!yielded_.empty()) return now_ms;
  return deadlines_.empty() ? 0 : deadlines_.begin()->first;
}

void Dispatcher::Impl::RetryPostponed() {
  // Those that are postponed again come to the end of the list. Any of them may vanish meanwhile.
  for (size_t left = postponed_.size(); left > 0 && !postponed_.empty(); --left) {
    ParkedCommand& parked = *postponed_.front();
    postponed_.erase(postponed_.begin());
    const Args args = parked.args.view();
    switch (hooks_.Admit(*parked.session, *parked.spec, args)) {
      case DispatchHooks::Verdict::kRun:
        RunAdmitted(*parked.session, *parked.spec, args, &parked);
        break;
      case DispatchHooks::Verdict::kHandled:
        parked.state = ParkedCommand::State::kFinished;
        Release(parked);
        break;
      case DispatchHooks::Verdict::kPostpone:
        postponed_.push_back(&parked);
        break;
    }
  }
  RunReady();
}

}  // namespace datatypes
