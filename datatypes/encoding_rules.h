// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/settings.h"

// What OBJECT ENCODING says. How Redis would store a value is a function of what is in it and of
// the
// *-max-* settings; how we store it is none of the client's business. The reasons why Redis keeps a
// value in its larger form although it has become small again are not followed. Strings have theirs
// in string_value.h, lists in listpack_size.h, hashes in hash.h.
namespace datatypes {

// Of what a collection holds, what the rules ask for.
struct EncodingFacts {
  uint64_t elements = 0;       // Members.
  uint64_t largest_bytes = 0;  // Of a member.
  bool all_integers = true;    // Sets: all members.
};

std::string_view SetEncoding(const Settings& settings, const EncodingFacts& facts);
std::string_view SortedSetEncoding(const Settings& settings, const EncodingFacts& facts);
std::string_view StreamEncoding();

}  // namespace datatypes
