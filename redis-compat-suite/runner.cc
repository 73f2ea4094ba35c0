// SPDX-License-Identifier: BSD-3-Clause
#include "runner.h"

#include <unistd.h>

#include "comparison.h"
#include "resp/reply.h"

namespace compat {

namespace {

std::string DescribeFor(Step::Kind kind, const resp::Reply& reply) {
  switch (kind) {
    case Step::Kind::kUnordered:
      return DescribeUnordered(reply);
    case Step::Kind::kShape:
      return DescribeShape(reply);
    default:
      return DescribeExact(reply);
  }
}

// One step on one server: what it answered, in a form to compare; empty: nothing to compare.
std::string RunStep(const Step& step, Peer& peer) {
  switch (step.kind) {
    case Step::Kind::kSend:
      peer.Send(step.connection, step.command);
      return {};
    case Step::Kind::kRead:
      return DescribeFor(step.kind, peer.Read(step.connection));
    case Step::Kind::kReadShape:
      return DescribeFor(Step::Kind::kShape, peer.Read(step.connection));
    case Step::Kind::kRaw:
      peer.SendRaw(step.connection, step.command[0]);
      return DescribeFor(step.kind, peer.Read(step.connection));
    case Step::Kind::kSilent:
      peer.Run(step.connection, step.command);
      return {};
    default:
      return DescribeFor(step.kind, peer.Run(step.connection, step.command));
  }
}

void Prepare(Peer& peer, int protocol) {
  peer.Reset(protocol);
  peer.Run(0, {"FLUSHALL"});
}

}  // namespace

bool RunCase(const Case& current, int protocol, Peer& redis, Peer& tiercel, std::string* report) {
  Prepare(redis, protocol);
  Prepare(tiercel, protocol);
  for (const Step& step : current.steps) {
    if (step.kind == Step::Kind::kSleep) {
      usleep(static_cast<useconds_t>(step.milliseconds) * 1000);
      continue;
    }
    if (step.kind == Step::Kind::kRestart) {
      tiercel.Restart(/*kill=*/true);
      tiercel.Reset(protocol);
      continue;
    }
    const bool alone = step.kind == Step::Kind::kExpect;
    const std::string wanted = alone ? step.expected : RunStep(step, redis);
    const std::string got = RunStep(step, tiercel);
    if (wanted == got) continue;
    *report = current.file + ":" + std::to_string(step.line) + ": «" + current.name + "» RESP" +
              std::to_string(protocol) + "\n  " + Show(step.command) + "\n    " +
              (alone ? "expected: " : "redis:    ") + wanted + "\n    tiercel:  " + got + "\n";
    return false;
  }
  return true;
}

}  // namespace compat
