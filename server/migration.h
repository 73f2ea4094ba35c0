// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lsm/clock.h"
#include "lsm/entry.h"
#include "lsm/snapshot.h"
#include "rdb/writer.h"
#include "server/migration_link.h"

namespace server {

// What MIGRATE was asked to do.
struct MigrationRequest {
  std::string host;
  int port = 0;
  int64_t to_db = 0;
  int64_t timeout_ms = 0;
  bool copy = false;
  bool replace = false;
  bool auth = false;
  std::string user;  // Empty: AUTH with a password alone.
  std::string password;
  uint32_t from_db = 0;

  // Which connections may serve it.
  std::string LinkName() const;
};

// Sends keys to another server: one round of a MIGRATE. Made on the loop, run by one thread, looked
// at on the loop again when it has run.
class Migration {
 public:
  struct Key {
    std::string name;
    int64_t expire_at_ms = lsm::kNoExpiry;
    // As RESTORE takes it; nullopt: the snapshot has it.
    std::optional<std::string> payload;
    bool accepted = false;  // By the other side.
  };

  // `link`: one that is open already, or nullptr.
  Migration(const MigrationRequest& request, const rdb::WriteOptions& format, lsm::Clock& clock,
            std::unique_ptr<MigrationLink> link)
      : request_(request), format_(format), clock_(clock), link_(std::move(link)) {}

  std::vector<Key> keys;
  std::unique_ptr<lsm::Snapshot> snapshot;  // Needed if some key has no payload.
  std::atomic<bool> stop = false;           // Ends it soon.

  // Does it all. Those keys that were accepted are marked, whatever the error.
  void Run();
  // Empty: all went well.
  const std::string& error() const { return error_; }
  // The connection, if it can be used again.
  std::unique_ptr<MigrationLink> TakeLink() { return std::move(link_); }

 private:
  bool Connect();
  // What was sent before the keys.
  struct Preface {
    bool auth = false;
    bool select = false;
  };
  bool Send(Preface* preface);
  bool SendKey(Key& key);
  bool SendHead(const Key& key, int64_t expire_at_ms, uint64_t payload_bytes);
  bool SendTail();
  bool SendFromSnapshot(Key& key);
  bool Flush();
  // False: the connection failed before the first answer about a key.
  bool ReadReplies(const Preface& preface);

  const MigrationRequest& request_;
  const rdb::WriteOptions format_;
  lsm::Clock& clock_;
  std::unique_ptr<MigrationLink> link_;
  std::string out_;
  std::vector<Key*> sent_;
  std::string error_;
};

}  // namespace server
