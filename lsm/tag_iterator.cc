// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/tag_iterator.h"

namespace lsm {

void TagIterator::Check() {
  valid_ = rows_->Valid() && rows_->key().size() > 0 && rows_->key()[0] == tag_;
}

void TagIterator::Seek(const leveldb::Slice& target) {
  target_.assign(1, tag_);
  target_.append(target.data(), target.size());
  rows_->Seek(target_);
  Check();
}

void TagIterator::SeekToLast() {
  target_.assign(1, static_cast<char>(tag_ + 1));
  rows_->Seek(target_);
  if (rows_->Valid()) {
    rows_->Prev();
  } else {
    rows_->SeekToLast();
  }
  Check();
}

void TagIterator::Next() {
  rows_->Next();
  Check();
}

void TagIterator::Prev() {
  rows_->Prev();
  Check();
}

leveldb::Slice TagIterator::key() const {
  leveldb::Slice key = rows_->key();
  key.remove_prefix(1);
  return key;
}

}  // namespace lsm
