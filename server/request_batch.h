// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "resp/request_parser.h"

namespace server {

// Requests of a pipeline that were parsed before the first of them runs, so that the memory their
// keys lie in can be asked for all at once (Store::Hint): otherwise each waits for its own cache
// misses, which then is half of what a GET costs. One for all connections, used again and again.
class RequestBatch {
 public:
  static constexpr size_t kMax = 32;

  // Parses what `input` holds, at most `max` <= kMax requests. The arguments point into `input`.
  void Parse(resp::RequestParser& parser, std::string_view input,
             const resp::RequestParser::Limits& limits, size_t max);

  size_t size() const { return count_; }
  std::span<const std::string_view> args(size_t i) const { return args_[i]; }
  // Where in the input the request ends.
  size_t end(size_t i) const { return ends_[i]; }

  // What came after the last request: kCommand if there may be more.
  resp::RequestParser::Status status() const { return status_; }
  // All of the input that needs not be looked at again once the requests have run.
  size_t consumed() const { return consumed_; }

  // What are likely keys: nobody is hurt if one is not.
  std::span<const std::string_view> keys() const { return {keys_.data(), key_count_}; }

 private:
  // Arguments of this many are rare: their vector is not kept.
  static constexpr size_t kKeptArgs = 1024;

  std::array<resp::Args, kMax> args_;
  std::array<size_t, kMax> ends_{};
  std::array<std::string_view, kMax> keys_{};
  size_t count_ = 0;
  size_t key_count_ = 0;
  size_t consumed_ = 0;
  resp::RequestParser::Status status_ = resp::RequestParser::Status::kNeedMore;
};

}  // namespace server
