// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/to_replicas.h"

namespace datatypes {

std::string ToReplicas::Encode(Args args) {
  size_t size = 16;
  for (const std::string_view arg : args) size += arg.size() + 16;
  std::string bytes;
  bytes.reserve(size);
  bytes += '*';
  bytes += std::to_string(args.size());
  bytes += "\r\n";
  for (const std::string_view arg : args) {
    bytes += '$';
    bytes += std::to_string(arg.size());
    bytes += "\r\n";
    bytes += arg;
    bytes += "\r\n";
  }
  return bytes;
}

void ToReplicas::Send(std::string_view what, Args args) const {
  notifier_.Send(kNotifyReplicas, what, db_, args.empty() ? std::string() : Encode(args));
}

}  // namespace datatypes
