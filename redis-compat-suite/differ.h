// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "grammar.h"
#include "peer.h"

namespace compat {

// Sends one sequence of commands to both servers, from empty databases and new connections, and
// compares reply by reply; from time to time also all the data there is. Commands that wait are
// watched: both servers must answer them at the same step.
class Differ {
 public:
  Differ(Peer& redis, Peer& tiercel, size_t connections)
      : redis_(redis), tiercel_(tiercel), connections_(connections) {}

  // Draws and sends `steps` commands. True: the servers agree. False: steps() ends with the one
  // where they did not, and report() says how.
  bool RunRandom(const Grammar& grammar, uint64_t seed, size_t steps, int protocol);
  // Sends these.
  bool Replay(const std::vector<RandomStep>& steps, int protocol);
  const std::vector<RandomStep>& steps() const { return steps_; }
  const std::string& report() const { return report_; }

 private:
  struct Client {
    bool waits = false;           // Its last command has no reply yet.
    bool in_transaction = false;  // As far as one can tell from outside.
    RandomStep step;              // The one it waits with.
  };

  void Begin(int protocol);
  bool Usable(const RandomStep& step) const;
  bool Send(const RandomStep& step);
  bool CompareReply(const RandomStep& step, const resp::Reply& wanted, const resp::Reply& got);
  bool CheckWaiting();
  bool CompareData();
  bool CompareExpiry(const std::string& key);
  bool CompareKey(size_t db, const std::string& key);
  bool RunAlike(const Command& command, bool unordered);
  bool RestartTiercel();

  Peer& redis_;
  Peer& tiercel_;
  size_t connections_;
  int protocol_ = 2;
  std::vector<Client> clients_;
  std::vector<RandomStep> steps_;
  std::string report_;
};

// Leaves out of a sequence that fails what it does not need to fail, within `seconds`; `report`
// becomes that of the sequence returned.
std::vector<RandomStep> Shorten(Differ& differ, std::vector<RandomStep> steps, int protocol,
                                int seconds, std::string* report);

}  // namespace compat
