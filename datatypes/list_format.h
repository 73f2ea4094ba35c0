// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "datatypes/order_label.h"

namespace datatypes {

// What a list's meta has; FORMAT.md has the bytes drawn.
struct ListExtras {
  OrderLabel first;
  OrderLabel last;
  uint64_t packed_bytes = 0;  // How large Redis' listpack of it would be.
};

class ListPayload {
 public:
  explicit ListPayload(const ListExtras& extras);
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 2 * (1 + OrderLabel::kMaxBytes) + sizeof(uint64_t)> bytes_;
  size_t size_ = 0;
};
// Nothing if these bytes are none.
std::optional<ListExtras> DecodeListPayload(std::string_view payload);

}  // namespace datatypes
