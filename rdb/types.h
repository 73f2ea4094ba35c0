// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rdb {

// Redis' and Valkey's dumps have numbers in common and differ from 22 on: who wrote it decides what
// a number means, then the version.
enum class Dialect : uint8_t { kRedis, kValkey };

inline constexpr int kMaxRedisVersion = 13;
inline constexpr int kMinValkeyVersion = 80;
inline constexpr int kMaxValkeyVersion = 81;

// Versions that Writer can write, and that DUMP and SAVE may be told to.
inline constexpr int kMinWrittenVersion = 9;
inline constexpr int kMaxWrittenVersion = 12;
// Before it, a dump cannot say that a hash's field expires.
inline constexpr int kFirstVersionWithFieldExpiry = 12;

// Of a DUMP payload, which has no magic: from 80 on it is Valkey's. nullopt: none that is read.
std::optional<Dialect> DialectOfVersion(int version);

enum class ValueType : uint8_t { kString, kList, kSet, kSortedSet, kHash, kStream };
std::string_view ValueTypeName(ValueType type);

// How a value is laid out.
enum class Encoding : uint8_t {
  kString,
  kList,  // Each of these: a count, and then the elements, pairs or the like.
  kSet,
  kSortedSetText,  // Scores as text.
  kSortedSet,
  kHash,
  kHashZipmap,
  kListZiplist,
  kSetIntset,
  kSortedSetZiplist,
  kHashZiplist,
  kListQuicklist,  // Ziplists in a row.
  kStream1,
  kHashListpack,
  kSortedSetListpack,
  kListQuicklist2,  // Listpacks, and large elements by themselves.
  kStream2,
  kSetListpack,
  kStream3,
  kHashMetadataPreGa,  // Fields with expiry.
  kHashListpackExPreGa,
  kHashMetadata,
  kHashListpackEx,
  kStream4,
  kValkeyHash2,
};
ValueType TypeOf(Encoding encoding);

// What a type's number means; nullopt: nothing that is read here.
std::optional<Encoding> EncodingOf(Dialect dialect, uint8_t number);
// For people: "a value of a module", "type 28 of Redis" …
std::string NameOfUnread(Dialect dialect, uint8_t number);

// The numbers that the file level uses.
enum Opcode : uint8_t {
  kKeyMeta = 243,     // Redis 8.6.
  kSlotImport = 243,  // Valkey 9.0.
  kSlotInfo = 244,
  kFunction = 245,
  kFunctionPreGa = 246,
  kModuleAux = 247,
  kIdle = 248,
  kFreq = 249,
  kAux = 250,
  kResizeDb = 251,
  kExpireMs = 252,
  kExpireSeconds = 253,
  kSelectDb = 254,
  kEof = 255,
};

// The numbers of the forms that Writer uses: those with a count in front, which any version reads.
enum WrittenType : uint8_t {
  kWrittenString = 0,
  kWrittenList = 1,
  kWrittenSet = 2,
  kWrittenHash = 4,
  kWrittenSortedSet = 5,
  kWrittenStream1 = 15,
  kWrittenStream2 = 19,
  kWrittenStream3 = 21,
  kWrittenHashMetadata = 24,
};

// A module's name, which is in the upper 54 bits of its number.
std::string ModuleName(uint64_t number);

}  // namespace rdb
