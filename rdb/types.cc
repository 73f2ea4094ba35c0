// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/types.h"

#include <array>

namespace rdb {
namespace {

constexpr uint8_t kModulePreGa = 6;
constexpr uint8_t kModule = 7;
// From here on the two dialects have numbers of their own.
constexpr uint8_t kFirstOwn = 22;

}  // namespace

std::optional<Dialect> DialectOfVersion(int version) {
  if (version >= 1 && version <= kMaxRedisVersion) return Dialect::kRedis;
  if (version >= kMinValkeyVersion && version <= kMaxValkeyVersion) return Dialect::kValkey;
  return std::nullopt;
}

std::string_view ValueTypeName(ValueType type) {
  constexpr std::array<std::string_view, 6> kNames = {"string", "list", "set",
                                                      "zset",   "hash", "stream"};
  return kNames[static_cast<size_t>(type)];
}

ValueType TypeOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kString:
      return ValueType::kString;
    case Encoding::kList:
    case Encoding::kListZiplist:
    case Encoding::kListQuicklist:
    case Encoding::kListQuicklist2:
      return ValueType::kList;
    case Encoding::kSet:
    case Encoding::kSetIntset:
    case Encoding::kSetListpack:
      return ValueType::kSet;
    case Encoding::kSortedSetText:
    case Encoding::kSortedSet:
    case Encoding::kSortedSetZiplist:
    case Encoding::kSortedSetListpack:
      return ValueType::kSortedSet;
    case Encoding::kStream1:
    case Encoding::kStream2:
    case Encoding::kStream3:
    case Encoding::kStream4:
      return ValueType::kStream;
    default:
      return ValueType::kHash;
  }
}

std::optional<Encoding> EncodingOf(Dialect dialect, uint8_t number) {
  using enum Encoding;
  if (number >= kFirstOwn && dialect == Dialect::kValkey) {
    if (number == kFirstOwn) return kValkeyHash2;
    return std::nullopt;
  }
  switch (number) {
    case 0:
      return kString;
    case 1:
      return kList;
    case 2:
      return kSet;
    case 3:
      return kSortedSetText;
    case 4:
      return kHash;
    case 5:
      return kSortedSet;
    case 9:
      return kHashZipmap;
    case 10:
      return kListZiplist;
    case 11:
      return kSetIntset;
    case 12:
      return kSortedSetZiplist;
    case 13:
      return kHashZiplist;
    case 14:
      return kListQuicklist;
    case 15:
      return kStream1;
    case 16:
      return kHashListpack;
    case 17:
      return kSortedSetListpack;
    case 18:
      return kListQuicklist2;
    case 19:
      return kStream2;
    case 20:
      return kSetListpack;
    case 21:
      return kStream3;
    case 22:
      return kHashMetadataPreGa;
    case 23:
      return kHashListpackExPreGa;
    case 24:
      return kHashMetadata;
    case 25:
      return kHashListpackEx;
    case 26:
      return kStream4;
    default:
      return std::nullopt;
  }
}

std::string NameOfUnread(Dialect dialect, uint8_t number) {
  if (number == kModulePreGa) return "a module's value in the form of Redis 4.0's candidates";
  if (number == kModule) return "a module's value";
  if (dialect == Dialect::kValkey && number == 23) return "a path hash of Valkey 9.2";
  if (dialect == Dialect::kValkey && number == 242) return "a command within a dump of Valkey 9.2";
  return "the unknown type " + std::to_string(number) +
         (dialect == Dialect::kRedis ? " of Redis" : " of Valkey");
}

std::string ModuleName(uint64_t number) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr int kNameLetters = 9;
  constexpr int kVersionBits = 10;
  constexpr int kLetterBits = 6;
  std::string name(kNameLetters, ' ');
  number >>= kVersionBits;
  for (int i = kNameLetters; i-- > 0; number >>= kLetterBits) {
    name[static_cast<size_t>(i)] = kLetters[number & 0x3f];
  }
  return name;
}

}  // namespace rdb
