// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lsm/snapshot.h"
#include "lsm/store.h"
#include "lsm/store_writer.h"

namespace scripting {

// A library as it is stored.
struct StoredLibrary {
  std::string name;
  std::string source;
};

// The sources of libraries in the store: a row with their names, and one for each; see FORMAT.md.
// Changes are durable with the turn. Loop thread only.
class FunctionStore {
 public:
  using Library = StoredLibrary;

  explicit FunctionStore(lsm::Store& store) : store_(store) {}

  // All that is there. Corruption: a row that nobody wrote so.
  lsm::Result<std::vector<Library>> Load();
  void Put(std::string_view name, std::string_view source);
  void Remove(std::string_view name);
  void RemoveAll();

 private:
  void PutNames();

  lsm::Store& store_;
  std::set<std::string, std::less<>> names_;
};

// The libraries that a snapshot has, by name. Any thread. Corruption: as FunctionStore::Load().
lsm::Result<std::vector<StoredLibrary>> ReadLibraries(const lsm::Snapshot& snapshot);
// Gives a store that is being built its libraries, whose names must differ: once.
lsm::Status WriteLibraries(lsm::StoreWriter& writer, const std::vector<StoredLibrary>& libraries);

// The row with the names, as bytes; nullopt: they are none.
std::string EncodeLibraryNames(const std::set<std::string, std::less<>>& names);
std::optional<std::set<std::string, std::less<>>> DecodeLibraryNames(std::string_view bytes);

}  // namespace scripting
