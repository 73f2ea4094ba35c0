// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace resp {

// A reply as a value, with everything that tells it from another: the RESP2 and RESP3 forms of
// null are different replies.
struct Reply {
  enum class Type {
    kSimpleString,  // +   text
    kError,         // -   text
    kInteger,       // :   integer
    kBulk,          // $   text; streamed ($?) ones too
    kNullBulk,      // $-1
    kArray,         // *   children; streamed (*?) ones too, here and below
    kNullArray,     // *-1
    kNull,          // _
    kBool,          // #   integer, 1 or 0
    kDouble,        // ,   text as sent, and number
    kBigNumber,     // (   text
    kBulkError,     // !   text
    kVerbatim,      // =   text, format
    kMap,           // %   children: key, value, key, value …
    kSet,           // ~   children
    kPush,          // >   children
  };

  Type type = Type::kNull;
  std::string text;
  std::string format;  // Of a verbatim string: its three characters.
  int64_t integer = 0;
  double number = 0;
  std::vector<Reply> children;
  std::vector<Reply> attributes;  // What "|" put before this reply: key, value, key, value …

  bool is_error() const { return type == Type::kError || type == Type::kBulkError; }
  bool is_null() const {
    return type == Type::kNull || type == Type::kNullBulk || type == Type::kNullArray;
  }
};

// How Describe() orders what RESP says has no order.
enum class MemberOrder {
  kAsSent,
  kSorted,  // Members of sets, and pairs of maps by their keys.
};

// A reply in one line of printable ASCII; replies that differ have different texts:
//   +OK   -ERR text   :12   "bulk\r\n\x00"   nil$   nil*   nil_   #t   ,1.5   (123   !"ERR text"
//   =txt:"text"   [a, b]   {k: v, k: v}   ~[a, b]   >[a, b]   |{k: v} reply
std::string Describe(const Reply& reply, MemberOrder order = MemberOrder::kAsSent);

}  // namespace resp
