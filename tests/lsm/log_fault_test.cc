// SPDX-License-Identifier: BSD-3-Clause
//
// Every write of the commit log, segment headers and the seal included, fails or is torn at each of
// its bytes: once, or for good. After the death of the process or of the machine the log must hold
// what was acknowledged, and nothing that was never written.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/log_record.h"
#include "test_log.h"

namespace lsm {
namespace {

constexpr int kRecords = 24;  // In three segments.
constexpr int kAttempts = 4;  // More than a log tries in one segment.

std::string ValueOf(int record) {
  return "value " + std::to_string(record) + std::string(60, '.');
}

// Appends all records, as often as it takes; returns how many were acknowledged.
int Play(TestLog& t) {
  for (int record = 1; record <= kRecords; ++record) {
    bool done = false;
    for (int attempt = 0; attempt < kAttempts && !done; ++attempt) {
      done = t.Append(ValueOf(record)).ok();
      t.Tick(1000);  // Whatever is retried each second is retried.
    }
    if (!done) return record - 1;
  }
  return kRecords;
}

// The log holds the first records, at least `least` and at most `most` of them.
void CheckPrefix(const TestLog& t, int least, int most) {
  const int found = static_cast<int>(t.replayed.size());
  CHECK(found >= least);
  CHECK(found <= most);
  for (int i = 0; i < found; ++i) {
    CHECK(t.replayed[static_cast<size_t>(i)] == std::to_string(i + 1) + ":" + ValueOf(i + 1));
  }
}

TEST_CASE("log faults: any write fails or is torn at any byte, once or for good") {
  uint64_t writes = 0;
  {
    TestLog clean;
    REQUIRE(clean.Open().ok());
    REQUIRE(Play(clean) == kRecords);
    REQUIRE(clean.log->Close().ok());
    writes = clean.fs->count(FileOperation::kWrite);
  }
  REQUIRE(writes > kRecords);
  constexpr size_t kLongestWrite = kRecordHeaderSize + 80;
  for (uint64_t write = 0; write < writes; ++write) {
    for (size_t torn = 0; torn <= kLongestWrite; ++torn) {
      for (const bool for_good : {false, true}) {
        CAPTURE(write);
        CAPTURE(torn);
        CAPTURE(for_good);
        TestLog t;
        t.fs->AddFault({.operation = FileOperation::kWrite,
                        .skip = write,
                        .times = for_good ? ~0ULL : 1,
                        .torn_bytes = torn});
        REQUIRE(t.Open().ok());
        const int acknowledged = Play(t);
        if (!for_good) CHECK(acknowledged == kRecords);
        const int synced = static_cast<int>(t.log->synced_seq());
        TestLog killed = t.AfterKill();
        REQUIRE(killed.Open().ok());
        CheckPrefix(killed, acknowledged, acknowledged + 1);
        if (!for_good) {
          // The fault may be the seal's.
          static_cast<void>(t.log->Close());
          TestLog closed = t.AfterKill();
          REQUIRE(closed.Open().ok());
          CheckPrefix(closed, kRecords, kRecords);
        }
        TestLog cut = t.AfterPowerCut(PowerCut::kNothing);
        REQUIRE(cut.Open().ok());
        CheckPrefix(cut, synced, acknowledged + 1);
        // And it goes on from there.
        REQUIRE(cut.Append("more").ok());
      }
    }
  }
}

}  // namespace
}  // namespace lsm
