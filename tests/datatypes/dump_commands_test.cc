// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "rdb/listpack_builder.h"
#include "rdb/output.h"
#include "rdb/writer.h"
#include "resp/split_args.h"
#include "tests/datatypes/test_server.h"
#include "tests/rdb/recorder.h"

namespace datatypes {
namespace {

// What DUMP answers, as the payload itself.
std::string DumpOf(TestServer& server, std::string_view key) {
  const std::string quoted = server.Run({"DUMP", key});
  std::vector<std::string> words;
  REQUIRE(resp::SplitArgs(quoted, &words));
  REQUIRE(words.size() == 1);
  return words.front();
}

TEST_CASE("RESTORE takes what redis-server 7.0 dumped") {
  TestServer::InEachMode([](TestServer& server) {
    const auto restore = [&server](const char* key, const char* hex) {
      CHECK(server.Run({"RESTORE", key, "0", FromHex(hex)}) == "+OK");
    };
    restore("int", "00c1b80b0a00a113c6f3de2b8403");
    CHECK(server.Run({"GET", "int"}) == "\"3000\"");
    restore("lzf", "00c3094064016161e057000161610a00e8a3b507b06df271");
    CHECK(server.Run({"GET", "lzf"}) == "\"" + std::string(100, 'a') + "\"");
    restore("list",
            "120102c31d405d155d00000005008161020101d06002f270110104e04662e03c000148ff0a001a337d8c94"
            "ef272b");
    CHECK(server.Run({"LRANGE", "list", "0", "-1"}) ==
          "[\"a\", \"1\", \"-4000\", \"70000\", \"" + std::string(70, 'b') + "\"]");
    restore("zset",
            "111d1d0000000600816202842d312e3505816102010181630283696e6604ff0a00f115c28bb0b21c6b");
    CHECK(server.Run({"ZRANGE", "zset", "0", "-1", "WITHSCORES"}) ==
          "[\"b\", \"-1.5\", \"a\", \"1\", \"c\", \"inf\"]");
  });
}

constexpr int64_t kFarMs = 4'000'000'000'000;

// A hash of the fields a (due at kFarMs + 5), b (never) and c (due at kFarMs), as each form has it.
std::string TimedHash(uint8_t type, int version) {
  constexpr uint8_t kBefore = 22;
  constexpr uint8_t kRelative = 24;
  constexpr int kValkey = 80;
  const std::vector<std::pair<std::string, uint64_t>> fields = {
      {"a", kFarMs + 5}, {"b", 0}, {"c", kFarMs}};
  std::string payload;
  rdb::StringSink sink(&payload);
  rdb::Output out(sink, /*compress=*/false);
  out.Byte(type);
  if (type >= kRelative) out.Uint64(kFarMs);
  if (type == kBefore || type == kRelative) {
    out.Length(fields.size());
    for (const auto& [field, at_ms] : fields) {
      if (version < kValkey)
        out.Length(at_ms == 0 ? 0 : type == kBefore ? at_ms : at_ms - kFarMs + 1);
      out.String(field);
      out.String("v");
      if (version >= kValkey) out.Uint64(at_ms == 0 ? ~uint64_t{0} : at_ms);
    }
  } else {
    std::string entries;
    rdb::ListpackBuilder builder(&entries);
    for (const auto& [field, at_ms] : fields) {
      builder.Text(field);
      builder.Text("v");
      builder.Number(static_cast<int64_t>(at_ms));
    }
    out.String(rdb::FinishListpack(entries, builder.elements()));
  }
  REQUIRE(out.Flush().has_value());
  rdb::AppendDumpFooter(version, &payload);
  return payload;
}

TEST_CASE("RESTORE takes hashes whose fields expire, in each form of Redis 7.4 to 8 and Valkey 9") {
  TestServer::InEachMode([](TestServer& server) {
    const std::vector<std::pair<uint8_t, int>> forms = {{22, 12}, {23, 12}, {24, 12},
                                                        {25, 12}, {25, 13}, {22, 80}};
    for (const auto& [type, version] : forms) {
      CAPTURE(static_cast<int>(type));
      CAPTURE(version);
      const std::string payload = TimedHash(type, version);
      CHECK(server.Run({"RESTORE", "h", "0", payload, "REPLACE"}) == "+OK");
      CHECK(server.Run({"HPEXPIRETIME", "h", "FIELDS", "3", "a", "b", "c"}) ==
            "[:4000000000005, :-1, :4000000000000]");
      CHECK(server.Run({"HGETALL", "h"}) == R"(["a", "v", "b", "v", "c", "v"])");
      CHECK(server.Run({"OBJECT", "ENCODING", "h"}) == "\"listpackex\"");
      CHECK(server.Run({"HPERSIST", "h", "FIELDS", "1", "a"}) == "[:1]");
      CHECK(server.Run({"HDEL", "h", "c"}) == ":1");
      CHECK(server.Run({"HLEN", "h"}) == ":2");
    }
  });
}

TEST_CASE("What DUMP gives out, RESTORE takes, of every type and size") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"SET", "number", "-12"});
    server.Run({"SET", "text", "hello\r\n"});
    server.Run({"SETRANGE", "holes", "200000", "end"});
    server.Run({"SETRANGE", "zeros", "40000", std::string_view("\0", 1)});
    server.Run({"SET", "large", std::string(2'000'000, 'x')});
    for (int i = 0; i < 300; ++i) {
      const std::string number = std::to_string(i * 37 % 300);
      server.Run({"RPUSH", "list", number + std::string(static_cast<size_t>(i), 'l')});
      server.Run({"ZADD", "zset", number, "m" + number});
    }
    server.Run({"ZADD", "small", "1.5", "a", "-inf", "b"});
    server.Run(
        {"HSET", "hash", "f", "v", "", std::string_view("\0x", 2), std::string_view("\0", 1), ""});
    for (const std::string_view key :
         {"number", "text", "holes", "zeros", "large", "list", "zset", "small", "hash"}) {
      CAPTURE(key);
      const std::string payload = DumpOf(server, key);
      CHECK(server.Run({"RESTORE", "copy", "0", payload, "REPLACE"}) == "+OK");
      CHECK(DumpOf(server, "copy") == payload);
      CHECK(server.Run({"TYPE", "copy"}) == server.Run({"TYPE", key}));
      CHECK(server.Run({"OBJECT", "ENCODING", "copy"}) ==
            server.Run({"OBJECT", "ENCODING", key == "text" || key == "number" ? key : "copy"}));
    }
    server.Run({"RESTORE", "copy", "0", DumpOf(server, "holes"), "REPLACE"});
    CHECK(server.Run({"GET", "copy"}) == server.Run({"GET", "holes"}));
    server.Run({"RESTORE", "copy", "0", DumpOf(server, "list"), "REPLACE"});
    CHECK(server.Run({"LRANGE", "copy", "0", "-1"}) == server.Run({"LRANGE", "list", "0", "-1"}));
    CHECK(server.Run({"LINSERT", "copy", "BEFORE", "0", "new"}) == ":301");
    server.Run({"RESTORE", "copy", "0", DumpOf(server, "zset"), "REPLACE"});
    CHECK(server.Run({"ZRANGE", "copy", "0", "-1", "WITHSCORES"}) ==
          server.Run({"ZRANGE", "zset", "0", "-1", "WITHSCORES"}));
    CHECK(server.Run({"ZRANK", "copy", "m7"}) == server.Run({"ZRANK", "zset", "m7"}));
    CHECK(server.Run({"ZREM", "copy", "m7"}) == ":1");
    CHECK(server.Run({"ZCARD", "copy"}) == ":299");
  });
}

TEST_CASE("DUMP of nothing is nothing; numbers and texts have Redis' bytes") {
  TestServer server;
  CHECK(server.Run({"DUMP", "none"}) == "nil$");
  server.Run({"SET", "a", "3000"});
  CHECK(ToHex(DumpOf(server, "a")) == "00c1b80b0a00a113c6f3de2b8403");
  server.Run({"SET", "a", "hello"});
  CHECK(ToHex(DumpOf(server, "a")) == "000568656c6c6f0a006372df766534200a");
}

TEST_CASE("RESTORE answers as Redis does when it cannot") {
  TestServer server;
  const std::string good = FromHex("000568656c6c6f0a006372df766534200a");
  std::string bad = good;
  bad[1] ^= 1;
  CHECK(server.Run({"RESTORE", "a", "0", bad}) ==
        "-ERR DUMP payload version or checksum are wrong");
  CHECK(server.Run({"RESTORE", "a", "0", ""}) == "-ERR DUMP payload version or checksum are wrong");
  for (const char* body : {"01", "0102", "01020161", "ff00", "0200", "04020161016201610163",
                           "05020161000000000000f03f01610000000000000040"}) {
    std::string payload = FromHex(body);
    rdb::AppendDumpFooter(10, &payload);
    CHECK(server.Run({"RESTORE", "a", "0", payload}) == "-ERR Bad data format");
  }
  CHECK(server.Run({"EXISTS", "a"}) == ":0");
  CHECK(server.Run({"RESTORE", "a", "-1", good}) == "-ERR Invalid TTL value, must be >= 0");
  CHECK(server.Run({"RESTORE", "a", "x", good}) == "-ERR value is not an integer or out of range");
  CHECK(server.Run({"RESTORE", "a", "0", good, "NOPE"}) == "-ERR syntax error");
  CHECK(server.Run({"RESTORE", "a", "0", good, "IDLETIME"}) == "-ERR syntax error");
  CHECK(server.Run({"RESTORE", "a", "0", good, "IDLETIME", "-1"}) ==
        "-ERR Invalid IDLETIME value, must be >= 0");
  CHECK(server.Run({"RESTORE", "a", "0", good, "FREQ", "256"}) ==
        "-ERR Invalid FREQ value, must be >= 0 and <= 255");
  CHECK(server.Run({"RESTORE", "a", "0", good, "FREQ", "1", "IDLETIME", "1"}) ==
        "-ERR syntax error");
  CHECK(server.Run({"RESTORE", "a", "0", good}) == "+OK");
  CHECK(server.Run({"RESTORE", "a", "0", bad}) == "-BUSYKEY Target key name already exists.");
  CHECK(server.Run({"RESTORE", "a", "0", bad, "REPLACE"}) ==
        "-ERR DUMP payload version or checksum are wrong");
  CHECK(server.Run({"GET", "a"}) == "\"hello\"");
}

TEST_CASE("RESTORE sets expiry and idle time") {
  TestServer server;
  const std::string good = FromHex("000568656c6c6f0a006372df766534200a");
  CHECK(server.Run({"RESTORE", "a", "5000", good}) == "+OK");
  CHECK(server.Run({"PTTL", "a"}) == ":5000");
  CHECK(server.Run({"RESTORE", "a", "1700000009000", good, "ABSTTL", "REPLACE"}) == "+OK");
  CHECK(server.Run({"PEXPIRETIME", "a"}) == ":1700000009000");
  CHECK(server.Run({"RESTORE", "a", "0", good, "REPLACE", "IDLETIME", "1000"}) == "+OK");
  CHECK(server.Run({"TTL", "a"}) == ":-1");
  CHECK(server.Run({"OBJECT", "IDLETIME", "a"}) == ":1000");
  // Over and gone.
  CHECK(server.Run({"RESTORE", "a", "1", good, "ABSTTL", "REPLACE"}) == "+OK");
  CHECK(server.Run({"EXISTS", "a"}) == ":0");
}

TEST_CASE("RESTORE wakes those who wait for the key") {
  TestServer server;
  std::string payload = FromHex("01 02 0161 0162");
  rdb::AppendDumpFooter(10, &payload);
  CHECK(server.RunLine(1, "BLPOP l 0") == "(blocked)");
  CHECK(server.Run({"RESTORE", "l", "0", payload}) == "+OK");
  CHECK(server.Replies(1) == "[\"l\", \"a\"]");
  CHECK(server.Run({"LRANGE", "l", "0", "-1"}) == "[\"b\"]");
}

}  // namespace
}  // namespace datatypes
