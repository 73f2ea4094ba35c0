// SPDX-License-Identifier: BSD-3-Clause
#include "tools/import_handler.h"

#include <limits>

#include "datatypes/arguments.h"
#include "datatypes/glob.h"
#include "scripting/function_registry.h"
#include "scripting/library_metadata.h"

namespace tools {

using lsm::Status;

bool KeyFilter::Wants(const rdb::KeyHead& head) const {
  return (dbs.empty() || dbs.contains(head.db)) && (types.empty() || types.contains(head.type)) &&
         (match.empty() || datatypes::GlobMatch(match, head.key));
}

void ImportHandler::Warn(std::string text) {
  constexpr size_t kKept = 20;
  ++warning_count_;
  if (warnings_.size() < kKept) warnings_.push_back(std::move(text));
}

bool ImportHandler::OnWarning(uint64_t offset, std::string_view text) {
  Warn("byte " + std::to_string(offset) + ": " + std::string(text));
  return true;
}

bool ImportHandler::OnFunction(std::string_view code) {
  const auto metadata = scripting::ParseLibraryMetadata(code);
  if (!metadata) {
    Warn("a library of functions is left out: " + metadata.error().text());
    return true;
  }
  if (!datatypes::EqualsIgnoreCase(metadata->engine, "lua")) {
    Warn("the library of functions " + metadata->name + " is left out: it is for the engine " +
         metadata->engine);
    return true;
  }
  for (const scripting::StoredLibrary& other : libraries_) {
    if (other.name != metadata->name) continue;
    return Keep(Status::Corruption("the library of functions " + other.name + " appears twice"));
  }
  library_bytes_ += code.size();
  if (library_bytes_ > scripting::FunctionRegistry::kMaxCodeBytes) {
    return Keep(Status::Corruption("more code of functions than a server takes"));
  }
  libraries_.push_back({metadata->name, std::string(code)});
  return true;
}

Status ImportHandler::Finish() {
  return scripting::WriteLibraries(writer_, libraries_);
}

ImportHandler::Take ImportHandler::BeginKey(const rdb::KeyHead& head) {
  if (!filter_.Wants(head)) {
    ++counts_.filtered;
    return Take::kSkip;
  }
  if (head.expire_at_ms && *head.expire_at_ms <= now_ms_) {
    ++counts_.expired;
    return Take::kSkip;
  }
  if (head.db > std::numeric_limits<uint32_t>::max()) {
    Keep(Status::Corruption("a database of the number " + std::to_string(head.db)));
    return Take::kStop;
  }
  key_.assign(head.key);
  db_ = static_cast<uint32_t>(head.db);
  meta_ = {};
  meta_.type = datatypes::TypeOfDump(head.type);
  if (head.expire_at_ms) meta_.expire_at_ms = *head.expire_at_ms;
  return Take::kYes;
}

Status ImportHandler::PutRow(std::string_view subkey, std::string_view value) {
  if (meta_.collection == 0) meta_.collection = writer_.NewCollection(key_);
  ++meta_.count;
  return writer_.PutRow(meta_.collection, subkey, value);
}

bool ImportHandler::EndKey(const datatypes::ValueHead& head, bool any) {
  if (!any) return true;
  if (head.has_rows && meta_.collection == 0) meta_.collection = writer_.NewCollection(key_);
  meta_.type_flags = head.type_flags;
  meta_.row_times = head.row_times;
  ++counts_.keys;
  return Keep(writer_.PutKey(db_, key_, meta_, head.payload));
}

}  // namespace tools
