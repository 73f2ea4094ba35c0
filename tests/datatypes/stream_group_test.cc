// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_group.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Events = std::vector<std::string>;

std::string Text(uint64_t id) {
  return std::to_string(id) + "-0";
}

// Who has what: entries are 1-0, 2-0, …
struct Model {
  struct Pending {
    std::string consumer;
    uint64_t deliveries = 1;
  };
  std::set<uint64_t> entries;
  std::map<uint64_t, Pending> pending;
  std::set<std::string> consumers;
  uint64_t last = 0;       // Added.
  uint64_t delivered = 0;  // The group's last ID.
};

struct Comparison {
  TestServer& server;
  std::mt19937_64& random;
  Model model = {};

  std::string SomeConsumer() { return "consumer" + std::to_string(random() % 4); }
  uint64_t SomeId() { return random() % (model.last + 1) + 1; }

  void Add() {
    ++model.last;
    model.entries.insert(model.last);
    server.Run({"XADD", "s", Text(model.last), "f", "v"});
  }
  void Read() {
    const std::string consumer = SomeConsumer();
    size_t left = random() % 10 + 1;
    server.Run(
        {"XREADGROUP", "GROUP", "g", consumer, "COUNT", std::to_string(left), "STREAMS", "s", ">"});
    model.consumers.insert(consumer);
    for (auto at = model.entries.upper_bound(model.delivered);
         at != model.entries.end() && left > 0; ++at, --left) {
      model.pending[*at] = {consumer, 1};
      model.delivered = *at;
    }
  }
  void ReadAgain() {
    const std::string consumer = SomeConsumer();
    const uint64_t after = SomeId();
    server.Run({"XREADGROUP", "GROUP", "g", consumer, "COUNT", "5", "STREAMS", "s", Text(after)});
    model.consumers.insert(consumer);
    int left = 5;
    for (auto at = model.pending.upper_bound(after); at != model.pending.end() && left > 0; ++at) {
      if (at->second.consumer != consumer) continue;
      --left;
      if (model.entries.contains(at->first)) ++at->second.deliveries;
    }
  }
  void Acknowledge() {
    const uint64_t a = SomeId();
    const uint64_t b = SomeId();
    size_t gone = model.pending.erase(a);
    gone += model.pending.erase(b);
    REQUIRE(server.Run({"XACK", "s", "g", Text(a), Text(b)}) == ":" + std::to_string(gone));
  }
  void Claim() {
    const uint64_t id = SomeId();
    const std::string consumer = SomeConsumer();
    const bool force = random() % 2 == 0;
    server.RunLine("XCLAIM s g " + consumer + " 0 " + Text(id) + (force ? " FORCE" : ""));
    model.consumers.insert(consumer);
    if (!model.entries.contains(id)) {
      model.pending.erase(id);
    } else if (model.pending.contains(id) || force) {
      const bool fresh = !model.pending.contains(id);
      Model::Pending& pending = model.pending[id];
      pending.consumer = consumer;
      pending.deliveries = fresh ? 2 : pending.deliveries + 1;
    }
  }
  void ClaimAll() {
    const uint64_t from = SomeId();
    const std::string consumer = SomeConsumer();
    server.RunLine("XAUTOCLAIM s g " + consumer + " 0 " + Text(from) + " COUNT 7 JUSTID");
    model.consumers.insert(consumer);
    int left = 7;
    for (auto at = model.pending.lower_bound(from); at != model.pending.end() && left > 0; --left) {
      if (!model.entries.contains(at->first)) {
        at = model.pending.erase(at);
      } else {
        at->second.consumer = consumer;
        ++at;
      }
    }
  }
  void DeleteConsumer() {
    const std::string consumer = SomeConsumer();
    const size_t gone = std::erase_if(
        model.pending, [&](const auto& each) { return each.second.consumer == consumer; });
    model.consumers.erase(consumer);
    REQUIRE(server.RunLine("XGROUP DELCONSUMER s g " + consumer) == ":" + std::to_string(gone));
  }
  void GoBack() {
    model.delivered = SomeId();
    server.Run({"XGROUP", "SETID", "s", "g", Text(model.delivered)});
  }
  void DeleteEntry() {
    const uint64_t id = SomeId();
    model.entries.erase(id);
    server.Run({"XDEL", "s", Text(id)});
  }

  void Check() {
    std::string expected = "[";
    std::map<std::string, uint64_t> counts;
    for (const auto& [id, pending] : model.pending) {
      if (expected.size() > 1) expected += ", ";
      expected += "[\"" + Text(id) + "\", \"" + pending.consumer +
                  "\", :0, :" + std::to_string(pending.deliveries) + "]";
      ++counts[pending.consumer];
    }
    REQUIRE(server.RunLine("XPENDING s g - + 100000") == expected + "]");
    std::string summary = "[:0, nil$, nil$, nil*]";
    if (!model.pending.empty()) {
      summary = "[:" + std::to_string(model.pending.size()) + ", \"" +
                Text(model.pending.begin()->first) + "\", \"" +
                Text(model.pending.rbegin()->first) + "\", [";
      for (const auto& [consumer, count] : counts) {
        if (summary.back() != '[') summary += ", ";
        summary += "[\"" + consumer + "\", \"" + std::to_string(count) + "\"]";
      }
      summary += "]]";
    }
    REQUIRE(server.RunLine("XPENDING s g") == summary);
    auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
    auto group = StreamGroup::Find(*stream, "g");
    REQUIRE(group->has_value());
    REQUIRE((*group)->row().consumers == model.consumers.size());
    REQUIRE((*group)->row().last == StreamId{model.delivered, 0});
    for (const std::string& consumer : model.consumers) {
      std::vector<uint64_t> ids;
      auto found = (*group)->FindConsumer(consumer);
      REQUIRE(*found != nullptr);
      REQUIRE((*group)->VisitPending({}, StreamId::Max(), *found,
                                     [&ids](const StreamGroup::Pending& pending) {
                                       ids.push_back(pending.id.ms);
                                       return true;
                                     }));
      REQUIRE(ids.size() == counts[consumer]);
      for (const uint64_t id : ids) REQUIRE(model.pending.at(id).consumer == consumer);
    }
  }
};

void CompareWithModel(TestServer& server, int steps) {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Comparison comparison{server, random};
  server.RunLine("XGROUP CREATE s g 0 MKSTREAM");
  for (int step = 0; step < steps; ++step) {
    CAPTURE(step);
    const uint64_t kind = random() % 1000;
    if (kind < 400) comparison.Add();
    if (kind >= 400 && kind < 600) comparison.Read();
    if (kind >= 600 && kind < 650) comparison.ReadAgain();
    if (kind >= 650 && kind < 800) comparison.Acknowledge();
    if (kind >= 800 && kind < 870) comparison.Claim();
    if (kind >= 870 && kind < 900) comparison.ClaimAll();
    if (kind >= 900 && kind < 904) comparison.DeleteConsumer();
    if (kind >= 904 && kind < 910) comparison.GoBack();
    if (kind >= 910) comparison.DeleteEntry();
    if (step % 100 == 99) comparison.Check();
    if (step % 1000 == 999) server.EvictAll();
    if (step % 2000 == 1999) server.Reopen();
  }
}

TEST_CASE("a consumer group is like its model") {
  TestServer::InEachMode([](TestServer& server) { CompareWithModel(server, 5000); });
}

TEST_CASE("seen-time is of the last try, active-time of the last entry given, as in 7.2") {
  TestServer server;
  server.RunLine("XGROUP CREATE s g $ MKSTREAM");
  server.RunLine("XGROUP CREATECONSUMER s g c");
  server.Advance(100);
  CHECK(server.RunLine("XINFO CONSUMERS s g") ==
        "[[\"name\", \"c\", \"pending\", :0, \"idle\", :100, \"inactive\", :-1]]");
  CHECK(server.RunLine("XREADGROUP GROUP g c STREAMS s >") == "nil*");
  CHECK(server.RunLine("XINFO CONSUMERS s g") ==
        "[[\"name\", \"c\", \"pending\", :0, \"idle\", :0, \"inactive\", :-1]]");
  server.RunLine("XADD s 1-1 a b");
  server.RunLine("XREADGROUP GROUP g c STREAMS s >");
  server.Advance(50);
  CHECK(server.RunLine("XREADGROUP GROUP g c STREAMS s >") == "nil*");
  server.Advance(7);
  CHECK(server.RunLine("XINFO CONSUMERS s g") ==
        "[[\"name\", \"c\", \"pending\", :1, \"idle\", :7, \"inactive\", :57]]");
  CHECK(server.RunLine("XPENDING s g - + 1") == "[[\"1-1\", \"c\", :57, :1]]");
  CHECK(server.RunLine("XPENDING s g IDLE 58 - + 1") == "[]");
  CHECK(server.RunLine("XPENDING s g IDLE 57 - + 1") == "[[\"1-1\", \"c\", :57, :1]]");
  CHECK(server.RunLine("XCLAIM s g d 58 1-1") == "[]");
  CHECK(server.RunLine("XAUTOCLAIM s g d 57 0 JUSTID") == "[\"0-0\", [\"1-1\"], []]");
  CHECK(server.RunLine("XINFO STREAM s FULL").find("\"active-time\", :") != std::string::npos);
}

TEST_CASE("a group with much pending is destroyed in slices, and a new one of its name is new") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("XGROUP CREATE s g 0 MKSTREAM");
    for (int i = 0; i < 2500; ++i) server.RunLine("XADD s * a b");
    server.RunLine("XREADGROUP GROUP g c STREAMS s >");
    CHECK(server.RunNow({"XGROUP", "DESTROY", "s", "g"}) == ":1");
    CHECK(server.RunLine("XGROUP CREATE s g 0") == "+OK");
    CHECK(server.RunLine("XPENDING s g") == "[:0, nil$, nil$, nil*]");
    server.RunLine("XREADGROUP GROUP g c COUNT 3 STREAMS s >");
    for (int i = 0; i < 100; ++i) server.RunLine("XADD s * a b");
    auto stream = Stream::Open(Keyspace(server.store(), 0), "s", server.settings());
    CHECK_FALSE(stream->needs_sweep());
    // Entries and their runs; the group, its consumer by name and number, three pending twice.
    CHECK(stream->rows().count() == 2600 + stream->head().closed_runs + 9);
    CHECK(server.RunLine("XGROUP DESTROY s g") == ":1");
    CHECK(server.RunLine("XINFO GROUPS s") == "[]");
  });
}

TEST_CASE("a consumer with much pending is deleted in slices") {
  TestServer::InEachMode([](TestServer& server) {
    server.RunLine("XGROUP CREATE s g 0 MKSTREAM");
    for (int i = 0; i < 2500; ++i) server.RunLine("XADD s * a b");
    server.RunLine("XREADGROUP GROUP g c STREAMS s >");
    CHECK(server.RunLine("XGROUP DELCONSUMER s g c") == ":2500");
    CHECK(server.RunLine("XPENDING s g") == "[:0, nil$, nil$, nil*]");
    CHECK(server.RunLine("XINFO CONSUMERS s g") == "[]");
  });
}

TEST_CASE("events of streams, in Redis' order") {
  TestServer server;
  server.RecordEvents();
  server.RunLine("XADD s 1-1 a b");
  server.RunLine("XADD s MAXLEN 1 2-1 a b");
  server.RunLine("XTRIM s MAXLEN 1");
  server.RunLine("XDEL s 1-1");
  server.RunLine("XGROUP CREATE s g 0");
  server.RunLine("XREADGROUP GROUP g c STREAMS s >");
  server.RunLine("XREADGROUP GROUP g c STREAMS s >");
  server.RunLine("XACK s g 2-1");
  server.RunLine("XGROUP SETID s g 0");
  server.RunLine("XGROUP CREATECONSUMER s g d");
  server.RunLine("XGROUP CREATECONSUMER s g d");
  server.RunLine("XGROUP DELCONSUMER s g d");
  server.RunLine("XGROUP DELCONSUMER s g d");
  server.RunLine("XCLAIM s g e 0 2-1");
  server.RunLine("XAUTOCLAIM s g f 0 0");
  server.RunLine("XDEL s 2-1");
  server.RunLine("XSETID s 5-5");
  server.RunLine("XTRIM s MAXLEN 0");
  server.RunLine("XGROUP DESTROY s g");
  server.RunLine("XGROUP CREATE t g 0 MKSTREAM");
  server.RunLine("DEL s");
  CHECK(server.TakeEvents() ==
        Events{"new s", "xadd s", "xadd s", "xtrim s", "xgroup-create s", "xgroup-createconsumer s",
               "xgroup-setid s", "xgroup-createconsumer s", "xgroup-delconsumer s",
               "xgroup-createconsumer s", "xgroup-createconsumer s", "xdel s", "xsetid s",
               "xgroup-destroy s", "new t", "xgroup-create t", "del s"});
}

TEST_CASE("XREADGROUP that waits is told when its group or key goes, or becomes something else") {
  const std::string no_group =
      "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
  const std::string wrong_type =
      "-WRONGTYPE Operation against a key holding the wrong kind of value";
  const std::vector<std::pair<std::string, std::string>> ends = {
      {"XGROUP DESTROY s g", no_group}, {"DEL s", no_group},      {"UNLINK s", no_group},
      {"FLUSHALL", no_group},           {"SET s 1", wrong_type},  {"RENAME other s", no_group},
      {"RENAME s other", no_group},     {"SWAPDB 0 1", no_group}, {"PEXPIRE s -1", no_group}};
  for (const auto& [command, reply] : ends) {
    CAPTURE(command);
    TestServer server;
    server.RunLine("XGROUP CREATE s g $ MKSTREAM");
    server.RunLine("XADD other 1-1 a b");
    CHECK(server.RunLine(1, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >") == "(blocked)");
    server.RunLine(command);
    CHECK(server.Replies(1) == reply);
  }
}

TEST_CASE("XREADGROUP that waits is served by commands that bring a stream with its group") {
  TestServer server;
  server.RunLine("XADD t 1-1 a b");
  server.RunLine("XGROUP CREATE t g 0");
  server.RunLine("XGROUP CREATE s g $ MKSTREAM");
  CHECK(server.RunLine(1, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >") == "(blocked)");
  server.RunLine("RENAME t s");
  CHECK(server.Replies(1) == "[[\"s\", [[\"1-1\", [\"a\", \"b\"]]]]]");
}

TEST_CASE("those who wait for a group are served in order, each with what is new then") {
  TestServer server;
  server.RunLine("XGROUP CREATE s g $ MKSTREAM");
  CHECK(server.RunLine(1, "XREADGROUP GROUP g a BLOCK 0 STREAMS s >") == "(blocked)");
  CHECK(server.RunLine(2, "XREADGROUP GROUP g b BLOCK 50 STREAMS s >") == "(blocked)");
  CHECK(server.RunLine(3, "XREAD BLOCK 0 STREAMS s $") == "(blocked)");
  server.RunLine("XADD s 1-1 a b");
  const std::string entry = "[[\"s\", [[\"1-1\", [\"a\", \"b\"]]]]]";
  CHECK(server.Replies(1) == entry);
  CHECK(server.Replies(2) == "");
  CHECK(server.Replies(3) == entry);
  CHECK(server.RunLine("XACK s g 1-1") == ":1");
  CHECK(server.Replies(2) == "");
  server.Advance(60);
  CHECK(server.Replies(2) == "nil*");
}

}  // namespace
}  // namespace datatypes
