// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

TEST_CASE("SORT by numbers, by names, and by the strings that keys have") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH l 3 1 20");
    server.RunLine("MSET w_3 1 w_1 2 w_20 3 n_3 three n_20 twenty");
    server.EvictAll();
    CHECK(server.RunLine("SORT l") == "[\"1\", \"3\", \"20\"]");
    CHECK(server.RunLine("SORT l ALPHA DESC") == "[\"3\", \"20\", \"1\"]");
    CHECK(server.RunLine("SORT l BY w_* GET # GET n_*") ==
          "[\"3\", \"three\", \"1\", nil$, \"20\", \"twenty\"]");
    CHECK(server.RunNow({"SORT", "l", "BY", "w_*", "DESC", "LIMIT", "0", "1"}) == "[\"20\"]");
  });
}

TEST_CASE("keys that SORT's patterns name are loaded by workers, in rounds") {
  TestServer::Options options;
  options.hot_tier = lsm::HotTierMode::kOff;
  TestServer server(options);
  std::vector<std::string> words = {"RPUSH", "l"};
  for (int i = 0; i < 500; ++i) {
    words.push_back(std::to_string(i));
    server.Run({"SET", "w_" + std::to_string(i), std::to_string(1000 - i)});
    server.Run({"SET", "n_" + std::to_string(i), "name" + std::to_string(i)});
  }
  server.RunArgs(std::vector<std::string_view>(words.begin(), words.end()));
  server.EvictAll();
  CHECK(server.RunLine("SORT l BY w_* GET n_* LIMIT 1 2") == "[\"name498\", \"name497\"]");
}

TEST_CASE("SORT looks into hashes") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("RPUSH l 1 2 3");
    server.RunLine("HSET h1 w 3 n one");
    server.RunLine("HSET h2 w 1");
    server.RunLine("HSET h3 w 2 n three");
    server.RunLine("SET h3-> arrow");
    server.EvictAll();
    CHECK(server.RunLine("SORT l BY h*->w GET h*->n GET h*->") ==
          "[nil$, nil$, \"three\", \"arrow\", \"one\", nil$]");
    CHECK(server.RunLine("SORT l BY h*->w DESC LIMIT 0 1 STORE d") == ":1");
    CHECK(server.RunLine("LRANGE d 0 -1") == "[\"1\"]");
  });
}

TEST_CASE("SORT STORE reads its source before it replaces it, and wakes who waits") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("SADD s 3 1 2");
    CHECK(server.RunLine("SORT s STORE s") == ":3");
    CHECK(server.RunLine("LRANGE s 0 -1") == "[\"1\", \"2\", \"3\"]");
    CHECK(server.RunLine(1, "BLPOP d 0") == "(blocked)");
    CHECK(server.RunLine("SORT s DESC STORE d") == ":3");
    CHECK(server.Replies(1) == "[\"d\", \"3\"]");
    CHECK(server.RunLine("SORT none STORE d") == ":0");
    CHECK(server.RunLine("EXISTS d") == ":0");
  });
}

TEST_CASE("what is no number fails SORT and changes nothing") {
  TestServer server;
  server.RunLine("RPUSH l 1 x");
  CHECK(server.RunLine("SORT l STORE l") ==
        "-ERR One or more scores can't be converted into double");
  CHECK(server.RunLine("LRANGE l 0 -1") == "[\"1\", \"x\"]");
}

TEST_CASE("a long string weighs and is told as a short one") {
  TestServer server;
  server.RunLine("RPUSH l a b");
  const std::string longer(100'000, 'x');
  server.Run({"SET", "w_a", longer});
  server.Run({"SET", "w_b", "w"});
  CHECK(server.RunLine("SORT l BY w_* ALPHA") == "[\"b\", \"a\"]");
  CHECK(server.RunLine("SORT l BY nosort GET w_*") == "[\"" + longer + "\", \"w\"]");
}

}  // namespace
}  // namespace datatypes
