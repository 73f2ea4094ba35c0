// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/parked_command.h"

namespace datatypes {

void CopiedArgs::Assign(Args args) {
  size_t total = 0;
  for (std::string_view arg : args) total += arg.size();
  bytes_.clear();
  bytes_.reserve(total);
  for (std::string_view arg : args) bytes_ += arg;
  views_.clear();
  views_.reserve(args.size());
  const char* at = bytes_.data();
  for (std::string_view arg : args) {
    views_.emplace_back(at, arg.size());
    at += arg.size();
  }
}

void Suspension::OnLoaded() {
  if (parked_ != nullptr) parked_->lot.OnParkedReady(*parked_);
}

}  // namespace datatypes
