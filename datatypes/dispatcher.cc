// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/dispatcher.h"

#include "datatypes/dispatcher_impl.h"

namespace datatypes {

Dispatcher::Dispatcher(lsm::Store& store, lsm::Clock& clock, const CommandTable& table,
                       const Notifier& notifier, const Settings& settings, DispatchHooks& hooks)
    : impl_(std::make_unique<Impl>(store, clock, table, notifier, settings, hooks)) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::BeginTurn() {
  impl_->BeginTurn();
}
Dispatcher::Outcome Dispatcher::Execute(Session& session, Args args) {
  return impl_->Execute(session, args);
}
void Dispatcher::ExecuteNow(Session& session, const CommandSpec& spec, Args args,
                            resp::Writer& reply) {
  impl_->ExecuteNow(session, spec, args, reply);
}
bool Dispatcher::Prefetch(Session& session, const CommandSpec& spec, Args args,
                          lsm::LoadWaiter& waiter) {
  return impl_->Prefetch(session, spec, args, waiter);
}
void Dispatcher::RunReady() {
  impl_->RunReady();
}
void Dispatcher::Wake(Session& session) {
  impl_->Wake(session);
}
bool Dispatcher::Unblock(Session& session, const Error* error) {
  return impl_->Unblock(session, error);
}
bool Dispatcher::IsBlocked(const Session& session) const {
  return Impl::IsBlocked(session);
}
bool Dispatcher::IsReplying(const Session& session) const {
  return Impl::IsReplying(session);
}
void Dispatcher::Cancel(Session& session) {
  impl_->Cancel(session);
}
int64_t Dispatcher::RunDeadlines() {
  return impl_->RunDeadlines();
}
void Dispatcher::RetryPostponed() {
  impl_->RetryPostponed();
}
const Session* Dispatcher::running() const {
  return impl_->running();
}
size_t Dispatcher::parked_sessions() const {
  return impl_->parked_sessions();
}
size_t Dispatcher::blocked_sessions() const {
  return impl_->blocked_sessions();
}
size_t Dispatcher::awaited_keys() const {
  return impl_->blocked_keys().awaited_keys();
}
size_t Dispatcher::awaited_deletions() const {
  return impl_->blocked_keys().awaited_deletions();
}
uint64_t Dispatcher::keyspace_hits() const {
  return impl_->hits();
}
uint64_t Dispatcher::keyspace_misses() const {
  return impl_->misses();
}
void Dispatcher::ResetStats() {
  impl_->ResetStats();
}

}  // namespace datatypes
