// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

struct lua_State;
struct lua_Debug;

namespace scripting {

// Gets a word in with a script that does not end.
//
// LuaJIT's interpreter can call a hook after every instruction, but a hook that is set makes each
// of them slower, and code compiled to machine code calls no hooks at all. So the compiler is off
// (see docs/scripting.md for what that costs), no hook is set while a script runs, and a timer's
// signal sets one, which is what lua_sethook may be called for at any moment (LuaJIT's own shell
// stops scripts by it on Ctrl-C). The hook runs at the next instruction, whatever the script does,
// and takes itself away.
//
// The timer ticks only while scripts run: the first Start() in a while arms it, the first tick
// without a script disarms it. Belongs to the thread that called Start() first: the signal is
// delivered there.
class Watchdog {
 public:
  using Hook = void (*)(lua_State*, lua_Debug*);
  // The time between two calls of the hook in one script.
  static constexpr int64_t kTickMs = 10;

  Watchdog(lua_State* state, Hook hook) : state_(state), hook_(hook) {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // A script starts: from `after_ms` on, the hook is called at every tick until Stop().
  void Start(int64_t after_ms);
  void Stop();
  // Whether the hook is to be called, at the next instruction.
  bool hook_is_due() const { return hooked_; }
  // For the hook itself: it will be called again at the next tick; and instead of that, after each
  // instruction, so that a script can do nothing any more but end.
  void HookDone();
  void HookEveryInstruction();
  bool hooks_every_instruction() const { return every_instruction_; }

 private:
  static void OnSignal(int signal, siginfo_t* info, void* context);
  void OnTick();
  void Create();
  void Arm(int64_t interval_ms);
  void SetHook(Hook hook);

  lua_State* const state_;
  const Hook hook_;
  bool created_ = false;
  timer_t timer_ = {};
  // What the signal handler shares with the thread that it interrupts.
  std::atomic<bool> armed_ = false;
  std::atomic<bool> running_ = false;
  std::atomic<bool> hooked_ = false;
  std::atomic<bool> every_instruction_ = false;
  std::atomic<bool> setting_hook_ = false;
  std::atomic<int64_t> due_us_ = 0;
};

}  // namespace scripting
