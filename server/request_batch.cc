// SPDX-License-Identifier: BSD-3-Clause
#include "server/request_batch.h"

#include <cstdint>

namespace server {

void RequestBatch::Parse(resp::RequestParser& parser, std::string_view input,
                         const resp::RequestParser::Limits& limits, size_t max) {
  count_ = key_count_ = consumed_ = 0;
  do {
    const std::string_view rest = input.substr(consumed_);
    resp::Args& args = args_[count_];
    if (args.capacity() > kKeptArgs) args = resp::Args();
    size_t consumed = 0;
    status_ = parser.Next(rest, limits, &consumed, &args);
    consumed_ += consumed;
    if (status_ != resp::RequestParser::Status::kCommand) return;
    ends_[count_++] = consumed_;
    if (args.size() > 1) keys_[key_count_++] = args[1];
    // The words of an inline command may lie in the parser, until its next call.
    const auto first = reinterpret_cast<uintptr_t>(args[0].data());
    if (first - reinterpret_cast<uintptr_t>(input.data()) > input.size()) return;
  } while (count_ < max && consumed_ < input.size());
}

}  // namespace server
