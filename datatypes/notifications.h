// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace datatypes {

// Classes of keyspace events: the letters of notify-keyspace-events.
enum NotifyClass : uint32_t {
  kNotifyKeyspace = 1U << 0,   // K
  kNotifyKeyevent = 1U << 1,   // E
  kNotifyGeneric = 1U << 2,    // g
  kNotifyString = 1U << 3,     // $
  kNotifyList = 1U << 4,       // l
  kNotifySet = 1U << 5,        // s
  kNotifyHash = 1U << 6,       // h
  kNotifySortedSet = 1U << 7,  // z
  kNotifyExpired = 1U << 8,    // x
  kNotifyEvicted = 1U << 9,    // e
  kNotifyStream = 1U << 10,    // t
  kNotifyKeyMiss = 1U << 11,   // m
  kNotifyModule = 1U << 13,    // d
  kNotifyNew = 1U << 14,       // n
};

// Where commands announce events; whoever delivers them (server/) sets `deliver` and the mask.
struct Notifier {
  using Deliver = std::function<void(uint32_t event_class, std::string_view event, uint32_t db,
                                     std::string_view key)>;
  uint32_t mask = 0;
  Deliver deliver = nullptr;

  void Send(uint32_t event_class, std::string_view event, uint32_t db, std::string_view key) const {
    if ((mask & event_class) != 0 && deliver) deliver(event_class, event, db, key);
  }
};

}  // namespace datatypes
