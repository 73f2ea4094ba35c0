// SPDX-License-Identifier: BSD-3-Clause
//
// The first byte chooses: a whole file, or a DUMP payload's value without its footer (which no
// fuzzer would guess), of a version. Neither may crash, hang, or take memory out of proportion.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rdb/reader.h"
#include "rdb/writer.h"

namespace {

// Gives the bytes out in pieces, so that values lie across their ends.
class PieceSource : public rdb::Source {
 public:
  PieceSource(std::string_view bytes, size_t step) : bytes_(bytes), step_(step) {}
  rdb::Result<std::string_view> Next() override {
    piece_.assign(bytes_.substr(0, step_));
    piece_.shrink_to_fit();
    bytes_.remove_prefix(piece_.size());
    return std::string_view(piece_);
  }

 private:
  std::string_view bytes_;
  const size_t step_;
  std::string piece_;
};

// Looks at every byte it is given.
class Touch : public rdb::EventHandler {
 public:
  bool OnAux(std::string_view name, std::string_view value) override {
    return See(name) && See(value);
  }
  bool OnFunction(std::string_view code) override { return See(code); }
  bool OnKey(const rdb::KeyHead& head) override { return See(head.key); }
  bool OnKeyEnd() override { return true; }
  bool OnStringPiece(std::string_view piece) override { return See(piece); }
  bool OnListElement(std::string_view element) override { return See(element); }
  bool OnSetMember(std::string_view member) override { return See(member); }
  bool OnSortedSetMember(std::string_view member, double) override { return See(member); }
  bool OnHashField(std::string_view field, std::string_view value,
                   std::optional<int64_t>) override {
    return See(field) && See(value);
  }
  bool OnStreamEntry(rdb::StreamId, std::span<const rdb::FieldValue> fields) override {
    for (const rdb::FieldValue& pair : fields) {
      See(pair.field);
      See(pair.value);
    }
    return true;
  }
  bool OnStreamMeta(const rdb::StreamMeta&) override { return true; }
  bool OnStreamGroup(const rdb::StreamGroup& group) override { return See(group.name); }
  bool OnStreamConsumer(const rdb::StreamConsumer& consumer) override { return See(consumer.name); }
  bool OnStreamPending(const rdb::StreamPending&) override { return true; }

 private:
  bool See(std::string_view bytes) {
    uint64_t sum = sum_;
    for (const char byte : bytes) sum += static_cast<uint8_t>(byte);
    sum_ = sum;
    return true;
  }
  volatile uint64_t sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const uint8_t choice = data[0];
  Touch touch;
  if (choice < 128) {
    PieceSource source(bytes.substr(1), choice + size_t{1});
    (void)rdb::Reader(source, touch).Read();
    return 0;
  }
  const int version = choice == 255 ? 80 : 13;
  std::string payload(bytes.substr(1));
  rdb::AppendDumpFooter(version, &payload);
  (void)rdb::ReadDumpPayload(payload, version, touch);
  return 0;
}
