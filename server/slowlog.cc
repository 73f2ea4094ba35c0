// SPDX-License-Identifier: BSD-3-Clause
#include "server/slowlog.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace server {
namespace {

std::string TrimArg(std::string_view arg) {
  if (arg.size() <= SlowLog::kMaxArgBytes) return std::string(arg);
  return fmt::format("{}... ({} more bytes)", arg.substr(0, SlowLog::kMaxArgBytes),
                     arg.size() - SlowLog::kMaxArgBytes);
}

std::vector<std::string> TrimArgs(datatypes::Args args) {
  std::vector<std::string> trimmed;
  const bool too_many = args.size() > SlowLog::kMaxArgs;
  // The remark takes the last place.
  const size_t shown = too_many ? SlowLog::kMaxArgs - 1 : args.size();
  trimmed.reserve(std::min(args.size(), SlowLog::kMaxArgs));
  for (const std::string_view arg : args.first(shown)) trimmed.push_back(TrimArg(arg));
  if (too_many) trimmed.push_back(fmt::format("... ({} more arguments)", args.size() - shown));
  return trimmed;
}

}  // namespace

void SlowLog::Add(int64_t now_ms, int64_t duration_us, datatypes::Args args, std::string_view peer,
                  std::string_view client_name, size_t max_len) {
  entries_.push_front(Entry{.id = next_id_++,
                            .time_s = now_ms / 1000,
                            .duration_us = duration_us,
                            .args = TrimArgs(args),
                            .peer = std::string(peer),
                            .client_name = std::string(client_name)});
  while (entries_.size() > max_len) entries_.pop_back();
}

}  // namespace server
