// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/list_format.h"

#include <algorithm>

#include "lsm/varint.h"

namespace datatypes {
namespace {

std::string_view TakePart(std::string_view* bytes) {
  if (bytes->empty()) return {};
  const size_t size = static_cast<uint8_t>(bytes->front());
  bytes->remove_prefix(1);
  const std::string_view part = bytes->substr(0, size);
  bytes->remove_prefix(part.size());
  return part;
}

}  // namespace

ListPayload::ListPayload(const ListExtras& extras) {  // NOLINT: as much of it as is used is filled.
  size_t number_bytes = 1;
  while (number_bytes < sizeof(uint64_t) && (extras.packed_bytes >> (8 * number_bytes)) != 0) {
    ++number_bytes;
  }
  char* end = bytes_.data();
  for (const OrderLabel* label : {&extras.first, &extras.last}) {
    *end++ = static_cast<char>(label->view().size());
    end = std::copy(label->view().begin(), label->view().end(), end);
  }
  lsm::EncodeBigEndian(end, extras.packed_bytes, number_bytes);
  size_ = static_cast<size_t>(end - bytes_.data()) + number_bytes;
}

std::optional<ListExtras> DecodeListPayload(std::string_view payload) {
  const std::optional<OrderLabel> first = OrderLabel::Decode(TakePart(&payload));
  const std::optional<OrderLabel> last = OrderLabel::Decode(TakePart(&payload));
  if (!first || !last || payload.empty() || payload.size() > sizeof(uint64_t)) return std::nullopt;
  return ListExtras{*first, *last, lsm::DecodeBigEndian(payload, payload.size())};
}

}  // namespace datatypes
