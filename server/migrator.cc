// SPDX-License-Identifier: BSD-3-Clause
#include "server/migrator.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "datatypes/dispatcher.h"
#include "datatypes/dump_value.h"
#include "datatypes/notifications.h"
#include "server/replication/feed.h"
#include "server/server.h"
#include "server/transaction.h"

namespace server {
namespace {

// What is dumped on the loop; more comes from a snapshot.
constexpr size_t kMaxDumpedBytes = size_t{1} << 20;
constexpr int kMaxRounds = 5;
// As in Redis.
constexpr size_t kMaxLinks = 64;
constexpr int64_t kLinkIdleMs = 10'000;

// Without a look at the disk, and not much.
bool QuicklyDumped(const lsm::Entry& entry) {
  return !entry.has_collection() || entry.collection().small();
}

}  // namespace

struct Migrator::Operation {
  MigrationRequest request;
  Keys keys;
  Done done;
  int rounds = 0;
  bool abandoned = false;  // Loop thread only.
  std::unique_ptr<Migration> migration;
  std::thread thread;
};

Migrator::Migrator(Server& server) : server_(server) {}

Migrator::~Migrator() {
  Stop();
}

void Migrator::Stop() {
  for (const auto& operation : operations_) {
    operation->abandoned = true;
    operation->done = nullptr;
    if (operation->migration != nullptr) operation->migration->stop = true;
    if (operation->thread.joinable()) operation->thread.join();
    operation->migration.reset();  // With its snapshot.
  }
  operations_.clear();
  held_.clear();
  held_keys_ = 0;
}

// ---- Who waits ----------------------------------------------------------------------------------

void Migrator::Hold(const Operation& operation) {
  if (operation.request.copy) return;
  for (const std::string& key : operation.keys) {
    held_keys_ += held_[operation.request.from_db].insert_or_assign(key, false).second ? 1 : 0;
  }
}

void Migrator::Release(const Operation& operation) {
  if (operation.request.copy) return;
  auto& held = held_[operation.request.from_db];
  for (const std::string& key : operation.keys) held_keys_ -= held.erase(key);
}

bool Migrator::Holds(uint32_t db, std::string_view key) const {
  const auto held = held_.find(db);
  return held != held_.end() && held->second.contains(key);
}

bool Migrator::WritesHeld(uint32_t db, const datatypes::CommandSpec& spec,
                          datatypes::Args args) const {
  constexpr uint32_t kWrites = datatypes::kWrite | datatypes::kMayReplicate;
  if ((spec.flags & kWrites) == 0 || spec.group == "pubsub") return false;
  // FLUSHALL, SWAPDB: any key may be theirs. A script tells its keys; one that writes to others
  // is found out by the change.
  if (spec.keys.count == 0 && spec.find_keys == nullptr) {
    return (spec.flags & datatypes::kWrite) != 0;
  }
  std::vector<datatypes::KeyRef> keys;
  if (!datatypes::FindKeys(spec, args, keys)) return false;  // It will be refused.
  return std::any_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return Holds(db, args[key.index]); });
}

bool Migrator::MustWait(const Connection& connection, const datatypes::CommandSpec& spec,
                        datatypes::Args args) const {
  if (connection.transaction == nullptr) return WritesHeld(connection.db(), spec, args);
  if (spec.name != "exec") return false;  // DISCARD and the like.
  // A SELECT among the commands is rare: then any database may be meant.
  const auto& queue = connection.transaction->queue();
  return std::any_of(queue.begin(), queue.end(), [&](const Transaction::Queued& queued) {
    for (const auto& [db, keys] : held_) {
      if (!keys.empty() && WritesHeld(db, *queued.spec, queued.args.view())) return true;
    }
    return false;
  });
}

void Migrator::OnModified(uint32_t db, std::string_view key) {
  const auto held = held_.find(db);
  if (held == held_.end()) return;
  if (const auto found = held->second.find(key); found != held->second.end()) found->second = true;
}

void Migrator::OnAllModified(uint32_t db) {
  const auto held = held_.find(db);
  if (held == held_.end()) return;
  for (auto& [key, changed] : held->second) changed = true;
}

// ---- The way of an operation --------------------------------------------------------------------

void Migrator::Start(const MigrationRequest& request, Keys keys, Done done) {
  auto operation = std::make_shared<Operation>();
  operation->request = request;
  operation->keys = std::move(keys);
  operation->done = std::move(done);
  operations_.push_back(operation);
  Hold(*operation);
  BeginRound(operation, operation->keys);
}

bool Migrator::Collect(Operation& operation, bool at_once, const Keys& names) {
  const MigrationRequest& request = operation.request;
  rdb::WriteOptions format;
  format.version = static_cast<int>(server_.settings().data.rdb_version);
  format.compress = server_.settings().data.rdb_compression;
  operation.migration =
      std::make_unique<Migration>(request, format, server_.clock(), TakeLink(request));
  const datatypes::Keyspace keyspace(server_.store(), request.from_db, /*no_touch=*/true);
  size_t dumped = 0;
  bool whole = true;
  for (const std::string& name : names) {
    Migration::Key key;
    key.name = name;
    const auto entry = keyspace.Peek(name);
    if (entry && *entry == nullptr) continue;
    if (entry && (at_once || (dumped < kMaxDumpedBytes && QuicklyDumped(**entry)))) {
      key.expire_at_ms = (*entry)->expire_at_ms();
      auto payload = datatypes::DumpValue(**entry, server_.settings().data);
      if (payload) {
        dumped += payload->size();
        key.payload = std::move(*payload);
      }
    }
    whole = whole && key.payload.has_value();
    operation.migration->keys.push_back(std::move(key));
  }
  return whole;
}

void Migrator::BeginRound(const std::shared_ptr<Operation>& operation, const Keys& names) {
  ++operation->rounds;
  const bool whole = Collect(*operation, /*at_once=*/false, names);
  if (!operation->request.copy) {
    auto& held = held_[operation->request.from_db];
    for (const std::string& name : names) held[name] = false;
  }
  if (whole) {
    Launch(operation);
    return;
  }
  server_.store().TakeSnapshot([this, operation](auto snapshot) {
    if (operation->abandoned) return;
    if (!snapshot) {
      Finish(operation, "ERR " + snapshot.error().message());
      return;
    }
    operation->migration->snapshot = std::move(*snapshot);
    Launch(operation);
  });
}

void Migrator::Launch(const std::shared_ptr<Operation>& operation) {
  operation->thread = std::thread([this, operation] {
    operation->migration->Run();
    server_.Post([this, operation] {
      if (!operation->abandoned) EndRound(operation);
    });
  });
}

void Migrator::EndRound(const std::shared_ptr<Operation>& operation) {
  operation->thread.join();
  operation->migration->snapshot.reset();
  KeepLink(operation->request, operation->migration->TakeLink());
  const Keys changed = DeleteAccepted(*operation);
  const std::string error = operation->migration->error();
  if (!error.empty() || changed.empty()) {
    Finish(operation, error);
    return;
  }
  if (operation->rounds == kMaxRounds) {
    Finish(operation, "ERR Key '" + changed.front() + "' is changed too often to be migrated");
    return;
  }
  operation->request.replace = true;  // What stands there is from the round before.
  BeginRound(operation, changed);
}

Migrator::Keys Migrator::DeleteAccepted(const Operation& operation) {
  Keys changed;
  if (operation.request.copy) return changed;
  const uint32_t db = operation.request.from_db;
  const datatypes::Keyspace keyspace(server_.store(), db, /*no_touch=*/true);
  for (const Migration::Key& key : operation.migration->keys) {
    if (!key.accepted) continue;
    const auto entry = keyspace.Peek(key.name);
    if (entry && *entry == nullptr) continue;
    const auto held = held_.find(db);
    const auto mark =
        held == held_.end() ? StringMap<bool>::iterator() : held->second.find(key.name);
    const bool touched = held != held_.end() && mark != held->second.end() && mark->second;
    if (!entry || touched) {
      changed.push_back(key.name);
      continue;
    }
    server_.store().Delete(*entry);
    if (server_.feed().listening()) server_.feed().OnVanished(db, key.name);
    server_.notifier().Send(datatypes::kNotifyGeneric, "del", db, key.name);
  }
  return changed;
}

void Migrator::Finish(const std::shared_ptr<Operation>& operation, std::string error) {
  Release(*operation);
  std::erase(operations_, operation);
  if (const Done done = std::exchange(operation->done, nullptr)) done(std::move(error));
  server_.dispatcher().RetryPostponed();
}

std::string Migrator::RunNow(const MigrationRequest& request, Keys keys) {
  Operation operation;
  operation.request = request;
  operation.keys = std::move(keys);
  if (!Collect(operation, /*at_once=*/true, operation.keys)) return "ERR a key could not be read";
  operation.migration->Run();
  KeepLink(request, operation.migration->TakeLink());
  DeleteAccepted(operation);
  return operation.migration->error();
}

// ---- Connections --------------------------------------------------------------------------------

std::unique_ptr<MigrationLink> Migrator::TakeLink(const MigrationRequest& request) {
  const auto found = links_.find(request.LinkName());
  if (found == links_.end()) return nullptr;
  std::unique_ptr<MigrationLink> link = std::move(found->second);
  links_.erase(found);
  return link;
}

void Migrator::KeepLink(const MigrationRequest& request, std::unique_ptr<MigrationLink> link) {
  if (link == nullptr) return;
  link->used_ms = server_.clock().NowMs();
  if (links_.size() >= kMaxLinks) links_.erase(links_.begin());
  links_[request.LinkName()] = std::move(link);
}

void Migrator::Cron(int64_t now_ms) {
  std::erase_if(links_,
                [now_ms](const auto& item) { return now_ms - item.second->used_ms > kLinkIdleMs; });
}

}  // namespace server
