// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lsm/store.h"

namespace scripting {

// The sources of libraries in the store: a row with their names, and one for each; see FORMAT.md.
// Changes are durable with the turn. Loop thread only.
class FunctionStore {
 public:
  struct Library {
    std::string name;
    std::string source;
  };

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

// The row with the names, as bytes; nullopt: they are none.
std::string EncodeLibraryNames(const std::set<std::string, std::less<>>& names);
std::optional<std::set<std::string, std::less<>>> DecodeLibraryNames(std::string_view bytes);

}  // namespace scripting
