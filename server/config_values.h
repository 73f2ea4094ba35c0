// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/result.h"
#include "lsm/use_counter.h"
#include "server/config_row.h"

namespace server {

// Bytes from "1024", "10k" (10,000), "10kb" (10,240), "1gb" …; nullopt: no such text, or too large.
std::optional<uint64_t> ParseMemory(std::string_view text);

// Checks a value of any kind but kSpecial and gives it the form CONFIG GET shows. The error is the
// reason alone.
datatypes::Result<std::string> CanonicalValue(const ConfigRow& row, std::string_view text);

// The grammars of the special parameters: words → the form CONFIG GET shows.
using Words = std::vector<std::string>;
datatypes::Result<std::string> CanonicalSave(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalOutputLimits(const Words& words,
                                                     const std::string& current);
datatypes::Result<std::string> CanonicalOomScores(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalNotifyEvents(const Words& words,
                                                     const std::string& current);
datatypes::Result<std::string> CanonicalBind(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalPercentiles(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalReplicaOf(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalDir(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalFileName(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalTitle(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalActiveDefrag(const Words& words,
                                                     const std::string& current);
// For what is not built, and must not be taken for done: anything but the value that says so fails.
datatypes::Result<std::string> CanonicalOnlyNo(const Words& words, const std::string& current);
datatypes::Result<std::string> CanonicalOnlyEmpty(const Words& words, const std::string& current);

// From the checked form into Settings.
void AssignOutputLimits(Settings& settings, const std::string& canonical);
void AssignNotifyEvents(Settings& settings, const std::string& canonical);
void AssignBind(Settings& settings, const std::string& canonical);
void AssignPercentiles(Settings& settings, const std::string& canonical);

// How maxmemory-policy, lfu-log-factor and lfu-decay-time let uses be counted.
lsm::UseCounting UseCountingOf(const Settings& settings);

// "AKE" ↔ the mask of datatypes::NotifyClass.
std::string NotifyEventsText(uint32_t mask);
std::optional<uint32_t> ParseNotifyEvents(std::string_view text);

std::vector<std::string> SplitWords(std::string_view text);

}  // namespace server
