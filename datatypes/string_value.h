// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "lsm/entry.h"
#include "lsm/store.h"

namespace datatypes {

// The typed view of a string value, up to any length. It knows nothing of RESP or of commands;
// bitmaps and HyperLogLogs are strings and use it too.
//
// A value of at most kMaxInlineBytes is the entry's payload, as it is (integers as text). A longer
// one is *chunked*: the payload holds its length, the entry's collection its bytes, in rows of
// kChunkBytes. Bytes that no row holds are zero, so that a bitmap with one far bit is one row.
// Which of the two it is follows from the length alone. FORMAT.md has the bytes.
//
// A view borrows the entry and is good until something else changes the key, or the end of the
// command. A mutator that fails (a chunk could not be loaded) has changed nothing. Loop thread
// only.
class String {
 public:
  static constexpr size_t kMaxInlineBytes = size_t{32} * 1024;
  // A little below 32 KiB, so that a leaf with one chunk fits the allocator's size class. A
  // multiple of 8: words of a bitmap do not straddle chunks.
  static constexpr size_t kChunkBytes = size_t{32} * 1024 - 64;

  // Bits of the meta's type flags. On disk: appended, never reused.
  enum TypeFlags : uint8_t {
    // Written in place (APPEND, SETRANGE, SETBIT …): OBJECT ENCODING says "raw", whatever the
    // value.
    kEdited = 1U << 0,
    // Made as text (INCRBYFLOAT): OBJECT ENCODING does not say "int", even if the value is one.
    kText = 1U << 1,
  };

  enum class Expiry : uint8_t { kDrop, kKeep };

  // Part of a value; `data` is nullptr where all its bytes are zero and none are stored.
  struct Piece {
    uint64_t offset = 0;
    uint64_t size = 0;
    const char* data = nullptr;
  };

  // The string at `key`, which may be absent: then it reads as empty. WRONGTYPE if it is another
  // type. `key` must live as long as the view.
  static Result<String> Open(Keyspace keyspace, std::string_view key);
  // The same for an entry that was looked up already; nullptr: absent. Requires it to be a string.
  static Result<String> Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry);
  // SET: makes `key` the string `bytes`, whatever was there (`old`, nullptr if absent). `bytes`
  // must not point into `old`. `type_flags` are kept with the value.
  static String Replace(Keyspace keyspace, std::string_view key, lsm::Entry* old,
                        std::string_view bytes, Expiry expiry = Expiry::kDrop,
                        uint8_t type_flags = 0);

  bool exists() const { return entry_ != nullptr; }
  lsm::Entry* entry() const { return entry_; }
  bool chunked() const { return entry_ != nullptr && entry_->has_collection(); }
  uint64_t size() const { return chunked() ? chunked_size_ : Inline().size(); }
  // The whole value. Requires !chunked(). Empty if absent.
  std::string_view Inline() const {
    return entry_ == nullptr ? std::string_view() : entry_->payload();
  }

  // --- Residency. Ranges are [begin, end), and may go beyond size().

  // Loads the range's chunks on the spot, so that what follows in this command cannot fail.
  Result<void> Load(uint64_t begin, uint64_t end) const;
  // Joins `waiter` to the loads of the range's chunks. True: all are resident.
  bool Prefetch(uint64_t begin, uint64_t end, lsm::LoadWaiter& waiter) const;

  // --- Reading. Ranges must lie within size().

  // Visits the range's pieces in order, without gaps, until `visit` answers false.
  Result<void> Visit(uint64_t begin, uint64_t end,
                     absl::FunctionRef<bool(const Piece&)> visit) const;
  // Gives `sink` the range's bytes in order, zeros included.
  Result<void> Read(uint64_t begin, uint64_t end,
                    absl::FunctionRef<void(std::string_view)> sink) const;
  // The range's bytes: in place where they are stored together, else put together in `scratch`.
  // Good until the next change of either.
  Result<std::string_view> View(uint64_t begin, uint64_t end, std::string& scratch) const;

  // --- Changing. Each creates the key if it is absent, keeps its expiry and marks it kEdited.
  // What is passed in must not point into this value.

  Result<void> Append(std::string_view bytes);
  // Writes over what is there, with zeros between the old end and a later offset.
  Result<void> WriteAt(uint64_t offset, std::string_view bytes);
  // Cuts, or adds zeros.
  Result<void> Resize(uint64_t new_size);

  // As OBJECT ENCODING has it, by Redis' rules: "int", "embstr" or "raw".
  static std::string_view Encoding(const lsm::Entry& entry);

 private:
  String(Keyspace keyspace, std::string_view key, lsm::Entry* entry)
      : keyspace_(keyspace), key_(key), entry_(entry) {}

  lsm::Store& store() const { return keyspace_.store(); }
  void CreateEmpty();
  void MarkEdited();
  void SetChunkedSize(uint64_t new_size);
  void MakeChunked();
  Result<void> MakeInline(uint64_t new_size);
  void WriteChunks(uint64_t offset, std::string_view bytes);
  Result<void> CutChunks(uint64_t new_size);

  Keyspace keyspace_;
  std::string_view key_;
  lsm::Entry* entry_;
  uint64_t chunked_size_ = 0;
};

}  // namespace datatypes
