// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/command_table.h"
#include "datatypes/dispatcher.h"
#include "datatypes/result.h"
#include "resp/writer.h"
#include "scripting/host.h"
#include "scripting/lua_allocator.h"
#include "scripting/random.h"
#include "scripting/script_run.h"
#include "scripting/watchdog.h"

struct lua_State;
struct lua_Debug;

namespace scripting {

// What all Lua states of a server share; all of it borrowed.
struct VmContext {
  Host& host;
  datatypes::Dispatcher& dispatcher;
  const datatypes::CommandTable& commands;
  std::string_view redis_version;
};

// One Lua state with the sandbox of scripts around it: the globals and libraries that Redis gives
// them, behind read-only tables, and the table `redis`. EVAL has one, functions have another.
//
// C functions that Lua calls may leave by lua_error, which skips C++ destructors or not as LuaJIT
// was built. So they hold no object that has one: what needs such objects is done by an inner
// function, which returns. A handler of a command never runs below a Lua frame that could be left.
//
// Loop thread only.
class LuaVm {
 public:
  LuaVm(const VmContext& context, size_t memory_limit);
  ~LuaVm();
  LuaVm(const LuaVm&) = delete;
  LuaVm& operator=(const LuaVm&) = delete;

  lua_State* state() const { return state_; }
  LuaAllocator& allocator() { return allocator_; }
  Host& host() { return context_.host; }
  const VmContext& context() const { return context_; }
  // The one that owns this state. From within C functions.
  static LuaVm& Of(lua_State* state);
  // The same, or nullptr: libraries are tested in states of their own.
  static LuaVm* Find(lua_State* state);

  // Compiles, and pushes the function. On failure nothing is pushed, and the Error is Lua's message
  // alone ("user_script:1: …"). `chunk_name` as Lua has it: "@user_script".
  datatypes::Result<void> Compile(std::string_view code, const char* chunk_name);

  // Calls the function that lies below its `argument_count` arguments on the stack, all of which
  // are popped, and writes its result to `reply`. An error that it raised or returned is the
  // Error. Requires running() == nullptr.
  datatypes::Result<void> Call(ScriptRun& run, int argument_count, resp::Writer& reply);
  // The same without a run, so that redis.call() is refused, and without a result: to load a
  // library. It is ended after `limit_ms`. On failure the Error has Lua's message, without the
  // error's place.
  datatypes::Result<void> CallForEffect(int argument_count, int64_t limit_ms);

  // Pushes an array of strings.
  void PushStrings(datatypes::Args strings);
  // Sets what scripts see as a global variable to the value on top of the stack, which is popped.
  void SetGlobal(const char* name);
  // Pushes a library's own table, which scripts only see behind a read-only one: to add to it.
  void PushLibrary(const char* name);

  // The run that is going on, or nullptr.
  ScriptRun* running() const { return run_; }
  // Whether the error that Call() returned last was counted when a command failed inside the
  // script. False from the second time on.
  bool TakeErrorCounted() { return std::exchange(error_was_counted_, false); }

  // Bytes of the Lua heap.
  size_t memory_used() const { return allocator_.used(); }

  // ---- For C functions that take long, or call back (long_calls.h) ----------------------------
  // If the watchdog's hook is due, does what it would do at Lua's next instruction, from within a C
  // function that `state` runs. May raise.
  void LetWatchdogIn(lua_State* state) {
    if (watchdog_.hook_is_due()) OnHook(state, nullptr);
  }
  // Whether C functions may be nested further.
  bool HasCStack() const;
  // Whether what runs is being ended: then nothing of it may run any more, not even where the hook
  // does not reach.
  bool is_ending() const { return watchdog_.hooks_every_instruction(); }

  // ---- For redis.* (redis_api.cc) ------------------------------------------------------------
  // Runs a command for the running script. Its reply is then in reply_bytes(), or, if it was
  // refused, the error's text in refusal(). False: refused. Touches no Lua state.
  bool RunCommand(datatypes::Args args);
  // Whether the session's user may run that. False: there is no such command.
  bool MayRun(datatypes::Args args, bool* allowed);
  // The arguments of redis.call(), being collected; and where numbers become texts.
  std::vector<std::string_view>& call_args() { return call_args_; }
  std::string& number_texts() { return number_texts_; }
  std::string_view reply_bytes();
  const std::string& refusal() const { return refusal_; }
  Random& random() { return random_; }

 private:
  static void* Allocate(void* self, void* block, size_t old_size, size_t new_size);
  static void OnHook(lua_State* state, lua_Debug* debug);
  // The part of OnHook that returns: looks after others. True: the script is to be killed.
  bool ServeWhileBusy();
  datatypes::Result<const datatypes::CommandSpec*> Resolve(datatypes::Args args) const;
  datatypes::Result<void> Admit(const datatypes::CommandSpec& spec, datatypes::Args args);
  int CallProtected(int argument_count, int result_count);
  // The text of the error table at `index`, if it is one; notes whether it was counted.
  std::optional<std::string> ErrorOf(int index);
  datatypes::Error ScriptError(const ScriptRun& run, int status);

  const VmContext context_;
  LuaAllocator allocator_;
  lua_State* state_;
  Watchdog watchdog_;
  Random random_;
  ScriptRun* run_ = nullptr;
  bool loading_ = false;        // Within CallForEffect().
  uintptr_t c_stack_base_ = 0;  // Where the call from outside began.
  bool error_was_counted_ = false;

  std::vector<std::string_view> call_args_;
  std::string number_texts_;
  std::string refusal_;
  resp::OutputBuffer reply_buffer_;
  resp::Writer reply_writer_;
  std::string long_reply_;  // A reply that does not lie in one piece in reply_buffer_.
};

}  // namespace scripting
