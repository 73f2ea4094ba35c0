// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstddef>
#include <string_view>

#include "resp/number_format.h"
#include "resp/reply.h"

namespace resp {
namespace {

// `quote` is escaped if it is not 0.
void AppendEscaped(std::string_view text, char quote, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || (quote != 0 && c == quote)) {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\r') {
      out->append("\\r");
    } else if (c == '\n') {
      out->append("\\n");
    } else if (byte < 0x20 || byte >= 0x7f) {
      out->append("\\x");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    } else {
      out->push_back(c);
    }
  }
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  AppendEscaped(text, '"', &out);
  out.push_back('"');
  return out;
}

std::string Line(char type, std::string_view text) {
  std::string out(1, type);
  AppendEscaped(text, 0, &out);
  return out;
}

std::string Join(const std::vector<std::string>& parts, std::string_view open,
                 std::string_view close) {
  std::string out(open);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out.append(", ");
    out.append(parts[i]);
  }
  out.append(close);
  return out;
}

std::string Members(const std::vector<Reply>& children, std::string_view open, bool sort,
                    MemberOrder order) {
  std::vector<std::string> parts;
  parts.reserve(children.size());
  for (const Reply& child : children) parts.push_back(Describe(child, order));
  if (sort) std::sort(parts.begin(), parts.end());
  return Join(parts, open, "]");
}

std::string Pairs(const std::vector<Reply>& children, MemberOrder order) {
  std::vector<std::string> parts;
  parts.reserve(children.size() / 2);
  for (size_t i = 0; i + 1 < children.size(); i += 2) {
    parts.push_back(Describe(children[i], order) + ": " + Describe(children[i + 1], order));
  }
  if (order == MemberOrder::kSorted) std::sort(parts.begin(), parts.end());
  return Join(parts, "{", "}");
}

std::string DescribeValue(const Reply& reply, MemberOrder order) {
  switch (reply.type) {
    case Reply::Type::kSimpleString:
      return Line('+', reply.text);
    case Reply::Type::kError:
      return Line('-', reply.text);
    case Reply::Type::kInteger:
      return ":" + Int64ToString(reply.integer);
    case Reply::Type::kBulk:
      return Quoted(reply.text);
    case Reply::Type::kNullBulk:
      return "nil$";
    case Reply::Type::kNullArray:
      return "nil*";
    case Reply::Type::kNull:
      return "nil_";
    case Reply::Type::kBool:
      return reply.integer != 0 ? "#t" : "#f";
    case Reply::Type::kDouble:
      return Line(',', reply.text);
    case Reply::Type::kBigNumber:
      return Line('(', reply.text);
    case Reply::Type::kBulkError:
      return "!" + Quoted(reply.text);
    case Reply::Type::kVerbatim:
      return Line('=', reply.format) + ":" + Quoted(reply.text);
    case Reply::Type::kArray:
      return Members(reply.children, "[", false, order);
    case Reply::Type::kMap:
      return Pairs(reply.children, order);
    case Reply::Type::kPush:
      return Members(reply.children, ">[", false, order);
    case Reply::Type::kSet:
      return Members(reply.children, "~[", order == MemberOrder::kSorted, order);
  }
  return {};
}

}  // namespace

std::string Describe(const Reply& reply, MemberOrder order) {
  if (reply.attributes.empty()) return DescribeValue(reply, order);
  return "|" + Pairs(reply.attributes, order) + " " + DescribeValue(reply, order);
}

}  // namespace resp
