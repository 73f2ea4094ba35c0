// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/errors.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace datatypes {
namespace {

using Words = std::vector<std::string_view>;

TEST_CASE("an unknown command is told back with the beginning of its arguments") {
  CHECK(UnknownCommand(Words{"foo"}).text() ==
        "ERR unknown command 'foo', with args beginning with: ");
  CHECK(UnknownCommand(Words{"foo", "a", "b"}).text() ==
        "ERR unknown command 'foo', with args beginning with: 'a' 'b' ");
}

TEST_CASE("what is told back of an unknown command ends after 128 bytes") {
  const std::string name(200, 'n');
  const std::string first(100, 'a');
  const std::string second(100, 'b');
  CHECK(UnknownCommand(Words{name, first, second, "c"}).text() ==
        "ERR unknown command '" + std::string(128, 'n') + "', with args beginning with: '" + first +
            "' '" + std::string(25, 'b') + "' ");
}

TEST_CASE("an argument is told back up to its first zero byte") {
  CHECK(UnknownCommand(Words{"foo", std::string_view("a\0b", 3)}).text() ==
        "ERR unknown command 'foo', with args beginning with: 'a' ");
}

TEST_CASE("an unknown subcommand is told back with the way to help") {
  CHECK(UnknownSubcommand(Words{"Client", "foo"}).text() ==
        "ERR unknown subcommand 'foo'. Try CLIENT HELP.");
}

TEST_CASE("texts with names in them") {
  CHECK(WrongArity("config|get").value().text() ==
        "ERR wrong number of arguments for 'config|get' command");
  CHECK(InvalidExpireTime("set").value().text() == "ERR invalid expire time in 'set' command");
}

}  // namespace
}  // namespace datatypes
