// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/command_spec.h"
#include "datatypes/session.h"
#include "server/replication/stream.h"

namespace server {

// Writes the stream that a primary's replicas follow: takes the commands that have changed
// something, or what their handlers want told instead (datatypes::ToReplicas), puts SELECT where
// the database changes and MULTI and EXEC around what belongs together, and appends it to the
// stream when the turn is committed, so that replicas never know of what could still be undone.
// Loop thread only.
class ReplicationFeed {
 public:
  // `on_listen` is called when handlers are to be listened to, or not any more.
  ReplicationFeed(ReplicationStream& stream, std::function<void(bool on)> on_listen)
      : stream_(stream), on_listen_(std::move(on_listen)) {}
  ReplicationFeed(const ReplicationFeed&) = delete;
  ReplicationFeed& operator=(const ReplicationFeed&) = delete;

  // Listens to commands, or not: as a replica the server relays what it is sent, and before a
  // first replica has asked nobody is told anything. What follows does nothing while it is off.
  void Listen(bool on);
  bool listening() const { return listening_; }

  // ---- What happens ---------------------------------------------------------------------------
  // A key was changed, as lsm::KeyspaceObserver hears it.
  void NoteChange() { ++changes_; }
  // A key has gone by something that no replica would do at the same moment: its time has come, or
  // it has migrated. The last change was that, and not the running command's.
  void OnVanished(uint32_t db, std::string_view key);
  // A handler says something: see datatypes::ToReplicas.
  void OnSaid(std::string_view what, uint32_t db, std::string_view command);

  // A command is done, with or without an error, and ran in `db`. `muted`: nobody is to know.
  void EndCommand(const datatypes::Session& session, const datatypes::CommandSpec& spec,
                  uint32_t db, datatypes::Args args, bool muted);
  // It goes on later, and others run before that: what it has changed so far is told now. Unless it
  // `blocks`, until something happens that is told then, the rest is between us and our disk.
  void PauseCommand(const datatypes::Session& session, const datatypes::CommandSpec& spec,
                    uint32_t db, datatypes::Args args, bool blocks);
  // What was told since the last call belongs together: a command of a client, an EXEC, a script.
  void EndUnit();
  // While one lives, commands are parts of something larger: EndUnit() waits for its end.
  class Together {
   public:
    explicit Together(ReplicationFeed& feed) : feed_(feed) { ++feed_.together_; }
    ~Together() { --feed_.together_; }
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;

   private:
    ReplicationFeed& feed_;
  };
  // The session goes.
  void Forget(const datatypes::Session& session) { std::erase(told_, &session); }

  // The turn is committed: what it has to tell goes into the stream.
  void OnCommit();
  // The open turn was undone.
  void OnUndo();
  // What comes next does not know which database is selected: a replica starts from here.
  void ForgetDatabase() { selected_db_ = kNoDatabase; }
  // A command for no database: PING, REPLCONF GETACK.
  void AppendPlain(datatypes::Args args);

  // Where the stream will end when the open turn is committed.
  uint64_t offset() const { return stream_.offset() + pending_.size(); }

 private:
  struct Command {
    uint32_t db;
    std::string bytes;
  };
  static constexpr uint32_t kNoDatabase = UINT32_MAX;

  bool Take(const datatypes::CommandSpec& spec, uint32_t db, datatypes::Args args, bool muted);
  void Select(uint32_t db);
  void Write(const Command& command);

  ReplicationStream& stream_;
  const std::function<void(bool on)> on_listen_;
  bool listening_ = false;
  int together_ = 0;
  uint32_t selected_db_ = kNoDatabase;
  // Of the command that runs.
  int64_t changes_ = 0;
  bool suppressed_ = false;
  std::vector<std::string> instead_;
  // Whose waiting command was told before its end.
  std::vector<const datatypes::Session*> told_;
  std::vector<Command> unit_;  // Of the command, EXEC or script that runs.
  std::string pending_;        // Of the open turn.
};

}  // namespace server
