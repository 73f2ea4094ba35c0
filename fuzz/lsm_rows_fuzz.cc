// SPDX-License-Identifier: BSD-3-Clause
//
// Every decoder of lsm/row_format.h over the same bytes: none may crash, and what one takes for a
// row must be the same row when it is written again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lsm/manifest_reader.h"
#include "lsm/row_format.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Keys(std::string_view bytes) {
  using namespace lsm;
  if (const auto key = DecodeMetaKey(bytes)) {
    Require(EncodeMetaKey(key->generation, key->position, key->key) == bytes);
  }
  if (const auto key = DecodeRowKey(bytes)) {
    Require(EncodeRowKey(key->collection, key->subkey) == bytes);
  }
  if (const auto key = DecodeTtlKey(bytes)) {
    Require(EncodeTtlKey(key->expire_ms, key->generation, key->key) == bytes);
  }
  if (const auto garbage = DecodeGarbageKey(bytes)) Require(EncodeGarbageKey(*garbage) == bytes);
  if (const auto name = DecodeStoreKey(bytes)) Require(EncodeStoreKey(*name) == bytes);
  if (const auto db = DecodeDatabaseRowName(bytes)) Require(DatabaseRowName(*db) == bytes);
}

void Values(std::string_view bytes) {
  using namespace lsm;
  if (const auto meta = DecodeMeta(bytes)) {
    const std::string again = EncodeMeta(meta->head, meta->payload);
    const auto decoded = DecodeMeta(again);
    Require(decoded.has_value() && decoded->payload == meta->payload);
    Require(decoded->head.expire_at_ms == meta->head.expire_at_ms);
    Require(decoded->head.ttl_row_ms == meta->head.ttl_row_ms);
    Require(decoded->head.collection == meta->head.collection);
    Require(decoded->head.count == meta->head.count);
    Require(decoded->head.row_times == meta->head.row_times);
    const auto stored = DecodeStoredMeta(std::string(bytes));
    Require(stored.has_value() && stored->payload() == meta->payload);
  }
  if (const auto format = DecodeFormat(bytes)) Require(EncodeFormat(*format) == bytes);
  if (const auto applied = DecodeApplied(bytes)) Require(EncodeApplied(*applied) == bytes);
  if (const auto row = DecodeDatabase(bytes)) Require(EncodeDatabase(*row) == bytes);
  if (const auto row = DecodeCounters(bytes)) Require(EncodeCounters(*row) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Keys(bytes);
  Values(bytes);
  Require(lsm::KeyPosition(1, bytes) < lsm::kPositionEnd);
  static_cast<void>(lsm::ReadManifest(bytes));
  return 0;
}
