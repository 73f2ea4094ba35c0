// SPDX-License-Identifier: BSD-3-Clause
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "server/replication/stream.h"

namespace server {
namespace {

using Reader = ReplicationStream::Reader;

// Ids are 40 times the same digit: 'a', then 'b' …
std::function<std::string()> Ids() {
  auto next = std::make_shared<char>('a');
  return [next] { return std::string(ReplicationStream::kIdDigits, (*next)++); };
}

std::string Id(char digit) {
  return std::string(ReplicationStream::kIdDigits, digit);
}

// All that the reader has not taken.
std::string TakeAll(Reader& reader) {
  std::string all;
  while (reader.behind() > 0) {
    const std::string_view some = reader.Next(1 << 20);
    REQUIRE(!some.empty());
    all += some;
    reader.Advance(some.size());
  }
  return all;
}

// `size` bytes, different at every position.
std::string Pattern(size_t from, size_t size) {
  std::string text;
  for (size_t i = from; i < from + size; ++i) {
    text.push_back(static_cast<char>((i * 7 + i / 251) & 0xFF));
  }
  return text;
}

TEST_CASE("a new stream has an id, nothing recorded, and no past") {
  ReplicationStream stream(Ids());
  CHECK(stream.id() == Id('a'));
  CHECK(stream.second_id() == Id('0'));
  CHECK(stream.second_offset() == -1);
  CHECK(stream.offset() == 0);
  CHECK_FALSE(stream.active());
  CHECK_FALSE(stream.Continues(Id('a'), 0));
  CHECK(stream.memory_bytes() == 0);
}

TEST_CASE("the first replica starts a history under a new id") {
  ReplicationStream stream(Ids());
  stream.Activate();
  CHECK(stream.id() == Id('b'));
  stream.Append("12345");
  stream.Activate();  // The second one changes nothing.
  CHECK(stream.id() == Id('b'));
  CHECK(stream.offset() == 5);
  CHECK(stream.Continues(Id('b'), 0));
  CHECK(stream.Continues(Id('b'), 5));
  CHECK_FALSE(stream.Continues(Id('b'), 6));
  CHECK_FALSE(stream.Continues(Id('a'), 0));
}

TEST_CASE("readers get all bytes, each at its own pace, over many blocks") {
  ReplicationStream stream(Ids());
  stream.set_backlog_size(16 << 10);
  stream.Activate();
  Reader quick(stream, 0);
  Reader slow(stream, 0);
  std::string seen_by_quick;
  size_t total = 0;
  for (const size_t size : {1UL, 65535UL, 65536UL, 65537UL, 3UL, 300000UL, 17UL}) {
    stream.Append(Pattern(total, size));
    total += size;
    seen_by_quick += TakeAll(quick);
  }
  CHECK(seen_by_quick == Pattern(0, total));
  CHECK(slow.behind() == total);
  CHECK(stream.memory_bytes() >= total);
  CHECK(TakeAll(slow) == Pattern(0, total));
}

TEST_CASE("memory is bounded by the backlog and the slowest reader") {
  ReplicationStream stream(Ids());
  stream.set_backlog_size(100000);
  stream.Activate();
  auto slow = std::make_unique<Reader>(stream, 0);
  const std::string chunk = Pattern(0, 50000);
  for (int i = 0; i < 100; ++i) stream.Append(chunk);
  CHECK(stream.memory_bytes() >= 5000000);
  CHECK(stream.backlog_start() == 5000000 - 100000);
  slow.reset();
  stream.Append("x");
  CHECK(stream.memory_bytes() <= 100000 + 3 * ReplicationStream::kBlockBytes);
  Reader late(stream, stream.backlog_start());
  CHECK(late.behind() == 100000);
  CHECK(TakeAll(late).size() == 100000);
}

TEST_CASE("a partial sync starts in the backlog or not at all") {
  ReplicationStream stream(Ids());
  stream.set_backlog_size(10);
  stream.Activate();
  stream.Append("0123456789abcdef");
  CHECK_FALSE(stream.Continues(stream.id(), 5));
  CHECK(stream.Continues(stream.id(), 6));
  CHECK(stream.Continues(stream.id(), 16));
  CHECK_FALSE(stream.Continues(stream.id(), 17));
  Reader reader(stream, 6);
  CHECK(TakeAll(reader) == "6789abcdef");
}

TEST_CASE("a backlog that was made smaller and large again does not promise what it let go") {
  ReplicationStream stream(Ids());
  stream.set_backlog_size(100);
  stream.Activate();
  stream.Append(std::string(50, 'x'));
  stream.set_backlog_size(10);
  CHECK(stream.backlog_start() == 40);
  stream.set_backlog_size(100);
  CHECK(stream.backlog_start() == 40);
  CHECK_FALSE(stream.Continues(stream.id(), 39));
  CHECK(stream.Continues(stream.id(), 40));
}

TEST_CASE("a promoted replica's former id is valid up to where it was promoted") {
  ReplicationStream stream(Ids());
  int broken = 0;
  stream.OnBreak([&broken] { ++broken; });
  stream.Adopt(Id('p'), 1000);
  CHECK(broken == 1);
  CHECK(stream.id() == Id('p'));
  CHECK(stream.offset() == 1000);
  CHECK(stream.active());
  stream.Append("0123456789");
  stream.Fork();
  CHECK(broken == 2);
  CHECK(stream.id() == Id('b'));
  CHECK(stream.second_id() == Id('p'));
  CHECK(stream.second_offset() == 1011);
  stream.Append("more");
  CHECK(stream.Continues(Id('p'), 1010));
  CHECK_FALSE(stream.Continues(Id('p'), 1011));
  CHECK(stream.Continues(Id('b'), 1014));
  CHECK_FALSE(stream.Continues(Id('p'), 999));
}

TEST_CASE("when the primary goes on under a new id, both are known") {
  ReplicationStream stream(Ids());
  stream.Adopt(Id('p'), 0);
  stream.Append("0123456789");
  stream.ContinueAs(Id('q'));
  CHECK(stream.id() == Id('q'));
  CHECK(stream.second_id() == Id('p'));
  CHECK(stream.second_offset() == 11);
  CHECK(stream.offset() == 10);
  // A full sync makes a clean start.
  stream.Adopt(Id('r'), 77);
  CHECK(stream.second_id() == Id('0'));
  CHECK(stream.second_offset() == -1);
  CHECK(stream.backlog_start() == 77);
}

TEST_CASE("a clean restart goes on where the stream had ended") {
  ReplicationStream stream(Ids());
  stream.Resume(Id('f'), 500);
  CHECK(stream.active());
  CHECK(stream.id() == Id('a'));
  CHECK(stream.offset() == 500);
  CHECK(stream.Continues(Id('f'), 500));
  CHECK_FALSE(stream.Continues(Id('f'), 499));
  stream.Append("x");
  CHECK(stream.Continues(Id('f'), 500));
  CHECK_FALSE(stream.Continues(Id('f'), 501));
  CHECK(stream.Continues(Id('a'), 501));
}

TEST_CASE("when the backlog was freed, nobody continues, whatever comes later") {
  ReplicationStream stream(Ids());
  stream.Activate();
  stream.Append("0123456789");
  const std::string before = stream.id();
  stream.Deactivate();
  CHECK_FALSE(stream.active());
  CHECK(stream.memory_bytes() == 0);
  CHECK(stream.id() != before);
  stream.Activate();
  CHECK_FALSE(stream.Continues(before, 10));
  CHECK(stream.Continues(stream.id(), 10));
}

}  // namespace
}  // namespace server
