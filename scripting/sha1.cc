// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/sha1.h"

#include <cstdint>

#include <openssl/evp.h>

#include "lsm/status.h"

namespace scripting {

Sha1Hex Sha1(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ENSURE(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  Sha1Hex hex;
  for (size_t i = 0; i < hex.size() / 2; ++i) {
    hex[2 * i] = kDigits[digest[i] >> 4];
    hex[2 * i + 1] = kDigits[digest[i] & 15];
  }
  return hex;
}

}  // namespace scripting
