// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "datatypes/settings.h"
#include "datatypes/stream_format.h"

// What Redis' blocks of entries (listpacks) would be like: how many bytes they take, and when the
// next entry begins another one.
namespace datatypes {

// Fields and values, in turn.
using StreamTexts = std::span<const std::string_view>;

// Whether an entry goes to a block of its own rather than to `run`'s.
bool StartsAnotherRun(const StreamRun& run, StreamTexts fields, const Settings& settings);
// The block that begins with this entry.
StreamRun BeginRun(const StreamId& id, StreamTexts fields);
void AddToRun(StreamRun& run, const StreamId& id, StreamTexts fields);
// All texts of an entry, in bytes.
uint64_t TextBytesOf(StreamTexts fields);
// What one entry has at most.
inline constexpr uint64_t kMaxStreamTextBytes = uint64_t{1} << 30;

}  // namespace datatypes
