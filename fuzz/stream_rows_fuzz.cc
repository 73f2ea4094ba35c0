// SPDX-License-Identifier: BSD-3-Clause
//
// Every decoder of a stream's rows over the same bytes: none may crash, and what one takes for a
// row must be the same row when it is written again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/stream_format.h"
#include "datatypes/stream_group_format.h"
#include "datatypes/stream_id.h"

namespace {

using namespace datatypes;

void Require(bool condition) {
  if (!condition) std::abort();
}

void Rows(std::string_view bytes) {
  for (const StreamTag tag : {StreamTag::kRun, StreamTag::kEntry}) {
    if (const auto id = DecodeStreamKey(tag, bytes)) {
      Require(StreamKey(tag, *id).view() == bytes);
    }
  }
  if (const auto run = DecodeStreamRun({}, bytes)) Require(EncodeStreamRun(*run) == bytes);
  if (const auto head = DecodeStreamHead(bytes)) {
    Require(DecodeStreamHead(EncodeStreamHead(*head)) == head);
  }
  if (auto fields = StreamFields::Decode(bytes)) {
    while (fields->size() > 0) Require(fields->Take().size() <= bytes.size());
  }
}

void GroupRows(std::string_view bytes) {
  if (const auto group = DecodeGroup(bytes)) {
    Require(DecodeGroup(EncodeGroup(*group)) == group);
  }
  if (const auto consumer = DecodeConsumer(bytes)) Require(EncodeConsumer(*consumer) == bytes);
  if (const auto number = DecodeConsumerNumber(bytes)) {
    Require(EncodeConsumerNumber(*number) == bytes);
  }
  if (const auto pending = DecodePending(bytes)) Require(EncodePending(*pending) == bytes);
  if (const auto id = IdAfter("P", bytes)) Require(WithId("P", *id) == bytes);
}

void Ids(std::string_view bytes) {
  if (const auto id = ParseStreamId(bytes)) {
    char text[kMaxStreamIdChars];
    const std::string_view again(text, static_cast<size_t>(FormatStreamId(text, *id) - text));
    Require(ParseStreamId(again).value() == *id);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Rows(bytes);
  GroupRows(bytes);
  Ids(bytes);
  return 0;
}
