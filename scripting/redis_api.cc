// SPDX-License-Identifier: BSD-3-Clause
// The functions of the table `redis`. None of them holds an object with a destructor when it calls
// into Lua; see lua_vm.h.
#include "scripting/redis_api.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <lua.hpp>

#include "resp/number_format.h"
#include "scripting/lua_values.h"
#include "scripting/lua_vm.h"
#include "scripting/sha1.h"

namespace scripting {
namespace {

constexpr int kReplNone = 0;
constexpr int kReplAof = 1;
constexpr int kReplReplica = 2;
constexpr int kReplAll = kReplAof | kReplReplica;

// Room for the text of one number.
constexpr size_t kNumberBytes = resp::kMaxDoubleChars;

// As Redis 7.2: an integer in digits if it is one, else what reads back as the same number.
char* FormatNumber(char* out, double value) {
  constexpr double kMaxExact = 4611686018427387904.0;
  if (value > -kMaxExact && value < kMaxExact &&
      value == static_cast<double>(static_cast<int64_t>(value))) {
    return resp::FormatInt64(out, static_cast<int64_t>(value));
  }
  return resp::FormatDouble(out, value);
}

// The arguments on the stack, into vm.call_args(). An error's text, or nullptr. Calls nothing of
// Lua's that can raise.
const char* CollectArgs(lua_State* state, LuaVm& vm) {
  const int count = lua_gettop(state);
  std::vector<std::string_view>& args = vm.call_args();
  args.clear();
  if (count == 0) return "ERR Please specify at least one argument for this redis lib call";
  std::string& numbers = vm.number_texts();
  numbers.clear();
  for (int i = 1; i <= count; ++i) {
    const int type = lua_type(state, i);
    if (type == LUA_TSTRING) {
      size_t size = 0;
      const char* const bytes = lua_tolstring(state, i, &size);
      args.emplace_back(bytes, size);
    } else if (type == LUA_TNUMBER) {
      // Once for all, so that it does not move.
      if (numbers.empty()) numbers.resize(static_cast<size_t>(count) * kNumberBytes);
      char* const text = numbers.data() + static_cast<size_t>(i - 1) * kNumberBytes;
      args.emplace_back(text, FormatNumber(text, lua_tonumber(state, i)));
    } else {
      return "ERR Lua redis lib command arguments must be strings or integers";
    }
  }
  return nullptr;
}

int CallOrPCall(lua_State* state, bool raises) {
  LuaVm& vm = LuaVm::Of(state);
  bool failed = true;
  if (vm.running() == nullptr) {
    lua_pushliteral(state, "redis.call/pcall can only be called inside a script invocation");
    return lua_error(state);
  }
  if (const char* const problem = CollectArgs(state, vm); problem != nullptr) {
    PushErrorTable(state, problem, /*counted=*/false);
  } else if (!vm.RunCommand(vm.call_args())) {
    PushErrorTable(state, vm.refusal(), /*counted=*/true);
  } else {
    const std::string_view reply = vm.reply_bytes();
    PushReply(state, reply);
    failed = reply.front() == '-';
  }
  return failed && raises ? lua_error(state) : 1;
}

int Call(lua_State* state) {
  return CallOrPCall(state, /*raises=*/true);
}
int PCall(lua_State* state) {
  return CallOrPCall(state, /*raises=*/false);
}

// Raises an error of that text, with the code ERR and without a place.
int Raise(lua_State* state, const char* text) {
  PushErrorTable(state, text, /*counted=*/false);
  return lua_error(state);
}

// redis.error_reply(text), redis.status_reply(text)
bool IsOneString(lua_State* state) {
  if (lua_gettop(state) == 1 && lua_type(state, 1) == LUA_TSTRING) return true;
  PushErrorTable(state, "ERR wrong number or type of arguments", /*counted=*/false);
  return false;
}
int ErrorReply(lua_State* state) {
  if (!IsOneString(state)) return 1;
  size_t size = 0;
  const char* const text = lua_tolstring(state, 1, &size);
  if (size == 0 || text[0] != '-') {
    lua_pushliteral(state, "-");
    lua_insert(state, 1);
    lua_concat(state, 2);
    const char* const prefixed = lua_tolstring(state, 1, &size);
    PushErrorReply(state, {prefixed, size});
  } else {
    PushErrorReply(state, {text, size});
  }
  return 1;
}
int StatusReply(lua_State* state) {
  if (!IsOneString(state)) return 1;
  lua_createtable(state, 0, 1);
  lua_insert(state, 1);
  lua_setfield(state, 1, "ok");
  return 1;
}

// redis.sha1hex(text)
int Sha1HexOf(lua_State* state) {
  if (lua_gettop(state) != 1) return Raise(state, "ERR wrong number of arguments");
  size_t size = 0;
  const char* const bytes = lua_tolstring(state, 1, &size);
  const Sha1Hex hex = Sha1({bytes, bytes == nullptr ? 0 : size});
  lua_pushlstring(state, hex.data(), hex.size());
  return 1;
}

// The arguments from the second on, separated by spaces.
void LogArguments(lua_State* state, LuaVm& vm, int level) {
  std::string line;
  for (int i = 2; i <= lua_gettop(state); ++i) {
    const int type = lua_type(state, i);
    if (type != LUA_TSTRING && type != LUA_TNUMBER) continue;
    if (!line.empty()) line += ' ';
    if (type == LUA_TSTRING) {
      size_t size = 0;
      const char* const bytes = lua_tolstring(state, i, &size);
      line.append(bytes, size);
    } else {
      line += resp::DoubleToString(lua_tonumber(state, i));
    }
  }
  vm.host().Log(static_cast<LogLevel>(level), line);
}

// redis.log(level, text, ...)
int LogLine(lua_State* state) {
  if (lua_gettop(state) < 2) return Raise(state, "ERR redis.log() requires two arguments or more.");
  if (lua_isnumber(state, 1) == 0) {
    return Raise(state, "ERR First argument must be a number (log level).");
  }
  const auto level = static_cast<int>(lua_tonumber(state, 1));
  if (level < 0 || level > static_cast<int>(LogLevel::kWarning)) {
    return Raise(state, "ERR Invalid log level.");
  }
  LogArguments(state, LuaVm::Of(state), level);
  return 0;
}

// redis.setresp(version)
int SetResp(lua_State* state) {
  if (lua_gettop(state) != 1) return Raise(state, "ERR redis.setresp() requires one argument.");
  const auto version = static_cast<int>(lua_tonumber(state, 1));
  if (version != 2 && version != 3) return Raise(state, "ERR RESP version must be 2 or 3.");
  if (ScriptRun* const run = LuaVm::Of(state).running(); run != nullptr) {
    run->protocol = version == 3 ? resp::Protocol::kResp3 : resp::Protocol::kResp2;
  }
  return 0;
}

// redis.set_repl(flags): whether replicas are told. What is written goes to the commit log in any
// case.
int SetRepl(lua_State* state) {
  if (lua_gettop(state) != 1) return Raise(state, "ERR redis.set_repl() requires two arguments.");
  const auto flags = static_cast<int>(lua_tonumber(state, 1));
  if ((flags & ~kReplAll) != 0) {
    return Raise(state,
                 "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or "
                 "REPL_NONE.");
  }
  if (ScriptRun* const run = LuaVm::Of(state).running(); run != nullptr) {
    run->replicates = (flags & kReplReplica) != 0;
  }
  return 0;
}

int ReplicateCommands(lua_State* state) {
  lua_pushboolean(state, 1);
  return 1;
}

// Only do something under the debugger.
int Breakpoint(lua_State* state) {
  lua_pushboolean(state, 0);
  return 1;
}
int Debug(lua_State* /*state*/) {
  return 0;
}

// redis.acl_check_cmd(command, ...)
int AclCheckCommand(lua_State* state) {
  LuaVm& vm = LuaVm::Of(state);
  if (const char* const problem = CollectArgs(state, vm); problem != nullptr) {
    return Raise(state, problem);
  }
  bool allowed = false;
  if (!vm.MayRun(vm.call_args(), &allowed)) {
    return Raise(state, "ERR Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(state, allowed ? 1 : 0);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"call", Call},
                                   {"pcall", PCall},
                                   {"error_reply", ErrorReply},
                                   {"status_reply", StatusReply},
                                   {"sha1hex", Sha1HexOf},
                                   {"log", LogLine},
                                   {"setresp", SetResp},
                                   {"set_repl", SetRepl},
                                   {"replicate_commands", ReplicateCommands},
                                   {"breakpoint", Breakpoint},
                                   {"debug", Debug},
                                   {"acl_check_cmd", AclCheckCommand}};

struct Constant {
  const char* name;
  int value;
};
constexpr Constant kConstants[] = {{"LOG_DEBUG", static_cast<int>(LogLevel::kDebug)},
                                   {"LOG_VERBOSE", static_cast<int>(LogLevel::kVerbose)},
                                   {"LOG_NOTICE", static_cast<int>(LogLevel::kNotice)},
                                   {"LOG_WARNING", static_cast<int>(LogLevel::kWarning)},
                                   {"REPL_NONE", kReplNone},
                                   {"REPL_AOF", kReplAof},
                                   {"REPL_SLAVE", kReplReplica},
                                   {"REPL_REPLICA", kReplReplica},
                                   {"REPL_ALL", kReplAll}};

// "7.2.5" is 0x070205.
int VersionNumber(std::string_view version) {
  int number = 0;
  const char* at = version.data();
  for (int part = 0; part < 3; ++part) {
    char* end = nullptr;
    number = number << 8 | static_cast<int>(std::strtol(at, &end, 10));
    at = end + 1;
  }
  return number;
}

}  // namespace

void PushRedisTable(lua_State* state, std::string_view redis_version) {
  lua_newtable(state);
  for (const luaL_Reg& function : kFunctions) {
    lua_pushcfunction(state, function.func);
    lua_setfield(state, -2, function.name);
  }
  for (const Constant& constant : kConstants) {
    lua_pushinteger(state, constant.value);
    lua_setfield(state, -2, constant.name);
  }
  lua_pushlstring(state, redis_version.data(), redis_version.size());
  lua_setfield(state, -2, "REDIS_VERSION");
  lua_pushinteger(state, VersionNumber(redis_version));
  lua_setfield(state, -2, "REDIS_VERSION_NUM");
}

}  // namespace scripting
