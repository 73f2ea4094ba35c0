// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/shebang.h"

#include <optional>
#include <vector>

#include "datatypes/errors.h"
#include "resp/split_args.h"
#include "scripting/script_run.h"

namespace scripting {

using datatypes::Fail;
using datatypes::Result;

namespace {

constexpr ScriptFlagName kFlagNames[] = {{kNoWrites, "no-writes"},
                                         {kAllowOom, "allow-oom"},
                                         {kAllowStale, "allow-stale"},
                                         {kNoCluster, "no-cluster"},
                                         {kAllowCrossSlotKeys, "allow-cross-slot-keys"}};

constexpr std::string_view kMark = "#!";
constexpr std::string_view kFlagsOption = "flags=";

Result<uint32_t> ParseFlags(std::string_view list) {
  uint32_t flags = 0;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    const uint32_t flag = ScriptFlagOf(name);
    if (flag == 0) return Fail("ERR Unexpected flag in script shebang: " + std::string(name));
    flags |= flag;
  }
  return flags;
}

}  // namespace

uint32_t ScriptFlagOf(std::string_view name) {
  for (const ScriptFlagName& known : kFlagNames) {
    if (known.name == name) return known.flag;
  }
  return 0;
}

std::span<const ScriptFlagName> ScriptFlagNames() {
  return kFlagNames;
}

Result<uint32_t> ParseScriptShebang(std::string_view source, std::string_view* code) {
  *code = source;
  if (!source.starts_with(kMark)) return kNoShebang;
  const size_t end = source.find('\n');
  if (end == std::string_view::npos) return Fail("ERR Invalid script shebang");
  *code = source.substr(end);
  std::vector<std::string> words;
  if (!resp::SplitArgs(source.substr(0, end), &words) || words.empty()) {
    return Fail("ERR Invalid engine in script shebang");
  }
  if (words[0] != "#!lua") return Fail("ERR Unexpected engine in script shebang: " + words[0]);
  uint32_t flags = 0;
  for (size_t i = 1; i < words.size(); ++i) {
    if (!words[i].starts_with(kFlagsOption)) {
      return Fail("ERR Unknown lua shebang option: " + words[i]);
    }
    ASSIGN_OR_RETURN(const uint32_t more,
                     ParseFlags(std::string_view(words[i]).substr(kFlagsOption.size())));
    flags |= more;
  }
  return flags;
}

}  // namespace scripting
