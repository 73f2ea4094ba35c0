// SPDX-License-Identifier: BSD-3-Clause
// The keyspace events of string and bitmap commands, in Redis' order.
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

// The events of one command, separated by commas.
std::string EventsOf(TestServer& server, std::string_view line) {
  server.TakeEvents();
  server.RunLine(line);
  std::string joined;
  for (const std::string& event : server.TakeEvents()) {
    if (!joined.empty()) joined += ", ";
    joined += event;
  }
  return joined;
}

TEST_CASE("commands that set strings announce it, and new keys before") {
  TestServer server;
  server.RecordEvents();
  CHECK(EventsOf(server, "SET k 1") == "new k, set k");
  CHECK(EventsOf(server, "SET k 2") == "set k");
  CHECK(EventsOf(server, "SET k 2 EX 100") == "set k, expire k");
  CHECK(EventsOf(server, "SET k 2 NX") == "");
  CHECK(EventsOf(server, "SET k 2 GET") == "set k");
  CHECK(EventsOf(server, "SET none 2 XX GET") == "keymiss none");
  CHECK(EventsOf(server, "SET got 2 GET") == "keymiss got, new got, set got");
  CHECK(EventsOf(server, "SETNX k 2") == "");
  CHECK(EventsOf(server, "SETNX k2 2") == "new k2, set k2");
  CHECK(EventsOf(server, "SETEX k 100 2") == "set k, expire k");
  CHECK(EventsOf(server, "PSETEX k3 100 2") == "new k3, set k3, expire k3");
  CHECK(EventsOf(server, "GETSET k 2") == "set k");
  CHECK(EventsOf(server, "MSET k 1 m 2") == "set k, new m, set m");
  CHECK(EventsOf(server, "MSETNX k 1 n 2") == "");
  CHECK(EventsOf(server, "MSETNX n 1 n 2") == "new n, set n, set n");
}

TEST_CASE("GETDEL and GETEX announce what they do to the key") {
  TestServer server;
  server.RecordEvents();
  CHECK(EventsOf(server, "GETDEL k") == "keymiss k");
  CHECK(EventsOf(server, "GETEX k") == "keymiss k");
  CHECK(EventsOf(server, "SET k 1") == "new k, set k");
  CHECK(EventsOf(server, "GETEX k") == "");
  CHECK(EventsOf(server, "GETEX k PERSIST") == "");
  CHECK(EventsOf(server, "GETEX k EX 100") == "expire k");
  CHECK(EventsOf(server, "GETEX k PERSIST") == "persist k");
  CHECK(EventsOf(server, "GETEX k PXAT 1") == "del k");
  CHECK(EventsOf(server, "SET k 1") == "new k, set k");
  CHECK(EventsOf(server, "GETDEL k") == "del k");
}

TEST_CASE("commands that change strings in place announce it, those that change nothing do not") {
  TestServer server;
  server.RecordEvents();
  CHECK(EventsOf(server, "APPEND a x") == "new a, append a");
  CHECK(EventsOf(server, "APPEND a x") == "append a");
  CHECK(EventsOf(server, "SETRANGE b 1 x") == "new b, setrange b");
  CHECK(EventsOf(server, "SETRANGE b 1 y") == "setrange b");
  CHECK(EventsOf(server, "SETRANGE b 1 ") == "");
  CHECK(EventsOf(server, "INCR c") == "new c, incrby c");
  CHECK(EventsOf(server, "DECRBY c 5") == "incrby c");
  CHECK(EventsOf(server, "INCRBYFLOAT c 0.5") == "incrbyfloat c");
  CHECK(EventsOf(server, "INCR c") == "");
}

TEST_CASE("bitmap commands announce changes only") {
  TestServer server;
  server.RecordEvents();
  CHECK(EventsOf(server, "SETBIT k 1 0") == "new k, setbit k");
  CHECK(EventsOf(server, "SETBIT k 1 0") == "");
  CHECK(EventsOf(server, "SETBIT k 9 0") == "setbit k");
  CHECK(EventsOf(server, "SETBIT k 1 1") == "setbit k");
  CHECK(EventsOf(server, "BITFIELD k GET u8 0") == "");
  CHECK(EventsOf(server, "BITFIELD k SET u8 0 64") == "");
  CHECK(EventsOf(server, "BITFIELD k SET u8 0 65") == "setbit k");
  CHECK(EventsOf(server, "BITFIELD f OVERFLOW FAIL SET u2 0 9") == "new f");
  CHECK(EventsOf(server, "BITFIELD none GET u8 0") == "keymiss none");
  CHECK(EventsOf(server, "BITOP NOT to k") == "new to, set to");
  CHECK(EventsOf(server, "BITOP AND to k none") == "keymiss none, set to");
  CHECK(EventsOf(server, "BITOP AND to none") == "keymiss none, del to");
}

TEST_CASE("what is read and absent is announced as missed, once") {
  TestServer server;
  server.RecordEvents();
  CHECK(EventsOf(server, "GET k") == "keymiss k");
  CHECK(EventsOf(server, "STRLEN k") == "keymiss k");
  CHECK(EventsOf(server, "GETRANGE k 0 1") == "keymiss k");
  CHECK(EventsOf(server, "MGET k k2") == "keymiss k, keymiss k2");
  CHECK(EventsOf(server, "LCS k k2") == "keymiss k, keymiss k2");
  CHECK(EventsOf(server, "BITCOUNT k") == "keymiss k");
  CHECK(EventsOf(server, "APPEND k x") == "new k, append k");
}

}  // namespace
}  // namespace datatypes
