// SPDX-License-Identifier: BSD-3-Clause
// How a consumer group lies in the rows of its stream (FORMAT.md has examples):
//
//   G · name                      value: number, last ID, counts
//   M · group · consumer's name   value: number
//   N · group · consumer          value: times, count, name
//   P · group · id                value: consumer, time, deliveries
//   Q · group · consumer · id     value: empty
//
// Numbers instead of names in all that there can be much of keep it short, and make what remains
// of a deleted group or consumer distinct from a new one of the same name.
#include "datatypes/stream_group.h"

#include <utility>
#include <vector>

#include "datatypes/stream_rows.h"

namespace datatypes {

// ---- Groups.

Result<std::optional<StreamGroup>> StreamGroup::Find(Stream& stream, std::string_view name) {
  if (stream.head().groups == 0) return std::optional<StreamGroup>();
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value,
                   OrError(stream.rows().Find(GroupKey(name))));
  if (!value) return std::optional<StreamGroup>();
  const std::optional<GroupRow> row = DecodeGroup(*value);
  if (!row) return DamagedStream("a consumer group is damaged");
  return std::optional<StreamGroup>(StreamGroup(stream, std::string(name), *row));
}

Result<void> StreamGroup::Create(Stream& stream, std::string_view name, const StreamId& last,
                                 std::optional<uint64_t> read) {
  GroupRow row;
  row.number = stream.head().group_number + 1;
  row.last = last;
  row.read = read;
  RETURN_IF_ERROR(OnlyError(stream.rows().Put(GroupKey(name), EncodeGroup(row))));
  ++stream.mutable_head().group_number;
  ++stream.mutable_head().groups;
  return {};
}

Result<void> StreamGroup::VisitAll(Stream& stream, GroupVisitor visit) {
  std::string at = GroupKey({});
  const std::string end = AfterPrefix(at);
  for (;;) {
    // Looks up again each time: `visit` may load or change what a cursor stands on.
    const lsm::CollectionCursor row = stream.rows().Seek(at);
    if (!row.status().ok()) return Failure(Error(row.status()));
    if (!row.valid() || row.subkey() >= end) return {};
    at = row.subkey();
    const std::optional<GroupRow> decoded = DecodeGroup(row.value());
    if (!decoded) return DamagedStream("a consumer group is damaged");
    StreamGroup group(stream, at.substr(1), *decoded);
    RETURN_IF_ERROR(visit(group));
    at.push_back('\0');
  }
}

void StreamGroup::SetLast(const StreamId& last, std::optional<uint64_t> read) {
  row_.last = last;
  row_.read = read;
  changed_ = true;
}

Result<void> StreamGroup::Destroy() {
  RETURN_IF_ERROR(OnlyError(rows().Contains(GroupKey(name_))));
  RETURN_IF_ERROR(
      OnlyError(rows().Put(GroupPrefix(GroupTag::kDestroyed, row_.number), std::string_view())));
  Ensured(rows().Erase(GroupKey(name_)));
  --stream_->mutable_head().groups;
  ++stream_->mutable_head().destroyed_groups;
  stream_->SweepIfPossible(Stream::kMaxErasedAtOnce);
  return {};
}

Result<void> StreamGroup::Save() {
  for (auto& [number, consumer] : consumers_) {
    if (!std::exchange(consumer.changed, false)) continue;
    RETURN_IF_ERROR(OnlyError(rows().Put(ConsumerPrefix(GroupTag::kConsumer, row_.number, number),
                                         EncodeConsumer(consumer.row))));
  }
  if (!std::exchange(changed_, false)) return {};
  return OnlyError(rows().Put(GroupKey(name_), EncodeGroup(row_)));
}

// ---- Consumers.

Result<StreamGroup::Consumer*> StreamGroup::Load(uint64_t number) {
  const auto known = consumers_.find(number);
  if (known != consumers_.end()) return &known->second;
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value,
                   OrError(rows().Find(ConsumerPrefix(GroupTag::kConsumer, row_.number, number))));
  std::optional<ConsumerRow> row = value ? DecodeConsumer(*value) : std::nullopt;
  if (!row) return DamagedStream("a consumer is damaged");
  return &consumers_.emplace(number, Consumer{number, std::move(*row), false}).first->second;
}

Result<StreamGroup::Consumer*> StreamGroup::FindConsumer(std::string_view name) {
  if (row_.consumers == 0) return nullptr;
  std::string key = GroupPrefix(GroupTag::kConsumerName, row_.number);
  key += name;
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value, OrError(rows().Find(key)));
  if (!value) return nullptr;
  const std::optional<uint64_t> number = DecodeConsumerNumber(*value);
  if (!number) return DamagedStream("a consumer's number is damaged");
  return Load(*number);
}

Result<StreamGroup::Consumer*> StreamGroup::ConsumerOf(const PendingRow& pending) {
  return Load(pending.consumer);
}

Result<StreamGroup::Consumer*> StreamGroup::CreateConsumer(std::string_view name, int64_t now_ms) {
  const uint64_t number = row_.consumer_number + 1;
  std::string key = GroupPrefix(GroupTag::kConsumerName, row_.number);
  key += name;
  RETURN_IF_ERROR(
      OnlyError(rows().Contains(ConsumerPrefix(GroupTag::kConsumer, row_.number, number))));
  RETURN_IF_ERROR(OnlyError(rows().Put(key, EncodeConsumerNumber(number))));
  Consumer consumer{number, {.seen_ms = now_ms, .name = std::string(name)}, true};
  ++row_.consumer_number;
  ++row_.consumers;
  changed_ = true;
  return &consumers_.insert_or_assign(number, std::move(consumer)).first->second;
}

Result<void> StreamGroup::VisitConsumers(ConsumerVisitor visit) {
  const std::string prefix = GroupPrefix(GroupTag::kConsumerName, row_.number);
  std::string at = prefix;
  for (;;) {
    const lsm::CollectionCursor row = rows().Seek(at);
    if (!row.status().ok()) return Failure(Error(row.status()));
    if (!row.valid() || !row.subkey().starts_with(prefix)) return {};
    at = row.subkey();
    const std::optional<uint64_t> number = DecodeConsumerNumber(row.value());
    if (!number) return DamagedStream("a consumer's number is damaged");
    ASSIGN_OR_RETURN(Consumer* const consumer, Load(*number));
    RETURN_IF_ERROR(visit(*consumer));
    at.push_back('\0');
  }
}

Result<void> StreamGroup::EraseConsumer(Consumer& consumer) {
  std::string name_key = GroupPrefix(GroupTag::kConsumerName, row_.number);
  name_key += consumer.row.name;
  const std::string key = ConsumerPrefix(GroupTag::kConsumer, row_.number, consumer.number);
  RETURN_IF_ERROR(OnlyError(rows().Contains(key)));
  RETURN_IF_ERROR(OnlyError(rows().Erase(name_key)));
  Ensured(rows().Erase(key));
  --row_.consumers;
  changed_ = true;
  consumers_.erase(consumer.number);
  return {};
}

Result<void> StreamGroup::ForgetPending(Consumer& consumer, uint64_t most) {
  std::vector<Pending> gone;
  RETURN_IF_ERROR(VisitPending({}, StreamId::Max(), &consumer, [&](const Pending& pending) {
    gone.push_back(pending);
    return gone.size() < most;
  }));
  for (const Pending& pending : gone) RETURN_IF_ERROR(ErasePending(pending.id, pending.row));
  return {};
}

// ---- Pending entries.

std::string StreamGroup::PendingKey(const StreamId& id) const {
  return WithId(GroupPrefix(GroupTag::kPending, row_.number), id);
}

std::string StreamGroup::PendingOfKey(uint64_t consumer, const StreamId& id) const {
  return WithId(ConsumerPrefix(GroupTag::kPendingOf, row_.number, consumer), id);
}

Result<PendingRow> StreamGroup::DecodedPending(std::string_view value) {
  const std::optional<PendingRow> row = DecodePending(value);
  if (!row) return DamagedStream("a pending entry is damaged");
  return *row;
}

Result<std::optional<PendingRow>> StreamGroup::FindPending(const StreamId& id) const {
  if (row_.pending == 0) return std::optional<PendingRow>();
  ASSIGN_OR_RETURN(const std::optional<std::string_view> value,
                   OrError(rows().Find(PendingKey(id))));
  if (!value) return std::optional<PendingRow>();
  ASSIGN_OR_RETURN(const PendingRow row, DecodedPending(*value));
  return std::optional<PendingRow>(row);
}

Result<void> StreamGroup::SetPending(const StreamId& id, Consumer& consumer, int64_t delivered_ms,
                                     uint64_t deliveries, const std::optional<PendingRow>& old) {
  const std::string key = PendingKey(id);
  const PendingRow row{consumer.number, delivered_ms, deliveries};
  RETURN_IF_ERROR(OnlyError(rows().Contains(key)));
  if (!old || old->consumer != consumer.number) {
    RETURN_IF_ERROR(OnlyError(rows().Contains(PendingOfKey(consumer.number, id))));
    if (old) {
      ASSIGN_OR_RETURN(Consumer* const before, ConsumerOf(*old));
      RETURN_IF_ERROR(OnlyError(rows().Erase(PendingOfKey(old->consumer, id))));
      --before->row.pending;
      before->changed = true;
    }
    Ensured(rows().Put(PendingOfKey(consumer.number, id), {}));
    ++consumer.row.pending;
    consumer.changed = true;
  }
  Ensured(rows().Put(key, EncodePending(row)));
  if (!old) {
    ++row_.pending;
    changed_ = true;
  }
  return {};
}

Result<void> StreamGroup::ErasePending(const StreamId& id, const PendingRow& old) {
  const std::string key = PendingKey(id);
  RETURN_IF_ERROR(OnlyError(rows().Contains(key)));
  ASSIGN_OR_RETURN(Consumer* const consumer, ConsumerOf(old));
  RETURN_IF_ERROR(OnlyError(rows().Erase(PendingOfKey(old.consumer, id))));
  Ensured(rows().Erase(key));
  --consumer->row.pending;
  consumer->changed = true;
  --row_.pending;
  changed_ = true;
  return {};
}

Result<void> StreamGroup::VisitPending(const StreamId& from, const StreamId& to,
                                       const Consumer* consumer, PendingVisitor visit) const {
  if (row_.pending == 0) return {};
  if (consumer != nullptr) return VisitPendingOf(from, to, *consumer, visit);
  const std::string prefix = GroupPrefix(GroupTag::kPending, row_.number);
  lsm::CollectionCursor row = rows().Seek(WithId(prefix, from));
  for (; row.valid() && row.subkey().starts_with(prefix); row.Next()) {
    const std::optional<StreamId> id = IdAfter(prefix, row.subkey());
    if (!id) return DamagedStream("a pending entry has no ID");
    if (*id > to) return {};
    ASSIGN_OR_RETURN(const PendingRow decoded, DecodedPending(row.value()));
    if (!visit({*id, decoded})) return {};
  }
  if (!row.status().ok()) return Failure(Error(row.status()));
  return {};
}

// Some IDs at a time, since a cursor does not outlive other look-ups.
Result<void> StreamGroup::VisitPendingOf(const StreamId& from, const StreamId& to,
                                         const Consumer& consumer, PendingVisitor visit) const {
  constexpr size_t kBatch = 64;
  const std::string prefix = ConsumerPrefix(GroupTag::kPendingOf, row_.number, consumer.number);
  std::string at = WithId(prefix, from);
  std::vector<StreamId> ids;
  do {
    ids.clear();
    lsm::CollectionCursor row = rows().Seek(at);
    for (; ids.size() < kBatch && row.valid() && row.subkey().starts_with(prefix); row.Next()) {
      const std::optional<StreamId> id = IdAfter(prefix, row.subkey());
      if (!id) return DamagedStream("a pending entry has no ID");
      if (*id > to) break;
      ids.push_back(*id);
      at = row.subkey();
      at.push_back('\0');
    }
    if (!row.status().ok()) return Failure(Error(row.status()));
    for (const StreamId& id : ids) {
      ASSIGN_OR_RETURN(const std::optional<PendingRow> pending, FindPending(id));
      if (!pending) return DamagedStream("a consumer has an entry that is not pending");
      if (!visit({id, *pending})) return {};
    }
  } while (ids.size() == kBatch);
  return {};
}

Result<std::optional<StreamId>> StreamGroup::LastPending() const {
  const std::string prefix = GroupPrefix(GroupTag::kPending, row_.number);
  const lsm::CollectionCursor row = rows().SeekBefore(AfterPrefix(prefix));
  if (!row.status().ok()) return Failure(Error(row.status()));
  if (!row.valid()) return std::optional<StreamId>();
  return IdAfter(prefix, row.subkey());
}

}  // namespace datatypes
