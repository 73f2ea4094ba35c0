// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/stream_format.h"
#include "datatypes/stream_group_format.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

std::string Ordered(uint64_t value) {
  char bytes[kMaxOrderedBytes];
  return {bytes, static_cast<size_t>(EncodeOrdered(bytes, value) - bytes)};
}

uint64_t RandomNumber(std::mt19937_64& random) {
  return random() >> (random() % 64);
}

TEST_CASE("codes of numbers compare as the numbers do, and none begins another") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t a = RandomNumber(random);
    const uint64_t b = random() % 4 == 0 ? a + 1 : RandomNumber(random);
    REQUIRE((a < b) == (Ordered(a) < Ordered(b)));
    REQUIRE((a == b) == (Ordered(a) == Ordered(b)));
    if (a != b) REQUIRE_FALSE(Ordered(b).starts_with(Ordered(a)));
    const std::string bytes = Ordered(a) + "rest";
    std::string_view in = bytes;
    uint64_t decoded = 0;
    REQUIRE(DecodeOrdered(&in, &decoded));
    REQUIRE(decoded == a);
    REQUIRE(in == "rest");
  }
}

TEST_CASE("bytes that are no code of a number, or not its only one, are refused") {
  for (const std::string& bytes :
       {std::string(), Bytes({0xf8}), Bytes({0xf8, 0x05}), Bytes({0xf8, 0xf7}), Bytes({0xf9, 1}),
        Bytes({0xf9, 0, 0xff}), Bytes({0xff, 1, 2, 3, 4, 5, 6, 7})}) {
    std::string_view in = bytes;
    uint64_t value = 0;
    CHECK_FALSE(DecodeOrdered(&in, &value));
  }
}

TEST_CASE("IDs are read and refused as Redis does") {
  CHECK(ParseStreamId("5").value() == StreamId{5, 0});
  CHECK(ParseStreamId("5", 7).value() == StreamId{5, 7});
  CHECK(ParseStreamId("5-3").value() == StreamId{5, 3});
  CHECK(ParseStreamIdOrEnd("+", 0).value() == StreamId::Max());
  CHECK(ParseRangeStart("(5-3").value() == StreamId{5, 4});
  CHECK(ParseRangeEnd("(5").value() == StreamId{5, UINT64_MAX - 1});
  CHECK_FALSE(ParseNewStreamId("5-*").value().seq_given);
  for (const char* text : {"", "-", "+", "5-", "-5", "5-*", "a", "5-5-5", "(5"}) {
    CHECK_FALSE(ParseStreamId(text).has_value());
  }
  CHECK(StreamId{1, UINT64_MAX}.Next() == StreamId{2, 0});
  CHECK(StreamId{2, 0}.Previous() == StreamId{1, UINT64_MAX});
  CHECK_FALSE(StreamId::Max().Next().has_value());
  CHECK_FALSE(StreamId().Previous().has_value());
}

TEST_CASE("rows of a stream are those of FORMAT.md") {
  TestServer server;
  server.settings().stream_node_max_entries = 2;
  server.RunLine("XADD s 1-1 a x");
  server.RunLine("XADD s 300-0 a y");
  server.RunLine("XADD s 300-1 b z");
  const Keyspace keyspace(server.store(), 0);
  lsm::Entry* entry = keyspace.GetTyped("s", kStream).value();
  CHECK(entry->type_flags() == 0);
  CHECK(entry->collection().count() == 4);
  CHECK(entry->collection().Find("e" + Bytes({1, 1})) == Bytes({1, 1}) + "a" + Bytes({1}) + "x");
  CHECK(entry->collection().Find("e" + Bytes({0xf9, 1, 0x2c, 0})) ==
        Bytes({1, 1}) + "a" + Bytes({1}) + "y");
  const std::optional<std::string_view> run = entry->collection().Find("R" + Bytes({1, 1})).value();
  REQUIRE(run.has_value());
  CHECK(*run == Bytes({0xac, 2, 0, 2, 0, 0x26}) + "\xaa\x71\xce\xe2\xaa\xdf\xd7\x27");
  // Bits, length, added, last, greatest deleted, first, closed runs; the open run's start, last,
  // live, deleted, bytes and fields.
  CHECK(entry->payload() ==
        Bytes({4, 3, 3, 0xac, 2, 1, 0, 0, 1, 1, 1, 0xac, 2, 1, 0xac, 2, 1, 1, 0, 0x19}) +
            "\xfd\x16\x4c\xda\xd4\x33\xe6\x58");
}

TEST_CASE("rows of a consumer group are those of FORMAT.md") {
  TestServer server;
  const int64_t now = server.now_ms();
  server.RunLine("XADD s 1-1 a x");
  server.RunLine("XGROUP CREATE s grp 0");
  server.RunLine("XREADGROUP GROUP grp bob STREAMS s >");
  const Keyspace keyspace(server.store(), 0);
  lsm::Collection& rows = keyspace.GetTyped("s", kStream).value()->collection();
  CHECK(rows.count() == 6);
  CHECK(rows.Find("Ggrp") == Bytes({1, 1, 1, 2, 1, 1, 1}));
  CHECK(rows.Find("M" + Bytes({1}) + "bob") == Bytes({1}));
  CHECK(rows.Find("N" + Bytes({1, 1})) ==
        EncodeConsumer({.seen_ms = now, .active_ms = now, .pending = 1, .name = "bob"}));
  CHECK(rows.Find("P" + Bytes({1, 1, 1})) == EncodePending({1, now, 1}));
  CHECK(rows.Find("Q" + Bytes({1, 1, 1, 1})) == std::string_view());
  CHECK(EncodePending({1, 5, 2}) == Bytes({1, 10, 2}));
  CHECK(EncodeConsumer({5, -1, 2, "c"}) == Bytes({10, 1, 2}) + "c");
}

TEST_CASE("what is encoded is decoded, and damage is refused") {
  StreamHead head;
  head.length = 5;
  head.added = 9;
  head.last = {1700000000000, 3};
  head.max_deleted = {1600000000000, 1};
  head.first = {1500000000000, 0};
  head.top = {1700000000000, 2};
  CHECK(DecodeStreamHead(EncodeStreamHead(head)) == head);
  head.dead = 4;
  head.base = {7, 8};
  head.groups = 1;
  head.group_number = 2;
  head.destroyed_groups = 1;
  head.closed_runs = 3;
  head.open = StreamRun{{1, 2}, {3, 4}, 5, 6, 7, 8};
  const std::string bytes = EncodeStreamHead(head);
  CHECK(DecodeStreamHead(bytes) == head);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(DecodeStreamHead(std::string_view(bytes).substr(0, size)).has_value());
  }
  CHECK_FALSE(DecodeStreamHead(bytes + "x").has_value());
  // What the fuzzer found: dead entries are announced, and there are none.
  constexpr std::string_view kNoneDead(
      "\x01\x01\x3b\x14\0\0\0\0\x15\0\0\0\x80\x01\x80\xf0\x80\x80\x01\x02\x02", 21);
  CHECK_FALSE(DecodeStreamHead(kNoneDead).has_value());
  CHECK_FALSE(DecodeGroup("x").has_value());
  CHECK_FALSE(DecodePending("").has_value());
  CHECK_FALSE(DecodeConsumer("").has_value());
  CHECK_FALSE(StreamFields::Decode(Bytes({5, 1})).has_value());
}

// A std::map, with Redis' way of trimming by whole blocks of entries left out.
struct Model {
  std::map<StreamId, std::string> entries;
  StreamId last;
  StreamId max_deleted;
  uint64_t added = 0;
};

struct Comparison {
  TestServer& server;
  std::mt19937_64& random;
  Model model = {};

  static std::string Text(const StreamId& id) {
    return std::to_string(id.ms) + "-" + std::to_string(id.seq);
  }
  StreamId SomeId() {
    if (!model.entries.empty() && random() % 3 != 0) {
      auto at = model.entries.lower_bound({random() % (model.last.ms + 1), 0});
      if (at == model.entries.end()) --at;
      return at->first;
    }
    return {random() % (model.last.ms + 2), random() % 3};
  }

  void Add() {
    const StreamId id = random() % 3 == 0 ? StreamId{model.last.ms, model.last.seq + 1}
                                          : StreamId{model.last.ms + random() % 5 + 1, 0};
    const std::string value(random() % (random() % 50 == 0 ? 2000 : 40), 'v');
    REQUIRE(server.Run({"XADD", "s", Text(id), "f", value}) == "\"" + Text(id) + "\"");
    model.entries[id] = value;
    model.last = id;
    ++model.added;
  }
  void Delete() {
    const StreamId id = SomeId();
    const size_t gone = model.entries.erase(id);
    if (gone > 0) model.max_deleted = std::max(model.max_deleted, id);
    REQUIRE(server.Run({"XDEL", "s", Text(id)}) == ":" + std::to_string(gone));
  }
  void Trim() {
    size_t gone = 0;
    std::string reply;
    if (random() % 2 == 0) {
      const size_t length = model.entries.size() - std::min(model.entries.size(), random() % 60);
      while (model.entries.size() > length) model.entries.erase(model.entries.begin()), ++gone;
      reply = server.Run({"XTRIM", "s", "MAXLEN", std::to_string(length)});
    } else {
      const StreamId id = {SomeId().ms / (random() % 4 + 1), 1};
      while (!model.entries.empty() && model.entries.begin()->first < id) {
        model.entries.erase(model.entries.begin()), ++gone;
      }
      reply = server.Run({"XTRIM", "s", "MINID", Text(id)});
    }
    REQUIRE(reply == ":" + std::to_string(gone));
  }
  void TrimRoughly() {
    const size_t length = random() % (model.entries.size() + 1);
    const std::string reply =
        server.Run({"XTRIM", "s", "MAXLEN", "~", std::to_string(length), "LIMIT", "0"});
    const size_t gone = std::stoul(reply.substr(1));
    REQUIRE(gone <= model.entries.size() - length);
    for (size_t i = 0; i < gone; ++i) model.entries.erase(model.entries.begin());
  }

  std::string Listed(std::vector<std::pair<StreamId, std::string>> entries) {
    std::string text = "[";
    for (const auto& [id, value] : entries) {
      if (text.size() > 1) text += ", ";
      text += "[\"" + Text(id) + "\", [\"f\", \"" + value + "\"]]";
    }
    return text + "]";
  }
  void CheckRange() {
    StreamId from = SomeId();
    StreamId to = SomeId();
    if (to < from) std::swap(from, to);
    if (random() % 4 == 0) from = {};
    if (random() % 4 == 0) to = StreamId::Max();
    const size_t count = random() % 50 + 1;
    std::vector<std::pair<StreamId, std::string>> all(model.entries.lower_bound(from),
                                                      model.entries.upper_bound(to));
    const std::vector<std::pair<StreamId, std::string>> head(
        all.begin(), all.begin() + static_cast<int64_t>(std::min(count, all.size())));
    REQUIRE(server.Run({"XRANGE", "s", Text(from), Text(to), "COUNT", std::to_string(count)}) ==
            Listed(head));
    std::reverse(all.begin(), all.end());
    all.resize(std::min(count, all.size()));
    REQUIRE(server.Run({"XREVRANGE", "s", Text(to), Text(from), "COUNT", std::to_string(count)}) ==
            Listed(all));
  }
  void CheckHead() {
    auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
    REQUIRE(stream.has_value());
    if (!stream->exists()) return;
    const StreamHead& head = stream->head();
    REQUIRE(head.length == model.entries.size());
    REQUIRE(head.added == model.added);
    REQUIRE(head.last == model.last);
    REQUIRE(head.max_deleted == model.max_deleted);
    REQUIRE(head.first == (model.entries.empty() ? StreamId() : model.entries.begin()->first));
    REQUIRE(head.top == (model.entries.empty() ? StreamId() : model.entries.rbegin()->first));
    CheckRuns(*stream);
  }
  // Live entries of all runs are the entries; and rows are those that are to be there.
  void CheckRuns(const Stream& stream) {
    const StreamHead& head = stream.head();
    uint64_t live = head.open ? head.open->live : 0;
    uint64_t runs = 0;
    uint64_t entries = 0;
    lsm::CollectionCursor row = stream.rows().SeekFirst();
    for (; row.valid(); row.Next()) {
      if (DecodeStreamKey(StreamTag::kEntry, row.subkey())) ++entries;
      const auto start = DecodeStreamKey(StreamTag::kRun, row.subkey());
      if (!start) continue;
      ++runs;
      if (head.dead_runs > 0 && *start <= head.run_base) continue;
      const auto run = DecodeStreamRun(*start, row.value());
      REQUIRE(run.has_value());
      live += run->live;
    }
    REQUIRE(live == head.length);
    REQUIRE(entries == head.length + head.dead);
    REQUIRE(runs == head.closed_runs + head.dead_runs);
  }
};

void CompareWithModel(TestServer& server, int steps) {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  server.settings().stream_node_max_entries = 7;
  Comparison comparison{server, random};
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    const uint64_t kind = random() % 100;
    if (kind < 70) comparison.Add();
    if (kind >= 70 && kind < 90) comparison.Delete();
    if (kind == 90) comparison.Trim();
    if (kind == 91 && random() % 20 == 0) comparison.TrimRoughly();
    if (kind > 91) comparison.CheckRange();
    if (step % 32 == 0) comparison.CheckHead();
    if (step % 1500 == 1499) server.EvictAll();
    if (step % 4000 == 3999) server.Reopen();
  }
}

TEST_CASE("a stream is like a std::map") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 12'000); });
}

void AddMany(TestServer& server, int entries) {
  for (int i = 1; i <= entries; ++i) {
    server.Run({"XADD", "s", std::to_string(i), "field", "value:" + std::to_string(i)});
  }
}

TEST_CASE("trimming a lot erases rows in slices, and answers as if it did not") {
  TestServer::InEachMode([](TestServer& server) {
    AddMany(server, 6000);
    CHECK(server.RunLine("XGROUP CREATE s g 0") == "+OK");
    // Within EXEC it must not wait: the rows stay for a while.
    CHECK(server.RunNow({"XTRIM", "s", "MAXLEN", "10"}) == ":5990");
    {
      const auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
      CHECK(stream->needs_sweep());
      CHECK(stream->rows().count() > 4000);
    }
    CHECK(server.RunLine("XLEN s") == ":10");
    CHECK(server.RunLine("XRANGE s - 5991") == "[[\"5991-0\", [\"field\", \"value:5991\"]]]");
    CHECK(server.RunLine("XRANGE s - 5990") == "[]");
    CHECK(server.RunLine("XDEL s 5000") == ":0");
    server.Reopen();
    CHECK(server.RunLine("XREVRANGE s 5991 -") == "[[\"5991-0\", [\"field\", \"value:5991\"]]]");
    for (int i = 0; i < 100; ++i) server.RunLine("XADD s MAXLEN 10 * a b");
    CHECK(server.RunLine("XLEN s") == ":10");
    const auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
    CHECK_FALSE(stream->needs_sweep());
    CHECK(stream->rows().count() < 20);
  });
}

TEST_CASE("XTRIM alone sweeps what it trimmed before it answers") {
  TestServer server;
  AddMany(server, 6000);
  server.RunLine("XGROUP CREATE s g 0");
  CHECK(server.RunLine("XTRIM s MINID 5990") == ":5989");
  const auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
  CHECK(stream->rows().count() == 11 + stream->head().closed_runs + 1);
}

TEST_CASE("XTRIM of what is on disk sweeps as well") {
  TestServer::Options options;
  options.hot_budget_bytes = 64 * 1024;
  TestServer server(options);
  AddMany(server, 20'000);
  server.RunLine("XGROUP CREATE s g 0");
  for (const bool evicted : {true, false}) {
    if (evicted) server.EvictAll();
    const std::string length = evicted ? "10000" : "5000";
    CHECK(server.Run({"XTRIM", "s", "MAXLEN", length}) == (evicted ? ":10000" : ":5000"));
    const auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
    CHECK_FALSE(stream->needs_sweep());
    CHECK(stream->rows().count() == stream->length() + stream->head().closed_runs + 1);
  }
}

TEST_CASE("trimming all of a stream without groups is one step") {
  TestServer server;
  AddMany(server, 6000);
  CHECK(server.RunNow({"XTRIM", "s", "MAXLEN", "0"}) == ":6000");
  const auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
  CHECK(stream->rows().empty());
  CHECK(server.RunLine("XADD s 6000-1 a b") == "\"6000-1\"");
}

TEST_CASE("XSETID below what was trimmed does not bring it back, nor lose what is added then") {
  TestServer server;
  AddMany(server, 3000);
  server.RunLine("XGROUP CREATE s g 0");
  CHECK(server.RunNow({"XTRIM", "s", "MAXLEN", "0"}) == ":3000");
  CHECK(server.RunLine("XSETID s 10") == "+OK");
  CHECK(server.RunLine("XADD s 20 a b") == "\"20-0\"");
  for (int i = 21; i < 60; ++i) server.Run({"XADD", "s", std::to_string(i), "a", "b"});
  CHECK(server.RunLine("XLEN s") == ":40");
  CHECK(server.RunLine("XRANGE s - 20") == "[[\"20-0\", [\"a\", \"b\"]]]");
}

TEST_CASE("a long XRANGE is answered in parts, as the stream was at one moment") {
  TestServer::InEachMode([](TestServer& server) {
    AddMany(server, 9000);
    const std::string all = server.RunLine("XRANGE s - +");
    CHECK(all.starts_with("[[\"1-0\", [\"field\", \"value:1\"]], [\"2-0\""));
    CHECK(all.ends_with("[\"9000-0\", [\"field\", \"value:9000\"]]]"));
    CHECK(all == server.RunNow({"XRANGE", "s", "-", "+"}));
    CHECK(server.RunLine("XREVRANGE s + -") == server.RunNow({"XREVRANGE", "s", "+", "-"}));
    CHECK(server.RunLine("XREAD STREAMS none s 0 0") == "[[\"s\", " + all + "]]");
    server.UseResp3();
    CHECK(server.RunLine("XREAD STREAMS s 0") == "{\"s\": " + all + "}");
  });
}

}  // namespace
}  // namespace datatypes
