// SPDX-License-Identifier: BSD-3-Clause
#include "server/data_digest.h"

#include <xxhash.h>

#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "datatypes/set.h"
#include "datatypes/settings.h"
#include "datatypes/string_value.h"
#include "datatypes/types.h"
#include "lsm/collection.h"
#include "lsm/collection_cursor.h"

namespace server {
namespace {

using datatypes::Error;
using datatypes::Result;

// 160 bits: XXH3 of 128 and XXH64.
class Hasher {
 public:
  Hasher() : wide_(XXH3_createState()), narrow_(XXH64_createState()) {
    XXH3_128bits_reset(wide_.get());
    XXH64_reset(narrow_.get(), /*seed=*/0);
  }

  void Bytes(std::string_view bytes) {
    XXH3_128bits_update(wide_.get(), bytes.data(), bytes.size());
    XXH64_update(narrow_.get(), bytes.data(), bytes.size());
  }
  void Number(uint64_t number) {
    char bytes[8];
    for (char& byte : bytes) {
      byte = static_cast<char>(number & 0xFF);
      number >>= 8;
    }
    Bytes({bytes, sizeof(bytes)});
  }
  // With its length, so that no two lists of texts look alike.
  void Text(std::string_view text) {
    Number(text.size());
    Bytes(text);
  }
  std::array<uint8_t, 20> Finish() const {
    std::array<uint8_t, 20> result;
    XXH128_canonical_t wide;
    XXH128_canonicalFromHash(&wide, XXH3_128bits_digest(wide_.get()));
    XXH64_canonical_t narrow;
    XXH64_canonicalFromHash(&narrow, XXH64_digest(narrow_.get()));
    std::memcpy(result.data(), wide.digest, sizeof(wide.digest));
    // The lower half of it is enough.
    std::memcpy(result.data() + sizeof(wide.digest), narrow.digest + 4, 4);
    return result;
  }

 private:
  struct FreeWide {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  struct FreeNarrow {
    void operator()(XXH64_state_t* state) const { XXH64_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, FreeWide> wide_;
  std::unique_ptr<XXH64_state_t, FreeNarrow> narrow_;
};

Result<void> HashString(Hasher& hasher, datatypes::Keyspace keyspace, std::string_view key,
                        lsm::Entry& entry) {
  ASSIGN_OR_RETURN(const datatypes::String value, datatypes::String::Of(keyspace, key, &entry));
  hasher.Number(value.size());
  return value.Read(0, value.size(), [&hasher](std::string_view bytes) { hasher.Bytes(bytes); });
}

// Rows are in the order of their subkeys, whatever the order they were written in. A list's subkeys
// are labels that tell how it came about: only their order counts.
Result<void> HashRows(Hasher& hasher, lsm::Entry& entry) {
  if (!entry.has_collection()) return {};
  const bool with_subkeys = entry.type() != datatypes::kList;
  lsm::CollectionCursor row = entry.collection().SeekFirst();
  for (; row.valid(); row.Next()) {
    if (with_subkeys) hasher.Text(row.subkey());
    hasher.Text(row.value());
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  return {};
}

// A set lies in rows by how it came about; its members count, in whatever order.
Result<void> HashSet(Hasher& hasher, datatypes::Keyspace keyspace, std::string_view key,
                     lsm::Entry& entry) {
  const datatypes::Settings settings;  // Reading asks for none.
  const auto set = datatypes::Set::Of(keyspace, key, &entry, settings);
  std::array<uint8_t, 20> sum = {};
  RETURN_IF_ERROR(set.Visit(0, set.size(), [&sum](std::string_view member) {
    Hasher one;
    one.Text(member);
    const std::array<uint8_t, 20> hash = one.Finish();
    for (size_t i = 0; i < sum.size(); ++i) sum[i] ^= hash[i];
    return true;
  }));
  hasher.Bytes({reinterpret_cast<const char*>(sum.data()), sum.size()});
  return {};
}

Result<void> HashValue(Hasher& hasher, datatypes::Keyspace keyspace, std::string_view key,
                       lsm::Entry& entry) {
  hasher.Number(entry.type());
  hasher.Number(entry.has_expiry() ? 1 : 0);
  if (entry.type() == datatypes::kString) return HashString(hasher, keyspace, key, entry);
  if (entry.type() == datatypes::kSet) return HashSet(hasher, keyspace, key, entry);
  // A stream's payload has its last id and the like, which clients see; those of the other types
  // say how the rows are stored.
  if (entry.type() == datatypes::kStream) hasher.Text(entry.payload());
  return HashRows(hasher, entry);
}

}  // namespace

void DataDigest::Add(const DataDigest& other) {
  for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] ^= other.bytes_[i];
}

std::string DataDigest::Hex() const {
  std::string hex;
  for (const uint8_t byte : bytes_) hex += fmt::format("{:02x}", byte);
  return hex;
}

Result<DataDigest> DataDigest::OfValue(datatypes::Keyspace keyspace, std::string_view key,
                                       lsm::Entry& entry) {
  Hasher hasher;
  RETURN_IF_ERROR(HashValue(hasher, keyspace, key, entry));
  DataDigest digest;
  digest.bytes_ = hasher.Finish();
  return digest;
}

Result<DataDigest> DataDigest::OfKey(datatypes::Keyspace keyspace, std::string_view key,
                                     lsm::Entry& entry) {
  Hasher hasher;
  hasher.Number(keyspace.db());
  hasher.Text(key);
  RETURN_IF_ERROR(HashValue(hasher, keyspace, key, entry));
  DataDigest digest;
  digest.bytes_ = hasher.Finish();
  return digest;
}

}  // namespace server
