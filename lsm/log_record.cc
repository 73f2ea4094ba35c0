// SPDX-License-Identifier: BSD-3-Clause
#include "lsm/log_record.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace lsm {
namespace {

static_assert(std::endian::native == std::endian::little, "the log is little-endian");

constexpr std::string_view kMagic = "TrclWAL\n";
constexpr std::string_view kSegmentPrefix = "wal-";
constexpr std::string_view kSparePrefix = "spare-";
constexpr size_t kNumberDigits = 10;
constexpr int kCheckShift = 40;  // The payload's size is below, the header's check above.
constexpr size_t kReadSize = 1 << 20;

template <typename T>
T Load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <typename T>
void Store(char* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

std::string NumberedName(std::string_view prefix, uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return std::string(prefix) + digits;
}

std::optional<uint64_t> ParseNumberedName(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix) || name.size() < prefix.size() + kNumberDigits) return {};
  uint64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, number);
  if (error != std::errc() || stop != end || number == 0) return {};
  return number;
}

uint64_t Seed(uint64_t segment_id, uint64_t offset) {
  return segment_id ^ (offset * 0x9E3779B97F4A7C15);
}

// 24 bits over sequence numbers and size, so that a search through a damaged segment need not
// take the checksum of everything that looks like a header.
uint64_t HeaderCheck(const char* header, uint64_t payload_size, uint64_t seed) {
  std::array<char, 24> bytes{};
  std::memcpy(bytes.data(), header + 8, 16);
  Store<uint64_t>(bytes.data() + 16, payload_size);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed) >> kCheckShift;
}

}  // namespace

std::string SegmentName(uint64_t number) {
  return NumberedName(kSegmentPrefix, number);
}
std::string SpareName(uint64_t number) {
  return NumberedName(kSparePrefix, number);
}

std::optional<uint64_t> ParseSegmentName(std::string_view name) {
  return ParseNumberedName(kSegmentPrefix, name);
}
std::optional<uint64_t> ParseSpareName(std::string_view name) {
  return ParseNumberedName(kSparePrefix, name);
}

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string bytes(kSegmentHeaderSize, '\0');
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  Store<uint32_t>(bytes.data() + 8, kLogFormatVersion);
  Store<uint32_t>(bytes.data() + 12, kSegmentHeaderSize);
  Store<uint64_t>(bytes.data() + 16, header.number);
  Store<uint64_t>(bytes.data() + 24, header.id);
  Store<uint64_t>(bytes.data() + 56, XXH3_64bits(bytes.data(), 56));
  return bytes;
}

Result<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderSize || !bytes.starts_with(kMagic)) {
    return Status::Corruption("not a commit log segment");
  }
  if (Load<uint64_t>(bytes.data() + 56) != XXH3_64bits(bytes.data(), 56)) {
    return Status::Corruption("the segment's header is damaged");
  }
  const auto version = Load<uint32_t>(bytes.data() + 8);
  if (version != kLogFormatVersion || Load<uint32_t>(bytes.data() + 12) != kSegmentHeaderSize) {
    return Status::NotSupported("commit log format version " + std::to_string(version) +
                                ", this build knows version " + std::to_string(kLogFormatVersion));
  }
  return SegmentHeader{.number = Load<uint64_t>(bytes.data() + 16),
                       .id = Load<uint64_t>(bytes.data() + 24)};
}

void SealRecord(std::span<char> record, uint64_t seq, uint64_t synced_seq, uint64_t segment_id,
                uint64_t offset) {
  const uint64_t payload_size = record.size() - kRecordHeaderSize;
  const uint64_t seed = Seed(segment_id, offset);
  char* header = record.data();
  Store<uint64_t>(header + 8, seq);
  Store<uint64_t>(header + 16, synced_seq);
  const uint64_t check = HeaderCheck(header, payload_size, seed);
  Store<uint64_t>(header + 24, payload_size | check << kCheckShift);
  Store<uint64_t>(header, XXH3_64bits_withSeed(header + 8, record.size() - 8, seed));
}

std::string_view SegmentReader::View(uint64_t size) {
  size = std::min(size, limit_ - std::min(limit_, offset_));
  const uint64_t have =
      buffer_offset_ + buffer_.size() - std::min(offset_, buffer_offset_ + buffer_.size());
  if (have < size && status_.ok()) {
    if (have > 0) {
      buffer_.erase(0, static_cast<size_t>(offset_ - buffer_offset_));
    } else {
      buffer_.clear();
    }
    buffer_offset_ = offset_;
    const uint64_t want =
        std::min<uint64_t>(std::max<uint64_t>(size, have + kReadSize), limit_ - offset_);
    buffer_.resize(static_cast<size_t>(want));
    const auto read =
        file_.ReadAt(offset_ + have, static_cast<size_t>(want - have), buffer_.data() + have);
    if (!read.has_value()) status_ = read.error();
    const size_t got = read.value_or(0);
    buffer_.resize(static_cast<size_t>(have) + got);
    if (got < want - have) limit_ = offset_ + buffer_.size();  // The file ends here.
    size = std::min<uint64_t>(size, buffer_.size());
  }
  const uint64_t begin = offset_ - buffer_offset_;
  if (begin > buffer_.size()) return {};
  return std::string_view(buffer_).substr(static_cast<size_t>(begin), static_cast<size_t>(size));
}

bool SegmentReader::ParseHeader(std::string_view bytes, uint64_t offset,
                                RecordHeader* header) const {
  if (bytes.size() < kRecordHeaderSize) return false;
  header->seq = Load<uint64_t>(bytes.data() + 8);
  header->synced_seq = Load<uint64_t>(bytes.data() + 16);
  const auto packed = Load<uint64_t>(bytes.data() + 24);
  header->payload_size = packed & kMaxPayloadSize;
  if (header->seq == 0 || header->synced_seq > header->seq) return false;
  return packed >> kCheckShift ==
         HeaderCheck(bytes.data(), header->payload_size, Seed(id_, offset));
}

bool SegmentReader::ParseRecord(RecordHeader* header, std::string_view* payload) {
  torn_ = false;
  if (!ParseHeader(View(kRecordHeaderSize), offset_, header)) return false;
  torn_ = true;  // Until proven otherwise.
  const uint64_t size = kRecordHeaderSize + header->payload_size;
  if (size > limit_ - offset_) return false;
  const std::string_view record = View(size);
  if (record.size() < size) return false;
  const uint64_t sum =
      XXH3_64bits_withSeed(record.data() + 8, record.size() - 8, Seed(id_, offset_));
  if (sum != Load<uint64_t>(record.data())) return false;
  torn_ = false;
  *payload = record.substr(kRecordHeaderSize);
  return true;
}

bool SegmentReader::Next(RecordHeader* header, std::string_view* payload) {
  if (!ParseRecord(header, payload)) return false;
  offset_ += kRecordHeaderSize + payload->size();
  return true;
}

bool SegmentReader::FindNext(uint64_t min_seq, uint64_t max_seq) {
  while (true) {
    const std::string_view run = View(kReadSize);
    if (run.size() < kRecordHeaderSize) return false;
    const size_t last = run.size() - kRecordHeaderSize;
    RecordHeader header;
    size_t i = 0;
    for (; i <= last; ++i) {
      const auto seq = Load<uint64_t>(run.data() + i + 8);
      if (seq < min_seq || seq > max_seq) continue;
      if (ParseHeader(run.substr(i), offset_ + i, &header)) break;
    }
    offset_ += i;
    if (i > last) continue;  // The next run begins with this one's last bytes.
    std::string_view payload;
    if (ParseRecord(&header, &payload)) return true;
    ++offset_;
  }
}

}  // namespace lsm
