// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>

namespace server {

// So many random hexadecimal digits, from the operating system: a name that no other server has.
std::string RandomHex(size_t digits);

}  // namespace server
