// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/functional/function_ref.h>

#include "datatypes/command_context.h"
#include "datatypes/types.h"
#include "lsm/store.h"

namespace datatypes {

class KeyWait;

// Who waits for which keys, in the order in which they began to.
//
// A key becomes *ready* when it is changed in whatever way while somebody waits for it: the store
// tells of every change (and of none while nobody waits). After the command, the whole EXEC or the
// whole script that did it, the dispatcher has the waiters of the ready keys served: keys in the
// order in which they became ready, waiters in the order in which they came, each as long as the
// key is there and of the type it waits for. What a waiter does may make further keys ready (BLMOVE
// pushes); these come after all that were ready before.
//
// Loop thread only.
class BlockedKeys final : private lsm::KeyspaceObserver {
 public:
  explicit BlockedKeys(lsm::Store& store) : store_(store) {}
  ~BlockedKeys() override;
  BlockedKeys(const BlockedKeys&) = delete;
  BlockedKeys& operator=(const BlockedKeys&) = delete;

  // While one lives, changes make no key ready: for commands that cannot end anybody's wait, and
  // would have all who wait tried again for nothing.
  class Quiet {
   public:
    explicit Quiet(BlockedKeys& keys) : keys_(keys) { ++keys_.quiet_; }
    ~Quiet() { --keys_.quiet_; }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    BlockedKeys& keys_;
  };

  // The key is changed in a way that the store does not see, and yet may end waits for it.
  void MarkReady(uint32_t db, std::string_view key);
  bool has_ready() const { return !ready_.empty(); }
  // Hands each waiter to `serve`, as said above, until no key is ready.
  void Serve(absl::FunctionRef<void(KeyWait&)> serve);

  size_t awaited_keys() const { return queues_.size(); }
  // Keys whose deletion would end a wait.
  size_t awaited_deletions() const;

 private:
  friend class KeyWait;
  using Name = std::pair<uint32_t, std::string>;

  void Add(KeyWait& wait);
  void Remove(KeyWait& wait);
  void MarkDatabase(uint32_t db);
  void ServeKey(const Name& name, absl::FunctionRef<void(KeyWait&)> serve);
  bool StillWaits(const Name& name, const KeyWait* wait) const;

  void OnModified(uint32_t db, std::string_view key) override {
    if (quiet_ == 0) MarkReady(db, key);
  }
  void OnExpired(uint32_t db, std::string_view key) override { MarkReady(db, key); }
  void OnFlushed(uint32_t db) override { MarkDatabase(db); }
  void OnSwapped(uint32_t a, uint32_t b) override;

  lsm::Store& store_;
  absl::flat_hash_map<Name, std::vector<KeyWait*>> queues_;
  std::vector<Name> ready_;
  absl::flat_hash_set<Name> is_ready_;
  Name scratch_;
  int quiet_ = 0;
};

// A command that waits for one of several keys of a type. It is tried again when one of them is
// ready, and keeps its place if that was for nothing.
class KeyWait : public Suspension {
 public:
  enum class Deletion : uint8_t {
    kWaits,
    kEnds,  // Tried also when the key has gone, or has become another type (XREADGROUP).
  };

  KeyWait(CommandContext& ctx, Type type, Args keys, Deletion deletion = Deletion::kWaits);
  ~KeyWait() override;

  // Loads what it needs on the spot.
  Result<bool> Resume(CommandContext& ctx) final;
  // Redis' answer to all that waited for keys: a null array.
  void TimeOut(CommandContext& ctx) override { ctx.reply.NullArray(); }

 protected:
  // Answers the client, if that is possible now; false: it waits on. With an Error it is answered
  // by that.
  virtual Result<bool> Try(CommandContext& ctx) = 0;

 private:
  friend class BlockedKeys;

  BlockedKeys& blocked_;
  const Type type_;
  const Deletion deletion_;
  const uint32_t db_;
  std::vector<std::string> keys_;  // Each once.
};

// The ordinary case: `handler` is called as it was the first time, and answers true when it has
// replied. Its arguments are those of the command.
using TryCommand = Result<bool> (*)(CommandContext&);
void BlockForKeys(CommandContext& ctx, Type type, Args keys, int64_t deadline_ms,
                  TryCommand try_again);
// The whole of a command that takes from the first of several keys: tries, and waits for them if
// that is for nothing, or answers as if its time were over where it may not wait. The second is for
// those whose arguments are `key [key ...] timeout`.
Result<void> TryOrBlock(CommandContext& ctx, Type type, Args keys, int64_t deadline_ms,
                        TryCommand attempt);
Result<void> TryOrBlock(CommandContext& ctx, Type type, TryCommand attempt);
// The keys of such a command.
inline Args KeysBeforeTimeout(const CommandContext& ctx) {
  return ctx.args.subspan(1, ctx.args.size() - 2);
}

// A time-out in seconds, with a fraction: the time it ends at, 0 for never.
Result<int64_t> ParseTimeoutSeconds(std::string_view text, int64_t now_ms);

}  // namespace datatypes
