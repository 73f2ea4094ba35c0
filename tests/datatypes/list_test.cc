// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/list.h"

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/listpack_size.h"
#include "lsm/collection.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char each : bytes) {
    hex += kDigits[static_cast<uint8_t>(each) >> 4];
    hex += kDigits[static_cast<uint8_t>(each) & 15];
  }
  return hex;
}

lsm::Entry* EntryOf(TestServer& server, std::string_view key) {
  const lsm::Result<lsm::Entry*> entry = server.store().FindOrLoad(0, key);
  REQUIRE(entry.has_value());
  REQUIRE(*entry != nullptr);
  return *entry;
}

TEST_CASE("a list is stored as FORMAT.md has it") {
  TestServer server;
  server.RunLine("RPUSH l b c");
  server.RunLine("LPUSH l a");
  server.RunLine("LINSERT l BEFORE c bc");
  lsm::Entry* entry = EntryOf(server, "l");
  CHECK(entry->type() == 2);
  CHECK(entry->type_flags() == 0);
  CHECK(Hex(entry->payload()) == "017f018114");
  std::string rows;
  for (lsm::CollectionCursor row = entry->collection().SeekFirst(); row.valid(); row.Next()) {
    rows += Hex(row.subkey()) + "=" + std::string(row.value()) + " ";
  }
  CHECK(rows == "7f=a 80=b 8080=bc 81=c ");
  CHECK(List::kQuicklist == 1);
}

TEST_CASE("the size of a listpack is counted as Redis does") {
  CHECK(ListpackElementBytes("") == 2);
  CHECK(ListpackElementBytes("127") == 2);
  CHECK(ListpackElementBytes("-1") == 3);
  CHECK(ListpackElementBytes("4095") == 3);
  CHECK(ListpackElementBytes("-32768") == 4);
  CHECK(ListpackElementBytes("8388607") == 5);
  CHECK(ListpackElementBytes("2147483648") == 10);
  CHECK(ListpackElementBytes("01") == 4);
  CHECK(ListpackElementBytes(std::string(63, 'x')) == 65);
  CHECK(ListpackElementBytes(std::string(64, 'x')) == 67);
  CHECK(ListpackElementBytes(std::string(4096, 'x')) == 4103);
}

std::string Element(std::mt19937_64& random) {
  std::string element = std::to_string(random() % 50);
  if (random() % 8 == 0) element.append(random() % 700, 'x');
  return element;
}

std::string Describe(const std::deque<std::string>& model) {
  std::string text = "[";
  for (const std::string& each : model) text += (text.size() > 1 ? ", \"" : "\"") + each + "\"";
  return text + "]";
}

// One random change of both.
void Change(TestServer& server, std::deque<std::string>& model, std::mt19937_64& random) {
  const std::string element = Element(random);
  const auto index = [&] { return random() % (model.size() + 2); };
  switch (random() % 11) {
    case 0:
    case 1:
      model.push_back(element);
      CHECK(server.Run({"RPUSH", "l", element}) == ":" + std::to_string(model.size()));
      break;
    case 2:
    case 3:
      model.push_front(element);
      CHECK(server.Run({"LPUSH", "l", element}) == ":" + std::to_string(model.size()));
      break;
    case 4: {
      const std::string reply = server.RunLine("LPOP l");
      CHECK(reply == (model.empty() ? "nil$" : "\"" + model.front() + "\""));
      if (!model.empty()) model.pop_front();
      break;
    }
    case 5: {
      const std::string count = std::to_string(random() % 5 + 1);
      server.Run({"RPOP", "l", count});
      for (int i = std::stoi(count); i > 0 && !model.empty(); --i) model.pop_back();
      break;
    }
    case 6:
    case 7: {
      const std::string pivot = std::to_string(random() % 50);
      const bool before = random() % 2 == 0;
      server.Run({"LINSERT", "l", before ? "BEFORE" : "AFTER", pivot, element});
      auto at = std::find(model.begin(), model.end(), pivot);
      if (at != model.end()) model.insert(before ? at : at + 1, element);
      break;
    }
    case 8: {
      const int64_t count = static_cast<int64_t>(random() % 5) - 2;
      server.Run({"LREM", "l", std::to_string(count), element});
      int64_t left = count == 0 ? 1 << 30 : std::abs(count);
      if (count < 0) std::reverse(model.begin(), model.end());
      std::erase_if(model, [&](const std::string& each) { return each == element && left-- > 0; });
      if (count < 0) std::reverse(model.begin(), model.end());
      break;
    }
    case 9: {
      const uint64_t at = index();
      server.Run({"LSET", "l", std::to_string(at), element});
      if (at < model.size()) model[at] = element;
      break;
    }
    default: {
      if (random() % 4 != 0) break;
      const uint64_t start = random() % 4;
      const uint64_t end = random() % 4;
      server.Run({"LTRIM", "l", std::to_string(start), std::to_string(-static_cast<int>(end) - 1)});
      for (uint64_t i = 0; i < start && !model.empty(); ++i) model.pop_front();
      for (uint64_t i = 0; i < end && !model.empty(); ++i) model.pop_back();
      break;
    }
  }
}

void CheckSame(TestServer& server, const std::deque<std::string>& model) {
  REQUIRE(server.RunLine("LRANGE l 0 -1") == Describe(model));
  REQUIRE(server.RunLine("LLEN l") == ":" + std::to_string(model.size()));
  if (model.empty()) return;
  uint64_t packed = kEmptyListpackBytes;
  for (const std::string& each : model) packed += ListpackElementBytes(each);
  lsm::Entry* entry = EntryOf(server, "l");
  const std::string_view payload = entry->payload();
  const size_t first = static_cast<uint8_t>(payload[0]);
  const size_t last = static_cast<uint8_t>(payload[1 + first]);
  CHECK(entry->collection().SeekFirst().subkey() == payload.substr(1, first));
  CHECK(entry->collection().SeekLast().subkey() == payload.substr(2 + first, last));
  uint64_t stored = 0;
  for (const char each : payload.substr(2 + first + last)) {
    stored = stored << 8 | static_cast<uint8_t>(each);
  }
  CHECK(stored == packed);
}

TEST_CASE("a list does what a std::deque does") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  TestServer::InEachMode([seed](TestServer& server) {
    std::mt19937_64 random(seed);
    std::deque<std::string> model;
    for (int step = 0; step < 3000; ++step) {
      CAPTURE(step);
      Change(server, model, random);
      if (step % 50 == 0) CheckSame(server, model);
      if (step % 300 == 299) server.EvictAll();
      if (step % 1000 == 999) server.Reopen();
    }
    CheckSame(server, model);
  });
}

TEST_CASE("inserting again and again at the same place finds room, and writes few rows") {
  for (const std::string_view side : {"BEFORE", "AFTER"}) {
    CAPTURE(side);
    TestServer server;
    std::deque<std::string> model = {"a", "pivot", "z"};
    server.RunLine("RPUSH l a pivot z");
    for (int i = 0; i < 2000; ++i) {
      const std::string element = std::to_string(i);
      server.Run({"LINSERT", "l", side, "pivot", element});
      const auto at = std::find(model.begin(), model.end(), "pivot");
      model.insert(side == "BEFORE" ? at : at + 1, element);
    }
    CheckSame(server, model);
    size_t longest = 0;
    lsm::Entry* entry = EntryOf(server, "l");
    for (lsm::CollectionCursor row = entry->collection().SeekFirst(); row.valid(); row.Next()) {
      longest = std::max(longest, row.subkey().size());
    }
    CHECK(longest <= OrderLabel::kMaxBytes);
  }
}

TEST_CASE("a queue never grows, however much has passed through it") {
  TestServer::InEachMode([](TestServer& server) {
    for (int i = 0; i < 10; ++i) server.Run({"RPUSH", "q", std::to_string(i)});
    for (int i = 10; i < 20000; ++i) {
      server.Run({"RPUSH", "q", std::to_string(i)});
      REQUIRE(server.RunLine("LPOP q") == "\"" + std::to_string(i - 10) + "\"");
    }
    lsm::Entry* entry = EntryOf(server, "q");
    CHECK(entry->collection().count() == 10);
    CHECK(entry->payload().size() <= 10);
    CHECK(server.RunLine("LINDEX q 0") == "\"19990\"");
    server.Reopen();
    CHECK(server.RunLine("LINDEX q -1") == "\"19999\"");
    CHECK(server.RunLine("LRANGE q 8 9") == "[\"19998\", \"19999\"]");
  });
}

}  // namespace
}  // namespace datatypes
