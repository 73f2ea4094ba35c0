// SPDX-License-Identifier: BSD-3-Clause
// The way of a request that does not wait.
#include "datatypes/dispatcher_impl.h"

#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "datatypes/errors.h"
#include "datatypes/hash_format.h"
#include "datatypes/key_specs.h"

namespace datatypes {

void Dispatcher::Impl::BeginTurn() {
  has_turns_ = true;
  turn_started_ms_ = clock_.NowMs();
  turn_started_us_ = last_us_ = clock_.MonotonicUs();
}

// Also sets now_ms_, unless this is a command within a command.
int64_t Dispatcher::Impl::StartTimer() {
  const bool outermost = depth_ == 0;
  if (!has_turns_ || !outermost) {
    if (outermost) now_ms_ = clock_.NowMs();
    return clock_.MonotonicUs();
  }
  now_ms_ = turn_started_ms_ + (last_us_ - turn_started_us_) / 1000;
  return last_us_;
}

int64_t Dispatcher::Impl::StopTimer(int64_t started_us) {
  last_us_ = clock_.MonotonicUs();
  return last_us_ - started_us;
}

CommandContext Dispatcher::Impl::MakeContext(Session& session, const CommandSpec& spec, Args args,
                                             resp::Writer& reply, FoundKey* found) {
  const bool no_touch = session.no_touch() || (spec.flags & kPeeks) != 0;
  return {.args = args,
          .spec = spec,
          .keyspace = Keyspace(store_, session.db(), no_touch, found),
          .reply = reply,
          .session = session,
          .notifier = notifier_,
          .now_ms = now_ms_,
          .settings = settings_,
          .table = table_,
          .blocked_keys = blocked_keys_,
          .random = random_};
}

const CommandSpec* Dispatcher::Impl::LookUp(std::string_view name) {
  if (name.size() == last_name_bytes_ && last_spec_ != nullptr &&
      std::memcmp(name.data(), last_name_.data(), name.size()) == 0) {
    return last_spec_;
  }
  const CommandSpec* spec = table_.Find(name);
  if (spec != nullptr && name.size() <= last_name_.size()) {
    std::memcpy(last_name_.data(), name.data(), name.size());
    last_name_bytes_ = name.size();
    last_spec_ = spec;
  }
  return spec;
}

void Dispatcher::Impl::Reject(Session& session, const CommandSpec* spec, const Error& error) {
  session.writer().Error(error.text());
  hooks_.OnRejected(session, spec, error);
}

const CommandSpec* Dispatcher::Impl::Resolve(Session& session, Args args) {
  const CommandSpec* spec = LookUp(args[0]);
  if (spec == nullptr) {
    Reject(session, nullptr, UnknownCommand(args));
    return nullptr;
  }
  if (!spec->subcommands.empty() && args.size() > 1) {
    spec = CommandTable::FindSubcommand(*spec, args[1]);
    if (spec == nullptr) {
      Reject(session, nullptr, UnknownSubcommand(args));
      return nullptr;
    }
  }
  const auto argc = static_cast<int64_t>(args.size());
  const bool fits = spec->arity >= 0 ? argc == spec->arity : argc >= -spec->arity;
  if (!fits || spec->handler == nullptr) {
    Reject(session, spec, WrongArity(table_.FullName(*spec)).value());
    return nullptr;
  }
  return spec;
}

Dispatcher::Outcome Dispatcher::Impl::Execute(Session& session, Args args) {
  ENSURE(!session.parked() && !args.empty());
  Outcome outcome = Outcome::kDone;
  if (const CommandSpec* spec = Resolve(session, args); spec != nullptr) {
    switch (hooks_.Admit(session, *spec, args)) {
      case DispatchHooks::Verdict::kRun:
        outcome = RunAdmitted(session, *spec, args, nullptr);
        break;
      case DispatchHooks::Verdict::kHandled:
        break;
      case DispatchHooks::Verdict::kPostpone:
        postponed_.push_back(&Park(session, *spec, args, ParkedCommand::State::kPostponed));
        outcome = Outcome::kParked;
        break;
    }
  }
  // Whom this command woke goes on before anybody's next command.
  if (depth_ == 0 && (!ready_.empty() || blocked_keys_.has_ready())) RunReady();
  return outcome;
}

Dispatcher::Impl::Located Dispatcher::Impl::Locate(Session& session, const CommandSpec& spec,
                                                   Args args) {
  Located located;
  const bool no_touch = session.no_touch() || (spec.flags & kPeeks) != 0;
  const auto access = no_touch ? lsm::Store::Access::kNoTouch : lsm::Store::Access::kTouch;
  const auto look = [&](size_t index) {
    const lsm::Store::Lookup found = store_.Find(session.db(), args[index], access);
    if (found.presence == lsm::Store::Presence::kNotResident) located.resident = false;
    if (found.presence == lsm::Store::Presence::kPresent) ++located.present;
    if (located.keys++ == 0) {
      located.first = found.entry;
      located.first_index = index;
    }
    return located.resident;
  };
  if (!NeedsOwnFinder(spec)) {
    ForEachKey(spec, args, [&](size_t index, uint16_t) { return look(index); });
    return located;
  }
  // What is wrong with the arguments the handler will say.
  if (FindKeys(spec, args, found_keys_)) {
    for (const KeyRef& key : found_keys_) {
      if (!look(key.index)) break;
    }
  }
  return located;
}

bool Dispatcher::Impl::RowsResident(const CommandSpec& spec, Args args, lsm::Entry& entry,
                                    lsm::LoadWaiter& waiter) {
  const RowHint& rows = spec.rows;
  if (rows.kind == RowHint::Kind::kWhole) {
    return store_.PrefetchAll(entry, kMaxWholeRows, waiter);
  }
  bool resident = true;
  std::string made;
  size_t end = args.size();
  if (rows.count != 0) end = std::min(end, size_t{rows.from} + size_t{rows.count} * rows.step);
  for (size_t i = rows.from; i < end; i += rows.step) {
    std::string_view subkey = args[i];
    if (rows.prefix == kFieldHint) {
      subkey = FieldSubkey(subkey, made);
    } else if (rows.prefix != 0) {
      made.assign(1, rows.prefix);
      made += subkey;
      subkey = made;
    }
    if (!store_.PrefetchRow(entry, subkey, waiter)) resident = false;
  }
  return resident;
}

bool Dispatcher::Impl::PrefetchKeys(Session& session, const CommandSpec& spec, Args args,
                                    lsm::LoadWaiter& waiter) {
  bool resident = true;
  const auto load = [&](size_t index) {
    if (!store_.Prefetch(session.db(), args[index], waiter)) resident = false;
  };
  if (!NeedsOwnFinder(spec)) {
    ForEachKey(spec, args, [&](size_t index, uint16_t) {
      load(index);
      return true;
    });
  } else if (std::vector<KeyRef> keys; FindKeys(spec, args, keys)) {
    for (const KeyRef& key : keys) load(key.index);
  }
  return resident;
}

bool Dispatcher::Impl::Prefetch(Session& session, const CommandSpec& spec, Args args,
                                lsm::LoadWaiter& waiter) {
  if (spec.keys.count == 0 && spec.find_keys == nullptr) return true;
  const ExpiryView view(replica_store_, session);
  const Located located = Locate(session, spec, args);
  if (!located.resident) return PrefetchKeys(session, spec, args, waiter);
  if (spec.rows.kind == RowHint::Kind::kNone || located.first == nullptr ||
      !located.first->has_collection()) {
    return true;
  }
  return RowsResident(spec, args, *located.first, waiter);
}

void Dispatcher::Impl::CountLookups(Session& session, const CommandSpec& spec, Args args,
                                    const Located& located) {
  hits_ += located.present;
  if (located.present == located.keys) return;
  misses_ += located.keys - located.present;
  if ((notifier_.mask & kNotifyKeyMiss) == 0) return;
  ForEachKey(spec, args, [&](size_t index, uint16_t) {
    const auto found = store_.Find(session.db(), args[index], lsm::Store::Access::kNoTouch);
    if (found.presence == lsm::Store::Presence::kAbsent) {
      notifier_.Send(kNotifyKeyMiss, "keymiss", session.db(), args[index]);
    }
    return true;
  });
}

Dispatcher::Outcome Dispatcher::Impl::RunAdmitted(Session& session, const CommandSpec& spec,
                                                  Args args, ParkedCommand* parked) {
  const ExpiryView view(replica_store_, session);
  if ((spec.flags & kWrite) != 0 && !store_.Writable()) {
    const Error error = WriteRefused(store_.write_error());
    Reject(session, &spec, error);
    if (parked != nullptr) {
      parked->state = ParkedCommand::State::kFinished;
      Release(*parked);
    }
    return Outcome::kDone;
  }
  if (spec.keys.count == 0 && spec.find_keys == nullptr) {
    return RunHandler(session, spec, args, Located(), parked);
  }
  const bool last_round = parked != nullptr && parked->load_rounds >= kMaxLoadRounds;
  Located located = Locate(session, spec, args);
  bool resident = located.resident;
  ParkedCommand* waiter = parked;
  if (!resident && !last_round) {
    if (waiter == nullptr) waiter = &Spare();
    // It can have come in between, by somebody's load on the spot: then look again.
    resident = PrefetchKeys(session, spec, args, *waiter);
    if (resident) located = Locate(session, spec, args);
  } else if (spec.rows.kind != RowHint::Kind::kNone && located.first != nullptr &&
             located.first->has_collection() && !last_round) {
    if (waiter == nullptr) waiter = &Spare();
    resident = RowsResident(spec, args, *located.first, *waiter);
  }
  if (resident || last_round) return RunHandler(session, spec, args, located, parked);
  if (parked == nullptr) parked = &Park(session, spec, args, ParkedCommand::State::kLoading);
  parked->state = ParkedCommand::State::kLoading;
  ++parked->load_rounds;
  return Outcome::kParked;
}

bool Dispatcher::Impl::WriteError(resp::Writer& reply, size_t mark, const Error& error) {
  resp::OutputBuffer& out = reply.out();
  if (mark < out.Mark() - out.size()) return false;
  out.TruncateTo(mark);
  reply.Error(error.text());
  return true;
}

Dispatcher::Outcome Dispatcher::Impl::RunHandler(Session& session, const CommandSpec& spec,
                                                 Args args, const Located& located,
                                                 ParkedCommand* parked) {
  const int64_t started_us = StartTimer();
  hooks_.OnStart(session, spec, args);
  if (located.resident && (spec.flags & kReadonly) != 0) {
    CountLookups(session, spec, args, located);
  }
  FoundKey found;
  if (located.resident && located.keys == 1) found = {args[located.first_index], located.first};
  resp::Writer& reply = session.writer();
  const size_t mark = reply.out().Mark();
  CommandContext ctx = MakeContext(session, spec, args, reply, &found);
  if (parked != nullptr) parked->replying = true;
  ++depth_;
  const Session* const outer = std::exchange(running_, &session);
  const Result<void> result = spec.handler(ctx);
  running_ = outer;
  --depth_;
  const int64_t duration_us = StopTimer(started_us);
  if (result && ctx.suspension != nullptr) {
    if (parked == nullptr) parked = &Park(session, spec, args, ParkedCommand::State::kSuspended);
    parked->reply_mark = mark;
    parked->replying = reply.out().Mark() != mark;
    parked->busy_us += duration_us;
    KeepSuspension(*parked, ctx);
    hooks_.OnSuspended(session, spec, args);
    return Outcome::kParked;
  }
  const Error* error = result ? nullptr : &result.error();
  const bool written = error == nullptr || WriteError(reply, mark, *error);
  if (parked != nullptr) {
    parked->broken = !written;
    parked->busy_us += duration_us;
    Finish(*parked, error);
    return Outcome::kDone;
  }
  hooks_.OnDone(session, spec, args, duration_us, error);
  if (!written) session.OnReplyBroken();
  return Outcome::kDone;
}

void Dispatcher::Impl::ExecuteNow(Session& session, const CommandSpec& spec, Args args,
                                  resp::Writer& reply) {
  const int64_t started_us = StartTimer();
  hooks_.OnStart(session, spec, args);
  const size_t mark = reply.out().Mark();
  std::optional<Error> error;
  if ((spec.flags & kWrite) != 0 && !store_.Writable()) {
    error = WriteRefused(store_.write_error());
  } else {
    const Located located = Locate(session, spec, args);
    if (located.resident && (spec.flags & kReadonly) != 0) {
      CountLookups(session, spec, args, located);
    }
    FoundKey found;
    if (located.resident && located.keys == 1) found = {args[located.first_index], located.first};
    CommandContext ctx = MakeContext(session, spec, args, reply, &found);
    ctx.may_suspend = false;
    ctx.may_block = false;
    ++depth_;
    Result<void> result = spec.handler(ctx);
    --depth_;
    ENSURE(ctx.suspension == nullptr);
    if (!result) error = std::move(result.error());
  }
  // Nothing of this reply has gone out: nobody sends while a command runs.
  if (error) ENSURE(WriteError(reply, mark, *error));
  hooks_.OnDone(session, spec, args, StopTimer(started_us), error ? &*error : nullptr);
}

}  // namespace datatypes
