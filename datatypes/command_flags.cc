// SPDX-License-Identifier: BSD-3-Clause
// The names of flags and categories, and what follows from what. Orders and names are Redis', since
// COMMAND INFO shows them.
#include <cstdint>
#include <string_view>
#include <vector>

#include "datatypes/command_table.h"

namespace datatypes {
namespace {

struct BitName {
  uint32_t bit;
  std::string_view name;
};

// kTouchesArbitraryKeys and kPeeks are not shown.
constexpr BitName kFlagNames[] = {
    {kWrite, "write"},
    {kReadonly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubsub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kAsking, "asking"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kProtected, "protected"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr BitName kCategoryNames[] = {
    {kAclKeyspace, "keyspace"},
    {kAclRead, "read"},
    {kAclWrite, "write"},
    {kAclSet, "set"},
    {kAclSortedSet, "sortedset"},
    {kAclList, "list"},
    {kAclHash, "hash"},
    {kAclString, "string"},
    {kAclBitmap, "bitmap"},
    {kAclHyperLogLog, "hyperloglog"},
    {kAclGeo, "geo"},
    {kAclStream, "stream"},
    {kAclPubsub, "pubsub"},
    {kAclAdmin, "admin"},
    {kAclFast, "fast"},
    {kAclSlow, "slow"},
    {kAclBlocking, "blocking"},
    {kAclDangerous, "dangerous"},
    {kAclConnection, "connection"},
    {kAclTransaction, "transaction"},
    {kAclScripting, "scripting"},
};

constexpr BitName kKeyFlagNames[] = {
    {kRO, "RO"},
    {kRW, "RW"},
    {kOW, "OW"},
    {kRM, "RM"},
    {kAccess, "access"},
    {kUpdate, "update"},
    {kInsert, "insert"},
    {kDelete, "delete"},
    {kNotKey, "not_key"},
    {kIncomplete, "incomplete"},
    {kVariableFlags, "variable_flags"},
};

template <size_t N>
std::vector<std::string_view> Names(const BitName (&names)[N], uint32_t bits) {
  std::vector<std::string_view> result;
  for (const BitName& each : names) {
    if ((bits & each.bit) != 0) result.push_back(each.name);
  }
  return result;
}

}  // namespace

std::vector<std::string_view> FlagNames(uint32_t flags) {
  return Names(kFlagNames, flags);
}

std::vector<std::string_view> AclCategoryNames(uint32_t categories) {
  return Names(kCategoryNames, categories);
}

std::vector<std::string_view> KeyFlagNames(uint16_t flags) {
  return Names(kKeyFlagNames, flags);
}

uint32_t EffectiveAcl(const CommandSpec& spec) {
  uint32_t acl = spec.acl;
  if ((spec.flags & kWrite) != 0) acl |= kAclWrite;
  // Redis keeps EVAL_RO and its kin out of @read.
  if ((spec.flags & kReadonly) != 0 && (acl & kAclScripting) == 0) acl |= kAclRead;
  if ((spec.flags & kAdmin) != 0) acl |= kAclAdmin | kAclDangerous;
  if ((spec.flags & kPubsub) != 0) acl |= kAclPubsub;
  if ((spec.flags & kFast) != 0) acl |= kAclFast;
  if ((spec.flags & kBlocking) != 0) acl |= kAclBlocking;
  if ((acl & kAclFast) == 0) acl |= kAclSlow;
  return acl;
}

}  // namespace datatypes
