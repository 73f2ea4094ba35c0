// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_group_format.h"

#include "lsm/varint.h"

namespace datatypes {
namespace {

void Append(std::string* out, uint64_t value) {
  char bytes[lsm::kMaxVarintBytes];
  out->append(bytes, static_cast<size_t>(lsm::EncodeVarint(bytes, value) - bytes));
}
// Times may be before 1970 if the clock is that wrong.
void AppendSigned(std::string* out, int64_t value) {
  Append(out, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}
bool TakeSigned(std::string_view* in, int64_t* value) {
  uint64_t coded = 0;
  if (!lsm::DecodeVarint(in, &coded)) return false;
  *value = static_cast<int64_t>(coded >> 1 ^ (~(coded & 1) + 1));
  return true;
}
void AppendOrdered(std::string* out, uint64_t value) {
  char bytes[kMaxOrderedBytes];
  out->append(bytes, static_cast<size_t>(EncodeOrdered(bytes, value) - bytes));
}

}  // namespace

std::string EncodeGroup(const GroupRow& row) {
  std::string out;
  Append(&out, row.number);
  Append(&out, row.last.ms);
  Append(&out, row.last.seq);
  Append(&out, row.read ? *row.read + 1 : 0);
  Append(&out, row.pending);
  Append(&out, row.consumers);
  Append(&out, row.consumer_number);
  return out;
}

std::optional<GroupRow> DecodeGroup(std::string_view value) {
  GroupRow row;
  uint64_t read = 0;
  if (!lsm::DecodeVarint(&value, &row.number) || !lsm::DecodeVarint(&value, &row.last.ms) ||
      !lsm::DecodeVarint(&value, &row.last.seq) || !lsm::DecodeVarint(&value, &read) ||
      !lsm::DecodeVarint(&value, &row.pending) || !lsm::DecodeVarint(&value, &row.consumers) ||
      !lsm::DecodeVarint(&value, &row.consumer_number) || !value.empty()) {
    return std::nullopt;
  }
  if (read > 0) row.read = read - 1;
  return row;
}

std::string EncodeConsumer(const ConsumerRow& row) {
  std::string out;
  AppendSigned(&out, row.seen_ms);
  AppendSigned(&out, row.active_ms);
  Append(&out, row.pending);
  out += row.name;
  return out;
}

std::optional<ConsumerRow> DecodeConsumer(std::string_view value) {
  ConsumerRow row;
  if (!TakeSigned(&value, &row.seen_ms) || !TakeSigned(&value, &row.active_ms) ||
      !lsm::DecodeVarint(&value, &row.pending)) {
    return std::nullopt;
  }
  row.name = value;
  return row;
}

std::string EncodeConsumerNumber(uint64_t number) {
  std::string out;
  Append(&out, number);
  return out;
}

std::optional<uint64_t> DecodeConsumerNumber(std::string_view value) {
  uint64_t number = 0;
  if (!lsm::DecodeVarint(&value, &number) || !value.empty()) return std::nullopt;
  return number;
}

std::string EncodePending(const PendingRow& row) {
  std::string out;
  Append(&out, row.consumer);
  AppendSigned(&out, row.delivered_ms);
  Append(&out, row.deliveries);
  return out;
}

std::optional<PendingRow> DecodePending(std::string_view value) {
  PendingRow row;
  if (!lsm::DecodeVarint(&value, &row.consumer) || !TakeSigned(&value, &row.delivered_ms) ||
      !lsm::DecodeVarint(&value, &row.deliveries) || !value.empty()) {
    return std::nullopt;
  }
  return row;
}

std::string GroupKey(std::string_view name) {
  std::string key(1, static_cast<char>(GroupTag::kGroup));
  key += name;
  return key;
}

std::string GroupPrefix(GroupTag tag, uint64_t group) {
  std::string prefix(1, static_cast<char>(tag));
  AppendOrdered(&prefix, group);
  return prefix;
}

std::string ConsumerPrefix(GroupTag tag, uint64_t group, uint64_t consumer) {
  std::string prefix = GroupPrefix(tag, group);
  AppendOrdered(&prefix, consumer);
  return prefix;
}

std::string WithId(std::string prefix, const StreamId& id) {
  AppendOrdered(&prefix, id.ms);
  AppendOrdered(&prefix, id.seq);
  return prefix;
}

std::optional<StreamId> IdAfter(std::string_view prefix, std::string_view subkey) {
  if (!subkey.starts_with(prefix)) return std::nullopt;
  subkey.remove_prefix(prefix.size());
  StreamId id;
  if (!DecodeOrderedId(&subkey, &id) || !subkey.empty()) return std::nullopt;
  return id;
}

std::string AfterPrefix(std::string prefix) {
  while (static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace datatypes
