// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>

#include "datatypes/result.h"
#include "datatypes/stream.h"
#include "datatypes/stream_group_format.h"

namespace datatypes {

// The typed view of a consumer group: who reads a stream on its behalf, and what each was given
// and has not acknowledged. FORMAT.md has the bytes.
//
// What a command changes in the group's and its consumers' own rows is written by Save(), which
// must follow the last change, after an error too. A view borrows the stream's and is good as long
// as that. Loop thread only.
class StreamGroup {
 public:
  struct Consumer {
    uint64_t number = 0;
    ConsumerRow row;
    bool changed = false;
  };
  struct Pending {
    StreamId id;
    PendingRow row;
  };

  // Requires stream.exists().
  static Result<std::optional<StreamGroup>> Find(Stream& stream, std::string_view name);
  // Requires that there is none of that name. The stream has to be saved after it.
  static Result<void> Create(Stream& stream, std::string_view name, const StreamId& last,
                             std::optional<uint64_t> read);
  // The groups in the order of their names.
  using GroupVisitor = absl::FunctionRef<Result<void>(StreamGroup&)>;
  static Result<void> VisitAll(Stream& stream, GroupVisitor visit);

  const std::string& name() const { return name_; }
  const GroupRow& row() const { return row_; }
  Stream& stream() const { return *stream_; }
  void SetLast(const StreamId& last, std::optional<uint64_t> read);
  // The group was given this entry: its last ID and what it has read move on.
  void Advance(const StreamId& id);
  // How many entries it has still to be given; none: that is not known.
  std::optional<int64_t> Lag() const;

  // --- Consumers. Pointers are good as long as the view.

  Result<Consumer*> FindConsumer(std::string_view name);  // nullptr: there is none.
  // The consumer that a pending entry is with.
  Result<Consumer*> ConsumerOf(const PendingRow& pending);
  // Requires that there is none of that name.
  Result<Consumer*> CreateConsumer(std::string_view name, int64_t now_ms);
  // In the order of their names.
  using ConsumerVisitor = absl::FunctionRef<Result<void>(Consumer&)>;
  Result<void> VisitConsumers(ConsumerVisitor visit);
  // Requires that nothing is pending with it.
  Result<void> EraseConsumer(Consumer& consumer);
  // Of what is pending with it, forgets up to `most`.
  Result<void> ForgetPending(Consumer& consumer, uint64_t most);

  // --- Pending entries.

  Result<std::optional<PendingRow>> FindPending(const StreamId& id) const;
  // Gives the entry to a consumer, `old` being what FindPending() has just said.
  Result<void> SetPending(const StreamId& id, Consumer& consumer, int64_t delivered_ms,
                          uint64_t deliveries, const std::optional<PendingRow>& old);
  Result<void> ErasePending(const StreamId& id, const PendingRow& old);
  // Up to `most` of those within [from, to], of all or of one consumer, until `visit` answers
  // false. It must change nothing.
  using PendingVisitor = absl::FunctionRef<bool(const Pending&)>;
  Result<void> VisitPending(const StreamId& from, const StreamId& to, const Consumer* consumer,
                            PendingVisitor visit) const;
  Result<std::optional<StreamId>> LastPending() const;

  Result<void> Save();
  // Its rows cease to count, and are erased by and by. The stream has to be saved after it.
  Result<void> Destroy();

 private:
  StreamGroup(Stream& stream, std::string name, const GroupRow& row)
      : stream_(&stream), name_(std::move(name)), row_(row) {}

  lsm::Collection& rows() const { return stream_->rows(); }
  Result<Consumer*> Load(uint64_t number);
  Result<void> VisitPendingOf(const StreamId& from, const StreamId& to, const Consumer& consumer,
                              PendingVisitor visit) const;
  std::string PendingKey(const StreamId& id) const;
  std::string PendingOfKey(uint64_t consumer, const StreamId& id) const;
  static Result<PendingRow> DecodedPending(std::string_view value);

  Stream* stream_;
  std::string name_;
  GroupRow row_;
  bool changed_ = false;
  std::map<uint64_t, Consumer> consumers_;  // Those that were looked at.
};

}  // namespace datatypes
