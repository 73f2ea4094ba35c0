// SPDX-License-Identifier: BSD-3-Clause
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

constexpr const char* kOffset = "-ERR bit offset is not an integer or out of range";
constexpr const char* kNotInteger = "-ERR value is not an integer or out of range";
constexpr const char* kSyntax = "-ERR syntax error";
constexpr const char* kWrongTypeReply =
    "-WRONGTYPE Operation against a key holding the wrong kind of value";

TEST_CASE("SETBIT replies with the old bit and GETBIT with the bit") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETBIT", "k", "7", "1"}) == ":0");
    CHECK(server.Run({"GET", "k"}) == "\"\\x01\"");
    CHECK(server.Run({"SETBIT", "k", "7", "0"}) == ":1");
    CHECK(server.Run({"SETBIT", "k", "0", "1"}) == ":0");
    CHECK(server.Run({"GET", "k"}) == "\"\\x80\"");
    CHECK(server.Run({"GETBIT", "k", "0"}) == ":1");
    CHECK(server.Run({"GETBIT", "k", "1"}) == ":0");
    CHECK(server.Run({"GETBIT", "k", "4294967295"}) == ":0");
    CHECK(server.Run({"GETBIT", "none", "0"}) == ":0");
  });
}

TEST_CASE("SETBIT of 0 past the end makes the string longer all the same") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETBIT", "k", "20", "0"}) == ":0");
    CHECK(server.Run({"GET", "k"}) == "\"\\x00\\x00\\x00\"");
  });
}

TEST_CASE("SETBIT of the last bit there may be") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETBIT", "k", "4294967295", "1"}) == ":0");
    CHECK(server.Run({"STRLEN", "k"}) == ":536870912");
    CHECK(server.Run({"GETBIT", "k", "4294967295"}) == ":1");
    CHECK(server.Run({"BITCOUNT", "k"}) == ":1");
    CHECK(server.Run({"BITPOS", "k", "1"}) == ":4294967295");
    CHECK(server.Run({"GETRANGE", "k", "-2", "-1"}) == "\"\\x00\\x01\"");
    CHECK(server.Run({"SETBIT", "k", "4294967296", "1"}) == kOffset);
  });
}

TEST_CASE("SETBIT and GETBIT refuse what is no offset or no bit") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETBIT", "k", "-1", "1"}) == kOffset);
    CHECK(server.Run({"SETBIT", "k", "x", "1"}) == kOffset);
    CHECK(server.Run({"SETBIT", "k", "#1", "1"}) == kOffset);
    CHECK(server.Run({"GETBIT", "k", "4294967296"}) == kOffset);
    CHECK(server.Run({"SETBIT", "k", "1", "2"}) == "-ERR bit is not an integer or out of range");
    CHECK(server.Run({"SETBIT", "k", "1", "x"}) == "-ERR bit is not an integer or out of range");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
  });
}

TEST_CASE("BITCOUNT counts bytes of a range, or bits of one") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "foobar"}) == "+OK");
    CHECK(server.Run({"BITCOUNT", "k"}) == ":26");
    CHECK(server.Run({"BITCOUNT", "k", "0", "0"}) == ":4");
    CHECK(server.Run({"BITCOUNT", "k", "1", "1", "BYTE"}) == ":6");
    CHECK(server.Run({"BITCOUNT", "k", "5", "30", "BIT"}) == ":17");
    CHECK(server.Run({"BITCOUNT", "k", "-2", "-1"}) == ":7");
    CHECK(server.Run({"BITCOUNT", "k", "-1", "-2"}) == ":0");
    CHECK(server.Run({"BITCOUNT", "k", "100", "200"}) == ":0");
    CHECK(server.Run({"BITCOUNT", "k", "0", "-100"}) == ":4");
    CHECK(server.Run({"BITCOUNT", "none"}) == ":0");
    CHECK(server.Run({"BITCOUNT", "none", "0", "10"}) == ":0");
  });
}

TEST_CASE("BITCOUNT refuses half a range and unknown units") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITCOUNT", "k", "0"}) == kSyntax);
    CHECK(server.Run({"BITCOUNT", "k", "0", "1", "what"}) == kSyntax);
    CHECK(server.Run({"BITCOUNT", "k", "0", "1", "BIT", "x"}) == kSyntax);
    CHECK(server.Run({"BITCOUNT", "k", "x", "1"}) == kNotInteger);
    CHECK(server.Run({"BITCOUNT", "k", "0", "y"}) == kNotInteger);
  });
}

TEST_CASE("BITPOS finds the first bit, in bytes or bits of a range") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", std::string("\xff\xf0\x00", 3)}) == "+OK");
    CHECK(server.Run({"BITPOS", "k", "0"}) == ":12");
    CHECK(server.Run({"BITPOS", "k", "1"}) == ":0");
    CHECK(server.Run({"BITPOS", "k", "1", "2"}) == ":-1");
    CHECK(server.Run({"BITPOS", "k", "0", "2"}) == ":16");
    CHECK(server.Run({"BITPOS", "k", "1", "1", "-1"}) == ":8");
    CHECK(server.Run({"BITPOS", "k", "0", "3", "15", "BIT"}) == ":12");
    CHECK(server.Run({"BITPOS", "k", "0", "3", "11", "BIT"}) == ":-1");
    CHECK(server.Run({"BITPOS", "k", "1", "12", "-1", "BIT"}) == ":-1");
    CHECK(server.Run({"BITPOS", "k", "1", "9", "9", "bit"}) == ":9");
    CHECK(server.Run({"BITPOS", "k", "0", "5"}) == ":-1");
  });
}

TEST_CASE("BITPOS takes a string of ones to go on with zeros unless an end is given") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "k", "\xff\xff"}) == "+OK");
    CHECK(server.Run({"BITPOS", "k", "0"}) == ":16");
    CHECK(server.Run({"BITPOS", "k", "0", "1"}) == ":16");
    CHECK(server.Run({"BITPOS", "k", "0", "0", "-1"}) == ":-1");
    CHECK(server.Run({"BITPOS", "k", "0", "2"}) == ":-1");
  });
}

TEST_CASE("BITPOS of what is absent or empty") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITPOS", "none", "0"}) == ":0");
    CHECK(server.Run({"BITPOS", "none", "1"}) == ":-1");
    CHECK(server.Run({"BITPOS", "none", "0", "5", "6"}) == ":0");
    CHECK(server.Run({"SET", "k", ""}) == "+OK");
    CHECK(server.Run({"BITPOS", "k", "0"}) == ":-1");
    CHECK(server.Run({"BITPOS", "k", "1"}) == ":-1");
  });
}

TEST_CASE("BITPOS refuses what is no bit, no range, no unit") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITPOS", "k", "2"}) == "-ERR The bit argument must be 1 or 0.");
    CHECK(server.Run({"BITPOS", "k", "x"}) == kNotInteger);
    CHECK(server.Run({"BITPOS", "k", "1", "x"}) == kNotInteger);
    CHECK(server.Run({"BITPOS", "k", "1", "0", "1", "what"}) == kSyntax);
    CHECK(server.Run({"BITPOS", "k", "1", "0", "1", "BIT", "x"}) == kSyntax);
  });
}

TEST_CASE("BITOP combines strings of different lengths") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"MSET", "a", "\xf0\xff", "b", "\x3c"}) == "+OK");
    CHECK(server.Run({"BITOP", "AND", "to", "a", "b"}) == ":2");
    CHECK(server.Run({"GET", "to"}) == "\"0\\x00\"");
    CHECK(server.Run({"BITOP", "or", "to", "a", "b"}) == ":2");
    CHECK(server.Run({"GET", "to"}) == "\"\\xfc\\xff\"");
    CHECK(server.Run({"BITOP", "XOR", "to", "b", "a"}) == ":2");
    CHECK(server.Run({"GET", "to"}) == "\"\\xcc\\xff\"");
    CHECK(server.Run({"BITOP", "NOT", "to", "a"}) == ":2");
    CHECK(server.Run({"GET", "to"}) == "\"\\x0f\\x00\"");
    CHECK(server.Run({"BITOP", "AND", "to", "a", "none"}) == ":2");
    CHECK(server.Run({"GET", "to"}) == "\"\\x00\\x00\"");
    CHECK(server.Run({"OBJECT", "ENCODING", "to"}) == "\"raw\"");
  });
}

TEST_CASE("BITOP drops the target's expiry, and its old value of any type") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "a", "x", "EX", "100"}) == "+OK");
    CHECK(server.Run({"BITOP", "OR", "a", "a"}) == ":1");
    CHECK(server.Run({"TTL", "a"}) == ":-1");
    server.MakeKeyOfAnotherType("other");
    CHECK(server.Run({"BITOP", "OR", "other", "a"}) == ":1");
    CHECK(server.Run({"GET", "other"}) == "\"x\"");
  });
}

TEST_CASE("BITOP of nothing deletes the target") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SET", "to", "x"}) == "+OK");
    CHECK(server.Run({"BITOP", "AND", "to", "none", "nil"}) == ":0");
    CHECK(server.Run({"EXISTS", "to"}) == ":0");
  });
}

TEST_CASE("BITOP refuses unknown operations, NOT of several, and other types") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITOP", "NAND", "to", "a"}) == kSyntax);
    CHECK(server.Run({"BITOP", "NOT", "to", "a", "b"}) ==
          "-ERR BITOP NOT must be called with a single source key.");
    server.MakeKeyOfAnotherType("other");
    CHECK(server.Run({"BITOP", "AND", "to", "a", "other"}) == kWrongTypeReply);
    CHECK(server.Run({"SETBIT", "other", "1", "1"}) == kWrongTypeReply);
    CHECK(server.Run({"GETBIT", "other", "1"}) == kWrongTypeReply);
    CHECK(server.Run({"BITCOUNT", "other"}) == kWrongTypeReply);
    CHECK(server.Run({"BITPOS", "other", "1"}) == kWrongTypeReply);
  });
}

std::string RandomBitmap(std::mt19937_64& random) {
  std::string bytes(1 + random() % 120000, random() % 3 == 0 ? '\xff' : '\0');
  for (size_t i = random() % 4; i > 0; --i) {
    const size_t at = random() % bytes.size();
    for (size_t j = at; j < bytes.size() && j < at + 5000; ++j) {
      bytes[j] = static_cast<char>(random());
    }
  }
  return bytes;
}

std::string CombineByBytes(const std::string& operation, const std::vector<std::string>& sources) {
  size_t size = 0;
  for (const std::string& source : sources) size = std::max(size, source.size());
  std::string result(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    const auto byte = [i](const std::string& from) { return i < from.size() ? from[i] : '\0'; };
    char value = byte(sources[0]);
    for (size_t s = 1; s < sources.size(); ++s) {
      if (operation == "AND") value = static_cast<char>(value & byte(sources[s]));
      if (operation == "OR") value = static_cast<char>(value | byte(sources[s]));
      if (operation == "XOR") value = static_cast<char>(value ^ byte(sources[s]));
    }
    result[i] = operation == "NOT" ? static_cast<char>(~value) : value;
  }
  return result;
}

TEST_CASE("BITOP on long strings, also onto one of its sources, gives what single bytes give") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::vector<std::string> operations = {"AND", "OR", "XOR", "NOT"};
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    TestServer server;
    const std::string& operation = operations[random() % operations.size()];
    std::vector<std::string> sources;
    std::vector<std::string> command = {"BITOP", operation, "to"};
    const size_t count = operation == "NOT" ? 1 : 1 + random() % 3;
    for (size_t i = 0; i < count; ++i) {
      sources.push_back(RandomBitmap(random));
      command.push_back("key" + std::to_string(i));
      REQUIRE(server.Run({"SET", command.back(), sources.back()}) == "+OK");
    }
    if (random() % 2 == 0) {
      command[2] = command.back();
    } else if (random() % 2 == 0) {
      REQUIRE(server.Run({"SET", "to", RandomBitmap(random)}) == "+OK");
    }
    if (random() % 4 == 0 && operation != "NOT") {
      command.push_back(command[3]);
      sources.push_back(sources[0]);
    }
    const std::string expected = CombineByBytes(operation, sources);
    REQUIRE(server.RunArgs(std::vector<std::string_view>(command.begin(), command.end())) ==
            ":" + std::to_string(expected.size()));
    REQUIRE(server.Run({"SET", "expected", expected}) == "+OK");
    REQUIRE(server.Run({"GET", command[2]}) == server.Run({"GET", "expected"}));
  }
}

TEST_CASE("BITCOUNT and BITPOS of long strings give what single bits give") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TestServer server;
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    const std::string bytes = RandomBitmap(random);
    REQUIRE(server.Run({"SET", "k", bytes}) == "+OK");
    const uint64_t begin = random() % (bytes.size() * 8);
    const uint64_t end = begin + random() % (bytes.size() * 8 - begin);
    CAPTURE(begin);
    CAPTURE(end);
    int64_t ones = 0;
    int64_t first[2] = {-1, -1};
    for (uint64_t i = begin; i <= end; ++i) {
      const int bit = static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1;
      ones += bit;
      if (first[bit] < 0) first[bit] = static_cast<int64_t>(i);
    }
    const std::string from = std::to_string(begin);
    const std::string to = std::to_string(end);
    REQUIRE(server.Run({"BITCOUNT", "k", from, to, "BIT"}) == ":" + std::to_string(ones));
    REQUIRE(server.Run({"BITPOS", "k", "0", from, to, "BIT"}) == ":" + std::to_string(first[0]));
    REQUIRE(server.Run({"BITPOS", "k", "1", from, to, "BIT"}) == ":" + std::to_string(first[1]));
  }
}

TEST_CASE("BITFIELD sets, gets and increments fields of any width") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITFIELD", "k", "INCRBY", "i5", "100", "1", "GET", "u4", "0"}) ==
          "[:1, :0]");
    CHECK(server.Run({"BITFIELD", "k", "SET", "i8", "0", "-100", "SET", "i8", "0", "101"}) ==
          "[:0, :-100]");
    CHECK(server.Run({"BITFIELD", "k", "GET", "u8", "0", "GET", "i4", "1"}) == "[:101, :-4]");
    CHECK(server.Run({"BITFIELD", "k"}) == "[]");
    CHECK(server.Run({"BITFIELD", "k", "SET", "i64", "3", "-9223372036854775808", "GET", "i64",
                      "3"}) == "[:2882303761517117440, :-9223372036854775808]");
  });
}

TEST_CASE("BITFIELD counts offsets with # in fields") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITFIELD", "k", "SET", "u8", "#0", "65", "SET", "u8", "#2", "66"}) ==
          "[:0, :0]");
    CHECK(server.Run({"GET", "k"}) == "\"A\\x00B\"");
    CHECK(server.Run({"BITFIELD", "k", "GET", "u8", "#2", "GET", "u8", "16"}) == "[:66, :66]");
  });
}

TEST_CASE("BITFIELD wraps, saturates or fails on overflow, as told before it") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITFIELD", "k", "SET", "u2", "0", "3"}) == "[:0]");
    CHECK(server.Run({"BITFIELD", "k", "INCRBY", "u2", "0", "1"}) == "[:0]");
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "u2", "0", "9"}) == "[:3]");
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u2", "0", "1"}) == "[nil$]");
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "u2", "0", "-9"}) == "[:0]");
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u2", "0", "-1", "OVERFLOW",
                      "wrap", "INCRBY", "u2", "0", "-1"}) == "[nil$, :3]");
    CHECK(server.Run({"BITFIELD", "k", "SET", "i8", "8", "127", "INCRBY", "i8", "8", "1"}) ==
          "[:0, :-128]");
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "i8", "8", "-1"}) == "[:-128]");
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW", "SAT", "SET", "u8", "16", "-1", "GET", "u8",
                      "16"}) == "[:0, :255]");
    CHECK(server.Run({"BITFIELD", "k", "SET", "i4", "24", "9", "GET", "i4", "24"}) == "[:0, :-7]");
    CHECK(server
              .Run({"BITFIELD", "k", "SET", "i64", "0", "9223372036854775807", "INCRBY", "i64", "0",
                    "1"})
              .ends_with(", :-9223372036854775808]"));
  });
}

TEST_CASE("BITFIELD makes room for what it writes, and for nothing it reads") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"BITFIELD", "k", "GET", "u8", "100"}) == "[:0]");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
    CHECK(server.Run({"BITFIELD", "k", "SET", "u8", "12", "0"}) == "[:0]");
    CHECK(server.Run({"STRLEN", "k"}) == ":3");
    CHECK(server.Run({"BITFIELD", "far", "SET", "u8", "4294967288", "7", "GET", "u8",
                      "4294967288"}) == "[:0, :7]");
    CHECK(server.Run({"STRLEN", "far"}) == ":536870912");
  });
}

TEST_CASE("BITFIELD writes across the chunks of a long string") {
  TestServer::InEachMode([](TestServer& server) {
    CHECK(server.Run({"SETRANGE", "k", "100000", "x"}) == ":100001");
    const std::string offset = std::to_string(32704 * 8 - 20);
    CHECK(server.Run({"BITFIELD", "k", "SET", "i64", offset, "-1234567890123"}) == "[:0]");
    CHECK(server.Run({"BITFIELD_RO", "k", "GET", "i64", offset}) == "[:-1234567890123]");
  });
}

TEST_CASE("BITFIELD refuses bad types, offsets, overflows and operations") {
  TestServer::InEachMode([](TestServer& server) {
    const std::string bad_type =
        "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
        "i64 is.";
    for (const char* type : {"u64", "i65", "u0", "x8", "8", "", "i", "u-1", "U8"}) {
      CAPTURE(type);
      CHECK(server.Run({"BITFIELD", "k", "GET", type, "0"}) == bad_type);
    }
    CHECK(server.Run({"BITFIELD", "k", "GET", "u8", "-1"}) == kOffset);
    CHECK(server.Run({"BITFIELD", "k", "GET", "u8", "#x"}) == kOffset);
    CHECK(server.Run({"BITFIELD", "k", "GET", "u8", "#536870912"}) == kOffset);
    CHECK(server.Run({"BITFIELD", "k", "GET", "u8", "#9223372036854775807"}) == kOffset);
    CHECK(server.Run({"BITFIELD", "k", "SET", "u8", "0", "x"}) == kNotInteger);
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW", "what"}) ==
          "-ERR Invalid OVERFLOW type specified");
    CHECK(server.Run({"BITFIELD", "k", "OVERFLOW"}) == kSyntax);
    CHECK(server.Run({"BITFIELD", "k", "SET", "u8", "0"}) == kSyntax);
    CHECK(server.Run({"BITFIELD", "k", "PUT", "u8", "0", "1"}) == kSyntax);
    CHECK(server.Run({"BITFIELD_RO", "k", "SET", "u8", "0", "1"}) ==
          "-ERR BITFIELD_RO only supports the GET subcommand");
    CHECK(server.Run({"EXISTS", "k"}) == ":0");
    server.MakeKeyOfAnotherType("other");
    CHECK(server.Run({"BITFIELD", "other", "GET", "u8", "0"}) == kWrongTypeReply);
    CHECK(server.Run({"BITFIELD", "other", "SET", "u8", "0", "1"}) == kWrongTypeReply);
  });
}

}  // namespace
}  // namespace datatypes
