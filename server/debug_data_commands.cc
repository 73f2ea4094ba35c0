// SPDX-License-Identifier: BSD-3-Clause
// The subcommands of DEBUG that walk or make data. Those that may take long do it in pieces and let
// other clients run in between, so that turns end, replies leave and RAM stays within its bound.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "datatypes/arguments.h"
#include "datatypes/encoding_rules.h"
#include "datatypes/errors.h"
#include "datatypes/string_value.h"
#include "lsm/collection.h"
#include "server/data_digest.h"
#include "server/debug_subcommands.h"
#include "server/replication/replica_link.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::Error;
using datatypes::Fail;
using datatypes::Keyspace;
using datatypes::Result;
using datatypes::Suspension;

// Runs a piece of the work now, and the rest later if there is more.
Result<void> RunInPieces(CommandContext& ctx, std::unique_ptr<Suspension> work) {
  ASSIGN_OR_RETURN(const bool done, work->Resume(ctx));
  if (!done) ctx.Suspend(std::move(work));
  return {};
}

Result<uint64_t> ParsePositive(std::string_view text) {
  ASSIGN_OR_RETURN(
      const int64_t value,
      datatypes::ParseIntegerFrom(text, 0, datatypes::kMustBePositive, datatypes::kMustBePositive));
  return static_cast<uint64_t>(value);
}

// What others change while this walks may or may not be in the digest.
class DigestWalk final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    do {
      ASSIGN_OR_RETURN(const bool filled, FillPage(ctx));
      if (!filled) return false;
      RETURN_IF_ERROR(AddPage(ctx.keyspace.InDb(db_)));
      if (cursor_ == 0 && ++db_ == ctx.keyspace.store().databases()) {
        ctx.reply.SimpleString(digest_.Hex());
        return true;
      }
    } while (!ctx.may_suspend);
    ctx.yield = true;
    return false;
  }
  void TimeOut(CommandContext& /*ctx*/) override {}  // There is no deadline.

 private:
  static constexpr size_t kPageKeys = 256;

  Result<bool> FillPage(CommandContext& ctx) {
    lsm::Store& store = ctx.keyspace.store();
    if (std::exchange(waiting_, false)) return true;
    page_ = {};
    if (ctx.may_suspend) {
      waiting_ = !store.Scan(db_, cursor_, kPageKeys, page_, *this);
      return !waiting_;
    }
    const lsm::Status status = store.ScanNow(db_, cursor_, kPageKeys, page_);
    if (!status.ok()) return tl::unexpected(Error(status));
    return true;
  }

  Result<void> AddPage(Keyspace keyspace) {
    for (const lsm::ScanItem& item : page_.items) {
      ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace.Peek(item.key));
      if (entry == nullptr) continue;  // Expired, or deleted since.
      ASSIGN_OR_RETURN(const DataDigest digest, DataDigest::OfKey(keyspace, item.key, *entry));
      digest_.Add(digest);
    }
    cursor_ = page_.next_cursor;
    return {};
  }

  uint32_t db_ = 0;
  uint64_t cursor_ = 0;
  bool waiting_ = false;  // For page_.
  lsm::ScanPage page_;
  DataDigest digest_;
};

class Populating final : public Suspension {
 public:
  Populating(uint64_t count, std::string_view prefix, uint64_t value_bytes)
      : count_(count), prefix_(prefix), value_bytes_(value_bytes) {}

  Result<bool> Resume(CommandContext& ctx) override {
    const lsm::Store& store = ctx.keyspace.store();
    if (!store.Writable()) return tl::unexpected(datatypes::WriteRefused(store.write_error()));
    // Clients that write are slowed down one by one; this waits until that is over.
    if (ctx.may_suspend && store.WriteDelayUs() > 0) {
      ctx.yield = true;
      return false;
    }
    const uint64_t stop = ctx.may_suspend ? std::min(count_, next_ + kKeysAtOnce) : count_;
    for (; next_ < stop; ++next_) {
      RETURN_IF_ERROR(Create(ctx.keyspace));
      if (ctx.may_suspend && store.TurnBytes() > kTurnBytes) break;
    }
    if (next_ < count_) {
      ctx.yield = true;
      return false;
    }
    ctx.reply.SimpleString("OK");
    return true;
  }
  void TimeOut(CommandContext& /*ctx*/) override {}  // There is no deadline.

 private:
  static constexpr uint64_t kKeysAtOnce = 2000;
  static constexpr size_t kTurnBytes = size_t{1} << 20;

  Result<void> Create(Keyspace keyspace) {
    const std::string key = fmt::format("{}:{}", prefix_, next_);
    ASSIGN_OR_RETURN(const lsm::Entry* const old, keyspace.Peek(key));
    if (old != nullptr) return {};
    std::string value = fmt::format("value:{}", next_);
    if (value_bytes_ > 0) value.resize(value_bytes_, '\0');
    datatypes::String::Replace(keyspace, key, nullptr, value);
    return {};
  }

  const uint64_t count_;
  const std::string prefix_;
  const uint64_t value_bytes_;
  uint64_t next_ = 0;
};

class Reloading final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    lsm::Store& store = ctx.keyspace.store();
    if (store.Stats().loads_pending > 0) {
      if (!ctx.may_suspend) return Fail("ERR other clients' loads are under way, try again");
      ctx.yield = true;
      return false;
    }
    ServerOf(ctx).replica_link().BeforeCommit();
    lsm::Status status = store.CommitTurn();
    if (status.ok()) status = store.Reopen();
    if (!status.ok()) return tl::unexpected(Error(status));
    ServerOf(ctx).log().Warning("DB reloaded by DEBUG RELOAD");
    ctx.reply.SimpleString("OK");
    return true;
  }
  void TimeOut(CommandContext& /*ctx*/) override {}  // There is no deadline.
};

}  // namespace

// DEBUG DIGEST
Result<void> DebugDigest(CommandContext& ctx) {
  return RunInPieces(ctx, std::make_unique<DigestWalk>());
}

// DEBUG DIGEST-VALUE key [key ...]
Result<void> DebugDigestValue(CommandContext& ctx) {
  const auto keys = ctx.args.subspan(2);
  std::vector<DataDigest> digests;
  for (const std::string_view key : keys) {
    ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Peek(key));
    if (entry == nullptr) {
      digests.emplace_back();
      continue;
    }
    ASSIGN_OR_RETURN(const DataDigest digest, DataDigest::OfValue(ctx.keyspace, key, *entry));
    digests.push_back(digest);
  }
  ctx.reply.Array(digests.size());
  for (const DataDigest& digest : digests) ctx.reply.SimpleString(digest.Hex());
  return {};
}

// DEBUG POPULATE count [prefix] [size]
Result<void> DebugPopulate(CommandContext& ctx) {
  ASSIGN_OR_RETURN(const uint64_t count, ParsePositive(ctx.args[2]));
  const std::string_view prefix = ctx.args.size() > 3 ? ctx.args[3] : "key";
  uint64_t value_bytes = 0;
  if (ctx.args.size() > 4) {
    ASSIGN_OR_RETURN(value_bytes, ParsePositive(ctx.args[4]));
    if (value_bytes > static_cast<uint64_t>(ctx.settings.proto_max_bulk_len)) {
      return Fail("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }
  }
  return RunInPieces(ctx, std::make_unique<Populating>(count, prefix, value_bytes));
}

// DEBUG RELOAD, DEBUG LOADAOF
Result<void> DebugReload(CommandContext& ctx) {
  return RunInPieces(ctx, std::make_unique<Reloading>());
}

// DEBUG OBJECT key [fast]
Result<void> DebugObject(CommandContext& ctx) {
  const bool fast = ctx.args.size() == 4 && datatypes::EqualsIgnoreCase(ctx.args[3], "fast");
  if (ctx.args.size() == 4 && !fast) {
    return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
  }
  ASSIGN_OR_RETURN(lsm::Entry* const entry, ctx.keyspace.Peek(ctx.args[2]));
  if (entry == nullptr) return Fail(datatypes::kNoSuchKey);
  std::string text =
      fmt::format("Value at:{} refcount:1 encoding:{}", static_cast<const void*>(entry),
                  datatypes::ObjectEncodingOf(*entry));
  if (!fast) {
    // What of the value is in RAM, packed: there is no dump whose length could be given.
    const uint64_t rows = entry->has_collection() ? entry->collection().bytes() : 0;
    text += fmt::format(" serializedlength:{}", entry->payload().size() + rows);
  }
  text += fmt::format(" lru:{} lru_seconds_idle:{}", entry->last_access_s(),
                      entry->IdleSeconds(ctx.now_ms / 1000));
  ctx.reply.SimpleString(text);
  return {};
}

// DEBUG HTSTATS dbid [full]
Result<void> DebugHtStats(CommandContext& ctx) {
  if (ctx.args.size() == 4 && !datatypes::EqualsIgnoreCase(ctx.args[3], "full")) {
    return tl::unexpected(datatypes::SubcommandSyntax(ctx.args));
  }
  lsm::Store& store = ctx.keyspace.store();
  ASSIGN_OR_RETURN(const int64_t db, datatypes::ParseInteger(ctx.args[2]));
  if (db < 0 || db >= static_cast<int64_t>(store.databases())) {
    return Fail("ERR Out of range database");
  }
  const auto number = static_cast<uint32_t>(db);
  const lsm::StoreStats stats = store.Stats();
  ctx.reply.Verbatim(
      "txt", fmt::format("[Dictionary HT]\n number of elements: {}\n"
                         "[Expires HT]\n number of elements: {}\n"
                         "[Hot tier, all databases]\n entries: {}\n pages: {}\n bytes: {}\n",
                         store.KeyCount(number), store.ExpiringCount(number), stats.hot_entries,
                         stats.hot_pages, stats.hot_bytes));
  return {};
}

}  // namespace server
