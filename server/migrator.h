// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"
#include "server/migration.h"
#include "server/string_map.h"

namespace server {

class Connection;
class Server;

// MIGRATE: keys go to another server and are deleted here when that has accepted them.
//
// Redis does it while nobody else runs. Here a thread does it: small values are dumped at once,
// larger ones are read from a snapshot. What others could see of the difference is kept from them:
// until the end, commands that may write to one of the keys wait (reads go on). A key that is
// changed all the same (by a command that began before) is sent once more. Inside EXEC and scripts
// nobody else runs: there the loop waits.
//
// Owned by the Server. Loop thread only.
class Migrator {
 public:
  explicit Migrator(Server& server);
  ~Migrator();
  Migrator(const Migrator&) = delete;
  Migrator& operator=(const Migrator&) = delete;

  // Moves (or copies) the keys of the request's database, each given once or more often. `done` is
  // told the error, or nothing.
  using Done = std::function<void(std::string error)>;
  void Start(const MigrationRequest& request, std::vector<std::string> keys, Done done);
  // The same at once: returns the error.
  std::string RunNow(const MigrationRequest& request, std::vector<std::string> keys);
  // Ends those that are under way; nobody hears of them any more. Before the store is closed.
  void Stop();

  // Whether the command may write to a key that is on its way.
  bool MustWait(const Connection& connection, const datatypes::CommandSpec& spec,
                datatypes::Args args) const;
  bool idle() const { return held_keys_ == 0; }
  // What happens to keys.
  void OnModified(uint32_t db, std::string_view key);
  void OnAllModified(uint32_t db);

  // Connections that wait to be used again, for INFO.
  size_t cached_links() const { return links_.size(); }
  // A cron task: closes those that nobody has used for long.
  void Cron(int64_t now_ms);

 private:
  struct Operation;
  using Keys = std::vector<std::string>;

  void Hold(const Operation& operation);
  void Release(const Operation& operation);
  // Fills in what the round sends. False: it needs a snapshot.
  bool Collect(Operation& operation, bool at_once, const Keys& names);
  void BeginRound(const std::shared_ptr<Operation>& operation, const Keys& names);
  void Launch(const std::shared_ptr<Operation>& operation);
  void EndRound(const std::shared_ptr<Operation>& operation);
  // Deletes what was accepted; returns what has changed meanwhile.
  Keys DeleteAccepted(const Operation& operation);
  void Finish(const std::shared_ptr<Operation>& operation, std::string error);
  bool Holds(uint32_t db, std::string_view key) const;
  bool WritesHeld(uint32_t db, const datatypes::CommandSpec& spec, datatypes::Args args) const;
  std::unique_ptr<MigrationLink> TakeLink(const MigrationRequest& request);
  void KeepLink(const MigrationRequest& request, std::unique_ptr<MigrationLink> link);

  Server& server_;
  std::vector<std::shared_ptr<Operation>> operations_;
  // By database: keys that are on their way, and whether they were changed since they were read.
  std::map<uint32_t, StringMap<bool>> held_;
  size_t held_keys_ = 0;
  std::map<std::string, std::unique_ptr<MigrationLink>> links_;
};

}  // namespace server
