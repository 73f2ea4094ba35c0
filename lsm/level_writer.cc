// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/level_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include "lsm/crc32c.h"
#include "lsm/level_status.h"

namespace lsm {
namespace {

// In tables, keys are followed by 8 bytes, little-endian: a sequence number, and in the lowest byte
// whether it is a value (1) or a deletion. All rows here are of sequence number 1.
constexpr size_t kTrailerBytes = 8;
constexpr uint64_t kSequence = 1;
constexpr uint64_t kValueTrailer = kSequence << 8 | 1;
// What comes before all that begin with the same key.
constexpr uint64_t kSeekTrailer = ~uint64_t{0} << 8 | 1;

constexpr uint64_t kManifestNumber = 2;
constexpr int kLevels = 7;

void AppendFixed(std::string* out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

void AppendVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendSized(std::string* out, std::string_view bytes) {
  AppendVarint(out, bytes.size());
  out->append(bytes);
}

uint64_t Trailer(const leveldb::Slice& key) {
  uint64_t trailer = 0;
  for (size_t i = 0; i < kTrailerBytes; ++i) {
    trailer |= uint64_t{static_cast<uint8_t>(key[key.size() - kTrailerBytes + i])} << (8 * i);
  }
  return trailer;
}

leveldb::Slice RowKey(const leveldb::Slice& key) {
  return {key.data(), key.size() - kTrailerBytes};
}

// One record in LevelDB's log format, from the beginning of a file.
std::string LogFile(std::string_view record) {
  constexpr size_t kBlock = 32768;
  constexpr size_t kHeader = 7;
  enum Type : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
  std::string out;
  bool first = true;
  do {
    // Blocks are filled to the brim: each fragment but the last takes a whole one.
    const std::string_view part = record.substr(0, kBlock - kHeader);
    record.remove_prefix(part.size());
    const bool last = record.empty();
    const uint8_t type = first ? (last ? kFull : kFirst) : (last ? kLast : kMiddle);
    const std::string typed = static_cast<char>(type) + std::string(part);
    const uint32_t crc = MaskCrc32c(Crc32c(typed));
    AppendFixed(&out, crc, 4);
    AppendFixed(&out, part.size(), 2);
    out += typed;
    first = false;
  } while (!record.empty());
  return out;
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  leveldb::WritableFile* raw = nullptr;
  leveldb::Status status = leveldb::Env::Default()->NewWritableFile(path, &raw);
  const std::unique_ptr<leveldb::WritableFile> file(raw);
  if (status.ok()) status = file->Append({bytes.data(), bytes.size()});
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = file->Close();
  return FromLevelStatus(status, path);
}

// A file, or a directory.
Status SyncFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Status::IoError(path + ": cannot be synced");
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced ? Status() : Status::IoError(path + ": cannot be synced");
}

std::string Numbered(const char* format, uint64_t number) {
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), format, static_cast<unsigned long long>(number));
  return name.data();
}

}  // namespace

// By row key, then the latest first: LevelDB's own order within tables, under its name.
class LevelWriter::InternalOrder final : public leveldb::Comparator {
 public:
  const char* Name() const override { return "leveldb.InternalKeyComparator"; }
  int Compare(const leveldb::Slice& a, const leveldb::Slice& b) const override {
    const int order = RowKey(a).compare(RowKey(b));
    if (order != 0) return order;
    const uint64_t left = Trailer(a);
    const uint64_t right = Trailer(b);
    return left > right ? -1 : left < right ? 1 : 0;
  }
  void FindShortestSeparator(std::string* start, const leveldb::Slice& limit) const override {
    std::string shorter = start->substr(0, start->size() - kTrailerBytes);
    leveldb::BytewiseComparator()->FindShortestSeparator(&shorter, RowKey(limit));
    Shorten(start, std::move(shorter));
  }
  void FindShortSuccessor(std::string* key) const override {
    std::string shorter = key->substr(0, key->size() - kTrailerBytes);
    leveldb::BytewiseComparator()->FindShortSuccessor(&shorter);
    Shorten(key, std::move(shorter));
  }

 private:
  static void Shorten(std::string* key, std::string shorter) {
    if (shorter.size() + kTrailerBytes >= key->size()) return;
    AppendFixed(&shorter, kSeekTrailer, kTrailerBytes);
    *key = std::move(shorter);
  }
};

// The bloom filter is over the row keys.
class LevelWriter::InternalFilter final : public leveldb::FilterPolicy {
 public:
  explicit InternalFilter(int bits_per_key)
      : policy_(leveldb::NewBloomFilterPolicy(bits_per_key)) {}
  const char* Name() const override { return policy_->Name(); }
  void CreateFilter(const leveldb::Slice* keys, int n, std::string* out) const override {
    std::vector<leveldb::Slice> rows;
    rows.reserve(static_cast<size_t>(n));
    for (int i = 0; i < n; ++i) rows.push_back(RowKey(keys[i]));
    policy_->CreateFilter(rows.data(), n, out);
  }
  bool KeyMayMatch(const leveldb::Slice& key, const leveldb::Slice& filter) const override {
    return policy_->KeyMayMatch(RowKey(key), filter);
  }

 private:
  std::unique_ptr<const leveldb::FilterPolicy> policy_;
};

LevelWriter::LevelWriter(std::string path, const Options& options)
    : path_(std::move(path)),
      options_(options),
      order_(std::make_unique<InternalOrder>()),
      next_file_(kManifestNumber + 1) {
  if (options.bloom_bits_per_key > 0) {
    filter_ = std::make_unique<InternalFilter>(options.bloom_bits_per_key);
  }
}

LevelWriter::~LevelWriter() = default;

std::string LevelWriter::TablePath(uint64_t number) const {
  return path_ + "/" + Numbered("%06llu.ldb", number);
}

LevelWriter::Series::Series(LevelWriter& level) : level_(level) {}

LevelWriter::Series::~Series() {
  if (builder_ != nullptr) builder_->Abandon();
}

Status LevelWriter::Series::OpenTable() {
  number_ = level_.next_file_++;
  const std::string path = level_.TablePath(number_);
  leveldb::WritableFile* file = nullptr;
  const leveldb::Status opened = leveldb::Env::Default()->NewWritableFile(path, &file);
  file_.reset(file);
  LSM_RETURN_IF_ERROR(FromLevelStatus(opened, path));
  const Options& wanted = level_.options_;
  leveldb::Options options;
  options.comparator = level_.order_.get();
  options.filter_policy = level_.filter_.get();
  options.block_size = wanted.block_bytes;
  options.compression = wanted.compress ? leveldb::kSnappyCompression : leveldb::kNoCompression;
  builder_ = std::make_unique<leveldb::TableBuilder>(options, file_.get());
  smallest_.clear();
  return {};
}

Status LevelWriter::Series::Add(std::string_view key, std::string_view value) {
  if (builder_ == nullptr) LSM_RETURN_IF_ERROR(OpenTable());
  key_.assign(key);
  AppendFixed(&key_, kValueTrailer, kTrailerBytes);
  builder_->Add(key_, {value.data(), value.size()});
  if (smallest_.empty()) smallest_ = key_;
  LSM_RETURN_IF_ERROR(FromLevelStatus(builder_->status(), level_.path_));
  if (builder_->FileSize() < level_.options_.table_bytes) return {};
  return CloseTable();
}

// Writing to the disk begins, but nobody waits for it: Finish() of the whole does.
Status LevelWriter::Series::CloseTable() {
  leveldb::Status status = builder_->Finish();
  const uint64_t bytes = builder_->FileSize();
  builder_.reset();
  if (status.ok()) status = file_->Close();
  file_.reset();
  LSM_RETURN_IF_ERROR(FromLevelStatus(status, level_.path_));
  const int fd = ::open(level_.TablePath(number_).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    (void)::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    ::close(fd);
  }
  const std::lock_guard lock(level_.mutex_);
  level_.tables_.push_back({number_, bytes, smallest_, key_});
  level_.bytes_ += bytes;
  return {};
}

Status LevelWriter::Series::Finish() {
  return builder_ == nullptr ? Status() : CloseTable();
}

// Field by field: a number that says which, then its value.
std::string LevelWriter::VersionEdit() const {
  enum Field : uint64_t {
    kComparator = 1,
    kLogNumber = 2,
    kNextFile = 3,
    kLastSequence = 4,
    kNewFile = 7
  };
  // LevelDB's limits: 10 MB in level 1, ten times as much in each further one.
  int level = 1;
  for (uint64_t limit = 10 << 20; level + 1 < kLevels && bytes_ > limit; limit *= 10) ++level;
  std::string edit;
  AppendVarint(&edit, kComparator);
  AppendSized(&edit, leveldb::BytewiseComparator()->Name());
  AppendVarint(&edit, kLogNumber);
  AppendVarint(&edit, 0);
  AppendVarint(&edit, kNextFile);
  AppendVarint(&edit, next_file_);
  AppendVarint(&edit, kLastSequence);
  AppendVarint(&edit, kSequence);
  for (const Table& table : tables_) {
    AppendVarint(&edit, kNewFile);
    AppendVarint(&edit, static_cast<uint64_t>(level));
    AppendVarint(&edit, table.number);
    AppendVarint(&edit, table.bytes);
    AppendSized(&edit, table.smallest);
    AppendSized(&edit, table.largest);
  }
  return edit;
}

Status LevelWriter::Finish() {
  std::sort(tables_.begin(), tables_.end(), [](const Table& a, const Table& b) {
    return std::string_view(a.smallest) < std::string_view(b.smallest);
  });
  for (const Table& table : tables_) LSM_RETURN_IF_ERROR(SyncFile(TablePath(table.number)));
  const std::string manifest = Numbered("MANIFEST-%06llu", kManifestNumber);
  LSM_RETURN_IF_ERROR(WriteFile(path_ + "/" + manifest, LogFile(VersionEdit())));
  LSM_RETURN_IF_ERROR(WriteFile(path_ + "/CURRENT", manifest + "\n"));
  return SyncFile(path_);
}

}  // namespace lsm
