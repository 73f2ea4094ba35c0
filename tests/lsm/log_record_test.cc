// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/log_record.h"

#include <string>

#include <doctest/doctest.h>

#include "fault_file_system.h"
#include "lsm/row_batch.h"

using namespace lsm;  // NOLINT(google-build-using-namespace): this is all about one header.

namespace {

std::string Hex(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (i > 0 && i % 8 == 0) out += ' ';
    out += kDigits[static_cast<uint8_t>(bytes[i]) >> 4];
    out += kDigits[static_cast<uint8_t>(bytes[i]) & 15];
  }
  return out;
}

std::string Record(uint64_t seq, uint64_t synced, uint64_t id, uint64_t offset,
                   std::string_view payload) {
  std::string record(kRecordHeaderSize, '\0');
  record += payload;
  SealRecord(record, seq, synced, id, offset);
  return record;
}

}  // namespace

TEST_CASE("the bytes of a segment's header are the documented ones") {
  CHECK(Hex(EncodeSegmentHeader({.number = 7, .id = 0x1122334455667788})) ==
        "5472636c57414c0a 0100000040000000 0700000000000000 8877665544332211 "
        "0000000000000000 0000000000000000 0000000000000000 bdfa9b6da9f1f6c1");
}

TEST_CASE("the bytes of a record are the documented ones") {
  RowBatch batch;
  batch.Put("key", "value");
  batch.Delete("gone");
  CHECK(Hex(Record(3, 2, 0x1122334455667788, 64, batch.payload())) ==
        "8a653a97fdb8e550 0300000000000000 0200000000000000 11000000000161b1 "
        "01036b6579057661 6c75650204676f6e 65");
}

TEST_CASE("segment names carry the number, and other names are not segments") {
  CHECK(SegmentName(7) == "wal-0000000007");
  CHECK(SpareName(12345678901) == "spare-12345678901");
  CHECK(ParseSegmentName("wal-0000000007") == 7);
  CHECK(ParseSpareName("spare-12345678901") == 12345678901);
  for (const char* name : {"wal-", "wal-7", "wal-000000000x", "wal-0000000000", "spare-0000000001",
                           "wal-99999999999999999999999"}) {
    CHECK_FALSE(ParseSegmentName(name).has_value());
  }
}

TEST_CASE("a segment header with any bit flipped is refused") {
  const std::string good = EncodeSegmentHeader({.number = 7, .id = 99});
  REQUIRE(DecodeSegmentHeader(good).has_value());
  CHECK(DecodeSegmentHeader(good)->id == 99);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    CHECK_FALSE(DecodeSegmentHeader(bad).has_value());
  }
  CHECK_FALSE(DecodeSegmentHeader(good.substr(0, 63)).has_value());
}

TEST_CASE("a record with any bit flipped, at another offset or of another segment is not valid") {
  FaultFileSystem fs;
  const std::string good = Record(3, 2, 42, 64, "payload");
  const auto valid = [&fs](const std::string& record, uint64_t id, uint64_t offset) {
    fs.SetContents("f", std::string(offset, '\0') + record);
    auto file = fs.Open("f", OpenMode::kRead).value();
    SegmentReader reader(*file, id, offset, offset + record.size());
    RecordHeader header;
    std::string_view payload;
    return reader.Next(&header, &payload);
  };
  REQUIRE(valid(good, 42, 64));
  CHECK_FALSE(valid(good, 43, 64));
  CHECK_FALSE(valid(good, 42, 65));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    CHECK_FALSE(valid(bad, 42, 64));
  }
  for (size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(valid(good.substr(0, size), 42, 64));
}

TEST_CASE("records of all sizes are read in order, across the reader's buffer") {
  FaultFileSystem fs;
  std::string bytes(64, '\0');
  const size_t sizes[] = {0, 1, 5000, 1 << 20, (1 << 20) - 32, 3 << 20, 7, 0};
  uint64_t seq = 1;
  for (const size_t size : sizes) {
    bytes += Record(seq, seq - 1, 5, bytes.size(), std::string(size, static_cast<char>(seq)));
    ++seq;
  }
  fs.SetContents("f", bytes + std::string(100, '\0'));
  auto file = fs.Open("f", OpenMode::kRead).value();
  SegmentReader reader(*file, 5, 64, bytes.size() + 100);
  RecordHeader header;
  std::string_view payload;
  seq = 1;
  for (const size_t size : sizes) {
    REQUIRE(reader.Next(&header, &payload));
    CHECK(header.seq == seq);
    CHECK((payload == std::string(size, static_cast<char>(seq))));
    ++seq;
  }
  CHECK_FALSE(reader.Next(&header, &payload));
  CHECK(reader.offset() == bytes.size());
  CHECK_FALSE(reader.torn());
}

TEST_CASE("a valid record is found behind any amount of garbage") {
  FaultFileSystem fs;
  for (const size_t garbage : {0, 1, 31, 32, 33, 1000, (1 << 20) - 31, (1 << 20) + 5}) {
    std::string bytes(64, '\0');
    // Garbage that looks like small numbers, as a stale record would.
    for (size_t i = 0; i < garbage; ++i) bytes += static_cast<char>(i % 8 == 0 ? 3 : 0);
    const uint64_t at = bytes.size();
    bytes += Record(9, 3, 5, at, "found");
    fs.SetContents("f", bytes);
    auto file = fs.Open("f", OpenMode::kRead).value();
    SegmentReader reader(*file, 5, 64, bytes.size());
    REQUIRE(reader.FindNext(1, 100));
    CHECK(reader.offset() == at);
    SegmentReader other(*file, 5, 64, bytes.size());
    CHECK_FALSE(other.FindNext(10, 100));
  }
}

TEST_CASE("an error of reading is not taken for the end of the log") {
  FaultFileSystem fs;
  fs.SetContents("f", std::string(64, '\0') + Record(1, 0, 5, 64, "x"));
  auto file = fs.Open("f", OpenMode::kRead).value();
  fs.AddFault({.operation = FileOperation::kRead});
  SegmentReader reader(*file, 5, 64, 97);
  RecordHeader header;
  std::string_view payload;
  CHECK_FALSE(reader.Next(&header, &payload));
  CHECK(reader.status().code() == Status::Code::kIoError);
}
