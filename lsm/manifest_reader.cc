// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/manifest_reader.h"

#include <optional>
#include <string>

#include "lsm/crc32c.h"

namespace lsm {
namespace {

constexpr size_t kBlock = 32768;
constexpr size_t kHeader = 7;
enum RecordType : uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

uint64_t Fixed(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

bool TakeVarint(std::string_view* in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in->front());
    in->remove_prefix(1);
    *value |= uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

bool SkipSized(std::string_view* in) {
  uint64_t size = 0;
  if (!TakeVarint(in, &size) || size > in->size()) return false;
  in->remove_prefix(size);
  return true;
}

// One version edit. False: it is damaged.
bool Apply(std::string_view edit, std::set<uint64_t>* tables) {
  enum Field : uint64_t {
    kComparator = 1,
    kLogNumber = 2,
    kNextFile = 3,
    kLastSequence = 4,
    kCompactPointer = 5,
    kDeletedFile = 6,
    kNewFile = 7,
    kPrevLogNumber = 9
  };
  while (!edit.empty()) {
    uint64_t field = 0;
    uint64_t level = 0;
    uint64_t number = 0;
    if (!TakeVarint(&edit, &field)) return false;
    switch (field) {
      case kComparator:
        if (!SkipSized(&edit)) return false;
        break;
      case kLogNumber:
      case kNextFile:
      case kLastSequence:
      case kPrevLogNumber:
        if (!TakeVarint(&edit, &number)) return false;
        break;
      case kCompactPointer:
        if (!TakeVarint(&edit, &level) || !SkipSized(&edit)) return false;
        break;
      case kDeletedFile:
        if (!TakeVarint(&edit, &level) || !TakeVarint(&edit, &number)) return false;
        tables->erase(number);
        break;
      case kNewFile:
        if (!TakeVarint(&edit, &level) || !TakeVarint(&edit, &number) ||
            !TakeVarint(&edit, &level) || !SkipSized(&edit) || !SkipSized(&edit)) {
          return false;
        }
        tables->insert(number);
        break;
      default:
        return false;
    }
  }
  return true;
}

}  // namespace

Result<ManifestTables> ReadManifest(std::string_view bytes) {
  ManifestTables out;
  std::string record;
  bool any = false;
  for (size_t at = 0; at + kHeader <= bytes.size();) {
    const size_t left_in_block = kBlock - at % kBlock;
    if (left_in_block < kHeader) {
      at += left_in_block;
      continue;
    }
    const uint64_t size = Fixed(bytes.substr(at + 4, 2));
    const auto type = static_cast<uint8_t>(bytes[at + 6]);
    if (kHeader + size > left_in_block) return Status::Corruption("MANIFEST: a damaged record");
    if (at + kHeader + size > bytes.size()) break;  // Still being written.
    const uint64_t crc = MaskCrc32c(Crc32c(bytes.substr(at + 6, 1 + size)));
    if (Fixed(bytes.substr(at, 4)) != crc || type < kFull || type > kLast) {
      return Status::Corruption("MANIFEST: a damaged record");
    }
    if (type == kFull || type == kFirst) record.clear();
    record.append(bytes.substr(at + kHeader, size));
    at += kHeader + size;
    if (type != kFull && type != kLast) continue;
    if (!Apply(record, &out.tables)) return Status::Corruption("MANIFEST: a damaged version edit");
    out.bytes = at;
    any = true;
  }
  if (!any) return Status::Corruption("MANIFEST: no record");
  return out;
}

}  // namespace lsm
