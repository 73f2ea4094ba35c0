// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/stream_errors.h"

#include <fmt/format.h>

namespace datatypes {
namespace {

// Names end where C strings do.
std::string_view Name(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

}  // namespace

Failure UnbalancedStreams(std::string_view full_name, char symbol) {
  return Failure(Error(fmt::format(
      "ERR Unbalanced '{}' list of streams: for each stream key an ID or '{}' must be specified.",
      full_name, symbol)));
}

Failure NoSuchGroup(std::string_view group, std::string_view key) {
  return Failure(Error(fmt::format("NOGROUP No such consumer group '{}' for key name '{}'",
                                   Name(group), Name(key))));
}

Failure NoSuchKeyOrGroup(std::string_view key, std::string_view group) {
  return Failure(Error(
      fmt::format("NOGROUP No such key '{}' or consumer group '{}'", Name(key), Name(group))));
}

Failure NoSuchGroupToRead(std::string_view key, std::string_view group) {
  return Failure(Error(
      fmt::format("NOGROUP No such key '{}' or consumer group '{}' in XREADGROUP with GROUP option",
                  Name(key), Name(group))));
}

Failure UnknownClaimOption(std::string_view option) {
  return Failure(Error(fmt::format("ERR Unrecognized XCLAIM option '{}'", Name(option))));
}

}  // namespace datatypes
