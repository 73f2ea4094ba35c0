// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/leaf.h"

#include <string>

#include <doctest/doctest.h>

namespace lsm {
namespace {

void Put(Leaf& leaf, const std::string& key, const std::string& value) {
  bool found = false;
  const Leaf::Position at = leaf.LowerBound(key, &found);
  if (found) {
    leaf.Replace(at, value);
  } else {
    leaf.Insert(at, key, value);
  }
}

std::string Text(const Leaf& leaf) {
  std::string text;
  for (uint32_t at = 0; at < leaf.used();) {
    const PackedRow row = leaf.At(at);
    text.append(row.key).append("=").append(row.value).append(" ");
    at += static_cast<uint32_t>(row.size);
  }
  return text;
}

std::string Number(int n) {
  return std::to_string(100000 + n);
}

TEST_CASE("a leaf keeps rows in bytewise order") {
  Leaf leaf = Leaf::Empty();
  for (const char* key : {"b", "", "a", "ab", "\xff"}) Put(leaf, key, "1");
  CHECK(Text(leaf) == "=1 a=1 ab=1 b=1 \xff=1 ");
}

TEST_CASE("a row costs two bytes beyond its key and value") {
  Leaf leaf = Leaf::Empty();
  Put(leaf, "field", "value");
  CHECK(leaf.used() == 12);
  CHECK(leaf.packed() == std::string_view("\x05\x05"
                                          "fieldvalue"));
}

TEST_CASE("lengths past 127 take more bytes, and survive replacement either way") {
  Leaf leaf = Leaf::Empty();
  Put(leaf, "a", "1");
  Put(leaf, "b", "2");
  for (const size_t size : {127, 128, 20000, 3, 0, 70000, 200}) {
    Put(leaf, "a", std::string(size, 'x'));
    CHECK(leaf.At(0).value == std::string(size, 'x'));
    CHECK(leaf.At(leaf.Before(leaf.used())).value == "2");
  }
}

TEST_CASE("the index of a leaf agrees with its rows after inserts and erasures in any place") {
  Leaf leaf = Leaf::Empty();
  for (int i = 0; i < 200; ++i) Put(leaf, Number(i * 37 % 200), "v");
  for (int i = 0; i < 200; i += 3) {
    bool found = false;
    leaf.Erase(leaf.LowerBound(Number(i), &found));
    CHECK(found);
  }
  uint32_t ordinal = 0;
  uint32_t offset = 0;
  for (int i = 0; i < 200; ++i) {
    bool found = false;
    const Leaf::Position at = leaf.LowerBound(Number(i), &found);
    CHECK(found == (i % 3 != 0));
    CHECK(at.offset == offset);
    CHECK(leaf.OrdinalOf(at) == ordinal);
    CHECK(leaf.OffsetOf(ordinal) == offset);
    if (!found) continue;
    if (offset > 0) CHECK(offset == leaf.Before(offset) + leaf.At(leaf.Before(offset)).size);
    offset += static_cast<uint32_t>(leaf.At(offset).size);
    ++ordinal;
  }
  CHECK(leaf.rows() == ordinal);
}

TEST_CASE("a split leaf's halves hold all of its rows, and go together again") {
  Leaf leaf = Leaf::Empty();
  for (int i = 0; i < 100; ++i) Put(leaf, Number(i), Number(i));
  const std::string before = Text(leaf);
  const Leaf right = leaf.SplitOff(leaf.Middle());
  CHECK(leaf.rows() + right.rows() == 100);
  CHECK(leaf.rows() >= 45);
  CHECK(right.rows() >= 45);
  CHECK(leaf.FitsAll(right));
  leaf.Append(right);
  CHECK(Text(leaf) == before);
}

TEST_CASE("a leaf takes no row that would make its block exceed the limit, but for a single row") {
  Leaf leaf = Leaf::Empty();
  CHECK(leaf.Fits(1 << 20));
  int rows = 0;
  while (leaf.Fits(PackedRowSize(6, 1))) Put(leaf, Number(rows++), "v");
  CHECK(leaf.allocated_bytes() <= Leaf::kMaxBytes);
  CHECK(rows > 400);
}

TEST_CASE("a leaf gives memory back when most of it is erased") {
  Leaf leaf = Leaf::Empty();
  for (int i = 0; i < 300; ++i) Put(leaf, Number(i), "v");
  bool found = false;
  for (int i = 0; i < 295; ++i) leaf.Erase(leaf.LowerBound(Number(i), &found));
  CHECK(leaf.allocated_bytes() < 256);
  leaf.EraseSpan(0, leaf.used(), leaf.rows());
  CHECK(leaf.rows() == 0);
  CHECK(leaf.allocated_bytes() <= 16);
}

}  // namespace
}  // namespace lsm
