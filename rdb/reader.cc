// SPDX-License-Identifier: BSD-3-Clause
#include "rdb/reader.h"

#include <charconv>

#include "rdb/crc64.h"

namespace rdb {
namespace {

constexpr size_t kMagicBytes = 9;
constexpr int kFirstWithChecksum = 5;
constexpr int kFirstWithKeyMeta = 13;

// What values of modules are made of, so that they can be skipped.
enum ModuleOpcode : uint64_t {
  kModuleEof = 0,
  kModuleSint = 1,
  kModuleUint = 2,
  kModuleFloat = 3,
  kModuleDouble = 4,
  kModuleString = 5,
};

constexpr size_t kFooterBytes = 2 + sizeof(uint64_t);

}  // namespace

Result<void> Reader::Check(bool go_on) {
  if (!go_on) return Stopped(in_.offset());
  return {};
}

Result<void> Reader::Read() {
  RDB_RETURN_IF_ERROR(ReadMagic());
  RDB_RETURN_IF_ERROR(ReadEntries());
  return CheckFooter();
}

Result<void> Reader::ReadMagic() {
  RDB_ASSIGN_OR_RETURN(const std::string_view magic, in_.ReadBytes(kMagicBytes, &text_));
  const bool valkey = magic.starts_with("VALKEY");
  if (!valkey && !magic.starts_with("REDIS")) {
    return Damaged(0, "no RDB file: it begins neither with REDIS nor with VALKEY");
  }
  const std::string_view digits = magic.substr(valkey ? 6 : 5);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version_);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Damaged(5, "no RDB file: its version is no number");
  }
  dialect_ = valkey ? Dialect::kValkey : Dialect::kRedis;
  const bool known = valkey ? version_ >= kMinValkeyVersion && version_ <= kMaxValkeyVersion
                            : version_ >= 1 && version_ <= kMaxRedisVersion;
  if (!known) {
    return Unsupported(0, "RDB version " + std::to_string(version_) + " of " +
                              (valkey ? "Valkey" : "Redis") + " is not known here");
  }
  return Check(events_.OnVersion(dialect_, version_));
}

Result<void> Reader::ReadEntries() {
  for (;;) {
    const uint64_t start = in_.offset();
    RDB_ASSIGN_OR_RETURN(const uint8_t type, in_.ReadByte());
    if (type == kEof) return {};
    RDB_ASSIGN_OR_RETURN(const bool opcode, ReadOpcode(type));
    if (!opcode) RDB_RETURN_IF_ERROR(ReadKey(type, start));
  }
}

Result<bool> Reader::ReadOpcode(uint8_t opcode) {
  switch (opcode) {
    case kExpireSeconds: {
      RDB_ASSIGN_OR_RETURN(const uint32_t seconds, in_.ReadUint32());
      head_.expire_at_ms = int64_t{static_cast<int32_t>(seconds)} * 1000;
      return true;
    }
    case kExpireMs: {
      RDB_ASSIGN_OR_RETURN(const uint64_t ms, in_.ReadUint64());
      head_.expire_at_ms = static_cast<int64_t>(ms);
      return true;
    }
    case kFreq: {
      RDB_ASSIGN_OR_RETURN(const uint8_t freq, in_.ReadByte());
      head_.freq = freq;
      return true;
    }
    case kIdle: {
      RDB_ASSIGN_OR_RETURN(const uint64_t idle, in_.ReadLength());
      head_.idle_s = idle;
      return true;
    }
    case kSelectDb: {
      RDB_ASSIGN_OR_RETURN(db_, in_.ReadLength());
      return true;
    }
    case kResizeDb: {
      RDB_ASSIGN_OR_RETURN(const uint64_t keys, in_.ReadLength());
      RDB_ASSIGN_OR_RETURN(const uint64_t expiring, in_.ReadLength());
      RDB_RETURN_IF_ERROR(Check(events_.OnSizes(db_, keys, expiring)));
      return true;
    }
    case kSlotInfo:
      RDB_RETURN_IF_ERROR(SkipLengths(3));
      return true;
    case kAux:
      RDB_RETURN_IF_ERROR(ReadAux());
      return true;
    case kFunction:
    case kFunctionPreGa:
      RDB_RETURN_IF_ERROR(ReadFunction(opcode == kFunctionPreGa));
      return true;
    case kModuleAux:
      RDB_RETURN_IF_ERROR(ReadModuleAux());
      return true;
    case kKeyMeta:
      if (dialect_ == Dialect::kRedis && version_ < kFirstWithKeyMeta) return false;
      RDB_RETURN_IF_ERROR(ReadOwn243());
      return true;
    default:
      return false;
  }
}

Result<void> Reader::SkipLengths(uint64_t count) {
  for (; count > 0; --count) RDB_RETURN_IF_ERROR(in_.ReadLength());
  return {};
}

Result<void> Reader::ReadAux() {
  RDB_ASSIGN_OR_RETURN(const std::string_view name, in_.ReadString(&name_));
  if (name.data() != name_.data()) name_.assign(name);
  RDB_ASSIGN_OR_RETURN(const std::string_view value, in_.ReadString(&text_));
  return Check(events_.OnAux(name_, value));
}

// Before 7.0 was final, name and engine stood beside the code; now they are its first line.
Result<void> Reader::ReadFunction(bool pre_ga) {
  if (!pre_ga) {
    RDB_ASSIGN_OR_RETURN(const std::string_view code, in_.ReadString(&text_));
    return Check(events_.OnFunction(code));
  }
  RDB_ASSIGN_OR_RETURN(std::string_view part, in_.ReadString(&text_));
  const std::string name(part);
  RDB_ASSIGN_OR_RETURN(part, in_.ReadString(&text_));
  std::string engine(part);
  for (char& letter : engine) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  RDB_ASSIGN_OR_RETURN(const uint64_t described, in_.ReadLength());
  if (described != 0) RDB_RETURN_IF_ERROR(in_.ReadString(&text_));
  RDB_ASSIGN_OR_RETURN(part, in_.ReadString(&text_));
  std::string code = "#!" + engine + " name=" + name + "\n";
  code += part;
  return Check(events_.OnFunction(code));
}

Result<void> Reader::SkipModuleValue() {
  for (;;) {
    const uint64_t start = in_.offset();
    RDB_ASSIGN_OR_RETURN(const uint64_t opcode, in_.ReadLength());
    switch (opcode) {
      case kModuleEof:
        return {};
      case kModuleSint:
      case kModuleUint:
        RDB_RETURN_IF_ERROR(in_.ReadLength());
        break;
      case kModuleFloat:
        RDB_RETURN_IF_ERROR(in_.ReadUint32());
        break;
      case kModuleDouble:
        RDB_RETURN_IF_ERROR(in_.ReadUint64());
        break;
      case kModuleString:
        RDB_RETURN_IF_ERROR(in_.ReadString(&text_));
        break;
      default:
        return Damaged(start, "a module's data with the unknown opcode " + std::to_string(opcode));
    }
  }
}

Result<void> Reader::ReadModuleAux() {
  const uint64_t start = in_.offset();
  RDB_ASSIGN_OR_RETURN(const uint64_t module, in_.ReadLength());
  RDB_RETURN_IF_ERROR(SkipModuleValue());
  return Check(events_.OnWarning(
      start, "what the module " + ModuleName(module) + " keeps besides its keys is passed over"));
}

// What 243 means depends on who wrote it.
Result<void> Reader::ReadOwn243() {
  const uint64_t start = in_.offset();
  if (dialect_ == Dialect::kValkey) {
    RDB_RETURN_IF_ERROR(in_.ReadString(&text_));
    RDB_ASSIGN_OR_RETURN(uint64_t ranges, in_.ReadLength());
    for (; ranges > 0; --ranges) RDB_RETURN_IF_ERROR(SkipLengths(2));
    return Check(events_.OnWarning(start, "a slot import that was under way is passed over"));
  }
  RDB_ASSIGN_OR_RETURN(uint64_t classes, in_.ReadLength());
  for (; classes > 0; --classes) {
    RDB_RETURN_IF_ERROR(in_.ReadUint32());
    RDB_RETURN_IF_ERROR(SkipModuleValue());
  }
  return Check(events_.OnWarning(start, "what modules attached to a key is passed over"));
}

Failure Reader::Refuse(uint8_t type, uint64_t start) {
  constexpr uint8_t kModuleType = 7;
  std::string what = NameOfUnread(dialect_, type);
  // What follows is known of a module's value; of others, nothing is.
  if (type == kModuleType) {
    const Result<std::string_view> key = in_.ReadString(&name_);
    const std::string name(key.value_or(std::string_view()));
    const Result<uint64_t> module = in_.ReadLength();
    if (key && module) what += " (" + ModuleName(*module) + "), key \"" + name + "\"";
  }
  return Unsupported(start, what + ", which is not read here");
}

Result<void> Reader::ReadKey(uint8_t type, uint64_t start) {
  const std::optional<Encoding> encoding = EncodingOf(dialect_, type);
  if (!encoding) return Refuse(type, start);
  RDB_ASSIGN_OR_RETURN(const std::string_view key, in_.ReadString(&name_));
  if (key.data() != name_.data()) name_.assign(key);
  head_.db = db_;
  head_.key = name_;
  head_.type = TypeOf(*encoding);
  head_.offset = start;
  RDB_ASSIGN_OR_RETURN(const bool any, values_.Read(*encoding, head_));
  head_ = {};
  if (any) return {};
  return Check(events_.OnWarning(start, "key \"" + name_ + "\" has no elements: passed over"));
}

Result<void> Reader::CheckFooter() {
  if (version_ < kFirstWithChecksum) return {};
  const uint64_t start = in_.offset();
  const uint64_t computed = in_.Checksum();
  RDB_ASSIGN_OR_RETURN(const uint64_t stored, in_.ReadUint64());
  // 0: written with rdbchecksum no.
  if (stored != 0 && stored != computed) return Damaged(start, "the file's checksum is wrong");
  return {};
}

std::optional<int> DumpPayloadVersion(std::string_view payload) {
  if (payload.size() < kFooterBytes + 1) return std::nullopt;
  const std::string_view footer = payload.substr(payload.size() - kFooterBytes);
  const int version = static_cast<uint8_t>(footer[0]) | static_cast<uint8_t>(footer[1]) << 8;
  if (!DialectOfVersion(version)) return std::nullopt;
  uint64_t stored = 0;
  for (size_t i = kFooterBytes; i-- > 2;) stored = stored << 8 | static_cast<uint8_t>(footer[i]);
  const uint64_t computed = Crc64(0, payload.substr(0, payload.size() - sizeof stored));
  if (stored != 0 && stored != computed) return std::nullopt;
  return version;
}

std::optional<ValueType> DumpPayloadType(std::string_view payload, int version) {
  const std::optional<Encoding> encoding =
      EncodingOf(*DialectOfVersion(version), static_cast<uint8_t>(payload[0]));
  if (!encoding) return std::nullopt;
  return TypeOf(*encoding);
}

Result<void> ReadDumpPayload(std::string_view payload, int version, EventHandler& events) {
  const Dialect dialect = *DialectOfVersion(version);
  const auto type = static_cast<uint8_t>(payload[0]);
  const std::optional<Encoding> encoding = EncodingOf(dialect, type);
  if (!encoding) return Unsupported(0, NameOfUnread(dialect, type) + " is not read here");
  StringSource source(payload.substr(1, payload.size() - 1 - kFooterBytes));
  Input in(source);
  KeyHead head;
  head.type = TypeOf(*encoding);
  RDB_ASSIGN_OR_RETURN(const bool any, ValueReader(in, events).Read(*encoding, head));
  if (!any) return Damaged(in.offset(), "a value without elements");
  RDB_ASSIGN_OR_RETURN(const bool at_end, in.AtEnd());
  if (!at_end) return Damaged(in.offset(), "something follows the value");
  return {};
}

}  // namespace rdb
