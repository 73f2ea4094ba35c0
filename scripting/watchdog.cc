// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/watchdog.h"

#include <unistd.h>

#include <cerrno>

#include <lua.hpp>

#include "lsm/status.h"

namespace scripting {
namespace {

constexpr int kSignal = SIGALRM;

int64_t NowUs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

Watchdog::~Watchdog() {
  // A signal that is already on its way to this thread arrives before the call returns.
  if (created_) timer_delete(timer_);
}

void Watchdog::Create() {
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ENSURE(sigaction(kSignal, &action, nullptr) == 0);
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kSignal;
  event.sigev_value.sival_ptr = this;
  event._sigev_un._tid = gettid();
  ENSURE(timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0);
  created_ = true;
}

void Watchdog::Arm(int64_t interval_ms) {
  itimerspec spec = {};
  spec.it_interval.tv_nsec = interval_ms * 1'000'000;
  spec.it_value = spec.it_interval;
  timer_settime(timer_, 0, &spec, nullptr);
}

void Watchdog::Start(int64_t after_ms) {
  if (!created_) Create();
  due_us_ = NowUs() + after_ms * 1000;
  every_instruction_ = false;
  running_ = true;
  if (!armed_.exchange(true)) Arm(kTickMs);
}

void Watchdog::Stop() {
  running_ = false;
  if (hooked_.exchange(false)) SetHook(nullptr);
}

// lua_sethook may interrupt anything but itself: what it was writing would be left half old and
// half new, with a mark that says it is all new.
void Watchdog::SetHook(Hook hook) {
  setting_hook_ = true;
  lua_sethook(state_, hook, hook == nullptr ? 0 : LUA_MASKCOUNT, hook == nullptr ? 0 : 1);
  setting_hook_ = false;
}

void Watchdog::HookDone() {
  if (every_instruction_) return;
  hooked_ = false;
  SetHook(nullptr);
}

void Watchdog::HookEveryInstruction() {
  every_instruction_ = true;
  hooked_ = true;
  SetHook(hook_);
}

void Watchdog::OnSignal(int /*signal*/, siginfo_t* info, void* /*context*/) {
  if (info->si_code != SI_TIMER) return;
  const int saved = errno;
  static_cast<Watchdog*>(info->si_value.sival_ptr)->OnTick();
  errno = saved;
}

// In the signal handler: only what is safe there.
void Watchdog::OnTick() {
  if (!running_) {
    armed_ = false;
    Arm(0);
  } else if (!every_instruction_ && !setting_hook_ && NowUs() >= due_us_) {
    hooked_ = true;
    lua_sethook(state_, hook_, LUA_MASKCOUNT, 1);
  }
}

}  // namespace scripting
