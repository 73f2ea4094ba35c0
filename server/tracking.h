// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"
#include "server/broadcast_prefixes.h"
#include "server/tracking_table.h"

namespace server {

class Connection;
class Server;

// What CLIENT TRACKING ON has set up for one connection.
struct TrackingState {
  bool bcast = false;
  bool optin = false;
  bool optout = false;
  bool noloop = false;
  bool caching = false;            // CLIENT CACHING: it concerns the next command or transaction.
  bool last_was_client = false;    // The last command was CLIENT's: `caching` outlives that.
  bool broken_redirect = false;    // The connection to redirect to was gone when it was needed.
  uint64_t redirect = 0;           // Its id; 0: none.
  std::set<std::string> prefixes;  // Those of BCAST.

  // Whether what the connection reads now is to be remembered.
  bool remembers() const { return !bcast && (!optin || caching) && !(optout && caching); }
};

// Client-side caching: tells clients that a key which they may have in their caches has changed.
//
// When it is told: the message goes into the client's output at the moment of the change, behind
// the reply if it is the client's own; it is released together with the replies of that turn, and
// such outputs are sent first (Turns::SendFirst). So when a client hears that its write is done,
// the invalidations are in everybody's sockets, or before what these have not read yet. What BCAST
// collects goes at the end of the turn, in time for the same.
//
// When a key is remembered: when the read command is done, and also when it goes to wait in its
// midst, so that a change while it waits is told (after the reply) as well. Keys are known by name,
// whatever the database, as in Redis. Loop thread only.
class Tracking {
 public:
  explicit Tracking(Server& server) : server_(server) {}
  Tracking(const Tracking&) = delete;
  Tracking& operator=(const Tracking&) = delete;

  // The connection tracks from now on; `options` has no caching. Requires that its mode, if it
  // tracks already, is not switched and its new prefixes overlap with none. Prefixes add up.
  void Enable(Connection& connection, const TrackingState& options);
  // Nothing happens if it does not track. Keys it has read stay in the table, harmlessly.
  void Disable(Connection& connection);

  // The connection, which tracks, has run a reading command, or a part of it.
  void Remember(const Connection& connection, const datatypes::CommandSpec& spec,
                datatypes::Args args);

  // ---- What happens to keys -----------------------------------------------------------------
  // Nobody would be told.
  bool idle() const { return clients_ == 0 && table_.keys() == 0; }
  void OnChanged(std::string_view key);
  // All keys of a database, or of all databases: told once, at the end of the command.
  void OnFlushed() { flushed_ = true; }

  // A command is done, or one of EXEC's or of a script's.
  void AfterCommand() {
    if (flushed_) [[unlikely]]
      TellFlush();
  }
  // Before the turn is committed.
  void EndTurn();

  // ---- For INFO -----------------------------------------------------------------------------
  size_t clients() const { return clients_; }
  size_t prefixes() const { return prefixes_.size(); }
  const TrackingTable& table() const { return table_; }

 private:
  class Message;

  void Tell(const TrackingTable::Clients& clients, std::string_view key);
  void TellFlush();
  void TellBroadcasts();
  // To the connection, or where it redirects to.
  void Send(Connection& connection, Message& message);
  void EnforceBounds();
  bool OverBounds() const;
  bool MayHave(uint64_t client) const;

  Server& server_;
  TrackingTable table_;
  BroadcastPrefixes prefixes_;
  size_t clients_ = 0;
  bool flushed_ = false;
  size_t turns_over_bounds_ = 0;
  std::mt19937_64 random_{std::random_device{}()};
  std::vector<datatypes::KeyRef> found_keys_;  // Reused.
};

}  // namespace server
