// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "lsm/row_batch.h"
#include "lsm/status.h"

namespace lsm {

// Row operations merged: of each row the last one only, by shard, in the order of keys. Points into
// the payloads it was made from, which must outlive it. One thread.
class RowMerge {
 public:
  struct Operation {
    uint64_t order = 0;  // The key's first bytes as a number: decides most comparisons.
    std::string_view key;
    std::string_view value;
    bool put = false;
  };

  // `shard_of` gives a row's shard, or UINT32_MAX for one that goes to all.
  using ShardOf = std::function<uint32_t(std::string_view row_key)>;

  // The payloads are batches as RowBatch makes them, the oldest first. kCorruption if one is not.
  static Result<RowMerge> Make(const std::vector<std::string_view>& payloads, uint32_t shards,
                               const ShardOf& shard_of);

  const std::vector<Operation>& operations(uint32_t shard) const { return by_shard_[shard]; }
  // Operations before merging, and after.
  uint64_t received() const { return received_; }
  uint64_t merged() const { return merged_; }

 private:
  std::vector<std::vector<Operation>> by_shard_;
  uint64_t received_ = 0;
  uint64_t merged_ = 0;
};

}  // namespace lsm
