// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/syntax_parser.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/command_table.h"

namespace datatypes {
namespace {

// "key:key value:string [condition:oneof(nx:pure-token=NX …)]".
std::string Show(const std::vector<SyntaxArg>& args) {
  std::string text;
  for (const SyntaxArg& arg : args) {
    if (!text.empty()) text += ' ';
    std::string one = arg.name + ":" + std::string(SyntaxTypeName(arg.type));
    if (arg.key_spec_index >= 0) one += "#" + std::to_string(arg.key_spec_index);
    if (!arg.token.empty()) one += "=" + arg.token;
    if (!arg.children.empty()) one += "(" + Show(arg.children) + ")";
    if (!arg.since.empty()) one += "@" + arg.since;
    if (!arg.deprecated_since.empty()) one += "!" + arg.deprecated_since;
    if (arg.multiple) one += arg.multiple_token ? "++" : "+";
    text += arg.optional ? "[" + one + "]" : one;
  }
  return text;
}

std::string Parsed(std::string_view syntax, int key_specs = 2) {
  return Show(ParseSyntax(syntax, key_specs));
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
  CHECK(Parsed("[LIMIT offset count]") ==
        "[offset_count:block=LIMIT(offset:integer count:integer)]");
}

TEST_CASE("bars separate alternatives") {
  CHECK(Parsed("key seconds [NX | XX]") ==
        "key:key#0 seconds:integer [condition:oneof(nx:pure-token=NX xx:pure-token=XX)]");
  CHECK(Parsed("[EX seconds | KEEPTTL]") ==
        "[expiration:oneof(seconds:integer=EX keepttl:pure-token=KEEPTTL)]");
  CHECK(Parsed("<AND | OR> destkey") ==
        "choice:oneof(and:pure-token=AND or:pure-token=OR) destkey:key#0");
  CHECK(Parsed("[FILTERBY <MODULE module-name | ACLCAT category>]") ==
        "[filterby:oneof=FILTERBY(module-name:string=MODULE category:string=ACLCAT)]");
}

TEST_CASE("dots say that something may come several times") {
  CHECK(Parsed("key [key ...]") == "key:key#0+");
  CHECK(Parsed("key value [key value ...]") == "key_value:block(key:key#0 value:string)+");
  CHECK(Parsed("key [WEIGHTS weight [weight ...]]") == "key:key#0 [weight:integer=WEIGHTS+]");
  CHECK(Parsed("key [GET pattern [GET pattern ...]]") == "key:key#0 [pattern:pattern=GET++]");
  CHECK(Parsed("[command-name [command-name ...]]") == "[command-name:string+]");
}

TEST_CASE("parentheses make one argument of several") {
  CHECK(Parsed("(parameter) ...") == "parameter:block(parameter:string)+");
  CHECK(Parsed("[(COUNT count [ANY]){count}]") ==
        "[count:block(count:integer=COUNT [any:pure-token=ANY])]");
  CHECK(Parsed("(BY width height)") == "width_height:block(width:double=BY height:double)");
  CHECK(Parsed("<(A a <M | KM>){one} | b>") ==
        "choice:oneof(one:block(a:string=A unit:oneof(m:pure-token=M km:pure-token=KM)) b:string)");
}

TEST_CASE("a remark tells what the words do not") {
  CHECK(Parsed("start{:string} [count]{@6.2.0}") == "start:string [count:integer@6.2.0]");
  CHECK(Parsed("[ON{yes@7.0.0} | OFF]{mode}") ==
        "[mode:oneof(yes:pure-token=ON@7.0.0 off:pure-token=OFF)]");
  CHECK(Parsed("<a{!2.8.12} | b>{filter:string@1.0.0!3.0.0} ...") ==
        "filter:string(a:string!2.8.12 b:string)@1.0.0!3.0.0+");
  CHECK(Parsed("key [BY pattern{#1}] [STORE destination{#2}]", 3) ==
        "key:key#0 [pattern:pattern#1=BY] [destination:key#2=STORE]");
  CHECK(Parsed("[EX seconds{@2.6.12} | KEEPTTL{@6.0.0}]") ==
        "[expiration:oneof(seconds:integer=EX@2.6.12 keepttl:pure-token=KEEPTTL@6.0.0)]");
}

TEST_CASE("keys beyond the last specification belong to it") {
  CHECK(Parsed("key newkey", 1) == "key:key#0 newkey:key#0");
}

void ParseRow(const CommandSpec& spec) {
  CAPTURE(std::string(spec.name));
  const std::vector<SyntaxArg> args = ParseSyntax(spec.syntax, spec.keys.count);
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
