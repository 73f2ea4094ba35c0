// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_batch.h"

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
