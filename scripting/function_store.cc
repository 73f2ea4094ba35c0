// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/function_store.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace scripting {
namespace {

constexpr std::string_view kNamesRow = "functions";
constexpr std::string_view kLibraryRow = "function:";
constexpr char kVersion = 1;

std::string RowOf(std::string_view name) {
  return std::string(kLibraryRow) + std::string(name);
}

using Names = std::set<std::string, std::less<>>;
// The system row of that name, if there is one.
using ReadRow = std::function<lsm::Result<std::optional<std::string>>(std::string_view name)>;

lsm::Result<std::vector<StoredLibrary>> ReadAll(const ReadRow& read, Names* names) {
  std::vector<StoredLibrary> libraries;
  LSM_ASSIGN_OR_RETURN(const std::optional<std::string> row, read(kNamesRow));
  if (!row.has_value()) return libraries;
  auto decoded = DecodeLibraryNames(*row);
  if (!decoded.has_value()) {
    return tl::unexpected(lsm::Status::Corruption("the names of the libraries of functions"));
  }
  *names = std::move(*decoded);
  for (const std::string& name : *names) {
    LSM_ASSIGN_OR_RETURN(std::optional<std::string> source, read(RowOf(name)));
    if (!source.has_value()) {
      return tl::unexpected(lsm::Status::Corruption("no code of the library " + name));
    }
    libraries.push_back({name, std::move(*source)});
  }
  return libraries;
}

}  // namespace

std::string EncodeLibraryNames(const std::set<std::string, std::less<>>& names) {
  std::string bytes(1, kVersion);
  for (const std::string& name : names) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(name.size() >> shift & 0xff);
    }
    bytes += name;
  }
  return bytes;
}

std::optional<std::set<std::string, std::less<>>> DecodeLibraryNames(std::string_view bytes) {
  constexpr size_t kSizeBytes = 4;
  if (bytes.empty() || bytes.front() != kVersion) return std::nullopt;
  bytes.remove_prefix(1);
  std::set<std::string, std::less<>> names;
  while (!bytes.empty()) {
    if (bytes.size() < kSizeBytes) return std::nullopt;
    uint32_t size = 0;
    for (size_t i = 0; i < kSizeBytes; ++i) size = size << 8 | static_cast<uint8_t>(bytes[i]);
    bytes.remove_prefix(kSizeBytes);
    if (bytes.size() < size) return std::nullopt;
    names.emplace(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return names;
}

lsm::Result<std::vector<StoredLibrary>> FunctionStore::Load() {
  return ReadAll([this](std::string_view name) { return store_.GetSystem(name); }, &names_);
}

lsm::Result<std::vector<StoredLibrary>> ReadLibraries(const lsm::Snapshot& snapshot) {
  Names names;
  return ReadAll(
      [&snapshot](std::string_view name) {
        return snapshot.ReadStoreRow(std::string(lsm::kSystemRowPrefix).append(name));
      },
      &names);
}

lsm::Status WriteLibraries(lsm::StoreWriter& writer, const std::vector<StoredLibrary>& libraries) {
  if (libraries.empty()) return {};
  Names names;
  for (const StoredLibrary& library : libraries) {
    names.insert(library.name);
    LSM_RETURN_IF_ERROR(writer.PutSystem(RowOf(library.name), library.source));
  }
  return writer.PutSystem(kNamesRow, EncodeLibraryNames(names));
}

void FunctionStore::PutNames() {
  if (names_.empty()) {
    store_.DeleteSystem(kNamesRow);
  } else {
    store_.PutSystem(kNamesRow, EncodeLibraryNames(names_));
  }
}

void FunctionStore::Put(std::string_view name, std::string_view source) {
  store_.PutSystem(RowOf(name), source);
  if (names_.emplace(name).second) PutNames();
}

void FunctionStore::Remove(std::string_view name) {
  const auto found = names_.find(name);
  if (found == names_.end()) return;
  store_.DeleteSystem(RowOf(name));
  names_.erase(found);
  PutNames();
}

void FunctionStore::RemoveAll() {
  for (const std::string& name : names_) store_.DeleteSystem(RowOf(name));
  names_.clear();
  PutNames();
}

}  // namespace scripting
