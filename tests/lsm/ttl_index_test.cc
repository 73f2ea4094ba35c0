// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/ttl_index.h"

#include <map>
#include <random>
#include <set>

#include <doctest/doctest.h>

namespace lsm {
namespace {

// LevelDB's ttl rows, as of the batches applied, and what the turns did since.
struct Disk {
  std::set<TtlRow> rows;
  std::map<uint64_t, std::vector<std::pair<TtlRow, bool>>> batches;
  void Apply(uint64_t upto) {
    while (!batches.empty() && batches.begin()->first <= upto) {
      for (const auto& [row, put] : batches.begin()->second) {
        if (put) {
          rows.insert(row);
        } else {
          rows.erase(row);
        }
      }
      batches.erase(batches.begin());
    }
  }
  TtlScan Scan(const TtlIndex::Refill& refill) const {
    TtlScan out;
    out.complete = true;
    for (auto it = rows.lower_bound(refill.from); it != rows.end(); ++it) {
      if (out.rows.size() == refill.limit) {
        out.complete = false;
        break;
      }
      out.rows.push_back(*it);
    }
    return out;
  }
};

TEST_CASE("TtlIndex gives due rows in the order of their times, and no others") {
  TtlIndex index(100);
  const auto refill = index.StartRefill();
  REQUIRE(refill.has_value());
  index.FinishRefill({.rows = {{10, 1, "a"}, {30, 1, "c"}}, .complete = true});
  index.OnTtlRowPut(20, 1, "b", 1);
  CHECK(index.NextDueMs() == 10);
  CHECK(index.PopDue(9, 10).empty());
  const auto due = index.PopDue(20, 10);
  REQUIRE(due.size() == 2);
  CHECK(due[0].key == "a");
  CHECK(due[1].key == "b");
  CHECK(index.NextDueMs() == 30);
}

TEST_CASE("TtlIndex: nothing to come is known as such only after LevelDB was read") {
  TtlIndex index(100);
  CHECK(index.NextDueMs() != TtlIndex::kNever);
  index.StartRefill();
  index.FinishRefill({.rows = {}, .complete = true});
  CHECK(index.NextDueMs() == TtlIndex::kNever);
  CHECK_FALSE(index.StartRefill().has_value());
}

TEST_CASE("TtlIndex: a row applied while a refill reads is not missed, nor a deleted one revived") {
  TtlIndex index(100);
  index.OnTtlRowPut(50, 1, "new", 5);
  const auto refill = index.StartRefill();
  REQUIRE(refill.has_value());
  // LevelDB was read before batch 6 was applied …
  TtlScan scan{.rows = {{10, 1, "gone"}}, .complete = true};
  index.OnTtlRowDeleted(10, 1, "gone", 6);
  index.OnApplied(6);  // … and this is told before the refill is taken in.
  index.FinishRefill(std::move(scan));
  const auto due = index.PopDue(100, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].key == "new");
  CHECK(index.pending_rows() == 0);
}

TEST_CASE("TtlIndex: a failed refill can be tried again") {
  TtlIndex index(100);
  REQUIRE(index.StartRefill().has_value());
  CHECK_FALSE(index.StartRefill().has_value());
  index.FailRefill();
  CHECK(index.StartRefill().has_value());
}

TEST_CASE("TtlIndex keeps its window and what is pending bounded") {
  TtlIndex index(64);
  index.StartRefill();
  index.FinishRefill({.rows = {}, .complete = true});
  for (int i = 10000; i > 0; --i) {
    index.OnTtlRowPut(i, 1, "k", static_cast<uint64_t>(10001 - i));
    if (i % 10 == 0) index.OnApplied(static_cast<uint64_t>(10001 - i));
    CHECK(index.window_rows() <= 64 + 64 / 8 + 2);
  }
  index.OnApplied(10000);
  CHECK(index.pending_rows() == 0);
}

TEST_CASE("TtlIndex gives every live row once it is due, whatever interleaves") {
  for (int round = 0; round < 60; ++round) {
    const uint64_t seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    TtlIndex index(1 + random() % 40);
    Disk disk;
    std::set<TtlRow> live;
    uint64_t seq = 0;
    uint64_t applied = 0;
    int64_t now = 0;
    std::optional<TtlIndex::Refill> refill;
    std::optional<TtlScan> scan;
    const auto note = [&](const TtlRow& row, bool put) {
      disk.batches[seq].emplace_back(row, put);
      if (put) {
        live.insert(row);
        index.OnTtlRowPut(row.expire_ms, row.generation, row.key, seq);
      } else {
        live.erase(row);
        index.OnTtlRowDeleted(row.expire_ms, row.generation, row.key, seq);
      }
    };
    const auto step_refill = [&] {
      if (!refill.has_value()) refill = index.StartRefill();
      if (!refill.has_value()) return;
      if (!scan.has_value()) {
        scan = disk.Scan(*refill);
      } else {
        index.FinishRefill(std::move(*scan));
        scan.reset();
        refill.reset();
      }
    };
    for (int step = 0; step < 3000; ++step) {
      ++seq;
      switch (random() % 6) {
        case 0:
        case 1:
          note({now + 1 + static_cast<int64_t>(random() % 300), 1,
                "k" + std::to_string(random() % 30)},
               true);
          break;
        case 2:
          if (!live.empty()) {
            auto it = live.begin();
            std::advance(it, static_cast<int64_t>(random() % live.size()));
            note(TtlRow(*it), false);
          }
          break;
        case 3:
          applied += random() % (seq - applied);  // The open turn is not committed.
          disk.Apply(applied);
          if (random() % 2 == 0) index.OnApplied(applied);
          break;
        case 4:
          step_refill();
          break;
        default: {
          now += static_cast<int64_t>(random() % 3);
          for (const TtlRow& row : index.PopDue(now, 5)) {
            CHECK(row.expire_ms <= now);
            if (live.contains(row)) {
              // Nothing earlier may be left behind.
              CHECK(live.begin()->expire_ms == row.expire_ms);
            }
            note(row, false);
          }
        }
      }
    }
    // In the end all that is due comes out.
    now += 1000;
    for (int i = 0; i < 10000 && !live.empty(); ++i) {
      ++seq;
      disk.Apply(seq - 1);
      index.OnApplied(seq - 1);
      step_refill();
      for (const TtlRow& row : index.PopDue(now, 50)) note(row, false);
    }
    CHECK(live.empty());
  }
}

}  // namespace
}  // namespace lsm
