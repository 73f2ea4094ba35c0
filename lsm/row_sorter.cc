// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/row_sorter.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <queue>
#include <utility>

namespace lsm {
namespace {

// A row, in the arena and in a run: shard, sizes, key, value.
constexpr size_t kHeaderBytes = 1 + 2 * sizeof(uint32_t);
constexpr size_t kFileBuffer = size_t{1} << 20;

struct RowView {
  uint8_t shard = 0;
  std::string_view key;
  std::string_view value;
};

RowView ViewAt(const char* at) {
  uint32_t sizes[2];
  std::memcpy(sizes, at + 1, sizeof sizes);
  return {static_cast<uint8_t>(*at),
          {at + kHeaderBytes, sizes[0]},
          {at + kHeaderBytes + sizes[0], sizes[1]}};
}

uint64_t BigEndian(const unsigned char* bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

bool Less(const RowView& a, const RowView& b) {
  return a.shard != b.shard ? a.shard < b.shard : a.key < b.key;
}

Status Failed(const std::string& path) {
  return Status::IoError(path + ": " + std::strerror(errno));
}

}  // namespace

// A sorted file that is read from its beginning.
class RowSorter::Run {
 public:
  static Result<std::unique_ptr<Run>> Create(std::string path) {
    std::FILE* file = std::fopen(path.c_str(), "w+be");
    if (file == nullptr) return Failed(path);
    // Nobody else needs its name; so it goes away with the process, whatever becomes of that.
    if (std::remove(path.c_str()) != 0) {
      std::fclose(file);
      return Failed(path);
    }
    std::setvbuf(file, nullptr, _IOFBF, kFileBuffer);
    return std::unique_ptr<Run>(new Run(std::move(path), file));
  }
  ~Run() { std::fclose(file_); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Status Write(const char* row) {
    const RowView view = ViewAt(row);
    const size_t bytes = kHeaderBytes + view.key.size() + view.value.size();
    if (std::fwrite(row, 1, bytes, file_) != bytes) return Failed(path_);
    return {};
  }
  Status Rewind() {
    if (std::fflush(file_) != 0 || std::fseek(file_, 0, SEEK_SET) != 0) return Failed(path_);
    return {};
  }
  // False at the end.
  Result<bool> Next() {
    row_.resize(kHeaderBytes);
    const size_t got = std::fread(row_.data(), 1, kHeaderBytes, file_);
    if (got == 0 && std::feof(file_) != 0) return false;
    if (got != kHeaderBytes) return Failed(path_);
    uint32_t sizes[2];
    std::memcpy(sizes, row_.data() + 1, sizeof sizes);
    const size_t rest = size_t{sizes[0]} + sizes[1];
    row_.resize(kHeaderBytes + rest);
    if (std::fread(row_.data() + kHeaderBytes, 1, rest, file_) != rest) return Failed(path_);
    view_ = ViewAt(row_.data());
    return true;
  }
  const RowView& view() const { return view_; }

 private:
  Run(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  const std::string path_;
  std::FILE* file_;
  std::string row_;
  RowView view_;
};

RowSorter::RowSorter(std::string directory, size_t memory_bytes)
    : directory_(std::move(directory)), memory_bytes_(memory_bytes) {}

RowSorter::~RowSorter() = default;

Status RowSorter::Add(uint8_t shard, std::string_view key, std::string_view value) {
  const size_t bytes = kHeaderBytes + key.size() + value.size();
  const size_t used = arena_.size() + refs_.size() * sizeof(Ref);
  if (!refs_.empty() && used + bytes + sizeof(Ref) > memory_bytes_) LSM_RETURN_IF_ERROR(Spill());
  // So that neither of them ever takes twice as much while it grows.
  if (arena_.capacity() < memory_bytes_ * 3 / 4) {
    if (arena_.size() + bytes > arena_.capacity()) {
      arena_.reserve(
          std::min(memory_bytes_ * 3 / 4, std::max(2 * arena_.capacity(), arena_.size() + bytes)));
    }
  }
  unsigned char first[16] = {};
  first[0] = shard;
  std::memcpy(first + 1, key.data(), std::min(key.size(), sizeof first - 1));
  refs_.push_back({BigEndian(first), BigEndian(first + 8), arena_.size()});
  const uint32_t sizes[2] = {static_cast<uint32_t>(key.size()),
                             static_cast<uint32_t>(value.size())};
  arena_.push_back(static_cast<char>(shard));
  arena_.append(reinterpret_cast<const char*>(sizes), sizeof sizes);
  arena_.append(key);
  arena_.append(value);
  ++rows_;
  return {};
}

void RowSorter::Sort() {
  std::sort(refs_.begin(), refs_.end(), [this](const Ref& a, const Ref& b) {
    if (a.high != b.high) return a.high < b.high;
    if (a.low != b.low) return a.low < b.low;
    return Less(ViewAt(arena_.data() + a.at), ViewAt(arena_.data() + b.at));
  });
}

Status RowSorter::Spill() {
  Sort();
  LSM_ASSIGN_OR_RETURN(std::unique_ptr<Run> run,
                       Run::Create(directory_ + "/run-" + std::to_string(runs_.size())));
  for (const Ref& ref : refs_) LSM_RETURN_IF_ERROR(run->Write(arena_.data() + ref.at));
  LSM_RETURN_IF_ERROR(run->Rewind());
  runs_.push_back(std::move(run));
  arena_.clear();
  refs_.clear();
  return {};
}

Status RowSorter::Finish(const Visit& visit) {
  if (!runs_.empty()) {
    if (!refs_.empty()) LSM_RETURN_IF_ERROR(Spill());
    arena_ = {};
    refs_ = {};
    return Merge(visit);
  }
  Sort();
  for (const Ref& ref : refs_) {
    const RowView row = ViewAt(arena_.data() + ref.at);
    LSM_RETURN_IF_ERROR(visit(row.shard, row.key, row.value));
  }
  return {};
}

Status RowSorter::Merge(const Visit& visit) {
  const auto later = [](const Run* a, const Run* b) { return Less(b->view(), a->view()); };
  std::priority_queue<Run*, std::vector<Run*>, decltype(later)> heads(later);
  for (const auto& run : runs_) {
    LSM_ASSIGN_OR_RETURN(const bool more, run->Next());
    if (more) heads.push(run.get());
  }
  while (!heads.empty()) {
    Run* const run = heads.top();
    heads.pop();
    LSM_RETURN_IF_ERROR(visit(run->view().shard, run->view().key, run->view().value));
    LSM_ASSIGN_OR_RETURN(const bool more, run->Next());
    if (more) heads.push(run);
  }
  return {};
}

}  // namespace lsm
