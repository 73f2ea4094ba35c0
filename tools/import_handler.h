// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/value_rows.h"
#include "lsm/store_writer.h"
#include "rdb/events.h"
#include "scripting/function_store.h"

namespace tools {

// Which keys of a dump are wanted.
struct KeyFilter {
  std::set<uint64_t> dbs;          // Empty: all.
  std::string match;               // A pattern as KEYS has it; empty: all.
  std::set<rdb::ValueType> types;  // Empty: all.
  bool Wants(const rdb::KeyHead& head) const;
};

// What happened to a dump's keys.
struct ImportCounts {
  uint64_t keys = 0;
  uint64_t expired = 0;   // Their time was over: left out.
  uint64_t filtered = 0;  // Not wanted.
};

// Makes a store of a dump's keys and of its libraries of functions.
class ImportHandler final : public datatypes::ValueRowsHandler {
 public:
  ImportHandler(lsm::StoreWriter& writer, const KeyFilter& filter, int64_t now_ms,
                const datatypes::Settings& settings)
      : ValueRowsHandler(settings), writer_(writer), filter_(filter), now_ms_(now_ms) {}

  // After the dump's end: writes what was collected until then.
  lsm::Status Finish();

  const ImportCounts& counts() const { return counts_; }
  uint64_t libraries() const { return libraries_.size(); }
  // The first of them, and how many there were.
  const std::vector<std::string>& warnings() const { return warnings_; }
  uint64_t warning_count() const { return warning_count_; }

  bool OnWarning(uint64_t offset, std::string_view text) override;
  bool OnFunction(std::string_view code) override;

 private:
  void Warn(std::string text);
  Take BeginKey(const rdb::KeyHead& head) override;
  lsm::Status PutRow(std::string_view subkey, std::string_view value) override;
  bool EndKey(const datatypes::ValueHead& head, bool any) override;

  lsm::StoreWriter& writer_;
  const KeyFilter& filter_;
  const int64_t now_ms_;
  ImportCounts counts_;
  std::vector<std::string> warnings_;
  uint64_t warning_count_ = 0;
  std::vector<scripting::StoredLibrary> libraries_;
  uint64_t library_bytes_ = 0;
  // The key at hand.
  std::string key_;
  uint32_t db_ = 0;
  lsm::MetaHead meta_;
};

}  // namespace tools
