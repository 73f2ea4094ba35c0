// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.h"

#include <algorithm>

#include "resp/split_args.h"

namespace compat {

namespace {

void SortChildren(resp::Reply& reply) {
  for (resp::Reply& child : reply.children) SortChildren(child);
  std::sort(reply.children.begin(), reply.children.end(),
            [](const resp::Reply& a, const resp::Reply& b) {
              return resp::Describe(a) < resp::Describe(b);
            });
}

}  // namespace

std::string Show(const Command& command) {
  std::string out;
  for (const std::string& word : command) {
    if (!out.empty()) out += ' ';
    const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return c > ' ' && c < 0x7f && c != '"' && c != '\'';
    });
    out += plain ? word : resp::QuoteArg(word);
  }
  return out;
}

std::string DescribeExact(const resp::Reply& reply) {
  return resp::Describe(reply, resp::MemberOrder::kSorted);
}

std::string DescribeUnordered(const resp::Reply& reply) {
  resp::Reply sorted = reply;
  SortChildren(sorted);
  return resp::Describe(sorted);
}

std::string DescribeShape(const resp::Reply& reply) {
  if (reply.is_error()) return resp::Describe(reply);
  return "type " + std::to_string(static_cast<int>(reply.type)) + " children " +
         std::to_string(reply.children.size());
}

}  // namespace compat
