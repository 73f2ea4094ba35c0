// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include "datatypes/errors.h"

// Error texts of streams alone, letter for letter as Redis 7.2 has them; what others share with
// them is in errors.h.
namespace datatypes {

inline constexpr std::string_view kInvalidStreamId =
    "ERR Invalid stream ID specified as stream command argument";
inline constexpr std::string_view kInvalidRangeStart = "ERR invalid start ID for the interval";
inline constexpr std::string_view kInvalidRangeEnd = "ERR invalid end ID for the interval";
inline constexpr std::string_view kStreamIdIsZero =
    "ERR The ID specified in XADD must be greater than 0-0";
inline constexpr std::string_view kStreamIdNotGreater =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
inline constexpr std::string_view kStreamExhausted =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
inline constexpr std::string_view kStreamEntryTooLarge = "ERR Elements are too large to be stored";
inline constexpr std::string_view kTrimMaxLenAndMinId =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
inline constexpr std::string_view kTrimMaxLenNegative = "ERR The MAXLEN argument must be >= 0.";
inline constexpr std::string_view kTrimLimitNegative = "ERR The LIMIT argument must be >= 0.";
inline constexpr std::string_view kTrimLimitWithoutStrategy =
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
inline constexpr std::string_view kTrimLimitNotApproximate =
    "ERR syntax error, LIMIT cannot be used without the special ~ option";
inline constexpr std::string_view kXTrimWithoutStrategy =
    "ERR syntax error, XTRIM must be called with at least one trimming strategy";
inline constexpr std::string_view kReadGroupInXRead =
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.";
inline constexpr std::string_view kReadNoAckInXRead =
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
inline constexpr std::string_view kReadGroupMissing = "ERR Missing GROUP option for XREADGROUP";
inline constexpr std::string_view kReadNewInXRead =
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> "
    "<consumer> option.";
inline constexpr std::string_view kReadLastInXReadGroup =
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of "
    "this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would "
    "just return an empty result set.";
inline constexpr std::string_view kTimeoutNotAnInteger =
    "ERR timeout is not an integer or out of range";
inline constexpr std::string_view kEntriesAddedNegative = "ERR entries_added must be positive";
inline constexpr std::string_view kSetIdBelowGivenDeleted =
    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
inline constexpr std::string_view kSetIdBelowDeleted =
    "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
inline constexpr std::string_view kSetIdBelowTop =
    "ERR The ID specified in XSETID is smaller than the target stream top item";
inline constexpr std::string_view kSetIdAddedBelowLength =
    "ERR The entries_added specified in XSETID is smaller than the target stream length";

// Consumer groups.
inline constexpr std::string_view kXGroupNeedsKey =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
    "the MKSTREAM option to create an empty stream automatically.";
inline constexpr std::string_view kGroupExists = "BUSYGROUP Consumer Group name already exists";
inline constexpr std::string_view kEntriesReadNegative =
    "ERR value for ENTRIESREAD must be positive or -1";
inline constexpr std::string_view kClaimMinIdle = "ERR Invalid min-idle-time argument for XCLAIM";
inline constexpr std::string_view kClaimIdle = "ERR Invalid IDLE option argument for XCLAIM";
inline constexpr std::string_view kClaimTime = "ERR Invalid TIME option argument for XCLAIM";
inline constexpr std::string_view kClaimRetryCount =
    "ERR Invalid RETRYCOUNT option argument for XCLAIM";
inline constexpr std::string_view kAutoClaimMinIdle =
    "ERR Invalid min-idle-time argument for XAUTOCLAIM";
inline constexpr std::string_view kAutoClaimCount = "ERR COUNT must be > 0";

// XREAD or XREADGROUP with as many keys as IDs, but for one.
Failure UnbalancedStreams(std::string_view full_name, char symbol);
// XGROUP and XINFO: the key is there, the group is not.
Failure NoSuchGroup(std::string_view group, std::string_view key);
// XPENDING, XCLAIM, XAUTOCLAIM.
Failure NoSuchKeyOrGroup(std::string_view key, std::string_view group);
// XREADGROUP.
Failure NoSuchGroupToRead(std::string_view key, std::string_view group);
Failure UnknownClaimOption(std::string_view option);

}  // namespace datatypes
