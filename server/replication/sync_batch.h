// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/types.h"
#include "lsm/entry.h"
#include "lsm/row_times.h"

namespace server {

// A stretch of a full sync, made by the thread that reads the dump and applied by the loop: keys,
// each as its beginning, its rows and its end, which may lie in different batches.
class SyncBatch {
 public:
  // So large, it is handed on. A single row may exceed it.
  static constexpr size_t kFullBytes = size_t{256} << 10;

  struct Step {
    enum class Kind : uint8_t {
      kKey,       // first: the name; db, type, expire_at_ms.
      kRow,       // first: the subkey, second: the value.
      kEnd,       // first: the payload; type_flags, has_rows, row_times.
      kFunction,  // first: a library's code.
    };
    Kind kind = Kind::kKey;
    datatypes::Type type = datatypes::kNone;
    uint8_t type_flags = 0;
    bool has_rows = false;
    uint32_t db = 0;
    int64_t expire_at_ms = lsm::kNoExpiry;
    lsm::RowTimes row_times = {};
    std::string_view first;
    std::string_view second;
  };

  void Add(const Step& step) {
    steps_.push_back({step, step.first.size(), step.second.size()});
    bytes_ += step.first;
    bytes_ += step.second;
  }
  bool full() const { return memory_bytes() >= kFullBytes; }
  bool empty() const { return steps_.empty(); }
  size_t memory_bytes() const { return bytes_.size() + steps_.size() * sizeof(Stored); }

  // The next step to apply; its views are valid as long as the batch. Requires !done().
  Step Next() {
    const Stored& stored = steps_[next_++];
    Step step = stored.step;
    step.first = std::string_view(bytes_).substr(read_, stored.first_bytes);
    step.second = std::string_view(bytes_).substr(read_ + stored.first_bytes, stored.second_bytes);
    read_ += stored.first_bytes + stored.second_bytes;
    return step;
  }
  bool done() const { return next_ == steps_.size(); }

 private:
  struct Stored {
    Step step;
    size_t first_bytes;
    size_t second_bytes;
  };
  std::string bytes_;
  std::vector<Stored> steps_;
  size_t next_ = 0;
  size_t read_ = 0;
};

}  // namespace server
