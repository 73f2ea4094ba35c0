// SPDX-License-Identifier: BSD-3-Clause
#include "server/event_loop.h"

#include <poll.h>

#include <utility>
#include <vector>

#include "lsm/status.h"

namespace server {
namespace {

// A libuv handle outlives its owner until its close callback, which frees it.
template <typename Handle, typename Raw>
void CloseHandle(Handle* handle, Raw* raw) {
  raw->data = handle;
  uv_close(reinterpret_cast<uv_handle_t*>(raw),
           [](uv_handle_t* closed) { delete static_cast<Handle*>(closed->data); });
}

}  // namespace

EventLoop::EventLoop() {
  ENSURE(uv_loop_init(&loop_) == 0);
}

EventLoop::~EventLoop() {
  // Lets the close callbacks of handles that were destroyed before run.
  uv_run(&loop_, UV_RUN_DEFAULT);
  ENSURE(uv_loop_close(&loop_) == 0);
}

void EventLoop::Run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void EventLoop::Stop() {
  uv_stop(&loop_);
}

void EventLoop::ServePolls() {
  std::vector<Poll*> asked;
  std::vector<pollfd> fds;
  for (Poll* const poll : polls_) {
    if (poll->watched_ == Poll::kNone) continue;
    const int events = ((poll->watched_ & Poll::kReadable) != 0 ? POLLIN : 0) |
                       ((poll->watched_ & Poll::kWritable) != 0 ? POLLOUT : 0);
    asked.push_back(poll);
    fds.push_back({.fd = poll->fd_, .events = static_cast<short>(events), .revents = 0});
  }
  if (poll(fds.data(), fds.size(), 0) <= 0) return;
  for (size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    // A callback before may have destroyed it.
    if (!polls_.contains(asked[i])) continue;
    const bool failed = (fds[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    const int ready = (failed || (fds[i].revents & POLLIN) != 0 ? Poll::kReadable : 0) |
                      (failed || (fds[i].revents & POLLOUT) != 0 ? Poll::kWritable : 0);
    asked[i]->Call(ready);
  }
}

// ---- Poll ------------------------------------------------------------------------------------

struct Poll::Handle {
  uv_poll_t poll{};
  void* owner = nullptr;
  Callback callback = nullptr;
};

Poll::Poll(EventLoop& loop, int fd, void* owner, Callback callback)
    : loop_(loop), fd_(fd), handle_(new Handle) {
  loop_.polls_.insert(this);
  handle_->owner = owner;
  handle_->callback = callback;
  handle_->poll.data = handle_;
  ENSURE(uv_poll_init(loop.raw(), &handle_->poll, fd) == 0);
}

Poll::~Poll() {
  loop_.polls_.erase(this);
  CloseHandle(handle_, &handle_->poll);
}

void Poll::Call(int ready) {
  handle_->callback(handle_->owner, ready);
}

void Poll::Watch(int events) {
  if (events == watched_) return;
  watched_ = events;
  if (events == kNone) {
    uv_poll_stop(&handle_->poll);
    return;
  }
  uv_poll_start(&handle_->poll, events, [](uv_poll_t* poll, int status, int ready) {
    auto* const handle = static_cast<Handle*>(poll->data);
    // A socket in error is readable and writable: read(2) or write(2) then says what it is.
    handle->callback(handle->owner, status < 0 ? UV_READABLE | UV_WRITABLE : ready);
  });
}

// ---- Timer -----------------------------------------------------------------------------------

struct Timer::Handle {
  uv_timer_t timer{};
  std::function<void()> callback;
};

Timer::Timer(EventLoop& loop, std::function<void()> callback) : handle_(new Handle) {
  handle_->callback = std::move(callback);
  handle_->timer.data = handle_;
  uv_timer_init(loop.raw(), &handle_->timer);
}

Timer::~Timer() {
  CloseHandle(handle_, &handle_->timer);
}

void Timer::Start(uint64_t delay_ms, uint64_t repeat_ms) {
  uv_timer_start(
      &handle_->timer, [](uv_timer_t* timer) { static_cast<Handle*>(timer->data)->callback(); },
      delay_ms, repeat_ms);
}

void Timer::Stop() {
  uv_timer_stop(&handle_->timer);
}

bool Timer::active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&handle_->timer)) != 0;
}

// ---- LoopHook --------------------------------------------------------------------------------

struct LoopHook::Handle {
  union {
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_handle_t any;
  };
  void* owner = nullptr;
  Callback callback = nullptr;

  template <typename Raw>
  static void Call(Raw* raw) {
    auto* const handle = static_cast<Handle*>(raw->data);
    handle->callback(handle->owner);
  }
};

LoopHook::LoopHook(EventLoop& loop, Kind kind, void* owner, Callback callback)
    : handle_(new Handle), kind_(kind) {
  handle_->owner = owner;
  handle_->callback = callback;
  switch (kind_) {
    case Kind::kBeforeWait:
      uv_prepare_init(loop.raw(), &handle_->prepare);
      break;
    case Kind::kAfterEvents:
      uv_check_init(loop.raw(), &handle_->check);
      break;
    case Kind::kSpin:
      uv_idle_init(loop.raw(), &handle_->idle);
      break;
  }
  handle_->any.data = handle_;
}

LoopHook::~LoopHook() {
  CloseHandle(handle_, &handle_->any);
}

void LoopHook::Set(bool on) {
  if (on == on_) return;
  on_ = on;
  switch (kind_) {
    case Kind::kBeforeWait:
      if (on) {
        uv_prepare_start(&handle_->prepare, &Handle::Call<uv_prepare_t>);
      } else {
        uv_prepare_stop(&handle_->prepare);
      }
      break;
    case Kind::kAfterEvents:
      if (on) {
        uv_check_start(&handle_->check, &Handle::Call<uv_check_t>);
      } else {
        uv_check_stop(&handle_->check);
      }
      break;
    case Kind::kSpin:
      if (on) {
        uv_idle_start(&handle_->idle, &Handle::Call<uv_idle_t>);
      } else {
        uv_idle_stop(&handle_->idle);
      }
      break;
  }
}

// ---- Wakeup ----------------------------------------------------------------------------------

struct Wakeup::Handle {
  uv_async_t async{};
  std::function<void()> callback;
};

Wakeup::Wakeup(EventLoop& loop, std::function<void()> callback) : handle_(new Handle) {
  handle_->callback = std::move(callback);
  handle_->async.data = handle_;
  ENSURE(uv_async_init(loop.raw(), &handle_->async, [](uv_async_t* async) {
           static_cast<Handle*>(async->data)->callback();
         }) == 0);
}

Wakeup::~Wakeup() {
  CloseHandle(handle_, &handle_->async);
}

void Wakeup::Send() {
  uv_async_send(&handle_->async);
}

// ---- SignalWatch -----------------------------------------------------------------------------

struct SignalWatch::Handle {
  uv_signal_t signal{};
  std::function<void()> callback;
};

SignalWatch::SignalWatch(EventLoop& loop, int signal, std::function<void()> callback)
    : handle_(new Handle) {
  handle_->callback = std::move(callback);
  handle_->signal.data = handle_;
  ENSURE(uv_signal_init(loop.raw(), &handle_->signal) == 0);
  uv_signal_start(
      &handle_->signal, [](uv_signal_t* raw, int) { static_cast<Handle*>(raw->data)->callback(); },
      signal);
}

SignalWatch::~SignalWatch() {
  CloseHandle(handle_, &handle_->signal);
}

}  // namespace server
