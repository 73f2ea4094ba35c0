// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "datatypes/stream_format.h"
#include "datatypes/stream_group_format.h"
#include "datatypes/stream_runs.h"
#include "datatypes/value_rows.h"

namespace datatypes {
namespace {

StreamId Own(rdb::StreamId id) {
  return {id.ms, id.seq};
}

// A group's row counts its consumers and what is pending, a consumer's row what is pending with it:
// both are written when the next one comes.
class StreamRows final : public ValueRows {
 public:
  StreamRows(const Settings& settings, PutRow put) : settings_(settings), put_(std::move(put)) {}

  lsm::Status StreamEntry(rdb::StreamId raw_id, std::span<const rdb::FieldValue> fields) override {
    const StreamId id = Own(raw_id);
    texts_.clear();
    for (const rdb::FieldValue& pair : fields) {
      texts_.push_back(pair.field);
      texts_.push_back(pair.value);
    }
    const bool another = !head_.open || StartsAnotherRun(*head_.open, texts_, settings_);
    if (another && head_.open) {
      const StreamKey key(StreamTag::kRun, head_.open->start);
      LSM_RETURN_IF_ERROR(put_(key.view(), EncodeStreamRun(*head_.open)));
      ++head_.closed_runs;
    }
    if (another) {
      head_.open = BeginRun(id, texts_);
    } else {
      AddToRun(*head_.open, id, texts_);
    }
    if (head_.length++ == 0) head_.first = id;
    head_.top = id;
    const EncodedStreamFields value(texts_);
    return put_(StreamKey(StreamTag::kEntry, id).view(), value.view());
  }

  lsm::Status StreamMeta(const rdb::StreamMeta& meta) override {
    head_.last = Own(meta.last_id);
    head_.max_deleted = Own(meta.max_deleted_id);
    head_.added = meta.entries_added;
    return {};
  }

  lsm::Status StreamGroup(const rdb::StreamGroup& group) override {
    LSM_RETURN_IF_ERROR(EndGroup());
    group_.emplace();
    group_name_.assign(group.name);
    group_->number = ++head_.group_number;
    group_->last = Own(group.last_id);
    group_->read = group.entries_read;
    ++head_.groups;
    return {};
  }

  lsm::Status StreamConsumer(const rdb::StreamConsumer& consumer) override {
    LSM_RETURN_IF_ERROR(EndConsumer());
    consumer_.emplace();
    consumer_->seen_ms = consumer.seen_ms;
    consumer_->active_ms = consumer.active_ms;
    consumer_->name.assign(consumer.name);
    ++group_->consumers;
    ++group_->consumer_number;
    return put_(GroupPrefix(GroupTag::kConsumerName, group_->number) + consumer_->name,
                EncodeConsumerNumber(group_->consumer_number));
  }

  lsm::Status StreamPending(const rdb::StreamPending& pending) override {
    const StreamId id = Own(pending.id);
    const uint64_t group = group_->number;
    const uint64_t consumer = group_->consumer_number;
    ++group_->pending;
    ++consumer_->pending;
    const PendingRow row = {consumer, pending.delivered_ms, pending.deliveries};
    LSM_RETURN_IF_ERROR(
        put_(WithId(GroupPrefix(GroupTag::kPending, group), id), EncodePending(row)));
    return put_(WithId(ConsumerPrefix(GroupTag::kPendingOf, group, consumer), id), {});
  }

  lsm::Result<bool> Finish(ValueHead* head) override {
    LSM_RETURN_IF_ERROR(EndGroup());
    head->type = kStream;
    head->has_rows = true;
    head->payload = EncodeStreamHead(head_);
    return true;
  }

 private:
  lsm::Status EndConsumer() {
    if (!consumer_) return {};
    const lsm::Status status =
        put_(ConsumerPrefix(GroupTag::kConsumer, group_->number, group_->consumer_number),
             EncodeConsumer(*consumer_));
    consumer_.reset();
    return status;
  }
  lsm::Status EndGroup() {
    LSM_RETURN_IF_ERROR(EndConsumer());
    if (!group_) return {};
    const lsm::Status status = put_(GroupKey(group_name_), EncodeGroup(*group_));
    group_.reset();
    return status;
  }

  const Settings& settings_;
  const PutRow put_;
  StreamHead head_;
  std::vector<std::string_view> texts_;
  std::optional<GroupRow> group_;
  std::string group_name_;
  std::optional<ConsumerRow> consumer_;
};

}  // namespace

std::unique_ptr<ValueRows> MakeStreamRows(const Settings& settings, ValueRows::PutRow put) {
  return std::make_unique<StreamRows>(settings, std::move(put));
}

}  // namespace datatypes
