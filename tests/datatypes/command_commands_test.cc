// SPDX-License-Identifier: BSD-3-Clause
#include <string>

#include <doctest/doctest.h>

#include "datatypes/command_info.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

TEST_CASE("COMMAND INFO describes a command in ten items") {
  TestServer server;
  CHECK(server.Run({"COMMAND", "INFO", "rename"}) ==
        "[[\"rename\", :3, [+write], :1, :2, :1, [+@keyspace, +@write, +@slow], [], "
        "[[\"flags\", [+RW, +access, +delete], \"begin_search\", [\"type\", \"index\", \"spec\", "
        "[\"index\", :1]], \"find_keys\", [\"type\", \"range\", \"spec\", [\"lastkey\", :0, "
        "\"keystep\", :1, \"limit\", :0]]], [\"flags\", [+OW, +update], \"begin_search\", "
        "[\"type\", \"index\", \"spec\", [\"index\", :2]], \"find_keys\", [\"type\", \"range\", "
        "\"spec\", [\"lastkey\", :0, \"keystep\", :1, \"limit\", :0]]]], []]]");
}

TEST_CASE("COMMAND INFO uses sets and maps in RESP3") {
  TestServer server;
  server.UseResp3();
  CHECK(server.Run({"COMMAND", "INFO", "dbsize", "nosuch"}) ==
        "[[\"dbsize\", :1, ~[+readonly, +fast], :0, :0, :0, ~[+@keyspace, +@read, +@fast], "
        "~[\"request_policy:all_shards\", \"response_policy:agg_sum\"], ~[], ~[]], nil_]");
}

TEST_CASE("COMMAND INFO knows subcommands by their full names") {
  TestServer server;
  CHECK(
      server.Run({"COMMAND", "INFO", "OBJECT|HELP"}) ==
      "[[\"object|help\", :2, [+loading, +stale], :0, :0, :0, [+@keyspace, +@slow], [], [], []]]");
  CHECK(server.Run({"COMMAND", "INFO", "nosuch"}) == "[nil$]");
}

TEST_CASE("COMMAND and COMMAND INFO describe all, and COMMAND COUNT counts them") {
  TestServer server;
  const std::string all = server.Run({"COMMAND"});
  CHECK(all.find("\"touch\"") != std::string::npos);
  CHECK(server.Run({"COMMAND", "INFO"}) == all);
  CHECK(server.Run({"COMMAND", "COUNT"}) == ":" + std::to_string(server.table().commands().size()));
}

TEST_CASE("COMMAND DOCS gives the manual") {
  TestServer server;
  server.UseResp3();
  CHECK(server.Run({"COMMAND", "DOCS", "persist", "nosuch"}) ==
        "{\"persist\": {\"summary\": \"Lets a key stay that was to vanish.\", \"since\": "
        "\"2.2.0\", \"group\": \"generic\", \"complexity\": \"O(1)\", \"arguments\": "
        "[{\"name\": \"key\", \"type\": \"key\", \"display_text\": \"key\", "
        "\"key_spec_index\": :0}]}}");
  const std::string getset = server.Run({"COMMAND", "DOCS", "getset"});
  CHECK(getset.find("\"doc_flags\": ~[+deprecated], \"deprecated_since\": \"6.2.0\"") !=
        std::string::npos);
}

TEST_CASE("COMMAND DOCS includes subcommands") {
  TestServer server;
  const std::string docs = server.Run({"COMMAND", "DOCS", "object"});
  CHECK(docs.find("\"object|encoding\"") != std::string::npos);
  CHECK(server.Run({"COMMAND", "DOCS", "nosuch"}) == "[]");
}

TEST_CASE("COMMAND LIST filters by pattern and category") {
  TestServer server;
  CHECK(server.Run({"COMMAND", "LIST", "FILTERBY", "PATTERN", "RENAME*"}) ==
        "[\"rename\", \"renamenx\"]");
  CHECK(server.Run({"COMMAND", "LIST", "FILTERBY", "PATTERN", "object|e*"}) ==
        "[\"object|encoding\"]");
  CHECK(server.Run({"COMMAND", "LIST", "FILTERBY", "ACLCAT", "nosuch"}) == "[]");
  CHECK(server.Run({"COMMAND", "LIST", "FILTERBY", "ACLCAT", "Dangerous"}).find("\"flushall\"") !=
        std::string::npos);
  CHECK(server.Run({"COMMAND", "LIST", "FILTERBY", "MODULE", "x"}) == "[]");
  CHECK(server.Run({"COMMAND", "LIST", "FILTERBY", "FOO", "x"}) == "-ERR syntax error");
  CHECK(server.Run({"COMMAND", "LIST", "FOO"}) == "-ERR syntax error");
  CHECK(server.Run({"COMMAND", "LIST"}).find("\"object|") == std::string::npos);
}

TEST_CASE("COMMAND GETKEYS finds the keys of a request") {
  TestServer server;
  CHECK(server.Run({"COMMAND", "GETKEYS", "mset", "a", "1", "b", "2"}) == "[\"a\", \"b\"]");
  CHECK(server.Run({"COMMAND", "GETKEYS", "OBJECT", "encoding", "a"}) == "[\"a\"]");
  CHECK(server.Run({"COMMAND", "GETKEYS", "nosuch", "a"}) == "-ERR Invalid command specified");
  CHECK(server.Run({"COMMAND", "GETKEYS", "dbsize"}) == "-ERR The command has no key arguments");
  CHECK(server.Run({"COMMAND", "GETKEYS", "rename", "a"}) ==
        "-ERR Invalid number of arguments specified for command");
  CHECK(server.Run({"COMMAND", "GETKEYSANDFLAGS", "rename", "a", "b"}) ==
        "[[\"a\", [+RW, +access, +delete]], [\"b\", [+OW, +update]]]");
  CHECK(server.Run({"COMMAND", "GETKEYSANDFLAGS", "set", "a", "b"}) == "[[\"a\", [+OW, +update]]]");
  CHECK(server.Run({"COMMAND", "GETKEYSANDFLAGS", "set", "a", "b", "get"}) ==
        "[[\"a\", [+RW, +access, +update]]]");
  CHECK(server.Run({"COMMAND", "GETKEYSANDFLAGS", "bitfield", "a", "get", "u8", "0"}) ==
        "[[\"a\", [+RO, +access]]]");
}

TEST_CASE("COMMAND refuses what it does not know") {
  TestServer server;
  CHECK(server.Run({"COMMAND", "FOO"}) == "-ERR unknown subcommand 'FOO'. Try COMMAND HELP.");
  CHECK(server.Run({"COMMAND", "HELP"}).starts_with("[+COMMAND <subcommand>"));
}

TEST_CASE("old clients are told one range of keys, and whether there are others") {
  const auto range = [](const KeySpecs& keys) {
    const LegacyKeyRange found = FindLegacyKeyRange(keys);
    return std::to_string(found.first) + " " + std::to_string(found.last) + " " +
           std::to_string(found.step) + (found.movable ? " movable" : "");
  };
  CHECK(range({}) == "0 0 0");
  CHECK(range(KeysToEnd(1, kOW, 2)) == "1 -1 2");
  CHECK(range({KeySpec{.flags = kRW, .index = 1}, KeySpec{.flags = kOW, .index = 2}}) == "1 2 1");
  CHECK(range({KeySpec{.flags = kOW, .index = 1},
               KeySpec{.flags = kRO, .index = 2, .find = KeySpec::Find::kKeynum}}) ==
        "1 1 1 movable");
  CHECK(range({KeySpec{.flags = kRO, .index = 2, .last = -1}, KeySpec{.flags = kRO, .index = 1}}) ==
        "2 -1 1 movable");
}

}  // namespace
}  // namespace datatypes
