// SPDX-License-Identifier: BSD-3-Clause
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "rdb/reader.h"
#include "rdb/writer.h"
#include "tests/rdb/recorder.h"

namespace {

// Gives out so many bytes at a time.
class SlowSource : public rdb::Source {
 public:
  SlowSource(std::string_view bytes, size_t step) : bytes_(bytes), step_(step) {}
  rdb::Result<std::string_view> Next() override {
    // A copy, so that a view that is used too long shows under the sanitizer.
    piece_ = std::make_unique<std::string>(bytes_.substr(0, step_));
    bytes_.remove_prefix(piece_->size());
    return std::string_view(*piece_);
  }

 private:
  std::string_view bytes_;
  const size_t step_;
  std::unique_ptr<std::string> piece_;
};

std::string ReadFile(std::string_view bytes, size_t step = 1 << 20) {
  SlowSource source(bytes, step);
  Recorder recorder;
  rdb::Reader reader(source, recorder);
  const auto read = reader.Read();
  return recorder.All() + (read ? "" : "error at " + read.error().Text());
}

// One key of each type, and what else a file has.
std::string WriteSample(const rdb::WriteOptions& options) {
  std::string file;
  rdb::StringSink sink(&file);
  rdb::Writer writer(sink, options);
  rdb::ValueWriter& values = writer.values();
  writer.Header();
  writer.Aux("redis-ver", "7.2.0");
  writer.Function("#!lua name=l\n");
  writer.Database(0, 6, 1);
  rdb::KeyHead head;
  head.key = "text";
  head.expire_at_ms = 1700000000000;
  head.idle_s = 100;
  writer.Key(head);
  values.String("hello");
  head = {};
  head.key = "number";
  head.freq = 7;
  writer.Key(head);
  values.String("-70000");
  head = {};
  head.key = "packed";
  writer.Key(head);
  values.String(std::string(300, 'x'));
  head.key = "list";
  head.type = rdb::ValueType::kList;
  writer.Key(head);
  values.BeginCollection(2);
  values.Element("a");
  values.Element("007");
  writer.Database(3, 3, 0);
  head.key = "zset";
  head.type = rdb::ValueType::kSortedSet;
  writer.Key(head);
  values.BeginCollection(1);
  values.SortedSetMember("m", -1.5);
  head.key = "hash";
  head.type = rdb::ValueType::kHash;
  writer.Key(head);
  values.BeginCollection(1);
  values.HashField("f", "v");
  head.key = "stream";
  head.type = rdb::ValueType::kStream;
  writer.Key(head);
  values.BeginStream(3);
  const rdb::FieldValue first[] = {{"a", "1"}, {"b", "x"}};
  const rdb::FieldValue other[] = {{"c", "3"}};
  values.StreamEntry({5, 1}, first);
  values.StreamEntry({5, 2}, first);
  values.StreamEntry({6, 0}, other);
  values.EndStreamEntries({3, {6, 0}, {5, 1}, {4, 0}, 9}, 1);
  values.BeginStreamGroup({"g", {5, 1}, 7}, 1);
  values.StreamGroupPending({{5, 1}, 1000, 2});
  values.BeginStreamConsumers(1);
  values.BeginStreamConsumer({"c", 1001, 1002}, 1);
  values.StreamConsumerPending({5, 1});
  REQUIRE(writer.Finish().has_value());
  return file;
}

std::string Expected(int version) {
  std::string expected = "redis " + std::to_string(version) + "\naux redis-ver 7.2.0\n";
  if (version >= 10) expected += "function #!lua\\x20name=l\\x0a\n";
  expected +=
      "sizes 0 6 1\n"
      "key 0 text string expire 1700000000000 idle 100\nhello\nend\n"
      "key 0 number string freq 7\n-70000\nend\n"
      "key 0 packed string\n" +
      std::string(300, 'x') +
      "\nend\n"
      "key 0 list list\na\n007\nend\n"
      "sizes 3 3 0\n"
      "key 3 zset zset\nm -1.5\nend\n"
      "key 3 hash hash\nf = v\nend\n"
      "key 3 stream stream\n5-1 a=1 b=x\n5-2 a=1 b=x\n6-0 c=3\n";
  expected += version >= 10 ? "meta 3 last 6-0 first 5-1 deleted 4-0 added 9\n"
                            : "meta 3 last 6-0 first 5-1 deleted 0-0 added 3\n";
  expected += version >= 10 ? "group g last 5-1 read 7\n" : "group g last 5-1 read 1\n";
  expected +=
      version >= 11 ? "consumer c seen 1001 active 1002\n" : "consumer c seen 1001 active 1001\n";
  expected += "pending 5-1 at 1000 times 2\nend\n";
  return expected;
}

}  // namespace

TEST_CASE("What is written is read again, in every version, however it arrives") {
  for (int version = rdb::kMinWrittenVersion; version <= rdb::kMaxWrittenVersion; ++version) {
    for (const bool compress : {false, true}) {
      const std::string file = WriteSample({.version = version, .compress = compress});
      CHECK(ReadFile(file) == Expected(version));
      for (const size_t step : {1, 2, 3, 7, 64}) CHECK(ReadFile(file, step) == Expected(version));
    }
  }
  CHECK(WriteSample({.compress = true}).size() + 250 < WriteSample({.compress = false}).size());
}

TEST_CASE("Fields with expiry are written from version 12 on") {
  std::string file;
  rdb::StringSink sink(&file);
  rdb::Writer writer(sink, {.version = 12});
  writer.Header();
  rdb::KeyHead head;
  head.key = "h";
  head.type = rdb::ValueType::kHash;
  writer.Key(head, true);
  writer.values().BeginHashWithExpiry(2, 5000);
  writer.values().HashFieldWithExpiry("a", "1", 6000);
  writer.values().HashFieldWithExpiry("b", "2", std::nullopt);
  REQUIRE(writer.Finish().has_value());
  CHECK(ReadFile(file) == "redis 12\nkey 0 h hash\na = 1 expire 6000\nb = 2\nend\n");
}

TEST_CASE("The bytes of a file are those of FORMAT.md") {
  std::string file;
  rdb::StringSink sink(&file);
  rdb::Writer writer(sink, {.version = 10});
  writer.Header();
  writer.Database(0, 1, 1);
  rdb::KeyHead head;
  head.key = "z";
  head.type = rdb::ValueType::kSortedSet;
  head.expire_at_ms = 1700000000000;
  writer.Key(head);
  writer.values().BeginCollection(1);
  writer.values().SortedSetMember("10", 1.5);
  REQUIRE(writer.Finish().has_value());
  CHECK(ToHex(file.substr(0, file.size() - 8)) ==
        "524544495330303130fe00fb0101fc0068e5cf8b01000005017a01c00a000000000000f83fff");
}

TEST_CASE("Every cut and every changed byte ends in an error or in other data, never in a crash") {
  const std::string file = WriteSample({});
  for (size_t size = 0; size < file.size(); ++size) {
    CHECK(ReadFile(std::string_view(file).substr(0, size)).find("error at byte") !=
          std::string::npos);
  }
  for (size_t at = 0; at < file.size(); ++at) {
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      CHECK(ReadFile(damaged) != Expected(10));
    }
  }
}

TEST_CASE("A checksum of 0 is not looked at, another one is") {
  std::string file = WriteSample({.checksum = false});
  CHECK(ReadFile(file) == Expected(10));
  file.back() = 1;
  CHECK(ReadFile(file).find("the file's checksum is wrong") != std::string::npos);
}

TEST_CASE(
    "Versions and magics that are not known are refused, those of before 5 have no checksum") {
  CHECK(ReadFile("REDIS0001\xff") == "redis 1\n");
  CHECK(ReadFile("REDIS0013\xff" + std::string(8, '\0')) == "redis 13\n");
  CHECK(ReadFile("VALKEY080\xff" + std::string(8, '\0')) == "valkey 80\n");
  CHECK(ReadFile("VALKEY081\xff" + std::string(8, '\0')) == "valkey 81\n");
  for (const char* magic : {"REDIS0000", "REDIS0014", "REDIS0080", "VALKEY079", "VALKEY082",
                            "REDIS00x1", "RUDIS0010", "REDI"}) {
    CAPTURE(magic);
    CHECK(ReadFile(magic).starts_with("error at byte"));
  }
}

TEST_CASE("What modules and clusters leave in a file is passed over with a warning") {
  const std::string end = FromHex("ff 0000000000000000");
  // Auxiliary data of a module: when, 2 numbers, a float, a double, a string, end.
  CHECK(ReadFile("REDIS0010" +
                 FromHex("f7 81 2e83e1e7e9b3e001 02 02 01 05 02 07 03 00000000 04 0000000000000000"
                         "05 0161 00") +
                 end)
            .starts_with("redis 10\nwarning what the module "));
  CHECK(ReadFile("REDIS0012" + FromHex("f4 01 02 03 00 016b 0176") + end) ==
        "redis 12\nkey 0 k string\nv\nend\n");
  // 243: a key's attachments, a slot import, nothing.
  CHECK(
      ReadFile("REDIS0013" + FromHex("f3 01 00000000 02 05 00 00 016b 0176") + end) ==
      "redis 13\nwarning what modules attached to a key is passed over\nkey 0 k string\nv\nend\n");
  CHECK(ReadFile("VALKEY080" + FromHex("f3 036a6f62 01 01 02 00 016b 0176") + end) ==
        "valkey 80\nwarning a slot import that was under way is passed over\nkey 0 k string\nv\n"
        "end\n");
  CHECK(ReadFile("REDIS0012" + FromHex("f3 00") + end) ==
        "redis 12\nerror at byte 9: the unknown type 243 of Redis, which is not read here");
  CHECK(ReadFile("VALKEY081" + FromHex("17 016b") + end) ==
        "valkey 81\nerror at byte 9: a path hash of Valkey 9.2, which is not read here");
  CHECK(ReadFile("REDIS0010" + FromHex("07 016b 81 0000000000000000 00") + end) ==
        "redis 10\nerror at byte 9: a module's value (AAAAAAAAA), key \"k\", which is not read "
        "here");
}

TEST_CASE("Functions of Redis 7.0's candidates get their name as a first line") {
  CHECK(ReadFile("REDIS0010" + FromHex("f6 036c6962 034c5541 01 0164 0163 ff 0000000000000000")) ==
        "redis 10\nfunction #!lua\\x20name=lib\\x0ac\n");
}

TEST_CASE("Times in seconds, collections without elements") {
  CHECK(ReadFile("REDIS0003" + FromHex("fd 80000000 00 016b 0176 01 0165 00 ff")) ==
        "redis 3\nkey 0 k string expire 128000\nv\nend\nwarning key \"e\" has no elements: passed "
        "over\n");
}

TEST_CASE("A receiver can stop the reading, and what follows the file is left") {
  const std::string file = WriteSample({}) + "PING";
  for (size_t limit = 1; limit < 40; ++limit) {
    SlowSource source(file, 10);
    Recorder recorder;
    recorder.limit = limit;
    rdb::Reader reader(source, recorder);
    const auto read = reader.Read();
    if (recorder.lines.size() < limit) continue;
    CHECK(recorder.lines.size() == limit);
    REQUIRE(!read.has_value());
    CHECK(read.error().code() == rdb::Error::Code::kStopped);
  }
  rdb::StringSource source(file);
  Recorder recorder;
  rdb::Reader reader(source, recorder);
  REQUIRE(reader.Read().has_value());
  CHECK(reader.rest() == "PING");
}

TEST_CASE("Large strings come in pieces, large collections element by element") {
  std::string file;
  rdb::StringSink sink(&file);
  rdb::Writer writer(sink, {.compress = false});
  writer.Header();
  rdb::KeyHead head;
  head.key = "big";
  writer.Key(head);
  const std::string value(1'000'000, 'v');
  writer.values().BeginString(value.size());
  writer.values().StringPiece(value);
  head.key = "many";
  head.type = rdb::ValueType::kSet;
  writer.Key(head);
  writer.values().BeginCollection(100'000);
  for (int i = 0; i < 100'000; ++i) writer.values().Element(std::to_string(i));
  REQUIRE(writer.Finish().has_value());
  SlowSource source(file, 4096);
  Recorder recorder;
  recorder.count_only = true;
  rdb::Reader reader(source, recorder);
  REQUIRE(reader.Read().has_value());
  CHECK(recorder.elements >= 100'000 + value.size() / 65536);
}

TEST_CASE("A stream of many entries is written as several nodes") {
  for (const uint64_t entries : {0U, 1U, 99U, 100U, 101U, 1000U}) {
    std::string file;
    rdb::StringSink sink(&file);
    rdb::Writer writer(sink, {.version = 11});
    writer.Header();
    rdb::KeyHead head;
    head.key = "s";
    head.type = rdb::ValueType::kStream;
    writer.Key(head);
    writer.values().BeginStream(entries);
    for (uint64_t i = 0; i < entries; ++i) {
      const std::string value = std::to_string(i) + std::string(i % 200, 'x');
      const rdb::FieldValue fields[] = {{i % 3 == 0 ? "f" : "g", value}};
      // Sequence numbers go down while the time goes up.
      writer.values().StreamEntry({1000 + i, entries - i}, fields);
    }
    writer.values().EndStreamEntries({entries, {1000 + entries, 0}, {1000, entries}, {}, entries},
                                     0);
    REQUIRE(writer.Finish().has_value());
    rdb::StringSource source(file);
    Recorder recorder;
    recorder.count_only = true;
    const auto read = rdb::Reader(source, recorder).Read();
    CHECK_MESSAGE(read.has_value(), (read ? "" : read.error().Text()));
    CHECK(recorder.elements == entries);
  }
}
