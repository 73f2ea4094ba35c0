// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/result.h"
#include "server/settings.h"

namespace server {

class Server;

enum class ConfigKind : uint8_t {
  kBool,
  kInteger,
  kMemory,           // Bytes, with a unit: 10kb, 1gb …
  kMemoryOrPercent,  // The same, or a percentage, kept as a negative number.
  kOctal,
  kEnum,
  kString,
  kSpecial,  // A grammar of its own: `canonical` knows it.
};

enum ConfigFlag : uint8_t {
  kImmutable = 1,  // Only at start.
  kHidden = 2,     // CONFIG GET shows it only by its exact name.
  kProtected = 4,  // CONFIG SET needs enable-protected-configs.
  kSensitive = 8,  // Never logged.
  kMultiArg = 16,  // Several words in the file.
  kUnsigned = 32,  // The upper bound is that of an unsigned number.
};

// Where a parameter's value goes in Settings. One of them is set for a parameter with an effect; a
// parameter without one has none of them: it is checked, kept, shown and rewritten.
struct ConfigTarget {
  bool& (*flag)(Settings&) = nullptr;
  int64_t& (*number)(Settings&) = nullptr;
  std::string& (*text)(Settings&) = nullptr;
  // For enums and special ones: takes the canonical text. It was checked: this cannot fail.
  void (*assign)(Settings&, const std::string& canonical) = nullptr;
};

// One parameter: the single source for start-up, CONFIG and the configuration reference.
struct ConfigRow {
  std::string_view name;
  std::string_view alias = {};
  ConfigKind kind = ConfigKind::kString;
  uint8_t flags = 0;
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  std::span<const std::string_view> choices = {};
  std::string_view default_text = {};
  ConfigTarget target = {};
  // Special kinds, and strings with rules: words → the text that CONFIG GET shows, or the reason.
  datatypes::Result<std::string> (*canonical)(const std::vector<std::string>& words,
                                              const std::string& current) = nullptr;
  // Makes the running server follow a changed value; on failure the change is taken back.
  // Parameters that share one function have it called once.
  datatypes::Result<void> (*apply)(Server&) = nullptr;
  std::string_view doc = {};

  bool has_effect() const {
    return target.flag != nullptr || target.number != nullptr || target.text != nullptr ||
           target.assign != nullptr;
  }
};

// The tables: those whose parameters do something …
std::span<const ConfigRow> ServerConfigRows();
std::span<const ConfigRow> DataConfigRows();
std::span<const ConfigRow> StoreConfigRows();
std::span<const ConfigRow> ReplicationConfigRows();
std::span<const ConfigRow> ReplicaConfigRows();
// … and one of those that are only kept.
std::span<const ConfigRow> KeptConfigRows();
// All parameters of Redis 7.2, and ours: all tables, in the order of CONFIG GET.
std::vector<const ConfigRow*> AllConfigRows();

}  // namespace server
