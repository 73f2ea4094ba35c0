// SPDX-License-Identifier: BSD-3-Clause
#include "server/function_dump.h"

#include "datatypes/errors.h"
#include "rdb/input.h"
#include "rdb/output.h"
#include "rdb/reader.h"
#include "rdb/sink.h"
#include "rdb/source.h"
#include "rdb/types.h"
#include "rdb/writer.h"

namespace server {

using datatypes::Fail;
using datatypes::Result;

namespace {

constexpr uint8_t kLibrary = 245;
constexpr uint8_t kLibraryBeforeRelease = 246;
// Redis 7.0's, which all later ones read.
constexpr int kVersion = 10;
constexpr size_t kFooterBytes = 10;

// Of a payload without a library; those of keys, which rdb knows, have at least a type.
bool IsEmptyDump(std::string_view payload) {
  const int version = static_cast<uint8_t>(payload[0]);
  std::string empty;
  rdb::AppendDumpFooter(version, &empty);
  return rdb::DialectOfVersion(version).has_value() && payload == empty;
}

}  // namespace

std::string EncodeFunctionDump(const std::vector<std::string_view>& sources) {
  std::string payload;
  rdb::StringSink sink(&payload);
  rdb::Output out(sink, /*compress=*/true);
  for (const std::string_view source : sources) {
    out.Byte(kLibrary);
    out.String(source);
  }
  // A string takes everything.
  ENSURE(out.Flush().has_value());
  rdb::AppendDumpFooter(kVersion, &payload);
  return payload;
}

Result<std::vector<std::string>> DecodeFunctionDump(std::string_view payload) {
  const bool empty = payload.size() == kFooterBytes && IsEmptyDump(payload);
  if (!empty && !rdb::DumpPayloadVersion(payload).has_value()) {
    return Fail("ERR DUMP payload version or checksum are wrong");
  }
  payload.remove_suffix(kFooterBytes);
  rdb::StringSource source(payload);
  rdb::Input in(source);
  std::vector<std::string> sources;
  std::string scratch;
  while (in.offset() < payload.size()) {
    const rdb::Result<uint8_t> type = in.ReadByte();
    if (!type) return Fail("ERR can not read data type");
    if (*type == kLibraryBeforeRelease) return Fail("ERR Pre-GA function format not supported");
    if (*type != kLibrary) return Fail("ERR given type is not a function");
    const rdb::Result<std::string_view> code = in.ReadString(&scratch);
    if (!code) return Fail("ERR Failed loading library code");
    sources.emplace_back(*code);
  }
  return sources;
}

}  // namespace server
