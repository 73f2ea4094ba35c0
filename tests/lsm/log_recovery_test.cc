// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/log_recovery.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lsm/log_record.h"
#include "test_log.h"

using lsm::DamagePolicy;
using lsm::FileOperation;
using lsm::PowerCut;
using lsm::Status;
using lsm::SyncPolicy;
using lsm::TestLog;

namespace {

using Strings = std::vector<std::string>;

std::string Value(uint64_t seq) {
  return "value" + std::to_string(seq) + std::string(seq * 7 % 40, '-');
}

// A log of `count` records over some segments of 256 bytes, each record synced.
TestLog SmallLog(uint64_t count) {
  TestLog t;
  t.options.segment_bytes = 256;
  t.options.first_segment_bytes = 256;
  REQUIRE(t.Open().ok());
  for (uint64_t seq = 1; seq <= count; ++seq) {
    REQUIRE(t.Append(Value(seq)).ok());
    t.log->RunBackground();
  }
  return t;
}

Strings Expected(uint64_t count) {
  Strings expected;
  for (uint64_t seq = 1; seq <= count; ++seq) {
    expected.push_back(std::to_string(seq) + ":" + Value(seq));
  }
  return expected;
}

struct Place {
  uint64_t number = 0;  // Of the segment.
  uint64_t begin = 0;
  uint64_t end = 0;
};

// Where each record stands.
std::vector<Place> Places(TestLog& t) {
  std::vector<Place> places;
  for (uint64_t number = 1; t.fs->Exists("log/" + lsm::SegmentName(number)); ++number) {
    auto file = t.fs->Open("log/" + lsm::SegmentName(number), lsm::OpenMode::kRead).value();
    std::string bytes(lsm::kSegmentHeaderSize, '\0');
    REQUIRE(file->ReadAt(0, bytes.size(), bytes.data()).has_value());
    const auto header = lsm::DecodeSegmentHeader(bytes);
    REQUIRE(header.has_value());
    lsm::SegmentReader reader(*file, header->id, lsm::kSegmentHeaderSize, file->Size().value());
    lsm::RecordHeader record;
    std::string_view payload;
    for (uint64_t begin = reader.offset(); reader.Next(&record, &payload);
         begin = reader.offset()) {
      places.push_back({number, begin, reader.offset()});
    }
  }
  return places;
}

// With one byte of one segment changed.
TestLog Flipped(const TestLog& t, uint64_t number, uint64_t offset) {
  TestLog bad = t.AfterKill();
  const std::string path = "log/" + lsm::SegmentName(number);
  std::string bytes = bad.fs->Contents(path);
  bytes[offset] = static_cast<char>(bytes[offset] ^ 0x40);
  bad.fs->SetContents(path, bytes);
  return bad;
}

}  // namespace

TEST_CASE("a flip of any byte of a record is refused, but in the last one, which is cut") {
  constexpr uint64_t kCount = 8;
  TestLog t = SmallLog(kCount);
  const auto places = Places(t);
  REQUIRE(places.size() == kCount);
  REQUIRE(places.back().number >= 3);
  for (uint64_t i = 0; i < kCount; ++i) {
    for (uint64_t offset = places[i].begin; offset < places[i].end; ++offset) {
      CAPTURE(offset);
      TestLog bad = Flipped(t, places[i].number, offset);
      const Status opened = bad.Open();
      if (i + 1 == kCount) {
        REQUIRE(opened.ok());
        CHECK(bad.replayed == Expected(kCount - 1));
        continue;
      }
      REQUIRE(opened.code() == Status::Code::kCorruption);
      const std::string where = lsm::SegmentName(places[i].number) + " at offset " +
                                std::to_string(places[i].begin) + ":";
      CHECK_MESSAGE(opened.message().find(where) != std::string::npos, opened.message());
    }
  }
}

TEST_CASE("a flip of any byte of a segment's header is refused") {
  TestLog t = SmallLog(8);
  for (uint64_t number = 1; number <= 3; ++number) {
    for (uint64_t offset = 0; offset < lsm::kSegmentHeaderSize; ++offset) {
      TestLog bad = Flipped(t, number, offset);
      CHECK(bad.Open().code() == Status::Code::kCorruption);
    }
  }
}

TEST_CASE("in a closed log a flip of any byte that was written is refused") {
  TestLog t = SmallLog(8);
  const auto places = Places(t);
  REQUIRE(t.log->Close().ok());
  for (const Place& place : places) {
    for (uint64_t offset = place.begin; offset < place.end; ++offset) {
      TestLog bad = Flipped(t, place.number, offset);
      CHECK(bad.Open().code() == Status::Code::kCorruption);
    }
  }
}

TEST_CASE("bytes behind the last record do not matter") {
  TestLog t = SmallLog(8);
  const Place last = Places(t).back();
  for (uint64_t offset = last.end; offset < 256; ++offset) {
    TestLog changed = Flipped(t, last.number, offset);
    REQUIRE(changed.Open().ok());
    CHECK(changed.replayed == Expected(8));
  }
}

TEST_CASE("a log whose last segment is cut at any byte gives all whole records, and goes on") {
  TestLog t = SmallLog(8);
  const auto places = Places(t);
  const uint64_t last_number = places.back().number;
  for (uint64_t size = lsm::kSegmentHeaderSize; size <= 256; ++size) {
    CAPTURE(size);
    TestLog cut = t.AfterKill();
    const std::string path = "log/" + lsm::SegmentName(last_number);
    cut.fs->SetContents(path, cut.fs->Contents(path).substr(0, size));
    const auto whole =
        static_cast<uint64_t>(std::count_if(places.begin(), places.end(), [&](const Place& place) {
          return place.number < last_number || place.end <= size;
        }));
    REQUIRE(cut.Open().ok());
    CHECK(cut.replayed == Expected(whole));
    REQUIRE(cut.Append("new").ok());
    cut.log->RunBackground();
    TestLog again = cut.AfterKill();
    REQUIRE(again.Open().ok());
    CHECK(again.replayed.size() == whole + 1);
    CHECK(again.replayed.back() == std::to_string(whole + 1) + ":new");
  }
}

TEST_CASE("a segment cut before the last one is refused") {
  TestLog t = SmallLog(8);
  const auto places = Places(t);
  const std::string path = "log/" + lsm::SegmentName(1);
  uint64_t end_of_first = 0;
  for (const Place& place : places) {
    if (place.number == 1) end_of_first = place.end;
  }
  for (uint64_t size = 0; size < end_of_first; ++size) {
    TestLog cut = t.AfterKill();
    cut.fs->SetContents(path, cut.fs->Contents(path).substr(0, size));
    CHECK(cut.Open().code() == Status::Code::kCorruption);
  }
}

TEST_CASE("a missing segment is refused") {
  TestLog t = SmallLog(12);
  TestLog bad = t.AfterKill();
  REQUIRE(bad.fs->Remove("log/" + lsm::SegmentName(2)).ok());
  const Status opened = bad.Open();
  CHECK(opened.code() == Status::Code::kCorruption);
  CHECK(opened.message().find("a segment file is missing") != std::string::npos);
}

TEST_CASE("an unknown format version is refused whatever the policy") {
  TestLog t = SmallLog(2);
  const std::string path = "log/" + lsm::SegmentName(1);
  std::string bytes = t.fs->Contents(path);
  std::string header = bytes.substr(0, lsm::kSegmentHeaderSize);
  header[8] = 9;
  // With a right checksum, as a later version would write it.
  const uint64_t sum = XXH3_64bits(header.data(), 56);
  std::memcpy(header.data() + 56, &sum, sizeof(sum));
  TestLog bad = t.AfterKill();
  bad.fs->SetContents(path, header + bytes.substr(header.size()));
  bad.options.on_damage = DamagePolicy::kTruncate;
  CHECK(bad.Open().code() == Status::Code::kNotSupported);
}

TEST_CASE("damage is cut off when asked for, and the log is whole afterwards") {
  TestLog t = SmallLog(12);
  const auto places = Places(t);
  for (uint64_t i = 0; i < places.size(); ++i) {
    CAPTURE(i);
    TestLog bad = Flipped(t, places[i].number, places[i].begin + 5);
    bad.options.on_damage = DamagePolicy::kTruncate;
    REQUIRE(bad.Open().ok());
    CHECK(bad.replayed == Expected(i));
    CHECK(bad.log->written_seq() == i);
    REQUIRE(bad.Append("new").ok());
    bad.log->RunBackground();
    bad.options.on_damage = DamagePolicy::kRefuse;
    TestLog again = bad.AfterKill();
    REQUIRE(again.Open().ok());
    CHECK(again.replayed.size() == i + 1);
    CHECK(again.replayed.back() == std::to_string(i + 1) + ":new");
  }
}

TEST_CASE("damage to records that LevelDB has does not matter") {
  TestLog t = SmallLog(12);
  const auto places = Places(t);
  for (uint64_t i = 0; i < places.size(); ++i) {
    for (uint64_t applied = 0; applied <= 12; ++applied) {
      CAPTURE(i);
      CAPTURE(applied);
      TestLog bad = Flipped(t, places[i].number, places[i].begin + 20);
      const Status opened = bad.Open(applied);
      const bool needed = applied < i + 1;
      if (needed && i + 1 < places.size()) {
        CHECK_FALSE(opened.ok());
        continue;
      }
      REQUIRE_MESSAGE(opened.ok(), opened.message());
      CHECK(bad.log->written_seq() == std::max(applied, needed ? i : 12));
    }
  }
}

TEST_CASE("when LevelDB is ahead of the log, the log goes on behind LevelDB") {
  TestLog t = SmallLog(5);
  TestLog ahead = t.AfterKill();
  REQUIRE(ahead.Open(9).ok());
  CHECK(ahead.replayed.empty());
  REQUIRE(ahead.Append("ten").ok());
  TestLog after = ahead.AfterKill();
  REQUIRE(after.Open(9).ok());
  CHECK(after.replayed == Strings{"10:ten"});
}

TEST_CASE("an error of reading refuses the log instead of cutting it") {
  TestLog t = SmallLog(8);
  for (uint64_t skip = 0;; ++skip) {
    TestLog bad = t.AfterKill();
    const uint64_t before = bad.fs->count(FileOperation::kRead);
    bad.fs->AddFault({.operation = FileOperation::kRead, .skip = skip, .times = 1});
    const Status opened = bad.Open();
    if (bad.fs->count(FileOperation::kRead) - before <= skip) break;
    if (opened.ok()) {
      CHECK(bad.replayed == Expected(8));
    } else {
      CHECK(opened.code() == Status::Code::kIoError);
    }
  }
}

TEST_CASE("an error of the replay stops the recovery") {
  TestLog t = SmallLog(3);
  TestLog copy = t.AfterKill();
  const auto opened = lsm::CommitLog::Open(
      *copy.fs, "log", copy.options, 0,
      [](uint64_t seq, std::string_view) { return seq < 2 ? Status() : Status::Invalid("no"); });
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().message() == "no");
}

TEST_CASE("verification changes nothing and says what it finds") {
  TestLog t = SmallLog(8);
  REQUIRE(t.log->Close().ok());
  auto good = lsm::VerifyLog(*t.fs, "log").value();
  CHECK(good.damage.empty());
  CHECK(good.records == 8);
  CHECK(good.first_seq == 1);
  CHECK(good.last_seq == 8);
  const uint64_t writes = t.fs->count(FileOperation::kWrite);
  const auto files = t.Files();
  TestLog bad = Flipped(t, 1, 70);
  auto damaged = lsm::VerifyLog(*bad.fs, "log").value();
  CHECK(damaged.damage.find("wal-0000000001 at offset 64") != std::string::npos);
  CHECK(damaged.cut_offset == 64);
  CHECK(t.fs->count(FileOperation::kWrite) == writes);
  CHECK(t.Files() == files);
}

TEST_CASE("verification finds a record that is not a batch of rows") {
  TestLog t;
  REQUIRE(t.Open().ok());
  lsm::RowBatch batch;
  batch.Put("k", "v");
  batch.record()[lsm::RowBatch::kHeadroom] = 9;
  REQUIRE(t.log->Append(1, batch).ok());
  REQUIRE(t.log->Close().ok());
  CHECK(lsm::VerifyLog(*t.fs, "log").value().damage.find("unknown operation") != std::string::npos);
}

// Life after life of one log: appends, syncs, releases, failures, then the power goes or the
// process is killed. What comes back is always a prefix that holds all that was claimed to be
// synced.
TEST_CASE("whatever a power cut leaves, recovery gives a prefix with all that was synced") {
  const char* given = std::getenv("TIERCEL_TEST_SEED");
  const uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 150; ++round) {
    TestLog t;
    t.options.segment_bytes = 1024 + random() % 4096;
    t.options.first_segment_bytes = 512;
    t.options.max_spare_segments = static_cast<uint32_t>(random() % 3);
    Strings model;         // All records, from sequence number 1.
    std::string unsure;    // One whose append has failed: it may be there or not.
    uint64_t flushed = 0;  // What the next life's LevelDB holds.
    for (int life = 0; life < 8; ++life) {
      t.options.policy = static_cast<SyncPolicy>(random() % 3);
      const Status opened = t.Open(flushed);
      REQUIRE_MESSAGE(opened.ok(), opened.message());
      const uint64_t end = t.log->written_seq();
      if (!unsure.empty()) model.push_back(std::exchange(unsure, {}));
      REQUIRE(end <= std::max<uint64_t>(model.size(), flushed));
      REQUIRE(t.replayed.size() == end - flushed);
      for (uint64_t seq = flushed + 1; seq <= end; ++seq) {
        REQUIRE(t.replayed[seq - flushed - 1] == model[seq - 1]);
      }
      model.resize(end);
      const uint64_t steps = random() % 120;
      for (uint64_t step = 0; step < steps; ++step) {
        const uint64_t seq = t.log->written_seq() + 1;
        // Often the same size, so that stale records stand where new ones end.
        const std::string value = std::to_string(random() % 10) +
                                  std::string(random() % 4 == 0 ? random() % 3000 : 100, 'x');
        if (random() % 15 == 0) {
          t.fs->AddFault({.operation = FileOperation::kWrite,
                          .times = 1 + random() % 4,
                          .torn_bytes = random() % 200});
        }
        if (random() % 40 == 0) {
          t.fs->AddFault({.operation = FileOperation::kSync, .times = 1 + random() % 3});
        }
        if (unsure.empty()) unsure = std::to_string(seq) + ":" + value;
        if (t.Append(unsure.substr(unsure.find(':') + 1)).ok()) {
          model.push_back(std::exchange(unsure, {}));
        }
        if (random() % 3 == 0) t.Tick(random() % 700);
        if (random() % 20 == 0) {
          // LevelDB's flush: only of what is synced, as the applier does it.
          flushed =
              std::max(flushed, t.log->synced_seq() - random() % 3 % (t.log->synced_seq() + 1));
          t.log->Release(flushed);
        }
      }
      t.fs->ClearFaults();
      const uint64_t how = random() % 6;
      // A killed process loses nothing that was written, whatever had failed before.
      const uint64_t promised = how < 4 ? t.log->synced_seq() : t.log->written_seq();
      if (how == 5) {
        static_cast<void>(t.log->Close());
      } else if (how < 4) {
        TestLog after = t.AfterPowerCut(static_cast<PowerCut>(how), random());
        t.log.reset();
        t.fs = std::move(after.fs);
      } else {
        TestLog after = t.AfterKill();
        t.log.reset();
        t.fs = std::move(after.fs);
      }
      TestLog check = t.AfterKill();
      const Status recovered = check.Open(flushed);
      REQUIRE_MESSAGE(recovered.ok(), recovered.message());
      REQUIRE(check.log->written_seq() >= promised);
      check.log.reset();
    }
  }
}
