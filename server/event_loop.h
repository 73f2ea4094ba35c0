// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>

#include <absl/container/flat_hash_set.h>

namespace server {

class Poll;

// The one libuv loop of the server, and its handles as objects: each stops when it is destroyed,
// whatever libuv still has to do with it afterwards. Loop thread only, but for Wakeup::Send().
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop().
  void Run();
  // Run() returns at the end of the iteration.
  void Stop();
  // From within a callback that holds the loop for long: calls back for the Polls that are ready
  // now, and for nothing else (no timers, hooks or wake-ups).
  void ServePolls();
  uv_loop_t* raw() { return &loop_; }

 private:
  friend class Poll;
  uv_loop_t loop_{};
  absl::flat_hash_set<Poll*> polls_;
};

// Readiness of a file descriptor, level-triggered. The callback is a plain function: it is called
// for every batch of requests.
class Poll {
 public:
  enum Events : int { kNone = 0, kReadable = UV_READABLE, kWritable = UV_WRITABLE };
  // `events`: what is ready. May destroy the Poll.
  using Callback = void (*)(void* owner, int events);

  Poll(EventLoop& loop, int fd, void* owner, Callback callback);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  // Costs a system call at the next poll if `events` differs from what was asked before.
  void Watch(int events);
  int watched() const { return watched_; }

 private:
  friend class EventLoop;
  struct Handle;
  void Call(int ready);
  EventLoop& loop_;
  const int fd_;
  Handle* handle_;
  int watched_ = kNone;
};

class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Calls back once in `delay_ms`, then every `repeat_ms` if that is not 0.
  void Start(uint64_t delay_ms, uint64_t repeat_ms = 0);
  void Stop();
  bool active() const;

 private:
  struct Handle;
  Handle* handle_;
};

// Called in every iteration: before the loop waits for events, or after it has handled them.
// A Kind::kSpin hook, while on, also keeps the loop from waiting.
class LoopHook {
 public:
  enum class Kind : uint8_t { kBeforeWait, kAfterEvents, kSpin };
  using Callback = void (*)(void* owner);

  LoopHook(EventLoop& loop, Kind kind, void* owner, Callback callback);
  ~LoopHook();
  LoopHook(const LoopHook&) = delete;
  LoopHook& operator=(const LoopHook&) = delete;

  void Set(bool on);
  bool on() const { return on_; }

 private:
  struct Handle;
  Handle* handle_;
  Kind kind_;
  bool on_ = false;
};

// Wakes the loop from any thread; the callback runs on the loop thread, once for any number of
// Send()s before it.
class Wakeup {
 public:
  Wakeup(EventLoop& loop, std::function<void()> callback);
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void Send();

 private:
  struct Handle;
  Handle* handle_;
};

// A Unix signal, delivered on the loop thread.
class SignalWatch {
 public:
  SignalWatch(EventLoop& loop, int signal, std::function<void()> callback);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct Handle;
  Handle* handle_;
};

}  // namespace server
