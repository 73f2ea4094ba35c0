// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_batch.h"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using lsm::RowBatch;
using lsm::RowOperation;
using lsm::RowReader;

namespace {

std::string Describe(std::string_view payload) {
  std::string out;
  RowReader reader(payload);
  for (RowOperation op; reader.Next(&op);) {
    out += op.kind == RowOperation::Kind::kPut ? "put " : "del ";
    out += std::string(op.key) + "=" + std::string(op.value) + ";";
  }
  if (!reader.status().ok()) out += "!" + reader.status().message();
  return out;
}

}  // namespace

TEST_CASE("a batch gives back its operations in order") {
  RowBatch batch;
  batch.Put("a", "1");
  batch.Delete("b");
  batch.Put({"k", "", "ey"}, {"val", "ue"});
  batch.Put("", "");
  CHECK(batch.count() == 4);
  CHECK(Describe(batch.payload()) == "put a=1;del b=;put key=value;put =;");
}

TEST_CASE("the encoding of a batch is the documented one") {
  RowBatch batch;
  batch.Put("key", "value");
  batch.Delete("gone");
  CHECK(batch.payload() == std::string_view("\x01\x03key\x05value\x02\x04gone", 17));
}

TEST_CASE("lengths above 127 take several bytes") {
  RowBatch batch;
  const std::string value(300, 'v');
  batch.Put("k", value);
  CHECK(batch.payload().substr(0, 5) == std::string_view("\x01\x01k\xac\x02", 5));
  CHECK(Describe(batch.payload()) == "put k=" + value + ";");
}

TEST_CASE("a large row that is put again and again is in the batch once") {
  RowBatch batch;
  std::string chunk(32 << 10, '.');
  batch.Put("other", "1");
  for (int i = 0; i < 100; ++i) {
    chunk[static_cast<size_t>(i)] = 'x';
    batch.Put({"ch", "unk"},
              {std::string_view(chunk).substr(0, 7), std::string_view(chunk).substr(7)});
    if (i == 50) batch.Put("third", "3");
  }
  CHECK(batch.count() == 3);
  CHECK(Describe(batch.payload()) == "put other=1;put chunk=" + chunk + ";put third=3;");
  batch.Clear();
  for (int i = 0; i < 100; ++i) batch.Put("grows", chunk += 'x');
  CHECK(batch.count() == 1);
  CHECK(Describe(batch.payload()) == "put grows=" + chunk + ";");
}

TEST_CASE("whatever is put and deleted, the last operation on a row is the one that counts") {
  const uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  RowBatch batch;
  for (int round = 0; round < 200; ++round) {
    batch.Clear();
    std::map<std::string, std::optional<std::string>> model;
    size_t operations = 0;
    for (int i = 0; i < 60; ++i) {
      const std::string key = "k" + std::to_string(random() % 5);
      if (random() % 5 == 0) {
        batch.Delete(key);
        model[key] = std::nullopt;
      } else {
        const size_t size = RowBatch::kLargeValue - 2 + random() % 4;
        model[key] = std::string(size, static_cast<char>('a' + random() % 26));
        batch.Put(key, *model[key]);
      }
    }
    std::map<std::string, std::optional<std::string>> read;
    RowReader reader(batch.payload());
    for (RowOperation op; reader.Next(&op); ++operations) {
      read[std::string(op.key)] =
          op.kind == RowOperation::Kind::kPut ? std::optional<std::string>(op.value) : std::nullopt;
    }
    REQUIRE(reader.status().ok());
    CHECK(operations == batch.count());
    CHECK(read == model);
  }
}

TEST_CASE("a cleared batch is empty and keeps its buffer unless that is large") {
  RowBatch batch;
  batch.Put("k", std::string(1000, 'v'));
  const char* before = batch.record().data();
  batch.Clear();
  CHECK(batch.empty());
  CHECK(batch.count() == 0);
  batch.Put("k", std::string(900, 'v'));
  CHECK(batch.record().data() == before);
}

TEST_CASE("a batch can be added to another") {
  RowBatch a;
  RowBatch b;
  a.Put("a", "1");
  b.Delete("b");
  a.Append(b);
  CHECK(a.count() == 2);
  CHECK(Describe(a.payload()) == "put a=1;del b=;");
}

TEST_CASE("a batch cut anywhere inside an operation is refused") {
  RowBatch batch;
  batch.Put("key", std::string(200, 'v'));
  for (size_t size = 1; size < batch.payload_size(); ++size) {
    RowReader reader(batch.payload().substr(0, size));
    RowOperation op;
    CHECK_FALSE(reader.Next(&op));
    CHECK(reader.status().code() == lsm::Status::Code::kCorruption);
  }
}

TEST_CASE("unknown operations and overlong lengths are refused") {
  CHECK(Describe(std::string_view("\x03\x01k", 3)) == "!row batch: unknown operation at byte 0");
  const std::string overlong = "\x02" + std::string(9, '\xff') + "\x02";
  CHECK(Describe(overlong) == "!row batch: bad length at byte 1");
  const std::string beyond = "\x02" + std::string(9, '\xff') + "\x01";
  CHECK(Describe(beyond) == "!row batch: length beyond the end at byte 1");
}
