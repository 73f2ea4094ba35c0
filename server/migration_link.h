// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace server {

// MIGRATE's connection to another server: calls that wait, each of their steps no longer than the
// time limit. Used by one thread at a time; it may be handed to another.
class MigrationLink {
 public:
  // nullptr: not within `timeout_ms`, or `stop` was set.
  static std::unique_ptr<MigrationLink> Connect(const std::string& host, int port,
                                                int64_t timeout_ms, const std::atomic<bool>& stop);
  ~MigrationLink();
  MigrationLink(const MigrationLink&) = delete;
  MigrationLink& operator=(const MigrationLink&) = delete;

  // For the calls to come; `stop` ends them.
  void SetLimit(int64_t timeout_ms, const std::atomic<bool>& stop) {
    timeout_ms_ = timeout_ms;
    stop_ = &stop;
  }
  bool Write(std::string_view bytes);
  // A line without its end; nullopt: it did not come.
  std::optional<std::string> ReadLine();
  // Why the last call failed: its time was over, rather than that the connection was.
  bool timed_out() const { return timed_out_; }

  // The database that the other side has selected; -1: not known.
  int64_t selected_db = -1;
  // When it was last used; for whoever keeps idle ones.
  int64_t used_ms = 0;

 private:
  explicit MigrationLink(int fd) : fd_(fd) {}
  // Until the socket can be read or written.
  bool Wait(short events);

  const int fd_;
  int64_t timeout_ms_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
  bool timed_out_ = false;
  std::string received_;
};

}  // namespace server
