// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>

#include <leveldb/iterator.h>

#include "lsm/row_format.h"

namespace lsm {

// The rows of one tag, seen without the tag: what lies outside does not exist. Used where code
// knows of collections but not of the other rows that share their LevelDB.
class TagIterator final : public leveldb::Iterator {
 public:
  TagIterator(RowTag tag, std::unique_ptr<leveldb::Iterator> rows)
      : tag_(static_cast<char>(tag)), rows_(std::move(rows)) {}

  bool Valid() const override { return valid_; }
  void SeekToFirst() override { Seek({}); }
  void SeekToLast() override;
  void Seek(const leveldb::Slice& target) override;
  void Next() override;
  void Prev() override;
  leveldb::Slice key() const override;
  leveldb::Slice value() const override { return rows_->value(); }
  leveldb::Status status() const override { return rows_->status(); }

 private:
  void Check();

  const char tag_;
  const std::unique_ptr<leveldb::Iterator> rows_;
  std::string target_;
  bool valid_ = false;
};

}  // namespace lsm
