// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include "resp/writer.h"

struct lua_State;

// What commands reply as Lua values, and Lua values as replies.
//
//   RESP                 Lua                                RESP of a value
//   :1                   1                                  :1 (the fraction is cut off)
//   $1 a                 "a"                                $1 a
//   +OK                  {ok = "OK"}                        +OK
//   -ERR x               {err = "ERR x"}                    -ERR x
//   *2 …                 {…, …}                             *n, up to the first nil
//   $-1, *-1             false                              nil, false: a null; true: 1
// and after redis.setresp(3) also
//   _                    nil                                nil: a null
//   #t, #f               true, false                        true, false: #t, #f
//   ,1.5                 {double = 1.5}                     ,1.5
//   (123                 {big_number = "123"}               (123
//   %1 …                 {map = {k = v}}                    %n
//   ~1 …                 {set = {member = true}}            ~n
//   =txt:a               {verbatim_string = {format = "txt", string = "a"}}
//   |1 …                 nothing: attributes are left out
namespace scripting {

// Pushes the value of one whole reply, which our own resp::Writer has made. May raise a Lua error
// for want of memory.
void PushReply(lua_State* state, std::string_view reply);

// Writes the value on top of the stack, and pops it. `script_protocol` is what the script chose
// by redis.setresp(). Must not be called where memory may run out.
void WriteValue(lua_State* state, resp::Protocol script_protocol, resp::Writer& reply);

// Pushes {err = text}, where the text begins with its code ("ERR …").
void PushErrorTable(lua_State* state, std::string_view text, bool counted);
// The same from what Redis takes for one: "-CODE message", or a message that gets the code ERR.
void PushErrorReply(lua_State* state, std::string_view text);

}  // namespace scripting
