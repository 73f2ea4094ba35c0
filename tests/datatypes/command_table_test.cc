// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/command_table.h"

#include <string>

#include <doctest/doctest.h>

#include "datatypes/arguments.h"

namespace datatypes {
namespace {

TEST_CASE("a command is found whatever the case of its name") {
  CommandTable table;
  AddDataCommands(table);
  for (const CommandSpec* spec : table.commands()) {
    std::string name(spec->name);
    CHECK(table.Find(name) == spec);
    for (char& c : name) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    CHECK(table.Find(name) == spec);
  }
  CHECK(table.Find("nosuchcommand") == nullptr);
  CHECK(table.Find("") == nullptr);
  CHECK(table.Find("ge") == nullptr);
}

TEST_CASE("a subcommand's full name has its container's") {
  CommandTable table;
  AddDataCommands(table);
  const CommandSpec* object = table.Find("object");
  REQUIRE(object != nullptr);
  const CommandSpec* encoding = CommandTable::FindSubcommand(*object, "ENCODING");
  REQUIRE(encoding != nullptr);
  CHECK(table.FullName(*encoding) == "object|encoding");
  CHECK(CommandTable::FindSubcommand(*object, "x") == nullptr);
}

TEST_CASE("a renamed command is found by its new name alone, and keeps its own in full") {
  CommandTable table;
  AddDataCommands(table);
  const size_t count = table.commands().size();
  const CommandSpec* get = table.Find("get");
  CHECK(table.Rename("GET", "a name that is far longer than most").has_value());
  CHECK(table.Find("get") == nullptr);
  CHECK(table.Find("A NAME that is far longer than most") == get);
  CHECK(table.FullName(*get) == "get");
  CHECK(table.commands().size() == count);
  // Its old name is free, and it can be renamed again.
  CHECK(table.Rename("getdel", "get").has_value());
  CHECK(table.Rename("a name that is far longer than most", "fetch").has_value());
  CHECK(table.Find("fetch") == get);
  CHECK(table.Find("a name that is far longer than most") == nullptr);
  CHECK(table.Rename("set", "SET").has_value());
  CHECK(table.Find("set") != nullptr);

  CHECK(table.Rename("set", "").has_value());
  CHECK(table.Find("set") == nullptr);
  CHECK(table.Find("") == nullptr);
  CHECK(table.commands().size() == count - 1);

  CHECK(table.Rename("nosuchcommand", "x").error().text() == "No such command in rename-command");
  CHECK(table.Rename("set", "x").error().text() == "No such command in rename-command");
  CHECK(table.Rename("fetch", "APPEND").error().text() == "Target command name already exists");
  CHECK(table.Find("fetch") == get);
}

// What must hold for every row.
void CheckRow(const CommandSpec& spec) {
  CAPTURE(std::string(spec.name));
  CHECK(spec.name == ToLower(spec.name));
  CHECK((spec.handler != nullptr || !spec.subcommands.empty()));
  CHECK(spec.arity != 0);
  CHECK_FALSE(spec.group.empty());
  CHECK_FALSE(spec.since.empty());
  CHECK_FALSE(spec.summary.empty());
  CHECK_FALSE(spec.complexity.empty());
  CHECK((spec.flags & (kWrite | kReadonly)) != (kWrite | kReadonly));
  for (size_t i = 0; i < spec.keys.count; ++i) {
    const uint16_t kind = spec.keys.specs[i].flags & (kRO | kRW | kOW | kRM);
    CHECK((kind == kRO || kind == kRW || kind == kOW || kind == kRM));
  }
  for (const CommandSpec& sub : spec.subcommands) CheckRow(sub);
}

TEST_CASE("every row is complete") {
  CommandTable table;
  AddDataCommands(table);
  for (const CommandSpec* spec : table.commands()) CheckRow(*spec);
}

TEST_CASE("categories follow from the flags") {
  CommandSpec spec;
  spec.flags = kWrite | kFast;
  CHECK(EffectiveAcl(spec) == (kAclWrite | kAclFast));
  spec.flags = kReadonly | kAdmin;
  CHECK(EffectiveAcl(spec) == (kAclRead | kAclAdmin | kAclDangerous | kAclSlow));
  spec.flags = kReadonly;
  spec.acl = kAclScripting;
  CHECK(EffectiveAcl(spec) == (kAclScripting | kAclSlow));
}

}  // namespace
}  // namespace datatypes
