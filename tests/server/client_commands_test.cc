// SPDX-License-Identifier: BSD-3-Clause
// CLIENT's subcommands, WAIT and WAITAOF.
#include <regex>
#include <string>

#include <doctest/doctest.h>

#include "server/connections.h"
#include "tests/server/server_fixture.h"

namespace server {
namespace {

std::string Id(TestClient& client) {
  return client.Run({"CLIENT", "ID"}).substr(1);
}

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_CASE("CLIENT LIST has the fields of Redis 7.2 in their order") {
  const RunningServer server;
  TestClient client(server.port());
  const std::string line = client.RunText({"CLIENT", "LIST"});
  static const std::regex kFields(
      "id=1 addr=127\\.0\\.0\\.1:\\d+ laddr=127\\.0\\.0\\.1:\\d+ fd=\\d+ name= age=\\d+ idle=\\d+ "
      "flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=26 qbuf-free=\\d+ argv-mem=10 multi-mem=0 "
      "rbs=\\d+ rbp=\\d+ obl=0 oll=0 omem=0 tot-mem=\\d+ events=r cmd=client\\|list user=default "
      "redir=-1 resp=2 lib-name= lib-ver=\n");
  INFO(line);
  CHECK(std::regex_match(line, kFields));
}

TEST_CASE("CLIENT LIST filters by type and by ids") {
  const RunningServer server;
  TestClient one(server.port());
  TestClient two(server.port());
  const std::string id = Id(two);
  Id(one);
  CHECK(Lines(one.RunText({"CLIENT", "LIST"})) == 2);
  CHECK(Lines(one.RunText({"CLIENT", "LIST", "TYPE", "normal"})) == 2);
  CHECK(one.RunText({"CLIENT", "LIST", "TYPE", "pubsub"}).empty());
  CHECK(one.RunText({"CLIENT", "LIST", "ID", id, "999"}).starts_with("id=" + id + " "));
  CHECK(one.Run({"CLIENT", "LIST", "TYPE", "odd"}) == "-ERR Unknown client type 'odd'");
  CHECK(one.Run({"CLIENT", "LIST", "ID", "x"}) == "-ERR Invalid client ID");
  CHECK(one.Run({"CLIENT", "LIST", "NOPE"}) == "-ERR syntax error");
}

TEST_CASE("names and library attributes are kept if they are printable") {
  const RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"CLIENT", "SETNAME", "x y"}) ==
        "-ERR Client names cannot contain spaces, newlines or special characters.");
  CHECK(client.Run({"CLIENT", "SETNAME", "x"}) == "+OK");
  CHECK(client.Run({"CLIENT", "SETINFO", "LIB-NAME", "lib"}) == "+OK");
  CHECK(client.Run({"CLIENT", "SETINFO", "lib-ver", "1.2"}) == "+OK");
  CHECK(client.Run({"CLIENT", "SETINFO", "lib-ver", "1 2"}) ==
        "-ERR lib-ver cannot contain spaces, newlines or special characters.");
  CHECK(client.Run({"CLIENT", "SETINFO", "colour", "red"}) == "-ERR Unrecognized option 'colour'");
  const std::string info = client.RunText({"CLIENT", "INFO"});
  CHECK(info.find(" name=x ") != std::string::npos);
  CHECK(info.ends_with(" lib-name=lib lib-ver=1.2\n"));
  CHECK(client.Run({"CLIENT", "SETNAME", ""}) == "+OK");
  CHECK(client.Run({"CLIENT", "GETNAME"}) == "nil$");
}

TEST_CASE("unknown subcommands are refused as drivers expect") {
  const RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"CLIENT", "MAINT_NOTIFICATIONS", "ON"}) ==
        "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.");
  CHECK(client.Run({"CLIENT", "SETNAME"}) ==
        "-ERR wrong number of arguments for 'client|setname' command");
}

TEST_CASE("CLIENT KILL by id closes that client and counts it") {
  const RunningServer server;
  TestClient killer(server.port());
  TestClient victim(server.port());
  const std::string id = Id(victim);
  CHECK(killer.Run({"CLIENT", "KILL", "ID", id}) == ":1");
  CHECK(victim.Read() == "closed");
  CHECK(killer.Run({"CLIENT", "KILL", "ID", id}) == ":0");
  CHECK(killer.Run({"CLIENT", "KILL", "ID", "0"}) == "-ERR client-id should be greater than 0");
  CHECK(killer.Run({"CLIENT", "KILL", "TYPE", "odd"}) == "-ERR Unknown client type 'odd'");
  CHECK(killer.Run({"CLIENT", "KILL", "USER", "nobody"}) == "-ERR No such user 'nobody'");
  CHECK(killer.Run({"CLIENT", "KILL", "SKIPME", "perhaps"}) == "-ERR syntax error");
  CHECK(killer.Run({"CLIENT", "KILL", "127.0.0.1:1"}) == "-ERR No such client");
}

TEST_CASE("CLIENT KILL spares its own client unless told otherwise") {
  const RunningServer server;
  TestClient killer(server.port());
  TestClient victim(server.port());
  Id(victim);
  CHECK(killer.Run({"CLIENT", "KILL", "TYPE", "normal"}) == ":1");
  CHECK(victim.Read() == "closed");
  CHECK(killer.Run({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"}) == ":1");
  CHECK(killer.Read() == "closed");
}

TEST_CASE("the old form of CLIENT KILL takes an address") {
  const RunningServer server;
  TestClient client(server.port());
  const std::string line = client.RunText({"CLIENT", "INFO"});
  const size_t at = line.find("addr=") + 5;
  CHECK(client.Run({"CLIENT", "KILL", line.substr(at, line.find(' ', at) - at)}) == "+OK");
  CHECK(client.Read() == "closed");
}

TEST_CASE("CLIENT REPLY turns replies off, on, and skips one") {
  const RunningServer server;
  TestClient client(server.port());
  client.Send("CLIENT REPLY OFF\r\nPING\r\nNOSUCH\r\nCLIENT REPLY ON\r\nPING\r\n");
  CHECK(client.Read() == "+OK");
  CHECK(client.Read() == "+PONG");
  client.Send("CLIENT REPLY SKIP\r\nPING skipped\r\nPING next\r\n");
  CHECK(client.ReadText() == "next");
  CHECK(client.Run({"CLIENT", "REPLY", "MAYBE"}) == "-ERR syntax error");
}

TEST_CASE("CLIENT PAUSE WRITE holds writes back, in order, and lets reads pass") {
  const RunningServer server;
  TestClient admin(server.port());
  TestClient writer(server.port());
  CHECK(admin.Run({"CLIENT", "PAUSE", "100000", "WRITE"}) == "+OK");
  writer.Send("GET a\r\nSET a 1\r\nGET a\r\nSET a 2\r\nGET a\r\n");
  CHECK(writer.Read() == "nil$");
  CHECK(admin.Run({"GET", "a"}) == "nil$");
  CHECK(admin.RunText({"CLIENT", "LIST"}).find(" flags=b ") != std::string::npos);
  CHECK_FALSE(writer.HasReplyWithin(20));
  CHECK(admin.Run({"CLIENT", "UNPAUSE"}) == "+OK");
  CHECK(writer.Read() == "+OK");
  CHECK(writer.Read() == "\"1\"");
  CHECK(writer.Read() == "+OK");
  CHECK(writer.Read() == "\"2\"");
}

TEST_CASE("CLIENT PAUSE ends by itself") {
  const RunningServer server;
  TestClient admin(server.port());
  TestClient other(server.port());
  CHECK(admin.Run({"CLIENT", "PAUSE", "50"}) == "+OK");
  CHECK(other.Run({"SET", "a", "1"}) == "+OK");
  CHECK(admin.Run({"CLIENT", "PAUSE", "x"}) == "-ERR timeout is not an integer or out of range");
  CHECK(admin.Run({"CLIENT", "PAUSE", "-1"}) == "-ERR timeout is negative");
  CHECK(admin.Run({"CLIENT", "PAUSE", "1", "SOME"}) ==
        "-ERR CLIENT PAUSE mode must be WRITE or ALL");
}

TEST_CASE("a client whose command is postponed can be killed") {
  const RunningServer server;
  TestClient admin(server.port());
  TestClient writer(server.port());
  const std::string id = Id(writer);
  admin.Run({"CLIENT", "PAUSE", "100000", "WRITE"});
  writer.Send("SET a 1\r\n");
  CHECK(Eventually([&] {
    return admin.RunText({"CLIENT", "LIST"}).find(" flags=b ") != std::string::npos;
  }));
  CHECK(admin.Run({"CLIENT", "KILL", "ID", id}) == ":1");
  CHECK(writer.Read() == "closed");
  CHECK(admin.Run({"CLIENT", "UNPAUSE"}) == "+OK");
  CHECK(admin.Run({"GET", "a"}) == "nil$");
}

TEST_CASE("WAIT with replicas to wait for lasts until its time-out") {
  const RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"WAIT", "0", "0"}) == ":0");
  CHECK(client.Run({"WAIT", "1", "10"}) == ":0");
  CHECK(client.Run({"WAIT", "x", "10"}) == "-ERR value is not an integer or out of range");
  CHECK(client.Run({"WAIT", "1", "-1"}) == "-ERR timeout is negative");
}

TEST_CASE("CLIENT UNBLOCK ends a wait, as a time-out or as an error") {
  const RunningServer server;
  TestClient admin(server.port());
  TestClient waiter(server.port());
  const std::string id = Id(waiter);
  const auto blocked = [&] {
    return admin.RunText({"CLIENT", "LIST", "ID", id}).find(" flags=b ") != std::string::npos;
  };
  CHECK(admin.Run({"CLIENT", "UNBLOCK", id}) == ":0");
  waiter.Send("WAIT 1 0\r\nPING\r\n");
  CHECK(Eventually(blocked));
  CHECK(admin.Run({"CLIENT", "UNBLOCK", id}) == ":1");
  CHECK(waiter.Read() == ":0");
  CHECK(waiter.Read() == "+PONG");
  waiter.Send("WAIT 1 0\r\n");
  CHECK(Eventually(blocked));
  CHECK(admin.Run({"CLIENT", "UNBLOCK", id, "ERROR"}) == ":1");
  CHECK(waiter.Read() == "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  CHECK(admin.Run({"CLIENT", "UNBLOCK", id, "WHY"}) ==
        "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
}

TEST_CASE("switches that take ON or OFF take nothing else") {
  const RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"CLIENT", "NO-EVICT", "on"}) == "+OK");
  CHECK(client.Run({"CLIENT", "NO-TOUCH", "on"}) == "+OK");
  CHECK(client.RunText({"CLIENT", "INFO"}).find(" flags=eT ") != std::string::npos);
  CHECK(client.Run({"CLIENT", "NO-TOUCH", "perhaps"}) == "-ERR syntax error");
  CHECK(client.Run({"CLIENT", "GETREDIR"}) == ":-1");
  CHECK(client.Run({"CLIENT", "TRACKINGINFO"}) ==
        "[\"flags\", [\"off\"], \"redirect\", :-1, \"prefixes\", []]");
}

}  // namespace
}  // namespace server
