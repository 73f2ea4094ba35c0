// SPDX-License-Identifier: BSD-3-Clause
//
// The store is opened on a file system that keeps all changes in RAM (overlay_file_system.h), the
// commit log is applied there, and then every row is read once, in the order of keys: garbage rows,
// metas, rows of collections, store rows, ttl rows. Of each collection that a meta names a few
// bytes are kept; nothing else grows with the store.
#include "lsm/checker.h"

#include <memory>
#include <string_view>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <leveldb/iterator.h>

#include "lsm/applier.h"
#include "lsm/disk_reader.h"
#include "lsm/level_status.h"
#include "lsm/log_reader.h"
#include "lsm/log_recovery.h"
#include "lsm/overlay_file_system.h"
#include "lsm/row_batch.h"
#include "lsm/shards.h"
#include "lsm/staged_rows.h"

namespace lsm {
namespace {

constexpr size_t kShownKeyBytes = 64;
constexpr size_t kSliceBytes = size_t{4} << 20;

// A key for people: what does not print as \xNN, long ones cut.
std::string Show(std::string_view key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "'";
  for (const char c : key.substr(0, kShownKeyBytes)) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= ' ' && byte < 0x7f) {
      out.push_back(c);
    } else {
      out.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return out + (key.size() > kShownKeyBytes ? "…'" : "'");
}

std::string Text(uint64_t number) {
  return std::to_string(number);
}

class Checker {
 public:
  explicit Checker(const CheckOptions& options)
      : options_(options), files_(NewOverlayFileSystem(*options.files)) {
    if (options_.log_directory.empty()) options_.log_directory = options_.dir + "/log";
  }

  Result<CheckReport> Run();

 private:
  struct Known {
    uint64_t count = 0;
    bool live = false;  // Of a keyspace that a database has.
    bool seen = false;  // Its rows were met.
  };
  struct Counts {
    std::string name;
    DatabaseRow row;
    uint64_t keys = 0;
    uint64_t expiring = 0;
  };
  using Rows = std::vector<std::pair<std::string, std::string>>;
  using RowVisitor = std::function<void(std::string_view key, std::string_view value)>;

  void Problem(std::string text);
  Status CheckLog();
  Status ApplyLog(uint64_t applied, uint64_t last);
  bool ReadSlice(RowTag tag, std::string* from, Rows* rows, bool* damaged);
  void VisitTag(RowTag tag, const RowVisitor& visit);
  void ReadGarbage();
  void ReadDatabases();
  void ReadDatabases(const std::string& first_name, Result<uint32_t> (*decode)(std::string_view),
                     const char* what);
  void CheckStoreRows();
  void CheckMeta(std::string_view row_key, std::string_view value);
  void CheckCollectionOf(const MetaKey& key, const MetaHead& head, bool live);
  void CheckExpiry(const MetaKey& key, const MetaHead& head);
  void CheckRow(std::string_view row_key);
  void EndCollection();
  void CheckCollections();
  void CheckTtlRow(std::string_view row_key);
  void CheckCounts();
  void CheckForeignTags();

  CheckOptions options_;
  const std::unique_ptr<FileSystem> files_;
  std::unique_ptr<Shards> shards_;
  CheckReport report_;
  uint32_t shard_ = 0;  // Being read.

  absl::flat_hash_set<uint64_t> garbage_collections_;
  absl::flat_hash_set<uint32_t> garbage_generations_;
  absl::flat_hash_map<uint32_t, Counts> keyspaces_;  // By generation.
  absl::flat_hash_map<CollectionId, Known> collections_;
  uint64_t highest_collection_ = 0;
  uint32_t highest_generation_ = 0;
  // The collection whose rows are being read.
  CollectionId current_ = 0;
  uint64_t current_rows_ = 0;
};

void Checker::Problem(std::string text) {
  if (report_.problems.size() < options_.max_problems) report_.problems.push_back(std::move(text));
  ++report_.problem_count;
}

Result<CheckReport> Checker::Run() {
  Shards::Options options;
  options.store.dir = options_.dir;
  options.store.shards = 0;
  options.files = files_.get();
  options.create_if_missing = false;
  options.paranoid = true;
  auto shards = Shards::Open(std::move(options));
  if (!shards.has_value() && shards.error().code() == Status::Code::kCorruption) {
    Problem(shards.error().message());
    return report_;
  }
  if (!shards.has_value()) return shards.error();
  shards_ = std::move(*shards);
  report_.shards = shards_->count();
  const Shards::Statistics statistics = shards_->statistics();
  report_.tables = statistics.tables;
  report_.bytes_on_disk = statistics.bytes_on_disk;
  LSM_RETURN_IF_ERROR(CheckLog());

  ReadGarbage();
  ReadDatabases();
  VisitTag(RowTag::kMeta, [&](auto key, auto value) { CheckMeta(key, value); });
  VisitTag(RowTag::kRow, [&](auto key, auto) { CheckRow(key); });
  CheckCollections();
  VisitTag(RowTag::kTtl, [&](auto key, auto) { CheckTtlRow(key); });
  CheckCounts();
  CheckStoreRows();
  CheckForeignTags();
  return std::move(report_);
}

// ---- The log --------------------------------------------------------------------------------

Status Checker::CheckLog() {
  uint64_t applied = UINT64_MAX;
  for (uint32_t shard = 0; shard < shards_->count(); ++shard) {
    const auto value = shards_->ReadApplied(shard);
    if (!value.has_value()) {
      Problem(value.error().message());
      return {};
    }
    applied = std::min(applied, *value);
  }
  if (!files_->Exists(options_.log_directory)) {
    Problem(options_.log_directory + ": the commit log is missing");
    return {};
  }
  LSM_ASSIGN_OR_RETURN(const LogReport log, VerifyLog(*files_, options_.log_directory, applied));
  report_.log_records = log.records;
  report_.log_torn_tail = log.torn_tail;
  if (!log.damage.empty()) Problem("commit log: " + log.damage);
  if (log.last_seq <= applied) return {};
  report_.unapplied_records = log.last_seq - applied;
  const Status status = ApplyLog(applied, log.last_seq);
  if (!status.ok()) Problem("commit log: " + status.message());
  return {};
}

Status Checker::ApplyLog(uint64_t applied, uint64_t last) {
  Applier applier(*shards_, {}, applied);
  const auto submit = [&](uint64_t seq, std::string_view payload) -> Status {
    RowReader reader(payload);
    for (RowOperation op; reader.Next(&op);) continue;
    LSM_RETURN_IF_ERROR(reader.status());
    applier.Submit(seq, payload);
    const bool full = applier.backlog_bytes() > applier.backlog_limit_bytes();
    return full ? applier.Drain() : Status::Ok();
  };
  LSM_RETURN_IF_ERROR(ReadLog(*files_, options_.log_directory, applied, last, submit));
  return applier.Drain();
}

// ---- Walking --------------------------------------------------------------------------------

// Reads some rows of `tag` from `*from` on, and moves that behind them. False: these were the last.
// The rows are copied so that what looks at them may read itself.
bool Checker::ReadSlice(RowTag tag, std::string* from, Rows* rows, bool* damaged) {
  rows->clear();
  const auto pin = shards_->Acquire(shard_);
  if (!pin.has_value()) {
    Problem(pin.error().message());
    return false;
  }
  leveldb::ReadOptions read;
  read.verify_checksums = true;
  read.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> it(pin->db().NewIterator(read));
  size_t bytes = 0;
  for (it->Seek(*from); it->Valid() && it->key()[0] == static_cast<char>(tag); it->Next()) {
    rows->emplace_back(it->key().ToString(), it->value().ToString());
    bytes += it->key().size() + it->value().size();
    if (bytes >= kSliceBytes) break;
  }
  if (!it->status().ok() && !std::exchange(*damaged, true)) {
    Problem("lsm shard " + Text(shard_) + ": " + it->status().ToString() +
            " (what follows may be its consequence)");
  }
  if (!rows->empty()) *from = rows->back().first + '\0';
  return !rows->empty();
}

// All rows of a tag, shard by shard. Damaged blocks are left out, and reported.
void Checker::VisitTag(RowTag tag, const RowVisitor& visit) {
  Rows rows;
  for (shard_ = 0; shard_ < shards_->count(); ++shard_) {
    std::string from(1, static_cast<char>(tag));
    bool damaged = false;
    while (ReadSlice(tag, &from, &rows, &damaged)) {
      for (const auto& [key, value] : rows) visit(key, value);
    }
  }
}

void Checker::CheckForeignTags() {
  for (uint32_t shard = 0; shard < shards_->count(); ++shard) {
    const auto pin = shards_->Acquire(shard);
    if (!pin.has_value()) return;
    const std::unique_ptr<leveldb::Iterator> it(pin->db().NewIterator({}));
    it->SeekToFirst();
    while (it->Valid()) {
      const char tag = it->key().empty() ? '\0' : it->key()[0];
      const bool known = std::string_view("gmrst").find(tag) != std::string_view::npos;
      if (!known) Problem("a row of an unknown kind: " + Show(ToView(it->key())));
      it->Seek(std::string(1, static_cast<char>(tag + 1)));
      if (static_cast<uint8_t>(tag) == UINT8_MAX) break;
    }
  }
}

// ---- Rows -----------------------------------------------------------------------------------

void Checker::ReadGarbage() {
  VisitTag(RowTag::kGarbage, [&](std::string_view key, std::string_view) {
    const auto garbage = DecodeGarbageKey(key);
    if (!garbage.has_value()) return Problem(garbage.error().message() + ": " + Show(key));
    if (garbage->kind == Garbage::Kind::kCollection) {
      report_.garbage += garbage_collections_.insert(garbage->id).second ? 1 : 0;
    } else {
      const auto generation = static_cast<uint32_t>(garbage->id);
      report_.garbage += garbage_generations_.insert(generation).second ? 1 : 0;
    }
  });
}

void Checker::ReadDatabases() {
  ReadDatabases(DatabaseRowName(0), DecodeDatabaseRowName, "database ");
  ReadDatabases(StagedDatabaseRowName(0), DecodeStagedDatabaseRowName, "staged database ");
}

void Checker::ReadDatabases(const std::string& first_name,
                            Result<uint32_t> (*decode)(std::string_view), const char* what) {
  const auto rows = DiskReader(*shards_).ReadStoreRows(first_name.substr(0, first_name.size() - 4));
  if (!rows.has_value()) return Problem(rows.error().message());
  for (const auto& row : *rows) {
    const auto db = decode(row.name);
    if (!db.has_value()) continue;
    const std::string name = what + Text(*db);
    const auto database = DecodeDatabase(row.value);
    if (!database.has_value()) {
      Problem(name + ": " + database.error().message());
      continue;
    }
    if (*db != kDraftsDatabaseNumber) ++report_.databases;
    highest_generation_ = std::max(highest_generation_, database->generation);
    if (database->generation == 0) continue;  // Never used: a swap has put it there.
    const bool fresh =
        keyspaces_.try_emplace(database->generation, Counts{name, *database, 0, 0}).second;
    if (!fresh) Problem(name + " has the keyspace of another one");
    if (garbage_generations_.contains(database->generation)) {
      Problem(name + " has a keyspace that is on the garbage list");
    }
  }
}

void Checker::CheckMeta(std::string_view row_key, std::string_view value) {
  const auto key = DecodeMetaKey(row_key);
  if (!key.has_value()) return Problem(key.error().message() + ": " + Show(row_key));
  const std::string name = "key " + Show(key->key);
  if (key->position != shards_->PositionOf(key->key)) Problem(name + " stands at a wrong position");
  if (shards_->ShardOfRow(row_key) != shard_) Problem(name + " is in a wrong shard");
  highest_generation_ = std::max(highest_generation_, key->generation);
  const auto meta = DecodeMeta(value);
  if (!meta.has_value()) return Problem(name + ": " + meta.error().message());
  const auto keyspace = keyspaces_.find(key->generation);
  const bool live = keyspace != keyspaces_.end();
  if (meta->head.collection != 0) CheckCollectionOf(*key, meta->head, live);
  if (live) {
    ++report_.keys;
    ++keyspace->second.keys;
    if (meta->head.due_ms() == kNoExpiry && meta->head.ttl_row_ms == kNoExpiry) return;
    if (meta->head.expire_at_ms != kNoExpiry) ++keyspace->second.expiring;
    return CheckExpiry(*key, meta->head);
  }
  if (garbage_generations_.contains(key->generation)) {
    ++report_.garbage_keys;
  } else {
    Problem(name + " is in the keyspace " + Text(key->generation) +
            ", which no database has and which is not on the garbage list");
  }
}

void Checker::CheckCollectionOf(const MetaKey& key, const MetaHead& head, bool live) {
  constexpr uint64_t kNumberMask = (uint64_t{1} << kCollectionShardShift) - 1;
  highest_collection_ = std::max(highest_collection_, head.collection & kNumberMask);
  ++report_.collections;
  const bool fresh =
      collections_.try_emplace(head.collection, Known{head.count, live, false}).second;
  if (!fresh) {
    Problem("key " + Show(key.key) + ": its collection " + Text(head.collection) +
            " belongs to another key too");
  }
  if (live && garbage_collections_.contains(head.collection)) {
    Problem("key " + Show(key.key) + ": its collection " + Text(head.collection) +
            " is on the garbage list");
  }
}

void Checker::CheckExpiry(const MetaKey& key, const MetaHead& head) {
  const std::string name = "key " + Show(key.key);
  if (head.expire_at_ms != kNoExpiry) ++report_.expiring_keys;
  if (head.due_ms() != kNoExpiry && head.ttl_row_ms == kNoExpiry) {
    return Problem(name + " expires and has no ttl row");
  }
  if (head.due_ms() != kNoExpiry && head.ttl_row_ms > head.due_ms()) {
    Problem(name + " expires before its ttl row");
  }
  const std::string row = EncodeTtlKey(head.ttl_row_ms, key.generation, key.key);
  const auto value = shards_->Get(shards_->ShardOfRow(row), row);
  if (!value.has_value()) return Problem(name + ": " + value.error().message());
  // Without an expiry the row may have been dropped when it was met.
  if (!value->has_value() && head.due_ms() != kNoExpiry) {
    Problem(name + " expires, and the ttl row at " + Text(static_cast<uint64_t>(head.ttl_row_ms)) +
            " is missing");
  }
}

void Checker::CheckRow(std::string_view row_key) {
  const auto key = DecodeRowKey(row_key);
  if (!key.has_value()) return Problem(key.error().message() + ": " + Show(row_key));
  ++report_.rows;
  if (key->collection != current_) {
    EndCollection();
    current_ = key->collection;
    current_rows_ = 0;
    if (shards_->ShardOfCollection(current_) != shard_) {
      Problem("collection " + Text(current_) + " is in a wrong shard");
    }
  }
  ++current_rows_;
}

void Checker::EndCollection() {
  if (current_ == 0) return;
  const auto known = collections_.find(current_);
  if (known == collections_.end()) {
    if (garbage_collections_.contains(current_)) return;
    return Problem("collection " + Text(current_) + ": its " + Text(current_rows_) +
                   " rows belong to no key and are not on the garbage list");
  }
  known->second.seen = true;
  if (known->second.live && known->second.count != current_rows_) {
    Problem("collection " + Text(current_) + " has " + Text(current_rows_) +
            " rows, its key counts " + Text(known->second.count));
  }
}

void Checker::CheckCollections() {
  EndCollection();
  for (const auto& [id, known] : collections_) {
    if (known.live && !known.seen && known.count > 0) {
      Problem("collection " + Text(id) + " has no rows, its key counts " + Text(known.count));
    }
  }
}

void Checker::CheckTtlRow(std::string_view row_key) {
  const auto key = DecodeTtlKey(row_key);
  if (!key.has_value()) return Problem(key.error().message() + ": " + Show(row_key));
  ++report_.ttl_rows;
  if (shards_->ShardOfRow(row_key) != shard_) {
    Problem("the ttl row of " + Show(key->key) + " is in a wrong shard");
  }
  const auto meta = DiskReader(*shards_).ReadMeta(key->generation, key->key);
  // A meta that cannot be read was reported when the metas were walked.
  if (!meta.has_value()) return;
  if (!meta->has_value() || (*meta)->head.ttl_row_ms != key->expire_ms) ++report_.spare_ttl_rows;
}

void Checker::CheckCounts() {
  for (const auto& [generation, counts] : keyspaces_) {
    const std::string& name = counts.name;
    if (counts.keys != counts.row.keys) {
      Problem(name + " has " + Text(counts.keys) + " keys, its count says " +
              Text(counts.row.keys));
    }
    if (counts.expiring != counts.row.expiring) {
      Problem(name + " has " + Text(counts.expiring) + " keys that expire, its count says " +
              Text(counts.row.expiring));
    }
  }
}

void Checker::CheckStoreRows() {
  const auto value = DiskReader(*shards_).ReadStoreRow(kCountersRow);
  if (!value.has_value()) return Problem(value.error().message());
  if (!value->has_value()) {
    if (report_.databases > 0) Problem("the row of counters is missing");
    return;
  }
  const auto counters = DecodeCounters(**value);
  if (!counters.has_value()) return Problem(counters.error().message());
  if (counters->next_generation <= highest_generation_) {
    Problem("the keyspace " + Text(highest_generation_) + " would be given out again");
  }
  if (counters->next_collection <= highest_collection_) {
    Problem("the collection id " + Text(highest_collection_) + " would be given out again");
  }
}

}  // namespace

Result<CheckReport> CheckStore(const CheckOptions& options) {
  if (!options.files->Exists(options.dir + "/lsm-000/CURRENT")) {
    return Status::Invalid(options.dir + ": there is no store here");
  }
  LSM_ASSIGN_OR_RETURN(const auto lock, options.files->Lock(options.dir));
  return Checker(options).Run();
}

}  // namespace lsm
