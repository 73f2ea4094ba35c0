// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace datatypes {

// One argument of a command, as COMMAND DOCS shows it.
struct SyntaxArg {
  enum class Type : uint8_t {
    kString,
    kInteger,
    kDouble,
    kKey,
    kPattern,
    kUnixTime,
    kPureToken,
    kOneOf,
    kBlock,
  };
  std::string name;
  Type type = Type::kString;
  std::string token;
  int key_spec_index = -1;  // -1: none.
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;
  std::string since;  // Empty: as old as the command.
  std::string deprecated_since;
  std::vector<SyntaxArg> children;  // kOneOf, kBlock.
};

// The name of a type in COMMAND DOCS.
std::string_view SyntaxTypeName(SyntaxArg::Type type);

// Makes the tree of arguments from the line that the manual shows (CommandSpec::syntax):
//
//   key             an argument; its name tells the type
//   MATCH pattern   a token, and the argument or arguments that it introduces
//   [ … ]           optional
//   < a | b >       one of these; so does a bar between [ and ]
//   key [key ...]   one or more; so does "..." behind anything
//   ( … )           one argument made of several, in which a token introduces one word
//   {name:type#key@since!deprecated}
//                   behind a word, a token or a bracket: its name, type, key specification and
//                   versions, as far as they do not follow from the words
//
// The lines are ours; one that makes no sense stops the server (a test parses them all).
// A key has one of the `key_specs` specifications of the command's.
std::vector<SyntaxArg> ParseSyntax(std::string_view syntax, int key_specs);

}  // namespace datatypes
