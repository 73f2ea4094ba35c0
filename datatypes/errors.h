// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datatypes/command_spec.h"
#include "datatypes/result.h"

// Every error text that clients see, once, letter for letter as Redis 7.2 has it. Handlers say
// `return Fail(kSyntaxError);` or `return WrongArity("hset");`.
namespace datatypes {

// What a handler returns to fail.
using Failure = tl::unexpected<Error>;
inline Failure Fail(std::string_view text) {
  return Failure(Error(text));
}

// General.
inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kOutOfRange = "ERR value is out of range";
inline constexpr std::string_view kMustBePositive = "ERR value is out of range, must be positive";
inline constexpr std::string_view kNotAFloat = "ERR value is not a valid float";
inline constexpr std::string_view kIndexOutOfRange = "ERR index out of range";
inline constexpr std::string_view kSameObject = "ERR source and destination objects are the same";
inline constexpr std::string_view kInvalidCursor = "ERR invalid cursor";
inline constexpr std::string_view kDbOutOfRange = "ERR DB index is out of range";
inline constexpr std::string_view kInvalidFirstDb = "ERR invalid first DB index";
inline constexpr std::string_view kInvalidSecondDb = "ERR invalid second DB index";
inline constexpr std::string_view kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
inline constexpr std::string_view kTimeoutNotAFloat = "ERR timeout is not a float or out of range";
inline constexpr std::string_view kTimeoutNegative = "ERR timeout is negative";
inline constexpr std::string_view kTimeoutOutOfRange = "ERR timeout is out of range";
inline constexpr std::string_view kOom = "OOM command not allowed when used memory > 'maxmemory'.";

// Expiry.
inline constexpr std::string_view kExpireNxIncompatible =
    "ERR NX and XX, GT or LT options at the same time are not compatible";
inline constexpr std::string_view kExpireGtLtIncompatible =
    "ERR GT and LT options at the same time are not compatible";

// RESTORE.
inline constexpr std::string_view kBusyKey = "BUSYKEY Target key name already exists.";
inline constexpr std::string_view kBadDumpFooter = "ERR DUMP payload version or checksum are wrong";
inline constexpr std::string_view kBadDumpFormat = "ERR Bad data format";
inline constexpr std::string_view kInvalidTtl = "ERR Invalid TTL value, must be >= 0";
inline constexpr std::string_view kInvalidIdleTime = "ERR Invalid IDLETIME value, must be >= 0";
inline constexpr std::string_view kInvalidFreq = "ERR Invalid FREQ value, must be >= 0 and <= 255";

// OBJECT.
inline constexpr std::string_view kNoLfuPolicy =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust.";
inline constexpr std::string_view kLfuPolicy =
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust.";

// Strings.
inline constexpr std::string_view kStringTooLong =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
inline constexpr std::string_view kOffsetOutOfRange = "ERR offset is out of range";
inline constexpr std::string_view kIncrementOverflows = "ERR increment or decrement would overflow";
inline constexpr std::string_view kDecrementOverflows = "ERR decrement would overflow";
inline constexpr std::string_view kIncrementNotFinite =
    "ERR increment would produce NaN or Infinity";
inline constexpr std::string_view kLcsNotStrings =
    "ERR The specified keys must contain string values";
inline constexpr std::string_view kLcsBothLenAndIdx =
    "ERR If you want both the length and indexes, please just use IDX.";
inline constexpr std::string_view kLcsTooLong = "ERR String too long for LCS";
inline constexpr std::string_view kLcsNeedsTooMuchMemory =
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";

// Lists.
inline constexpr std::string_view kLposRankIsZero =
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
    "negative to start from the end of the list";
inline constexpr std::string_view kLposCountNegative = "ERR COUNT can't be negative";
inline constexpr std::string_view kLposMaxLenNegative = "ERR MAXLEN can't be negative";

// Bitmaps.
inline constexpr std::string_view kBitNotAnInteger = "ERR bit is not an integer or out of range";
inline constexpr std::string_view kBitOffsetOutOfRange =
    "ERR bit offset is not an integer or out of range";
inline constexpr std::string_view kBitArgumentNotABit = "ERR The bit argument must be 1 or 0.";
inline constexpr std::string_view kBitOpNotNeedsOneSource =
    "ERR BITOP NOT must be called with a single source key.";
inline constexpr std::string_view kBitfieldInvalidType =
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 "
    "is.";
inline constexpr std::string_view kBitfieldInvalidOverflow = "ERR Invalid OVERFLOW type specified";
inline constexpr std::string_view kBitfieldRoOnlyGet =
    "ERR BITFIELD_RO only supports the GET subcommand";

// Walks.
inline constexpr std::string_view kNoValuesOnlyInHScan =
    "ERR NOVALUES option can only be used in HSCAN";

// Sorted sets.
inline constexpr std::string_view kZAddNxAndXx =
    "ERR XX and NX options at the same time are not compatible";
inline constexpr std::string_view kZAddGtLtNx =
    "ERR GT, LT, and/or NX options at the same time are not compatible";
inline constexpr std::string_view kZAddIncrOnePair =
    "ERR INCR option supports a single increment-element pair";
inline constexpr std::string_view kScoreNotANumber = "ERR resulting score is not a number (NaN)";
inline constexpr std::string_view kBoundNotAFloat = "ERR min or max is not a float";
inline constexpr std::string_view kBoundNotAString = "ERR min or max not valid string range item";
inline constexpr std::string_view kLimitNeedsByScoreOrLex =
    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
inline constexpr std::string_view kWithScoresByLex =
    "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
inline constexpr std::string_view kWeightNotAFloat = "ERR weight value is not a float";
inline constexpr std::string_view kZSetLimitNegative = "ERR LIMIT can't be negative";
inline constexpr std::string_view kZSetNumKeysNotPositive = "ERR numkeys should be greater than 0";
inline constexpr std::string_view kZSetCountNotPositive = "ERR count should be greater than 0";

// Geo.
inline constexpr std::string_view kUnknownUnit =
    "ERR unsupported unit provided. please use M, KM, FT, MI";
inline constexpr std::string_view kGeoNoSuchMember = "ERR could not decode requested zset member";
inline constexpr std::string_view kGeoRadiusNotNumeric = "ERR need numeric radius";
inline constexpr std::string_view kGeoRadiusNegative = "ERR radius cannot be negative";
inline constexpr std::string_view kGeoWidthNotNumeric = "ERR need numeric width";
inline constexpr std::string_view kGeoHeightNotNumeric = "ERR need numeric height";
inline constexpr std::string_view kGeoBoxNegative = "ERR height or width cannot be negative";
inline constexpr std::string_view kGeoCountNotPositive = "ERR COUNT must be > 0";
inline constexpr std::string_view kGeoAnyNeedsCount =
    "ERR the ANY argument requires COUNT argument";
inline constexpr std::string_view kGeoSearchStoreWith =
    "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options";
inline constexpr std::string_view kGeoRadiusStoreWith =
    "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD "
    "options";

// HyperLogLogs.
inline constexpr std::string_view kNotAHyperLogLog =
    "WRONGTYPE Key is not a valid HyperLogLog string value.";
inline constexpr std::string_view kDamagedHyperLogLog = "INVALIDOBJ Corrupted HLL object detected";
inline constexpr std::string_view kPfDebugNoKey = "ERR The specified key does not exist";
inline constexpr std::string_view kPfDebugNotSparse = "ERR HLL encoding is not sparse";

// COMMAND GETKEYS.
inline constexpr std::string_view kGetKeysInvalidCommand = "ERR Invalid command specified";
inline constexpr std::string_view kGetKeysNoKeys = "ERR The command has no key arguments";
inline constexpr std::string_view kGetKeysArity =
    "ERR Invalid number of arguments specified for command";
inline constexpr std::string_view kGetKeysArguments = "ERR Invalid arguments specified for command";

// `full_name` is in lower case; of a subcommand "config|get".
Failure WrongArity(std::string_view full_name);
// A place that no map shows.
Failure OffTheMap(double longitude, double latitude);
// GEOSEARCH and GEOSEARCHSTORE, `command` being the name as sent.
Failure GeoNeedsOneOf(std::string_view options, std::string_view command);
// ZUNION and its kin, without a key to read.
Failure NeedsInputKey(std::string_view full_name);
// The expiry of SET, EXPIRE and the like overflows or is not positive.
Failure InvalidExpireTime(std::string_view full_name);
// An option that EXPIRE and its kin do not know.
Failure UnsupportedOption(std::string_view option);
// "ERR value is out of range, value must between 1 and 10".
Failure OutOfRange(int64_t min, int64_t max);

// Of requests that no command answers.
Error UnknownCommand(Args args);
// `args` has the container's name, as sent, and the unknown word.
Error UnknownSubcommand(Args args);
// A subcommand that a handler itself finds wrong.
Error SubcommandSyntax(Args args);
Error WriteRefused(std::string_view reason);

}  // namespace datatypes
