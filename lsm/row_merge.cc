// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_merge.h"

#include <algorithm>

#include <absl/container/flat_hash_map.h>

#include "lsm/varint.h"

namespace lsm {
namespace {

using Operation = RowMerge::Operation;

uint64_t OrderOf(std::string_view key) {
  if (key.size() >= sizeof(uint64_t)) return DecodeBigEndian(key, sizeof(uint64_t));
  if (key.empty()) return 0;  // A shift by all bits is undefined.
  return DecodeBigEndian(key, key.size()) << (8 * (sizeof(uint64_t) - key.size()));
}

// Shorter keys with the same order are less: their missing bytes count as zeros, so the whole keys
// must be compared then.
bool Before(const Operation& a, const Operation& b) {
  return a.order != b.order ? a.order < b.order : a.key < b.key;
}

Status Collect(const std::vector<std::string_view>& payloads, std::vector<Operation>* out) {
  for (const std::string_view payload : payloads) {
    RowReader reader(payload);
    for (RowOperation op; reader.Next(&op);) {
      out->push_back(Operation{.order = OrderOf(op.key),
                               .key = op.key,
                               .value = op.value,
                               .put = op.kind == RowOperation::Kind::kPut});
    }
    LSM_RETURN_IF_ERROR(reader.status());
  }
  return {};
}

// Keeps the last operation of each key, in place; their order is lost.
void KeepLast(std::vector<Operation>* operations) {
  absl::flat_hash_map<std::string_view, uint32_t> seen;
  seen.reserve(operations->size());
  size_t kept = 0;
  for (const Operation& op : *operations) {
    const auto [it, created] = seen.try_emplace(op.key, static_cast<uint32_t>(kept));
    if (created) {
      (*operations)[kept++] = op;
    } else {
      (*operations)[it->second] = op;
    }
  }
  operations->resize(kept);
}

}  // namespace

Result<RowMerge> RowMerge::Make(const std::vector<std::string_view>& payloads, uint32_t shards,
                                const ShardOf& shard_of) {
  RowMerge out;
  std::vector<Operation> all;
  LSM_RETURN_IF_ERROR(Collect(payloads, &all));
  out.received_ = all.size();
  KeepLast(&all);
  out.merged_ = all.size();
  out.by_shard_.resize(shards);
  if (shards == 1) {
    out.by_shard_[0] = std::move(all);
  } else {
    for (const Operation& op : all) {
      const uint32_t shard = shard_of(op.key);
      for (uint32_t i = 0; i < shards; ++i) {
        if (shard == i || shard == UINT32_MAX) out.by_shard_[i].push_back(op);
      }
    }
  }
  for (auto& operations : out.by_shard_) std::sort(operations.begin(), operations.end(), Before);
  return out;
}

}  // namespace lsm
