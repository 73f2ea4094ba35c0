// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_merge.h"

#include <map>
#include <optional>
#include <random>
#include <string>

#include <doctest/doctest.h>

namespace lsm {
namespace {

TEST_CASE("RowMerge keeps each row's last operation, in the order of keys") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::vector<std::string> payloads;
  std::map<std::string, std::optional<std::string>> model;
  for (int i = 0; i < 50; ++i) {
    RowBatch batch;
    for (int j = 0; j < 20; ++j) {
      std::string key(random() % 12, '\0');
      for (char& c : key) c = static_cast<char>(random() % 3);
      if (random() % 3 == 0) {
        batch.Delete(key);
        model[key] = std::nullopt;
      } else {
        const std::string value = std::to_string(random() % 1000);
        batch.Put(key, value);
        model[key] = value;
      }
    }
    payloads.emplace_back(batch.payload());
  }
  const std::vector<std::string_view> views(payloads.begin(), payloads.end());
  const auto merge = RowMerge::Make(views, 1, [](std::string_view) { return 0U; });
  REQUIRE(merge.has_value());
  CHECK(merge->received() == 1000);
  CHECK(merge->merged() == model.size());
  auto expected = model.begin();
  for (const auto& op : merge->operations(0)) {
    REQUIRE(expected != model.end());
    CHECK(op.key == expected->first);
    CHECK(op.put == expected->second.has_value());
    if (op.put) CHECK(op.value == *expected->second);
    ++expected;
  }
  CHECK(expected == model.end());
}

TEST_CASE("RowMerge deals rows to shards, and some to all") {
  RowBatch batch;
  batch.Put("a", "1");
  batch.Put("b", "2");
  batch.Put("*", "3");
  const auto merge = RowMerge::Make({batch.payload()}, 2, [](std::string_view key) {
    return key == "*" ? UINT32_MAX : static_cast<uint32_t>(key[0] - 'a');
  });
  REQUIRE(merge.has_value());
  REQUIRE(merge->operations(0).size() == 2);
  CHECK(merge->operations(0)[0].key == "*");
  CHECK(merge->operations(0)[1].key == "a");
  CHECK(merge->operations(1)[1].key == "b");
}

TEST_CASE("RowMerge refuses what is no batch") {
  CHECK_FALSE(RowMerge::Make({"\x07junk"}, 1, [](auto) { return 0U; }).has_value());
}

}  // namespace
}  // namespace lsm
