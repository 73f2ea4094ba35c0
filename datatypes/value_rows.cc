// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/value_rows.h"

#include <utility>

namespace datatypes {
namespace {

lsm::Status NotOfThisType() {
  return lsm::Status::Invalid("an element of another type");
}

}  // namespace

lsm::Status ValueRows::StringPiece(std::string_view) {
  return NotOfThisType();
}
lsm::Status ValueRows::ListElement(std::string_view) {
  return NotOfThisType();
}
lsm::Status ValueRows::SetMember(std::string_view) {
  return NotOfThisType();
}
lsm::Status ValueRows::SortedSetMember(std::string_view, double) {
  return NotOfThisType();
}
lsm::Status ValueRows::HashField(std::string_view, std::string_view, std::optional<int64_t>) {
  return NotOfThisType();
}
lsm::Status ValueRows::StreamEntry(rdb::StreamId, std::span<const rdb::FieldValue>) {
  return NotOfThisType();
}
lsm::Status ValueRows::StreamMeta(const rdb::StreamMeta&) {
  return NotOfThisType();
}
lsm::Status ValueRows::StreamGroup(const rdb::StreamGroup&) {
  return NotOfThisType();
}
lsm::Status ValueRows::StreamConsumer(const rdb::StreamConsumer&) {
  return NotOfThisType();
}
lsm::Status ValueRows::StreamPending(const rdb::StreamPending&) {
  return NotOfThisType();
}

std::unique_ptr<ValueRows> MakeValueRows(rdb::ValueType type, const Settings& settings,
                                         ValueRows::PutRow put) {
  switch (type) {
    case rdb::ValueType::kString:
      return MakeStringRows(std::move(put));
    case rdb::ValueType::kList:
      return MakeListRows(settings, std::move(put));
    case rdb::ValueType::kSortedSet:
      return MakeSortedSetRows(settings, std::move(put));
    case rdb::ValueType::kHash:
      return MakeHashRows(settings, std::move(put));
    case rdb::ValueType::kStream:
      return MakeStreamRows(settings, std::move(put));
    case rdb::ValueType::kSet:
      return MakeSetRows(settings, std::move(put));
  }
  return nullptr;
}

rdb::ValueType DumpType(Type type) {
  switch (type) {
    case kList:
      return rdb::ValueType::kList;
    case kSet:
      return rdb::ValueType::kSet;
    case kSortedSet:
      return rdb::ValueType::kSortedSet;
    case kHash:
      return rdb::ValueType::kHash;
    case kStream:
      return rdb::ValueType::kStream;
    default:
      return rdb::ValueType::kString;
  }
}

Type TypeOfDump(rdb::ValueType type) {
  switch (type) {
    case rdb::ValueType::kString:
      return kString;
    case rdb::ValueType::kList:
      return kList;
    case rdb::ValueType::kSet:
      return kSet;
    case rdb::ValueType::kSortedSet:
      return kSortedSet;
    case rdb::ValueType::kHash:
      return kHash;
    case rdb::ValueType::kStream:
      return kStream;
  }
  return kNone;
}

bool ValueRowsHandler::Keep(lsm::Status status) {
  if (status.ok()) return true;
  status_ = std::move(status);
  return false;
}

bool ValueRowsHandler::OnKey(const rdb::KeyHead& head) {
  rows_.reset();
  const Take take = BeginKey(head);
  if (take != Take::kYes) return take == Take::kSkip;
  rows_ = MakeValueRows(head.type, settings_,
                        [this](auto subkey, auto value) { return PutRow(subkey, value); });
  if (rows_ != nullptr) return true;
  return Keep(lsm::Status::NotSupported(std::string(rdb::ValueTypeName(head.type)) +
                                        " values cannot be stored yet"));
}

bool ValueRowsHandler::OnKeyEnd() {
  if (rows_ == nullptr) return true;
  ValueHead head;
  lsm::Result<bool> any = rows_->Finish(&head);
  rows_.reset();
  if (!any) return Keep(std::move(any.error()));
  return EndKey(head, *any);
}

}  // namespace datatypes
