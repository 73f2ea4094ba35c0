// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/run_reader.h"

#include <string_view>
#include <vector>

#include "lsm/leaf.h"

namespace lsm {
namespace {

std::string RowKey(CollectionId collection, std::string_view subkey) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(collection >> shift));
  key.append(subkey);
  return key;
}

void AppendRow(std::string_view subkey, std::string_view value, std::string* to) {
  char lengths[10];
  char* end = EncodeVarint32(lengths, static_cast<uint32_t>(subkey.size()));
  end = EncodeVarint32(end, static_cast<uint32_t>(value.size()));
  to->append(lengths, static_cast<size_t>(end - lengths));
  to->append(subkey);
  to->append(value);
}

// One execution of a request.
class Reader {
 public:
  Reader(const LoadRequest& request, leveldb::Iterator* rows)
      : request_(request), rows_(rows), prefix_(RowKey(request.collection, {})) {
    run_.request = request;
    run_.begin = request.from;
    run_.end = request.to;
  }

  Result<LoadedRun> Read() {
    if (request_.mode == LoadMode::kBackward) {
      ReadBackward();
    } else {
      rows_->Seek(RowKey(request_.collection, request_.from));
      switch (request_.mode) {
        case LoadMode::kSkip:
          Skip();
          break;
        case LoadMode::kSeek:
          SeekTarget();
          break;
        case LoadMode::kCount:
          Count();
          break;
        case LoadMode::kForward:
          ReadForward();
          break;
        case LoadMode::kBackward:
          break;
      }
    }
    const leveldb::Status status = rows_->status();
    if (status.IsCorruption()) return Status::Corruption("LevelDB: " + status.ToString());
    if (!status.ok()) return Status::IoError("LevelDB: " + status.ToString());
    return std::move(run_);
  }

 private:
  // Whether the iterator is on a row of the range.
  bool Valid() const {
    if (!rows_->Valid() || !rows_->key().starts_with(prefix_)) return false;
    return subkey() >= request_.from && (!request_.to || subkey() < *request_.to);
  }
  std::string_view subkey() const {
    return std::string_view(rows_->key().data(), rows_->key().size()).substr(prefix_.size());
  }
  std::string_view value() const { return {rows_->value().data(), rows_->value().size()}; }

  // Takes the row, unless that would be too much and there is one already.
  bool Take() {
    const size_t size = PackedRowSize(subkey().size(), value().size());
    if (run_.row_count > 0 && run_.rows.size() + size > request_.max_bytes) return false;
    AppendRow(subkey(), value(), &run_.rows);
    ++run_.row_count;
    return true;
  }

  void ReadForward() {
    for (; Valid(); rows_->Next()) {
      if (Take()) continue;
      run_.end = std::string(subkey());
      return;
    }
  }

  void Skip() {
    for (uint64_t i = 0; i < request_.skip_rows && Valid(); ++i) rows_->Next();
    if (!Valid()) {
      // Fewer rows than was thought: they have changed since. What is there will do.
      rows_->Seek(RowKey(request_.collection, request_.from));
    } else if (request_.skip_rows > 0) {
      run_.begin = std::string(subkey());
      run_.rows_before = request_.skip_rows;
    }
    ReadForward();
  }

  void SeekTarget() {
    uint64_t before = 0;
    bool all_taken = true;
    for (; Valid() && subkey() < request_.target; rows_->Next()) {
      ++before;
      if (!all_taken || (Take() && run_.rows.size() <= request_.max_bytes)) continue;
      all_taken = false;
      run_.rows.clear();
      run_.row_count = 0;
    }
    if (!all_taken) {
      run_.begin = request_.target;
      run_.rows_before = before;
    } else if (Valid() && !Take()) {
      // The target's row at least is always part of it.
      AppendRow(subkey(), value(), &run_.rows);
      ++run_.row_count;
      rows_->Next();
    } else if (Valid()) {
      rows_->Next();
    }
    ReadForward();
  }

  void Count() {
    uint64_t counted = 0;
    run_.parts.push_back({request_.from, 0});
    for (; Valid(); rows_->Next(), ++counted) {
      if (counted == request_.max_rows) {
        run_.end = std::string(subkey());
        return;
      }
      if (run_.parts.back().rows == kRowsPerPart) {
        run_.parts.push_back({std::string(subkey()), 0});
      }
      ++run_.parts.back().rows;
    }
  }

  void ReadBackward() {
    // To the first row at or past the end, and one back.
    if (request_.to) {
      rows_->Seek(RowKey(request_.collection, *request_.to));
    } else if (request_.collection != UINT64_MAX) {
      rows_->Seek(RowKey(request_.collection + 1, {}));
    }
    if (rows_->Valid() && (request_.to || request_.collection != UINT64_MAX)) {
      rows_->Prev();
    } else {
      rows_->SeekToLast();
    }
    std::vector<std::string> taken;
    size_t bytes = 0;
    for (; Valid(); rows_->Prev()) {
      const size_t size = PackedRowSize(subkey().size(), value().size());
      if (!taken.empty() && bytes + size > request_.max_bytes) break;
      bytes += size;
      AppendRow(subkey(), value(), &taken.emplace_back());
      run_.begin = std::string(subkey());
    }
    if (!Valid()) run_.begin = request_.from;
    run_.row_count = taken.size();
    run_.rows.reserve(bytes);
    for (auto row = taken.rbegin(); row != taken.rend(); ++row) run_.rows += *row;
  }

  const LoadRequest& request_;
  leveldb::Iterator* rows_;
  std::string prefix_;
  LoadedRun run_;
};

}  // namespace

Result<LoadedRun> ReadRun(const LoadRequest& request, leveldb::Iterator* rows) {
  return Reader(request, rows).Read();
}

}  // namespace lsm
