// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/dump_value.h"

#include <algorithm>

#include <absl/container/flat_hash_set.h>

#include "datatypes/errors.h"
#include "datatypes/value_dump.h"
#include "datatypes/value_rows.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"
#include "lsm/row_expiry.h"
#include "rdb/reader.h"
#include "rdb/writer.h"

namespace datatypes {
namespace {

class ResidentRows final : public RowSource {
 public:
  explicit ResidentRows(const lsm::Entry& entry) : entry_(entry) {}
  lsm::Status ForEach(std::string_view prefix, const Visit& visit) override {
    lsm::CollectionCursor row = entry_.collection().Seek(prefix);
    for (; row.valid() && row.subkey().starts_with(prefix); row.Next()) {
      LSM_RETURN_IF_ERROR(visit(row.subkey(), row.value()));
    }
    return row.status();
  }

 private:
  const lsm::Entry& entry_;
};

// Takes a payload apart without storing anything: whether RestoreValue would succeed.
class PayloadCheck final : public ValueRowsHandler {
 public:
  explicit PayloadCheck(const Settings& settings) : ValueRowsHandler(settings) {}
  bool any() const { return any_; }

 private:
  Take BeginKey(const rdb::KeyHead&) override { return Take::kYes; }
  lsm::Status PutRow(std::string_view subkey, std::string_view) override {
    if (seen_.emplace(subkey).second) return {};
    return lsm::Status::Corruption("an element appears twice");
  }
  bool EndKey(const ValueHead&, bool any) override {
    any_ = any;
    return true;
  }

  bool any_ = false;
  absl::flat_hash_set<std::string> seen_;
};

// Makes the key of it.
class KeyMaker final : public ValueRowsHandler {
 public:
  KeyMaker(Keyspace keyspace, std::string_view key, const Settings& settings)
      : ValueRowsHandler(settings), keyspace_(keyspace), key_(key) {}

 private:
  Take BeginKey(const rdb::KeyHead& head) override {
    type_ = TypeOfDump(head.type);
    return Take::kYes;
  }
  lsm::Status PutRow(std::string_view subkey, std::string_view value) override {
    if (entry_ == nullptr) Create({});
    if (!entry_->has_collection()) entry_ = keyspace_.store().AttachCollection(entry_);
    const lsm::Result<lsm::Collection::PutResult> put = entry_->collection().Put(subkey, value);
    return put ? lsm::Status() : put.error();
  }
  bool EndKey(const ValueHead& head, bool) override {
    if (entry_ == nullptr) {
      Create(head.payload);
    } else {
      entry_ = keyspace_.store().SetPayload(entry_, head.payload);
    }
    // A long string may be all zeros: then it has a collection without rows.
    if (head.has_rows && !entry_->has_collection()) {
      entry_ = keyspace_.store().AttachCollection(entry_);
    }
    if (entry_->type_flags() != head.type_flags) {
      keyspace_.store().SetTypeFlags(entry_, head.type_flags);
    }
    if (head.row_times != lsm::RowTimes()) {
      lsm::RowExpiry::Of(keyspace_.store()).SetTimes(entry_, head.row_times);
    }
    return true;
  }
  void Create(std::string_view payload) {
    entry_ = keyspace_.store().Create(keyspace_.db(), key_, type_, 0, payload);
  }

  Keyspace keyspace_;
  const std::string_view key_;
  Type type_ = kNone;
  lsm::Entry* entry_ = nullptr;
};

}  // namespace

Result<std::string> DumpValue(const lsm::Entry& entry, const Settings& settings) {
  const StoredValue value = {static_cast<Type>(entry.type()), entry.type_flags(), entry.payload(),
                             entry.has_collection(),
                             entry.has_collection() ? entry.collection().count() : 0};
  const lsm::Result<DumpPlan> plan = PlanDump(value);
  if (!plan) return tl::unexpected(Error(plan.error()));
  const int version = plan->field_expiry ? std::max<int>(rdb::kFirstVersionWithFieldExpiry,
                                                         static_cast<int>(settings.rdb_version))
                                         : static_cast<int>(settings.rdb_version);
  std::string payload;
  rdb::StringSink sink(&payload);
  rdb::Output out(sink, settings.rdb_compression);
  rdb::ValueWriter writer(out, version);
  out.Byte(writer.TypeNumber(plan->type, plan->field_expiry));
  ResidentRows rows(entry);
  const lsm::Status written = WriteDump(value, *plan, rows, writer);
  if (!written.ok()) return tl::unexpected(Error(written));
  (void)out.Flush();  // A string takes everything.
  rdb::AppendDumpFooter(version, &payload);
  return payload;
}

Result<void> RestoreValue(Keyspace keyspace, std::string_view key, std::string_view payload,
                          int version, const Settings& settings) {
  {
    PayloadCheck check(settings);
    const rdb::Result<void> read = rdb::ReadDumpPayload(payload, version, check);
    if (!read || !check.any()) return Fail(kBadDumpFormat);
  }
  KeyMaker maker(keyspace, key, settings);
  const rdb::Result<void> read = rdb::ReadDumpPayload(payload, version, maker);
  ENSURE(read.has_value());  // It was read a moment ago, and a new collection takes everything.
  return {};
}

}  // namespace datatypes
