// SPDX-License-Identifier: BSD-3-Clause
#include "server/config_values.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "datatypes/notifications.h"
#include "resp/number_parse.h"

namespace server {

using datatypes::Error;
using datatypes::Result;

namespace {

tl::unexpected<Error> Reason(std::string text) {
  return tl::unexpected(Error(std::move(text)));
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string Join(const Words& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

tl::unexpected<Error> OutOfBounds(const ConfigRow& row) {
  return Reason(fmt::format("argument must be between {} and {} inclusive", row.min, row.max));
}

Result<int64_t> ParseNumber(const ConfigRow& row, std::string_view text) {
  switch (row.kind) {
    case ConfigKind::kMemoryOrPercent:
      if (text.size() > 1 && text.back() == '%') {
        const auto percent = resp::ParseInt64(text.substr(0, text.size() - 1));
        if (percent && *percent >= 0) return -*percent;
      }
      if (const auto bytes = ParseMemory(text)) return static_cast<int64_t>(*bytes);
      return Reason("argument must be a memory or percent value");
    case ConfigKind::kMemory:
      if (const auto bytes = ParseMemory(text)) {
        constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
        if (*bytes > kMost && (row.flags & kUnsigned) == 0) return OutOfBounds(row);
        return static_cast<int64_t>(std::min(*bytes, kMost));
      }
      return Reason("argument must be a memory value");
    case ConfigKind::kOctal: {
      const std::string copy(text);
      char* end = nullptr;
      errno = 0;
      const long value = std::strtol(copy.c_str(), &end, 8);
      if (copy.empty() || *end != '\0' || errno != 0) {
        return Reason("argument couldn't be parsed as an octal number");
      }
      return int64_t{value};
    }
    default:
      if (const auto value = resp::ParseInt64(text)) return *value;
      return Reason("argument couldn't be parsed into an integer");
  }
}

Result<void> CheckBounds(const ConfigRow& row, int64_t value) {
  if (value >= row.min && value <= row.max) return {};
  if (row.kind == ConfigKind::kOctal) {
    return Reason(
        fmt::format("argument must be between {:o} and {:o} inclusive", row.min, row.max));
  }
  if (row.kind == ConfigKind::kMemoryOrPercent && value < 0) {
    return Reason(fmt::format("percentage argument must be less or equal to {}", -row.min));
  }
  return OutOfBounds(row);
}

Result<std::string> CanonicalNumber(const ConfigRow& row, std::string_view text) {
  ASSIGN_OR_RETURN(const int64_t value, ParseNumber(row, text));
  RETURN_IF_ERROR(CheckBounds(row, value));
  if (row.kind == ConfigKind::kOctal) return fmt::format("{:o}", value);
  if (row.kind == ConfigKind::kMemoryOrPercent && value < 0) return fmt::format("{}%", -value);
  return fmt::format("{}", value);
}

struct Letter {
  char letter;
  uint32_t mask;
};
constexpr Letter kLetters[] = {
    {'g', datatypes::kNotifyGeneric}, {'$', datatypes::kNotifyString},
    {'l', datatypes::kNotifyList},    {'s', datatypes::kNotifySet},
    {'h', datatypes::kNotifyHash},    {'z', datatypes::kNotifySortedSet},
    {'x', datatypes::kNotifyExpired}, {'e', datatypes::kNotifyEvicted},
    {'t', datatypes::kNotifyStream},  {'d', datatypes::kNotifyModule},
};
constexpr Letter kLettersOutsideAll[] = {
    {'K', datatypes::kNotifyKeyspace},
    {'E', datatypes::kNotifyKeyevent},
    {'m', datatypes::kNotifyKeyMiss},
    {'n', datatypes::kNotifyNew},
};

uint32_t AllEvents() {
  uint32_t mask = 0;
  for (const Letter& letter : kLetters) mask |= letter.mask;
  return mask;
}

constexpr std::string_view kClassNames[kClientClasses] = {"normal", "slave", "pubsub"};

int ClassIndex(std::string_view name) {
  const std::string lower = Lower(name);
  if (lower == "replica") return 1;
  for (size_t i = 0; i < kClientClasses; ++i) {
    if (lower == kClassNames[i]) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

std::vector<std::string> SplitWords(std::string_view text) {
  Words words;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::optional<uint64_t> ParseMemory(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])) != 0) {
    ++digits;
  }
  const std::string unit = Lower(text.substr(digits));
  uint64_t factor = 0;
  if (unit.empty() || unit == "b") factor = 1;
  if (unit == "k") factor = 1000;
  if (unit == "kb") factor = 1024;
  if (unit == "m") factor = 1000 * 1000;
  if (unit == "mb") factor = 1024 * 1024;
  if (unit == "g") factor = uint64_t{1000} * 1000 * 1000;
  if (unit == "gb") factor = uint64_t{1024} * 1024 * 1024;
  if (digits == 0 || factor == 0) return std::nullopt;
  errno = 0;
  const uint64_t number = std::strtoull(std::string(text.substr(0, digits)).c_str(), nullptr, 10);
  if (errno == ERANGE || number > std::numeric_limits<uint64_t>::max() / factor) {
    return std::numeric_limits<uint64_t>::max();
  }
  return number * factor;
}

Result<std::string> CanonicalValue(const ConfigRow& row, std::string_view text) {
  switch (row.kind) {
    case ConfigKind::kBool: {
      std::string lower = Lower(text);
      if (lower == "yes" || lower == "no") return lower;
      return Reason("argument must be 'yes' or 'no'");
    }
    case ConfigKind::kEnum: {
      const std::string lower = Lower(text);
      if (std::find(row.choices.begin(), row.choices.end(), lower) != row.choices.end())
        return lower;
      std::string names;
      for (const std::string_view choice : row.choices) {
        if (!names.empty()) names += ", ";
        names += choice;
      }
      return Reason("argument(s) must be one of the following: " + names);
    }
    case ConfigKind::kString:
    case ConfigKind::kSpecial:
      return std::string(text);
    default:
      return CanonicalNumber(row, text);
  }
}

Result<std::string> CanonicalSave(const Words& words, const std::string& /*current*/) {
  Words all;
  for (const std::string& word : words) {
    for (std::string& part : SplitWords(word)) all.push_back(std::move(part));
  }
  if (all.empty()) return std::string();
  if (all.size() % 2 != 0) return Reason("Invalid save parameters");
  for (size_t i = 0; i < all.size(); i += 2) {
    const auto seconds = resp::ParseInt64(all[i]);
    const auto changes = resp::ParseInt64(all[i + 1]);
    if (!seconds || *seconds < 1 || !changes || *changes < 0)
      return Reason("Invalid save parameters");
  }
  return Join(all, " ");
}

Result<std::string> CanonicalOutputLimits(const Words& words, const std::string& current) {
  Words all;
  for (const std::string& word : words) {
    for (std::string& part : SplitWords(word)) all.push_back(std::move(part));
  }
  if (all.empty() || all.size() % 4 != 0) {
    return Reason("Wrong number of arguments in buffer limit configuration.");
  }
  Words result = SplitWords(current);
  if (result.empty()) result = Words(4 * kClientClasses, "0");
  for (size_t i = 0; i < all.size(); i += 4) {
    const int index = ClassIndex(all[i]);
    if (index < 0) return Reason("Invalid client class specified in buffer limit configuration.");
    const auto hard = ParseMemory(all[i + 1]);
    const auto soft = ParseMemory(all[i + 2]);
    const auto seconds = resp::ParseInt64(all[i + 3]);
    if (!hard || !soft || !seconds || *seconds < 0) {
      return Reason("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    const size_t at = static_cast<size_t>(index) * 4;
    result[at] = kClassNames[index];
    result[at + 1] = fmt::format("{}", *hard);
    result[at + 2] = fmt::format("{}", *soft);
    result[at + 3] = fmt::format("{}", *seconds);
  }
  return Join(result, " ");
}

Result<std::string> CanonicalOomScores(const Words& words, const std::string& /*current*/) {
  const Words all = words.size() == 1 ? SplitWords(words[0]) : words;
  if (all.size() != 3) return Reason("wrong number of arguments");
  for (const std::string& word : all) {
    const auto value = resp::ParseInt64(word);
    if (!value || *value < -2000 || *value > 2000) {
      return Reason("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
  }
  return Join(all, " ");
}

std::optional<uint32_t> ParseNotifyEvents(std::string_view text) {
  uint32_t mask = 0;
  for (const char c : text) {
    uint32_t found = c == 'A' ? AllEvents() : 0;
    for (const Letter& letter : kLetters) found |= letter.letter == c ? letter.mask : 0;
    for (const Letter& letter : kLettersOutsideAll) found |= letter.letter == c ? letter.mask : 0;
    if (found == 0) return std::nullopt;
    mask |= found;
  }
  return mask;
}

std::string NotifyEventsText(uint32_t mask) {
  std::string text;
  const uint32_t all = AllEvents();
  if ((mask & all) == all) {
    text = "A";
  } else {
    for (const Letter& letter : kLetters) {
      if ((mask & letter.mask) != 0) text += letter.letter;
    }
  }
  for (const Letter& letter : kLettersOutsideAll) {
    if ((mask & letter.mask) != 0) text += letter.letter;
  }
  return text;
}

Result<std::string> CanonicalNotifyEvents(const Words& words, const std::string& /*current*/) {
  if (words.size() != 1) return Reason("wrong number of arguments");
  const auto mask = ParseNotifyEvents(words[0]);
  if (!mask) return Reason("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  return NotifyEventsText(*mask);
}

Result<std::string> CanonicalBind(const Words& words, const std::string& /*current*/) {
  Words all = words.size() == 1 ? SplitWords(words[0]) : words;
  constexpr size_t kMostAddresses = 16;
  if (all.size() > kMostAddresses) return Reason("Too many bind addresses specified.");
  if (all.size() == 1 && all[0].empty()) all.clear();
  return Join(all, " ");
}

Result<std::string> CanonicalPercentiles(const Words& words, const std::string& /*current*/) {
  Words all = words.size() == 1 ? SplitWords(words[0]) : words;
  Words result;
  for (const std::string& word : all) {
    const auto value = resp::ParseDouble(word);
    if (!value) {
      return Reason("Invalid latency-tracking-info-percentiles parameters");
    }
    if (*value < 0.0 || *value > 100.0) {
      return Reason("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    std::string text = fmt::format("{:f}", *value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    result.push_back(std::move(text));
  }
  return Join(result, " ");
}

Result<std::string> CanonicalReplicaOf(const Words& words, const std::string& /*current*/) {
  const Words all = words.size() == 1 ? SplitWords(words[0]) : words;
  if (all.empty() || (all.size() == 2 && Lower(all[0]) == "no" && Lower(all[1]) == "one")) {
    return std::string();
  }
  if (all.size() != 2) return Reason("wrong number of arguments");
  const auto port = resp::ParseInt64(all[1]);
  if (!port || *port < 0 || *port > 65535) return Reason("Invalid master port");
  return Join(all, " ");
}

Result<std::string> CanonicalDir(const Words& words, const std::string& /*current*/) {
  if (words.size() != 1) return Reason("wrong number of arguments");
  return words[0];
}

Result<std::string> CanonicalFileName(const Words& words, const std::string& /*current*/) {
  if (words.size() != 1) return Reason("wrong number of arguments");
  if (words[0].find('/') != std::string::npos) {
    return Reason("it can't be a path, just a filename");
  }
  return words[0];
}

Result<std::string> CanonicalTitle(const Words& words, const std::string& /*current*/) {
  static constexpr std::string_view kVariables[] = {
      "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"};
  if (words.size() != 1) return Reason("wrong number of arguments");
  const std::string& text = words[0];
  for (size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at)) {
    const size_t end = text.find('}', at);
    const std::string_view name = end == std::string::npos
                                      ? std::string_view()
                                      : std::string_view(text).substr(at + 1, end - at - 1);
    if (std::find(std::begin(kVariables), std::end(kVariables), name) == std::end(kVariables)) {
      return Reason("template format is invalid or contains unknown variables");
    }
    at = end;
  }
  return text;
}

Result<std::string> CanonicalActiveDefrag(const Words& words, const std::string& /*current*/) {
  const std::string lower = words.size() == 1 ? Lower(words[0]) : std::string();
  if (lower == "no") return lower;
  if (lower == "yes") return Reason("Active defragmentation cannot be enabled: there is none here");
  return Reason("argument must be 'yes' or 'no'");
}

Result<std::string> CanonicalOnlyNo(const Words& words, const std::string& /*current*/) {
  if (words.size() == 1 && Lower(words[0]) == "no") return std::string("no");
  return Reason("this is not built: only 'no' is accepted");
}

Result<std::string> CanonicalOnlyEmpty(const Words& words, const std::string& /*current*/) {
  if (words.size() == 1 && words[0].empty()) return std::string();
  return Reason("this is not built: only an empty value is accepted");
}

void AssignOutputLimits(Settings& settings, const std::string& canonical) {
  const Words words = SplitWords(canonical);
  for (size_t i = 0; i + 3 < words.size(); i += 4) {
    OutputLimit& limit = settings.client_output_buffer_limit[i / 4];
    limit.hard_bytes = resp::ParseInt64(words[i + 1]).value_or(0);
    limit.soft_bytes = resp::ParseInt64(words[i + 2]).value_or(0);
    limit.soft_seconds = resp::ParseInt64(words[i + 3]).value_or(0);
  }
}

void AssignNotifyEvents(Settings& settings, const std::string& canonical) {
  settings.notify_keyspace_events = ParseNotifyEvents(canonical).value_or(0);
}

void AssignBind(Settings& settings, const std::string& canonical) {
  settings.bind = SplitWords(canonical);
}

void AssignPercentiles(Settings& settings, const std::string& canonical) {
  settings.latency_tracking_info_percentiles.clear();
  for (const std::string& word : SplitWords(canonical)) {
    settings.latency_tracking_info_percentiles.push_back(resp::ParseDouble(word).value_or(0));
  }
}

lsm::UseCounting UseCountingOf(const Settings& settings) {
  return {.on = settings.data.lfu_policy,
          .log_factor = static_cast<uint32_t>(settings.data.lfu_log_factor),
          .decay_minutes = static_cast<uint32_t>(settings.data.lfu_decay_time_min)};
}

}  // namespace server
