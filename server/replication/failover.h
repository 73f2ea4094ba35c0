// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace server {

class Server;
struct Replica;

// FAILOVER: this primary and one of its replicas change places, without a write lost. Writes are
// put off until a replica has all that was written; then this server becomes its replica, and asks
// it with that to be the primary. What it does not answer is asked again, until ABORT. Owned by
// Replicas. Loop thread only.
class Failover {
 public:
  struct Plan {
    std::string host;  // Empty: the first replica that has everything.
    int64_t port = 0;
    int64_t timeout_ms = 0;  // 0: for ever.
    bool force = false;      // After that time, whatever it lacks.
  };
  enum class State : uint8_t { kNone, kWaitForSync, kInProgress };

  explicit Failover(Server& server) : server_(server) {}
  ~Failover();
  Failover(const Failover&) = delete;
  Failover& operator=(const Failover&) = delete;

  // Requires state() to be kNone, and that the target, if there is one, is a replica.
  void Start(Plan plan);
  // Everything is as it was before. Requires a failover.
  void Abort(std::string_view why);
  // When replicas may have got further, and at each cron tick.
  void Look();
  // What the target has said to becoming the primary.
  void OnAnswer(bool agreed);

  State state() const { return state_; }
  // As INFO has it.
  std::string_view state_name() const;

 private:
  bool IsTarget(const Replica& replica) const;
  void HandOver(const Replica& target);
  void End();

  Server& server_;
  State state_ = State::kNone;
  Plan plan_;
  int64_t deadline_ms_ = 0;  // 0: none.
};

}  // namespace server
