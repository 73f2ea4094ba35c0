// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "datatypes/keyspace.h"
#include "datatypes/result.h"
#include "lsm/entry.h"

namespace server {

// DEBUG DIGEST's signature of data: 160 bits that depend on what a client can see of the keys, and
// on nothing else: not on their order, on how they are stored, or on what is in RAM. Equal data
// gives equal digests on any server of this version.
class DataDigest {
 public:
  // Combines two sets of keys.
  void Add(const DataDigest& other);
  // 40 hex digits; all zero when nothing was added.
  std::string Hex() const;

  // Of a value: its type, its content, and whether it expires. Reads all of it, on the spot where
  // it is not resident.
  static datatypes::Result<DataDigest> OfValue(datatypes::Keyspace keyspace, std::string_view key,
                                               lsm::Entry& entry);
  // The same with the key's name and database.
  static datatypes::Result<DataDigest> OfKey(datatypes::Keyspace keyspace, std::string_view key,
                                             lsm::Entry& entry);

 private:
  std::array<uint8_t, 20> bytes_{};
};

}  // namespace server
