// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/string_value.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "datatypes/string_format.h"
#include "datatypes/types.h"
#include "lsm/collection.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

// Longer values than this have an encoding of their own in Redis ("raw" instead of "embstr").
constexpr size_t kMaxEmbeddedBytes = 44;

// What holes read as.
constexpr char kZeros[String::kChunkBytes] = {};

constexpr uint64_t ChunkOf(uint64_t offset) {
  return offset / String::kChunkBytes;
}

Error Damaged(const char* what) {
  return Error(lsm::Status::Corruption(what));
}

}  // namespace

Result<String> String::Open(Keyspace keyspace, std::string_view key) {
  ASSIGN_OR_RETURN(lsm::Entry * entry, keyspace.GetTyped(key, kString));
  return Of(keyspace, key, entry);
}

Result<String> String::Of(Keyspace keyspace, std::string_view key, lsm::Entry* entry) {
  String string(keyspace, key, entry);
  if (string.chunked()) {
    const std::optional<uint64_t> size = DecodeChunkedSize(entry->payload());
    if (!size) return tl::unexpected(Damaged("the meta of a chunked string has no length"));
    string.chunked_size_ = *size;
  }
  return string;
}

String String::Replace(Keyspace keyspace, std::string_view key, lsm::Entry* old,
                       std::string_view bytes, Expiry expiry, uint8_t type_flags) {
  lsm::Store& store = keyspace.store();
  const bool keep = expiry == Expiry::kKeep && old != nullptr && old->has_expiry();
  if (bytes.size() <= kMaxInlineBytes && old != nullptr && old->type() == kString &&
      !old->has_collection() && old->type_flags() == type_flags && (keep || !old->has_expiry())) {
    return {keyspace, key, store.SetPayload(old, bytes)};
  }
  const int64_t expire_at_ms = keep ? old->expire_at_ms() : lsm::kNoExpiry;
  const bool chunks = bytes.size() > kMaxInlineBytes;
  String string(keyspace, key,
                store.Create(keyspace.db(), key, kString, type_flags,
                             chunks ? ChunkedSize(bytes.size()).view() : bytes));
  if (keep) string.entry_ = store.SetExpiry(string.entry_, expire_at_ms);
  if (chunks) {
    string.chunked_size_ = bytes.size();
    string.entry_ = store.AttachCollection(string.entry_);
    string.WriteChunks(0, bytes);
  }
  return string;
}

bool String::Prefetch(uint64_t begin, uint64_t end, lsm::LoadWaiter& waiter) const {
  if (!chunked() || begin >= end) return true;
  bool resident = true;
  for (uint64_t chunk = ChunkOf(begin); chunk <= ChunkOf(end - 1); ++chunk) {
    if (!store().PrefetchRow(*entry_, ChunkKey(chunk).view(), waiter)) resident = false;
  }
  return resident;
}

Result<void> String::Load(uint64_t begin, uint64_t end) const {
  if (!chunked() || begin >= end) return {};
  for (uint64_t chunk = ChunkOf(begin); chunk <= ChunkOf(end - 1); ++chunk) {
    const auto found = entry_->collection().Find(ChunkKey(chunk).view());
    if (!found) return tl::unexpected(Error(found.error()));
  }
  return {};
}

Result<void> String::Visit(uint64_t begin, uint64_t end,
                           absl::FunctionRef<bool(const Piece&)> visit) const {
  if (begin >= end) return {};
  if (!chunked()) {
    visit({begin, end - begin, entry_->payload().data() + begin});
    return {};
  }
  // Chunk by chunk, and not with a cursor: that would step on rows (and load pages) beyond the
  // range.
  lsm::Collection& chunks = entry_->collection();
  for (uint64_t at = begin; at < end;) {
    const uint64_t chunk = ChunkOf(at);
    const uint64_t chunk_begin = chunk * kChunkBytes;
    const uint64_t to = std::min(chunk_begin + kChunkBytes, end);
    const auto found = chunks.Find(ChunkKey(chunk).view());
    if (!found) return tl::unexpected(Error(found.error()));
    const std::string_view bytes = found->value_or(std::string_view());
    if (bytes.size() > kChunkBytes) return tl::unexpected(Damaged("an overlong chunk"));
    const uint64_t stored_to = std::min(chunk_begin + bytes.size(), to);
    if (at < stored_to) {
      if (!visit({at, stored_to - at, bytes.data() + (at - chunk_begin)})) return {};
      at = stored_to;
    }
    if (at < to && !visit({at, to - at, nullptr})) return {};
    at = to;
  }
  return {};
}

Result<void> String::Read(uint64_t begin, uint64_t end,
                          absl::FunctionRef<void(std::string_view)> sink) const {
  return Visit(begin, end, [&](const Piece& piece) {
    if (piece.data != nullptr) {
      sink({piece.data, piece.size});
      return true;
    }
    for (uint64_t left = piece.size; left > 0;) {
      const size_t now = std::min<uint64_t>(left, sizeof kZeros);
      sink({kZeros, now});
      left -= now;
    }
    return true;
  });
}

Result<std::string_view> String::View(uint64_t begin, uint64_t end, std::string& scratch) const {
  if (begin >= end) return std::string_view();
  std::string_view whole;
  scratch.clear();
  RETURN_IF_ERROR(Read(begin, end, [&](std::string_view bytes) {
    if (bytes.size() == end - begin) {
      whole = bytes;
      return;
    }
    if (scratch.empty()) scratch.reserve(end - begin);
    scratch.append(bytes);
  }));
  return whole.data() != nullptr ? whole : std::string_view(scratch);
}

Result<void> String::Append(std::string_view bytes) {
  return WriteAt(size(), bytes);
}

Result<void> String::WriteAt(uint64_t offset, std::string_view bytes) {
  const uint64_t old_size = size();
  const uint64_t new_size = std::max(old_size, offset + bytes.size());
  if (chunked()) RETURN_IF_ERROR(Load(offset, offset + bytes.size()));
  if (!exists()) CreateEmpty();
  MarkEdited();
  if (new_size <= kMaxInlineBytes) {
    char* at = nullptr;
    entry_ = store().ResizePayload(entry_, new_size, &at);
    if (!bytes.empty()) std::memcpy(at + offset, bytes.data(), bytes.size());
    return {};
  }
  if (!chunked()) MakeChunked();
  WriteChunks(offset, bytes);
  SetChunkedSize(new_size);  // Even if it is the same: the key has changed, and observers are told.
  return {};
}

Result<void> String::Resize(uint64_t new_size) {
  if (new_size <= kMaxInlineBytes) {
    if (chunked()) return MakeInline(new_size);
    if (!exists()) CreateEmpty();
    MarkEdited();
    char* at = nullptr;
    entry_ = store().ResizePayload(entry_, new_size, &at);
    return {};
  }
  if (chunked() && new_size < chunked_size_) {
    RETURN_IF_ERROR(CutChunks(new_size));
  } else {
    if (!exists()) CreateEmpty();
    if (!chunked()) MakeChunked();
  }
  MarkEdited();
  SetChunkedSize(new_size);
  return {};
}

std::string_view String::Encoding(const lsm::Entry& entry) {
  if ((entry.type_flags() & kEdited) != 0 || entry.has_collection()) return "raw";
  const std::string_view value = entry.payload();
  if ((entry.type_flags() & kText) == 0 && resp::ParseInt64(value)) return "int";
  return value.size() <= kMaxEmbeddedBytes ? "embstr" : "raw";
}

void String::CreateEmpty() {
  entry_ = store().Create(keyspace_.db(), key_, kString, 0, {});
}

void String::MarkEdited() {
  if ((entry_->type_flags() & kEdited) == 0) {
    store().SetTypeFlags(entry_, entry_->type_flags() | kEdited);
  }
}

void String::SetChunkedSize(uint64_t new_size) {
  chunked_size_ = new_size;
  entry_ = store().SetPayload(entry_, ChunkedSize(new_size).view());
}

void String::MakeChunked() {
  const std::string bytes(entry_->payload());
  entry_ = store().AttachCollection(entry_);
  SetChunkedSize(bytes.size());
  WriteChunks(0, bytes);
}

Result<void> String::MakeInline(uint64_t new_size) {
  std::string bytes;
  bytes.reserve(new_size);
  RETURN_IF_ERROR(Read(0, new_size, [&bytes](std::string_view part) { bytes.append(part); }));
  entry_ = store().DetachCollection(entry_);
  entry_ = store().SetPayload(entry_, bytes);
  MarkEdited();
  return {};
}

// Requires the chunks to be resident.
void String::WriteChunks(uint64_t offset, std::string_view bytes) {
  lsm::Collection& chunks = entry_->collection();
  std::string scratch;
  while (!bytes.empty()) {
    const ChunkKey key(ChunkOf(offset));
    const size_t from = offset % kChunkBytes;
    std::string_view value = bytes.substr(0, kChunkBytes - from);
    const size_t written = value.size();
    if (written < kChunkBytes) {
      const auto old = chunks.Find(key.view());
      ENSURE(old.has_value());
      scratch.assign(old->value_or(std::string_view()));
      if (scratch.size() < from + written) scratch.resize(from + written);
      std::memcpy(scratch.data() + from, value.data(), written);
      value = scratch;
    }
    ENSURE(chunks.Put(key.view(), value).has_value());
    offset += written;
    bytes.remove_prefix(written);
  }
}

// Erases what lies behind a new, smaller size that still needs chunks.
Result<void> String::CutChunks(uint64_t new_size) {
  lsm::Collection& chunks = entry_->collection();
  const ChunkKey last(ChunkOf(new_size));  // The first byte to go lies in it.
  const auto found = chunks.Find(last.view());
  if (!found) return tl::unexpected(Error(found.error()));
  const size_t keep = new_size % kChunkBytes;
  std::optional<std::string> rest;
  if (*found && (*found)->size() > keep) rest = std::string((*found)->substr(0, keep));
  const auto erased = chunks.EraseRange(ChunkKey(ChunkOf(new_size) + 1).view(), std::nullopt);
  if (!erased) return tl::unexpected(Error(erased.error()));
  if (rest) ENSURE(chunks.Put(last.view(), *rest).has_value());
  return {};
}

}  // namespace datatypes
