// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "datatypes/settings.h"
#include "datatypes/types.h"
#include "lsm/row_times.h"
#include "lsm/status.h"
#include "rdb/events.h"

// From the elements of a value to its rows, and back, without a keyspace: what RESTORE, imports and
// replication make keys of, and what DUMP, SAVE and exports read them from. The bytes are those of
// FORMAT.md; the typed views read and write the same.
namespace datatypes {

// A value as its meta has it.
struct ValueHead {
  Type type = kNone;
  uint8_t type_flags = 0;
  std::string payload;
  bool has_rows = false;         // The meta has a collection, be it empty.
  lsm::RowTimes row_times = {};  // When rows of it are due: of hashes whose fields expire.
};

// Takes the elements of one value, in the order of a dump, and gives out its rows. Bounded memory
// whatever the value's size. Elements that are not of its type are refused, and so are such as
// appear twice where that can be seen; all rows of one value have different subkeys otherwise,
// which whoever takes them has to check.
class ValueRows {
 public:
  // The rows come in any order.
  using PutRow = std::function<lsm::Status(std::string_view subkey, std::string_view value)>;

  virtual ~ValueRows() = default;
  virtual lsm::Status StringPiece(std::string_view piece);
  virtual lsm::Status ListElement(std::string_view element);
  virtual lsm::Status SetMember(std::string_view member);
  virtual lsm::Status SortedSetMember(std::string_view member, double score);
  virtual lsm::Status HashField(std::string_view field, std::string_view value,
                                std::optional<int64_t> expire_at_ms);
  virtual lsm::Status StreamEntry(rdb::StreamId id, std::span<const rdb::FieldValue> fields);
  virtual lsm::Status StreamMeta(const rdb::StreamMeta& meta);
  virtual lsm::Status StreamGroup(const rdb::StreamGroup& group);
  virtual lsm::Status StreamConsumer(const rdb::StreamConsumer& consumer);
  virtual lsm::Status StreamPending(const rdb::StreamPending& pending);
  // After the last element; may still give out rows. False: nothing is left of it, there is no such
  // key.
  virtual lsm::Result<bool> Finish(ValueHead* head) = 0;
};

// nullptr: that type cannot be stored yet. `settings` (which decide what OBJECT ENCODING says) must
// outlive it.
std::unique_ptr<ValueRows> MakeValueRows(rdb::ValueType type, const Settings& settings,
                                         ValueRows::PutRow put);

// Each type's own: <type>_rows.cc.
std::unique_ptr<ValueRows> MakeStringRows(ValueRows::PutRow put);
std::unique_ptr<ValueRows> MakeListRows(const Settings& settings, ValueRows::PutRow put);
std::unique_ptr<ValueRows> MakeHashRows(const Settings& settings, ValueRows::PutRow put);
std::unique_ptr<ValueRows> MakeStreamRows(const Settings& settings, ValueRows::PutRow put);
std::unique_ptr<ValueRows> MakeSetRows(const Settings& settings, ValueRows::PutRow put);
std::unique_ptr<ValueRows> MakeSortedSetRows(const Settings& settings, ValueRows::PutRow put);

// A receiver of events with nothing but values: hands elements to the ValueRows of the key at hand.
// What to do with a key is for the derived class to say.
class ValueRowsHandler : public rdb::EventHandler {
 public:
  // Why it stopped the reader.
  const lsm::Status& status() const { return status_; }

  bool OnKey(const rdb::KeyHead& head) final;
  bool OnKeyEnd() final;
  bool OnStringPiece(std::string_view piece) final {
    return rows_ == nullptr || Keep(rows_->StringPiece(piece));
  }
  bool OnListElement(std::string_view element) final {
    return rows_ == nullptr || Keep(rows_->ListElement(element));
  }
  bool OnSetMember(std::string_view member) final {
    return rows_ == nullptr || Keep(rows_->SetMember(member));
  }
  bool OnSortedSetMember(std::string_view member, double score) final {
    return rows_ == nullptr || Keep(rows_->SortedSetMember(member, score));
  }
  bool OnHashField(std::string_view field, std::string_view value,
                   std::optional<int64_t> expire_at_ms) final {
    return rows_ == nullptr || Keep(rows_->HashField(field, value, expire_at_ms));
  }
  bool OnStreamEntry(rdb::StreamId id, std::span<const rdb::FieldValue> fields) final {
    return rows_ == nullptr || Keep(rows_->StreamEntry(id, fields));
  }
  bool OnStreamMeta(const rdb::StreamMeta& meta) final {
    return rows_ == nullptr || Keep(rows_->StreamMeta(meta));
  }
  bool OnStreamGroup(const rdb::StreamGroup& group) final {
    return rows_ == nullptr || Keep(rows_->StreamGroup(group));
  }
  bool OnStreamConsumer(const rdb::StreamConsumer& consumer) final {
    return rows_ == nullptr || Keep(rows_->StreamConsumer(consumer));
  }
  bool OnStreamPending(const rdb::StreamPending& pending) final {
    return rows_ == nullptr || Keep(rows_->StreamPending(pending));
  }

 protected:
  explicit ValueRowsHandler(const Settings& settings) : settings_(settings) {}

  // Before the first row. kSkip: nothing more is heard of this key.
  enum class Take : uint8_t { kYes, kSkip, kStop };
  virtual Take BeginKey(const rdb::KeyHead& head) = 0;
  virtual lsm::Status PutRow(std::string_view subkey, std::string_view value) = 0;
  // `any`: false if nothing is left of the value.
  virtual bool EndKey(const ValueHead& head, bool any) = 0;
  // Whether to go on.
  bool Keep(lsm::Status status);

  const Settings& settings_;

 private:
  lsm::Status status_;
  std::unique_ptr<ValueRows> rows_;  // None for a key that is skipped.
};

// ---- Back again.

// The rows of a value that is stored.
class RowSource {
 public:
  using Visit = std::function<lsm::Status(std::string_view subkey, std::string_view value)>;
  virtual ~RowSource() = default;
  // Those whose subkeys begin with `prefix`, in order. Stops at the first error, and returns it.
  virtual lsm::Status ForEach(std::string_view prefix, const Visit& visit) = 0;
};

// A value that is stored.
struct StoredValue {
  Type type = kNone;
  uint8_t type_flags = 0;
  std::string_view payload;
  bool has_rows = false;
  uint64_t count = 0;  // Rows.
};

// What a dump calls a type, and the other way round.
rdb::ValueType DumpType(Type type);
Type TypeOfDump(rdb::ValueType type);

}  // namespace datatypes
