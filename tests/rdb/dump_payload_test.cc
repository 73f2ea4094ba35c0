// SPDX-License-Identifier: BSD-3-Clause
//
// Payloads as DUMP of redis-server 7.0.15 gave them.
#include <string>

#include <doctest/doctest.h>

#include "rdb/reader.h"
#include "rdb/writer.h"
#include "tests/rdb/recorder.h"

namespace {

std::string Read(std::string_view hex) {
  const std::string payload = FromHex(hex);
  const auto version = rdb::DumpPayloadVersion(payload);
  REQUIRE(version.has_value());
  Recorder recorder;
  const auto read = rdb::ReadDumpPayload(payload, *version, recorder);
  if (!read) return read.error().Text();
  return recorder.All();
}

// The same value, in whatever encoding, without a checksum.
std::string ReadBody(int version, std::string_view hex) {
  std::string payload = FromHex(hex);
  rdb::AppendDumpFooter(version, &payload);
  Recorder recorder;
  const auto read = rdb::ReadDumpPayload(payload, version, recorder);
  if (!read) return "error at " + read.error().Text();
  return recorder.All();
}

}  // namespace

TEST_CASE("Strings of Redis 7.0 are read in all encodings") {
  CHECK(Read("00c0fb0a0049c4c6f4d7263f68") == "key 0  string\n-5\nend\n");
  CHECK(Read("00c1b80b0a00a113c6f3de2b8403") == "key 0  string\n3000\nend\n");
  CHECK(Read("00c290eefeff0a002875de7b13eb2800") == "key 0  string\n-70000\nend\n");
  CHECK(Read("000b31323334353637383930310a00304e52d727176510") ==
        "key 0  string\n12345678901\nend\n");
  CHECK(Read("000568656c6c6f0a006372df766534200a") == "key 0  string\nhello\nend\n");
  CHECK(Read("00c3094064016161e057000161610a00e8a3b507b06df271") ==
        "key 0  string\n" + std::string(100, 'a') + "\nend\n");
}

TEST_CASE("Collections of Redis 7.0 are read in all encodings") {
  CHECK(Read("120102c31d405d155d00000005008161020101d06002f270110104e04662e03c000148ff0a001a337d8c"
             "94ef272b") == "key 0  list\na\n1\n-4000\n70000\n" + std::string(70, 'b') + "\nend\n");
  CHECK(Read("0b140400000003000000feffffff01000000701101000a0030527df8cc311f3b") ==
        "key 0  set\n-2\n1\n70000\nend\n");
  CHECK(Read("0202016201610a0075d99d835ef85f65") == "key 0  set\nb\na\nend\n");
  CHECK(
      Read("111d1d0000000600816202842d312e3505816102010181630283696e6604ff0a00f115c28bb0b21c6b") ==
      "key 0  zset\nb -1.5\na 1\nc inf\nend\n");
  CHECK(Read("1012120000000400816602817602816e020c01ff0a0001369481d35b8974") ==
        "key 0  hash\nf = v\nn = 12\nend\n");
  CHECK(Read("05020161000000000000f03f0162000000000000f8bf0a007f173842d83cfcb6") ==
        "key 0  zset\na 1\nb -1.5\nend\n");
  CHECK(Read("0401016601760a00adf24356b1860efc") == "key 0  hash\nf = v\nend\n");
}

TEST_CASE("A stream of Redis 7.0 is read with its groups; deleted entries are left out") {
  CHECK(Read("13011000000000000000010000000000000001c3383e123e000000190002010101020181610281620200"
             "200900002001070101817802050103600a201c0079200c401540030781630203010601ff020201010101"
             "0203010167010181ffffffffffffffff01000000000000000100000000000000013ae9b0fea101000001"
             "010263313ae9b0fea101000001000000000000000100000000000000010a00df8022a1fa17cf68") ==
        "key 0  stream\n"
        "1-1 a=1 b=x\n"
        "2-1 c=3\n"
        "meta 2 last 2-1 first 1-1 deleted 1-2 added 3\n"
        "group g last 1-1 read ?\n"
        "consumer c1 seen 1795274369338 active 1795274369338\n"
        "pending 1-1 at 1795274369338 times 1\n"
        "end\n");
}

TEST_CASE("The encodings of older versions are read") {
  SUBCASE("zipmap") {
    CHECK(ReadBody(2, "09 10 02 01 61 01 00 31 02 6262 03 01 787979 00 ff") ==
          "key 0  hash\na = 1\nbb = xyy\nend\n");
  }
  SUBCASE("ziplists") {
    // 10, "ab", 300, 0, 12, -1 (int8), 70000, 2^40.
    const char* ziplist =
        "0a 2b 2b000000 20000000 0800 00 fb 02 026162 04 c02c01 04 f1 02 fd 02 feff"
        "03 f0701101 05 e00000000000010000 ff";
    CHECK(ReadBody(6, ziplist) ==
          "key 0  list\n10\nab\n300\n0\n12\n-1\n70000\n1099511627776\nend\n");
    CHECK(ReadBody(6, "0d 11 11000000 0d000000 0200 00 0166 03 0176 ff") ==
          "key 0  hash\nf = v\nend\n");
    CHECK(ReadBody(6, "0c 13 13000000 0d000000 0200 00 0161 03 03312e35 ff") ==
          "key 0  zset\na 1.5\nend\n");
    CHECK(ReadBody(
              7, "0e 02 0e 0e000000 0a000000 0100 00 0161 ff 0d 0d000000 0a000000 0100 00 f2 ff") ==
          "key 0  list\na\n1\nend\n");
  }
  SUBCASE("scores as text") {
    CHECK(ReadBody(1, "03 04 0161 03 312e35 0162 fe 0163 ff 0164 02 2d33") ==
          "key 0  zset\na 1.5\nb inf\nc -inf\nd -3\nend\n");
    CHECK(ReadBody(1, "03 01 0161 fd") == "error at byte 3: a score that is not a number");
  }
  SUBCASE("hashes with expiry") {
    CHECK(ReadBody(12, "18 e803000000000000 02 01 0166 0176 00 0167 0177") ==
          "key 0  hash\nf = v expire 1000\ng = w\nend\n");
    CHECK(ReadBody(12, "16 02 43e8 0166 0176 00 0167 0177") ==
          "key 0  hash\nf = v expire 1000\ng = w\nend\n");
    const std::string listpack =
        "18 18000000 0600 8166 02 8176 02 c3e8 02 8167 02 8177 02 00 01 ff";
    CHECK(ReadBody(12, "17" + listpack) == "key 0  hash\nf = v expire 1000\ng = w\nend\n");
    CHECK(ReadBody(12, "19 e803000000000000" + listpack) ==
          "key 0  hash\nf = v expire 1000\ng = w\nend\n");
    // Valkey has another meaning of 22, and none of 24.
    CHECK(ReadBody(80, "16 02 0166 0176 e803000000000000 0167 0177 ffffffffffffffff") ==
          "key 0  hash\nf = v expire 1000\ng = w\nend\n");
    CHECK(ReadBody(80, "18 e803000000000000 01 00 0166 0176") ==
          "error at byte 0: the unknown type 24 of Valkey is not read here");
  }
  SUBCASE("lists with large elements by themselves") {
    CHECK(ReadBody(10, "12 02 01 0161 02 0a 0a000000 0100 8162 02 ff") ==
          "key 0  list\na\nb\nend\n");
  }
  SUBCASE("sets as listpacks") {
    CHECK(ReadBody(11, "14 0c 0c000000 0200 8161 02 07 01 ff") == "key 0  set\na\n7\nend\n");
  }
}

TEST_CASE("Damage in a packed value is an error") {
  for (const char* hex : {
           "0a 0d 0e000000 0a000000 0100 00 f2 ff",  // Wrong size.
           "0a 0d 0d000000 0b000000 0100 00 f2 ff",  // Wrong offset of the last entry.
           "0a 0d 0d000000 0a000000 0200 00 f2 ff",  // Wrong count.
           "0a 0d 0d000000 0a000000 0100 01 f2 ff",  // Wrong size of the entry before.
           "0a 0d 0d000000 0a000000 0100 00 3f ff",  // An entry larger than the ziplist.
           "14 0a 0a000000 0100 8161 03 ff",         // Wrong size for walks backwards.
           "14 0a 0a000000 0100 bf61 02 ff",         // An entry larger than the listpack.
           "14 0b 0b000000 0100 f5 61 62 04 ff",     // An unknown entry.
           "14 0a 0a000000 0200 8161 02 ff",         // Wrong count.
           "14 02 0aff",                             // Too short.
           "10 0a 0a000000 0100 8161 02 ff",         // A field without a value.
           "0b 0a 02000000 02000000 0100",           // Wrong size.
           "0b 0c 02000000 02000000 0200 0100",      // Out of order.
           "0b 0b 03000000 01000000 010203",         // Unknown width.
           "09 06 01 01 61 01 00 ff",                // A value that is not there.
           "09 04 01 01 61 ff",                      // A field without a value.
           "12 01 03 0161",                          // An unknown kind of node.
           "00 c30201 ff 61",                        // Too much for so few bytes.
           "00 c3 02 03 0061",                       // Not what it says it is.
           "00 c4",                                  // An unknown encoding.
           "00 82",                                  // No length.
           "00 05 61",                               // Cut off.
           "00 0161 00",                             // Something follows.
           "02 00",                                  // No elements.
           "04 c0 00",                               // No length.
           "06 00",                                  // A module's value.
       }) {
    CAPTURE(hex);
    const std::string read = ReadBody(11, hex);
    CHECK(read.starts_with("error at byte "));
  }
}

TEST_CASE("A claimed length takes no memory before the bytes are there") {
  CHECK(ReadBody(11, "00 81 0000010000000000 61").starts_with("error at byte "));
  CHECK(ReadBody(11, "01 81 ffffffffffffffff 0161").starts_with("error at byte "));
  CHECK(ReadBody(11, "0f 81 ffffffffffffffff 0161").starts_with("error at byte "));
  CHECK(ReadBody(11, "01 01 81 00ffffffffffffff 61").starts_with("error at byte "));
}

TEST_CASE("A payload's version and checksum are checked") {
  const std::string good = FromHex("000568656c6c6f0a006372df766534200a");
  CHECK(rdb::DumpPayloadVersion(good) == 10);
  std::string bad = good;
  bad[3] ^= 1;
  CHECK(!rdb::DumpPayloadVersion(bad));
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK(!rdb::DumpPayloadVersion(good.substr(0, size)));
  }
  for (const int version : {1, 9, 13, 80, 81}) {
    std::string payload = "\x01";
    rdb::AppendDumpFooter(version, &payload);
    CHECK(rdb::DumpPayloadVersion(payload) == version);
  }
  for (const int version : {0, 14, 79, 82, 0x1000}) {
    std::string payload = "\x01";
    rdb::AppendDumpFooter(version, &payload);
    CHECK(!rdb::DumpPayloadVersion(payload));
  }
}
