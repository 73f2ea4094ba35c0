// SPDX-License-Identifier: BSD-3-Clause
//
// A server's bytes, whole and byte by byte, must be the same replies and the same error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply_parser.h"

namespace {

std::vector<std::string> Parse(std::string_view input, size_t piece) {
  resp::ReplyParser::Limits limits;
  limits.max_bulk_bytes = 1 << 20;
  limits.max_depth = 32;
  limits.max_line_bytes = 256;
  resp::ReplyParser parser(limits);
  std::vector<std::string> found;
  while (!input.empty()) {
    parser.Feed(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    resp::Reply reply;
    resp::ReplyParser::Status status{};
    while ((status = parser.Next(&reply)) == resp::ReplyParser::Status::kReply) {
      found.push_back(Describe(reply));
    }
    if (status == resp::ReplyParser::Status::kError) {
      found.push_back("error: " + std::string(parser.error()));
      return found;
    }
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(data, data + size);
  if (Parse(input, input.size()) == Parse(input, 1)) return 0;
  std::fprintf(stderr, "byte by byte is not the same as whole\n");
  std::abort();
}
