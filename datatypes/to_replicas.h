// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/command_spec.h"
#include "datatypes/notifications.h"

namespace datatypes {

// The Notifier's bit for what replicas are to be told: on while anybody listens to that.
inline constexpr uint32_t kNotifyReplicas = 1U << 31;

// How a handler says what replicas are told of its command. By default a command that has changed
// data is told as it was received. One that would not do the same thing elsewhere, because it
// depends on the time, on chance or on who else waits, says what to tell instead:
//
//   ToReplicas(ctx).Instead({"DEL", key});
//
// What is said counts once the command is done, and only if it has changed something. While nobody
// listens, all of this is a test of one bit.
class ToReplicas {
 public:
  // What the Notifier's events are called; the key is a command, encoded, or empty.
  static constexpr std::string_view kInstead = "instead";
  static constexpr std::string_view kNothing = "nothing";
  static constexpr std::string_view kAlways = "always";
  static constexpr std::string_view kAtOnce = "at once";

  explicit ToReplicas(const CommandContext& ctx) : ToReplicas(ctx.notifier, ctx.keyspace.db()) {}
  ToReplicas(const Notifier& notifier, uint32_t db) : notifier_(notifier), db_(db) {}

  // False: whatever is said is forgotten, so it need not even be put together.
  bool on() const { return (notifier_.mask & kNotifyReplicas) != 0; }
  // Tells this in place of the command. Several calls: one after the other.
  void Instead(Args args) const { Say(kInstead, args); }
  void Instead(std::initializer_list<std::string_view> args) const {
    Say(kInstead, Args(args.begin(), args.size()));
  }
  // Tells nothing, but what Instead() says.
  void Suppress() const { Say(kNothing, {}); }
  // Tells the command even if it has changed no key.
  void Force() const { Say(kAlways, {}); }
  // Tells at once of something that no command did: a field has expired.
  void AtOnce(Args args) const { Say(kAtOnce, args); }
  void AtOnce(std::initializer_list<std::string_view> args) const {
    Say(kAtOnce, Args(args.begin(), args.size()));
  }

  // The command as a client would send it.
  static std::string Encode(Args args);

 private:
  void Say(std::string_view what, Args args) const {
    if (on()) Send(what, args);
  }
  void Send(std::string_view what, Args args) const;

  const Notifier& notifier_;
  const uint32_t db_;
};

}  // namespace datatypes
