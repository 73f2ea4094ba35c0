// SPDX-License-Identifier: BSD-3-Clause
#include "server/random_hex.h"

#include <random>

#include <fmt/format.h>

namespace server {

std::string RandomHex(size_t digits) {
  std::random_device random;
  std::string text;
  while (text.size() < digits) text += fmt::format("{:08x}", random());
  text.resize(digits);
  return text;
}

}  // namespace server
