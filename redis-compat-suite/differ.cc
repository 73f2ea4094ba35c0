// SPDX-License-Identifier: BSD-3-Clause
#include "differ.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "comparison.h"

namespace compat {

namespace {

constexpr size_t kStepsBetweenChecks = 500;
constexpr uint64_t kStepsBetweenRestarts = 1500;
// After a command with a short time to live; longer than any of them.
constexpr int kWaitMs = 25;
// How long a command may take before it counts as waiting, where it may wait; and how long the
// second server may be later than the first.
constexpr int kBlockedAfterMs = 30;
constexpr int kPatienceMs = 3000;
constexpr size_t kDatabases = 3;

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string DescribeFor(const RandomStep& step, const resp::Reply& reply) {
  if (step.shape) return DescribeShape(reply);
  return step.unordered ? DescribeUnordered(reply) : DescribeExact(reply);
}

}  // namespace

void Differ::Begin(int protocol) {
  protocol_ = protocol;
  report_.clear();
  clients_.assign(connections_, {});
  // The connection after the clients' is ours: it tells when a server has done what it was sent.
  for (Peer* peer : {&redis_, &tiercel_}) {
    peer->Reset(protocol);
    peer->Run(connections_, {"FLUSHALL"});
  }
}

// A client that waits can say nothing; client 0 never waits, so that somebody can go on; and what
// has no fixed reply is not queued, since EXEC's reply is compared as a whole.
bool Differ::Usable(const RandomStep& step) const {
  const Client& client = clients_[step.connection];
  if (client.waits) return false;
  if (client.in_transaction) return !step.unordered && !step.shape && !step.then_wait;
  return !step.may_block || step.connection != 0;
}

bool Differ::RunRandom(const Grammar& grammar, uint64_t seed, size_t steps, int protocol) {
  Grammar::Random random(seed);
  steps_.clear();
  Begin(protocol);
  for (size_t i = 0; i < steps; ++i) {
    RandomStep step = grammar.Draw(random);
    if (random() % kStepsBetweenRestarts == 0) step.kind = RandomStep::Kind::kRestart;
    if (step.kind == RandomStep::Kind::kCommand && !Usable(step)) continue;
    steps_.push_back(step);
    if (!Send(step)) return false;
    if (i % kStepsBetweenChecks == kStepsBetweenChecks - 1 && !CompareData()) return false;
  }
  return CompareData();
}

bool Differ::Replay(const std::vector<RandomStep>& steps, int protocol) {
  Begin(protocol);
  for (const RandomStep& step : steps) {
    if (step.kind == RandomStep::Kind::kCommand && !Usable(step)) continue;
    if (!Send(step)) return false;
  }
  return CompareData();
}

bool Differ::RestartTiercel() {
  // What waits or is queued would be lost on one side only.
  redis_.Reset(protocol_);
  clients_.assign(connections_, {});
  tiercel_.Restart(/*kill=*/true);
  tiercel_.Reset(protocol_);
  return true;
}

bool Differ::Send(const RandomStep& step) {
  if (step.kind == RandomStep::Kind::kRestart) return RestartTiercel();
  Client& client = clients_[step.connection];
  redis_.Send(step.connection, step.command);
  tiercel_.Send(step.connection, step.command);
  if (step.may_block && !client.in_transaction &&
      !redis_.WaitReadable(step.connection, kBlockedAfterMs)) {
    client.waits = true;
    client.step = step;
  } else {
    const resp::Reply wanted = redis_.Read(step.connection);
    if (!CompareReply(step, wanted, tiercel_.Read(step.connection))) return false;
    const std::string name = Upper(step.command[0]);
    if (name == "MULTI" && !wanted.is_error()) client.in_transaction = true;
    if ((name == "EXEC" || name == "DISCARD" || name == "RESET") && step.command.size() == 1) {
      client.in_transaction = false;
    }
  }
  if (step.then_wait) usleep(kWaitMs * 1000);
  return CheckWaiting();
}

bool Differ::CompareReply(const RandomStep& step, const resp::Reply& wanted,
                          const resp::Reply& got) {
  const std::string wanted_text = DescribeFor(step, wanted);
  const std::string got_text = DescribeFor(step, got);
  if (wanted_text == got_text) return true;
  report_ = std::to_string(step.connection) + "> " + Show(step.command) +
            "\n    redis:    " + wanted_text + "\n    tiercel:  " + got_text + "\n";
  return false;
}

// Those whose wait has ended, or must not have ended.
bool Differ::CheckWaiting() {
  const auto waits = [](const Client& client) { return client.waits; };
  if (std::none_of(clients_.begin(), clients_.end(), waits)) return true;
  redis_.Run(connections_, {"PING"});
  tiercel_.Run(connections_, {"PING"});
  for (size_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    if (!client.waits) continue;
    const bool answered = redis_.WaitReadable(i, 0);
    if (answered != tiercel_.WaitReadable(i, answered ? kPatienceMs : 0)) {
      report_ = std::to_string(i) + "> " + Show(client.step.command) + "\n    " +
                (answered ? "redis" : "tiercel") + " has answered, the other waits\n";
      return false;
    }
    if (!answered) continue;
    client.waits = false;
    if (!CompareReply(client.step, redis_.Read(i), tiercel_.Read(i))) return false;
  }
  return true;
}

bool Differ::RunAlike(const Command& command, bool unordered) {
  RandomStep step;
  step.connection = connections_;
  step.command = command;
  step.unordered = unordered;
  const resp::Reply wanted = redis_.Run(connections_, command);
  return CompareReply(step, wanted, tiercel_.Run(connections_, command));
}

// Times that were given as a delay may differ by what the servers' clocks do.
bool Differ::CompareExpiry(const std::string& key) {
  constexpr int64_t kToleranceMs = 200;
  RandomStep step;
  step.connection = connections_;
  step.command = {"PEXPIRETIME", key};
  const resp::Reply wanted = redis_.Run(connections_, step.command);
  const resp::Reply got = tiercel_.Run(connections_, step.command);
  if (wanted.integer > 0 && std::abs(got.integer - wanted.integer) <= kToleranceMs) return true;
  return CompareReply(step, wanted, got);
}

bool Differ::CompareKey(size_t db, const std::string& key) {
  if (!CompareExpiry(key)) return false;
  const std::string type = redis_.Run(connections_, {"TYPE", key}).text;
  if (!RunAlike({"TYPE", key}, false)) return false;
  bool same = true;
  if (type == "string") same = RunAlike({"GET", key}, false);
  if (type == "list") same = RunAlike({"LRANGE", key, "0", "-1"}, false);
  if (type == "set") same = RunAlike({"SMEMBERS", key}, true);
  if (type == "hash") {
    same = RunAlike({"HLEN", key}, false) && RunAlike({"HKEYS", key}, true) &&
           RunAlike({"HGETALL", key}, true);
  }
  if (type == "zset") same = RunAlike({"ZRANGE", key, "0", "-1", "WITHSCORES"}, false);
  if (type == "stream") same = RunAlike({"XRANGE", key, "-", "+"}, false);
  if (!same) report_ = "in database " + std::to_string(db) + ": " + report_;
  return same;
}

bool Differ::CompareData() {
  for (size_t db = 0; db < kDatabases; ++db) {
    const std::string number = std::to_string(db);
    // Not DBSIZE: Redis counts keys whose time is over until it comes by.
    if (!RunAlike({"SELECT", number}, false) || !RunAlike({"KEYS", "*"}, true)) return false;
    for (const resp::Reply& key : redis_.Run(connections_, {"KEYS", "*"}).children) {
      if (!CompareKey(db, key.text)) return false;
    }
  }
  return true;
}

std::vector<RandomStep> Shorten(Differ& differ, std::vector<RandomStep> steps, int protocol,
                                int seconds, std::string* report) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  // Ever smaller pieces are left out, as long as what is left still fails.
  for (size_t piece = (steps.size() + 1) / 2; piece > 0; piece /= 2) {
    for (size_t at = 0; at < steps.size();) {
      if (std::chrono::steady_clock::now() > end) return steps;
      std::vector<RandomStep> fewer = steps;
      const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(from, from + static_cast<std::ptrdiff_t>(std::min(piece, steps.size() - at)));
      if (differ.Replay(fewer, protocol)) {
        at += piece;
        continue;
      }
      *report = differ.report();
      steps = std::move(fewer);
    }
  }
  return steps;
}

}  // namespace compat
