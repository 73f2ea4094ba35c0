// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/syntax_parser.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/command_table.h"

namespace datatypes {
namespace {

// "key:key value:string [choice:oneof(nx:pure-token=NX …)]".
std::string Show(const std::vector<SyntaxArg>& args) {
  std::string text;
  for (const SyntaxArg& arg : args) {
    if (!text.empty()) text += ' ';
    std::string one = arg.name + ":" + std::string(SyntaxTypeName(arg.type));
    if (arg.key_spec_index >= 0) one += "#" + std::to_string(arg.key_spec_index);
    if (!arg.token.empty()) one += "=" + arg.token;
    if (!arg.children.empty()) one += "(" + Show(arg.children) + ")";
    if (arg.multiple) one += arg.multiple_token ? "++" : "+";
    text += arg.optional ? "[" + one + "]" : one;
  }
  return text;
}

std::string Parsed(std::string_view syntax) {
  return Show(ParseSyntax(syntax));
}

TEST_CASE("names tell types, and keys are numbered") {
  CHECK(Parsed("key newkey") == "key:key#0 newkey:key#1");
  CHECK(Parsed("key seconds") == "key:key#0 seconds:integer");
  CHECK(Parsed("pattern") == "pattern:pattern");
  CHECK(Parsed("").empty());
}

TEST_CASE("brackets make optional, and a token introduces what follows") {
  CHECK(Parsed("cursor [MATCH pattern] [COUNT count]") ==
        "cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT]");
  CHECK(Parsed("source destination [DB destination-db] [REPLACE]") ==
        "source:key#0 destination:key#1 [destination-db:integer=DB] "
        "[replace:pure-token=REPLACE]");
  CHECK(Parsed("[LIMIT offset count]") == "[limit:block=LIMIT(offset:integer count:integer)]");
}

TEST_CASE("bars separate alternatives") {
  CHECK(Parsed("key seconds [NX | XX]") ==
        "key:key#0 seconds:integer [choice:oneof(nx:pure-token=NX xx:pure-token=XX)]");
  CHECK(Parsed("[EX seconds | KEEPTTL]") ==
        "[choice:oneof(seconds:integer=EX keepttl:pure-token=KEEPTTL)]");
  CHECK(Parsed("<AND | OR> destkey") ==
        "choice:oneof(and:pure-token=AND or:pure-token=OR) destkey:key#0");
  CHECK(Parsed("[FILTERBY <MODULE module-name | ACLCAT category>]") ==
        "[choice:oneof=FILTERBY(module-name:string=MODULE category:string=ACLCAT)]");
}

TEST_CASE("dots say that something may come several times") {
  CHECK(Parsed("key [key ...]") == "key:key#0+");
  CHECK(Parsed("key value [key value ...]") == "data:block(key:key#0 value:string)+");
  CHECK(Parsed("key [WEIGHTS weight [weight ...]]") == "key:key#0 [weight:double=WEIGHTS+]");
  CHECK(Parsed("key [GET pattern [GET pattern ...]]") == "key:key#0 [pattern:pattern=GET++]");
  CHECK(Parsed("[command-name [command-name ...]]") == "[command-name:string+]");
}

void ParseRow(const CommandSpec& spec) {
  CAPTURE(std::string(spec.name));
  const std::vector<SyntaxArg> args = ParseSyntax(spec.syntax);
  CHECK(args.empty() == spec.syntax.empty());
  for (const CommandSpec& sub : spec.subcommands) ParseRow(sub);
}

TEST_CASE("the syntax of every command can be parsed") {
  CommandTable table;
  AddDataCommands(table);
  for (const CommandSpec* spec : table.commands()) ParseRow(*spec);
}

}  // namespace
}  // namespace datatypes
