// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <leveldb/iterator.h>

#include "lsm/applier.h"
#include "lsm/row_batch.h"
#include "lsm/row_format.h"
#include "lsm/shards.h"
#include "tests/lsm/fault_file_system.h"

namespace lsm {

// Shards on a file system in memory, with small sizes.
inline Shards::Options TestShardOptions(FaultFileSystem& files, uint32_t shards = 1) {
  Shards::Options out;
  out.store.dir = "/store";
  out.store.shards = shards;
  out.store.memtable_bytes = size_t{64} << 10;
  out.store.table_bytes = size_t{1} << 20;
  out.store.block_cache_bytes = size_t{1} << 20;
  out.files = &files;
  out.hash_seed = 7;
  return out;
}

inline std::unique_ptr<Shards> OpenShards(Shards::Options options) {
  auto shards = Shards::Open(std::move(options));
  REQUIRE_MESSAGE(shards.has_value(), shards.error().message());
  return std::move(*shards);
}

inline std::string ReadRow(const Shards& shards, uint32_t shard, std::string_view key) {
  const auto value = shards.Get(shard, key);
  REQUIRE_MESSAGE(value.has_value(), value.error().message());
  return value->has_value() ? **value : "(none)";
}

inline void PutRow(Shards& shards, uint32_t shard, std::string_view key, std::string_view value) {
  leveldb::WriteBatch batch;
  batch.Put({key.data(), key.size()}, {value.data(), value.size()});
  REQUIRE(shards.Write(shard, &batch).ok());
}

inline size_t CountRows(const Shards& shards, uint32_t shard, std::string_view prefix) {
  const auto pin = shards.Acquire(shard);
  REQUIRE(pin.has_value());
  const std::unique_ptr<leveldb::Iterator> it(pin->db().NewIterator({}));
  size_t rows = 0;
  for (it->Seek({prefix.data(), prefix.size()}); it->Valid(); it->Next()) {
    if (!it->key().starts_with({prefix.data(), prefix.size()})) break;
    ++rows;
  }
  REQUIRE(it->status().ok());
  return rows;
}

inline size_t CountTag(const Shards& shards, RowTag tag) {
  size_t rows = 0;
  for (uint32_t shard = 0; shard < shards.count(); ++shard) {
    rows += CountRows(shards, shard, std::string(1, static_cast<char>(tag)));
  }
  return rows;
}

}  // namespace lsm
