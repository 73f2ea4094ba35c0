// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_stream.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/store.h"
#include "tests/lsm/store_world.h"

namespace lsm {
namespace {

std::string Name(int i) {
  std::string number = std::to_string(i);
  return "row" + std::string(6 - number.size(), '0') + number;
}

// A collection of rows Name(0) …, each with a value of 100 bytes.
void Fill(StoreWorld& w, std::string_view key, int rows) {
  Entry* entry = w.store->AttachCollection(w.Set(key, ""));
  for (int i = 0; i < rows; ++i) {
    REQUIRE(entry->collection().Put(Name(i), std::string(100, static_cast<char>('a' + i % 26))));
    entry = w.Load(key);
  }
  w.Commit();
}

// All subkeys that a stream has left; nothing if it fails.
std::optional<std::vector<std::string>> Drain(StoreWorld& w, RowStream& stream) {
  std::vector<std::string> seen;
  for (bool last = false; !last;) {
    TestWaiter waiter;
    stream.Fetch(waiter);
    REQUIRE(w.store->CommitTurn().ok());
    w.WaitFor(waiter);
    CHECK(waiter.told == 1);
    if (!waiter.error().ok()) return std::nullopt;
    stream.slice().ForEach([&seen](std::string_view subkey, std::string_view value) {
      CHECK(value.size() == 100);
      seen.emplace_back(subkey);
      return true;
    });
    last = stream.slice().last();
  }
  return seen;
}

std::vector<std::string> Names(int from, int to) {
  std::vector<std::string> names;
  for (int i = from; i < to; ++i) names.push_back(Name(i));
  for (int i = from; i > to; --i) names.push_back(Name(i));
  return names;
}

}  // namespace

TEST_CASE("row stream: rows in either direction, between bounds, over many slices") {
  StoreWorld w;
  w.Open();
  Fill(w, "before", 3);
  Fill(w, "k", 9000);
  Fill(w, "after", 3);
  const auto backward = Collection::Direction::kBackward;
  const auto stream = [&](RowWalk walk) { return StreamRows(*w.store, *w.Load("k"), walk); };
  CHECK(Drain(w, *stream({})) == Names(0, 9000));
  CHECK(Drain(w, *stream({Name(5), Name(8000)})) == Names(5, 8000));
  CHECK(Drain(w, *stream({Name(8999), std::nullopt})) == Names(8999, 9000));
  CHECK(Drain(w, *stream({"", std::nullopt, backward})) == Names(8999, -1));
  CHECK(Drain(w, *stream({Name(10), Name(7000), backward})) == Names(6999, 9));
  CHECK(Drain(w, *stream({Name(10), Name(10)}))->empty());
  CHECK(Drain(w, *stream({"z", std::nullopt}))->empty());
}

TEST_CASE("row stream: shows what was, whatever happens to the collection") {
  StoreWorld w;
  w.Open();
  Fill(w, "k", 9000);
  const auto original = Names(0, 9000);
  const auto changes = {+[](StoreWorld& world) {
                          Collection& rows = world.Load("k")->collection();
                          REQUIRE(rows.EraseRange(Name(100), Name(8000)));
                          REQUIRE(world.Load("k")->collection().Put("new", "value"));
                        },
                        +[](StoreWorld& world) { world.Del("k"); },
                        +[](StoreWorld& world) { world.store->Flush(0); },
                        +[](StoreWorld& world) { world.Set("k", "a string"); }};
  for (const auto change : changes) {
    // Before the snapshot is taken, and between two slices.
    for (const bool first : {true, false}) {
      w.Del("k");
      Fill(w, "k", 9000);
      const std::unique_ptr<RowStream> stream = StreamRows(*w.store, *w.Load("k"), {});
      REQUIRE(stream != nullptr);
      TestWaiter waiter;
      stream->Fetch(waiter);
      if (!first) w.WaitFor(waiter);
      change(w);
      w.Apply();
      w.WaitFor(waiter);
      // The rows of what was deleted are collected meanwhile.
      w.RunUntil([&] { return w.store->Stats().garbage_pending == 0; });
      std::vector<std::string> seen;
      stream->slice().ForEach([&seen](std::string_view subkey, std::string_view) {
        seen.emplace_back(subkey);
        return true;
      });
      REQUIRE(!stream->slice().last());
      const auto rest = Drain(w, *stream);
      REQUIRE(rest.has_value());
      seen.insert(seen.end(), rest->begin(), rest->end());
      CHECK(seen == original);
    }
  }
}

TEST_CASE("row stream: none of rows that the open turn has changed") {
  StoreWorld w;
  w.Open();
  Fill(w, "k", 10);
  REQUIRE(w.Load("k")->collection().Put("more", std::string(100, 'x')));
  CHECK(StreamRows(*w.store, *w.Load("k"), {}) == nullptr);
  w.Commit();
  CHECK(Drain(w, *StreamRows(*w.store, *w.Load("k"), {}))->size() == 11);
}

TEST_CASE("row stream: who waits may go at any time") {
  StoreWorld w;
  w.Open();
  Fill(w, "k", 9000);
  for (const bool reading : {false, true}) {
    std::unique_ptr<RowStream> stream = StreamRows(*w.store, *w.Load("k"), {});
    TestWaiter waiter;
    stream->Fetch(waiter);
    if (reading) {
      w.WaitFor(waiter);
      stream->Fetch(waiter);
      REQUIRE(w.store->CommitTurn().ok());
    }
    w.store->Abandon(waiter);
    CHECK(waiter.pending() == 0);
    stream.reset();
  }
  w.Apply();
  // Left under way when the store is closed.
  std::unique_ptr<RowStream> stream = StreamRows(*w.store, *w.Load("k"), {});
  TestWaiter waiter;
  stream->Fetch(waiter);
  w.store->Abandon(waiter);
  stream.reset();
  w.Close();
}

TEST_CASE("store: the rows before one are counted off the loop") {
  StoreWorld w;
  w.Open();
  Fill(w, "k", 9000);
  w.EvictAll();
  w.Load("k");
  const uint64_t before = w.store->Stats().spot_loads;
  TestWaiter waiter;
  while (!PrefetchRank(*w.store, *w.Load("k"), Name(4321), waiter)) {
    REQUIRE(w.store->CommitTurn().ok());
    w.WaitFor(waiter);
  }
  const Result<uint64_t> rank = w.Load("k")->collection().Rank(Name(4321));
  REQUIRE(rank.has_value());
  CHECK(*rank == 4321);
  CHECK(w.store->Stats().spot_loads == before);
}

}  // namespace lsm
