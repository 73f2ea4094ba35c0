// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/page_source.h"
#include "lsm/row_format.h"
#include "lsm/shards.h"
#include "lsm/status.h"

namespace lsm {

// A key's ttl row, owned. Ordered as the rows are.
struct TtlRow {
  int64_t expire_ms = 0;
  uint32_t generation = 0;
  std::string key;
  auto operator<=>(const TtlRow&) const = default;
};

// Some neighbouring metas, in the order of positions: all with from <= position < next_position.
struct MetaScan {
  struct Item {
    uint64_t position = 0;
    std::string key;
    MetaHead head;
  };
  std::vector<Item> items;
  uint64_t next_position = 0;  // kPositionEnd: there are no more.
};

// Some neighbouring ttl rows.
struct TtlScan {
  std::vector<TtlRow> rows;
  bool complete = false;  // There are no more after them.
};

// Reads what LevelDB holds, which may lag behind the hot tier. Blocks; any thread. Errors are
// kIoError and kCorruption.
class DiskReader : public PageSource {
 public:
  explicit DiskReader(const Shards& shards) : shards_(shards) {}

  Result<std::optional<StoredMeta>> ReadMeta(uint32_t generation, std::string_view key) const;

  // Executes any kind of request (lsm/page_source.h).
  Result<LoadedRun> LoadRun(const LoadRequest& request) override;

  // Metas of a keyspace from position `from` on: about `count`, all of equal position together, at
  // least one if there are any. Expired ones too.
  Result<MetaScan> ScanMetas(uint32_t generation, uint64_t from, size_t count) const;

  // Ttl rows of all keyspaces, at or after `from`, in order, at most `limit`.
  Result<TtlScan> ScanTtlRows(const TtlRow& from, size_t limit) const;

  // Store rows by their whole name (see kSystemRowPrefix), from shard 0.
  Result<std::optional<std::string>> ReadStoreRow(std::string_view name) const;
  struct StoreRow {
    std::string name;
    std::string value;
  };
  // All whose names begin so.
  Result<std::vector<StoreRow>> ReadStoreRows(std::string_view prefix) const;

 private:
  const Shards& shards_;
};

}  // namespace lsm
