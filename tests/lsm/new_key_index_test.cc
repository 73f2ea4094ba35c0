// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/new_key_index.h"

#include <doctest/doctest.h>

#include "lsm/row_format.h"

namespace lsm {
namespace {

constexpr uint64_t kSlot = uint64_t{1} << kPositionHashBits;

TEST_CASE("NewKeyIndex gives a range in the order of positions, each key once") {
  NewKeyIndex index;
  index.Add(1, 5 * kSlot, "b", 1);
  index.Add(1, 3 * kSlot + 1, "a", 1);
  index.Add(1, 9000 * kSlot, "c", 1);
  index.Add(1, 5 * kSlot, "b", 2);  // Deleted, and created again.
  index.Add(2, 5 * kSlot, "other keyspace", 2);
  const auto items = index.Range(1, 3 * kSlot, 9000 * kSlot);
  REQUIRE(items.size() == 2);
  CHECK(items[0].key == "a");
  CHECK(items[1].key == "b");
  CHECK(index.Range(1, 3 * kSlot, kPositionEnd).size() == 3);
  CHECK(index.Range(2, 0, kPositionEnd).size() == 1);
}

TEST_CASE("NewKeyIndex forgets what is applied") {
  NewKeyIndex index;
  index.Add(1, 1, "a", 1);
  index.Add(1, 2, "b", 2);
  index.OnApplied(1);
  const auto items = index.Range(1, 0, kPositionEnd);
  REQUIRE(items.size() == 1);
  CHECK(items[0].key == "b");
  CHECK(index.size() == 1);
}

TEST_CASE("NewKeyIndex keeps what a walk needs that began before the apply") {
  NewKeyIndex index;
  index.Add(1, 1, "a", 1);
  index.Add(1, 2, "b", 2);
  {
    const NewKeyIndex::Pin first(index);
    index.OnApplied(1);
    {
      const NewKeyIndex::Pin second(index);
      index.OnApplied(2);
      CHECK(index.size() == 2);
    }
    CHECK(index.size() == 2);
  }
  CHECK(index.size() == 0);
}

TEST_CASE("NewKeyIndex::First cuts only between positions") {
  NewKeyIndex index;
  index.Add(1, 10, "c", 1);
  index.Add(1, 10, "b", 1);
  index.Add(1, 9, "a", 1);
  index.Add(1, 8000 * kSlot, "d", 1);
  CHECK(index.First(1, 0, 1).size() == 1);
  CHECK(index.First(1, 0, 2).size() == 3);
  CHECK(index.First(1, 0, 4).size() == 4);
  CHECK(index.First(1, 11, 4).size() == 1);
}

}  // namespace
}  // namespace lsm
