// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/blocked_keys.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "datatypes/errors.h"
#include "resp/number_parse.h"

namespace datatypes {
namespace {

class TryAgain final : public KeyWait {
 public:
  TryAgain(CommandContext& ctx, Type type, Args keys, TryCommand try_again)
      : KeyWait(ctx, type, keys), try_again_(try_again) {}

 protected:
  Result<bool> Try(CommandContext& ctx) override { return try_again_(ctx); }

 private:
  const TryCommand try_again_;
};

}  // namespace

BlockedKeys::~BlockedKeys() {
  ENSURE(queues_.empty());
}

void BlockedKeys::Add(KeyWait& wait) {
  if (queues_.empty()) store_.AddObserver(this);
  for (const std::string& key : wait.keys_) queues_[Name(wait.db_, key)].push_back(&wait);
}

void BlockedKeys::Remove(KeyWait& wait) {
  for (const std::string& key : wait.keys_) {
    const auto queue = queues_.find(Name(wait.db_, key));
    std::erase(queue->second, &wait);
    if (queue->second.empty()) queues_.erase(queue);
  }
  if (queues_.empty()) store_.RemoveObserver(this);
}

void BlockedKeys::MarkReady(uint32_t db, std::string_view key) {
  scratch_.first = db;
  scratch_.second = key;
  if (queues_.contains(scratch_) && is_ready_.insert(scratch_).second) ready_.push_back(scratch_);
}

void BlockedKeys::MarkDatabase(uint32_t db) {
  // In an order that does not depend on the table's.
  std::vector<std::string_view> keys;
  for (const auto& [name, queue] : queues_) {
    if (name.first == db) keys.push_back(name.second);
  }
  std::sort(keys.begin(), keys.end());
  for (const std::string_view key : keys) MarkReady(db, key);
}

size_t BlockedKeys::awaited_deletions() const {
  return static_cast<size_t>(std::count_if(queues_.begin(), queues_.end(), [](const auto& each) {
    return std::any_of(each.second.begin(), each.second.end(), [](const KeyWait* wait) {
      return wait->deletion_ == KeyWait::Deletion::kEnds;
    });
  }));
}

void BlockedKeys::OnSwapped(uint32_t a, uint32_t b) {
  MarkDatabase(a);
  MarkDatabase(b);
}

void BlockedKeys::Serve(absl::FunctionRef<void(KeyWait&)> serve) {
  while (!ready_.empty()) {
    const std::vector<Name> keys = std::exchange(ready_, {});
    is_ready_.clear();
    for (const Name& name : keys) ServeKey(name, serve);
  }
}

bool BlockedKeys::StillWaits(const Name& name, const KeyWait* wait) const {
  const auto queue = queues_.find(name);
  return queue != queues_.end() &&
         std::find(queue->second.begin(), queue->second.end(), wait) != queue->second.end();
}

void BlockedKeys::ServeKey(const Name& name, absl::FunctionRef<void(KeyWait&)> serve) {
  const auto queue = queues_.find(name);
  if (queue == queues_.end()) return;
  // Those who come to wait while these are served have to wait for the next time.
  const std::vector<KeyWait*> waits = queue->second;
  bool first = true;
  for (KeyWait* const wait : waits) {
    // Whoever was served before may have ended this one's wait as well.
    if (!std::exchange(first, false) && !StillWaits(name, wait)) continue;
    const lsm::Result<lsm::Entry*> found =
        store_.FindOrLoad(name.first, name.second, lsm::Store::Access::kNoTouch);
    // What cannot be read the command will tell its client.
    const bool fits = !found || (*found != nullptr && (*found)->type() == wait->type_);
    if (fits || wait->deletion_ == KeyWait::Deletion::kEnds) serve(*wait);
  }
}

KeyWait::KeyWait(CommandContext& ctx, Type type, Args keys, Deletion deletion)
    : blocked_(ctx.blocked_keys),
      type_(type),
      deletion_(deletion),
      db_(ctx.keyspace.db()),
      keys_(keys.begin(), keys.end()) {
  std::sort(keys_.begin(), keys_.end());
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  blocked_.Add(*this);
}

KeyWait::~KeyWait() {
  blocked_.Remove(*this);
}

Result<bool> KeyWait::Resume(CommandContext& ctx) {
  ctx.may_suspend = false;
  return Try(ctx);
}

void BlockForKeys(CommandContext& ctx, Type type, Args keys, int64_t deadline_ms,
                  TryCommand try_again) {
  ctx.Block(std::make_unique<TryAgain>(ctx, type, keys, try_again), deadline_ms);
}

Result<void> TryOrBlock(CommandContext& ctx, Type type, Args keys, int64_t deadline_ms,
                        TryCommand attempt) {
  ASSIGN_OR_RETURN(const bool done, attempt(ctx));
  if (done) return {};
  if (ctx.may_block) {
    BlockForKeys(ctx, type, keys, deadline_ms, attempt);
  } else {
    ctx.reply.NullArray();
  }
  return {};
}

Result<void> TryOrBlock(CommandContext& ctx, Type type, TryCommand attempt) {
  ASSIGN_OR_RETURN(const int64_t deadline_ms, ParseTimeoutSeconds(ctx.args.back(), ctx.now_ms));
  return TryOrBlock(ctx, type, KeysBeforeTimeout(ctx), deadline_ms, attempt);
}

Result<int64_t> ParseTimeoutSeconds(std::string_view text, int64_t now_ms) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const std::optional<long double> seconds = resp::ParseLongDouble(text);
  if (!seconds) return Fail(kTimeoutNotAFloat);
  const long double ms = *seconds * 1000;
  if (ms > static_cast<long double>(kMax)) return Fail(kTimeoutOutOfRange);
  if (ms < 0) {
    // What rounds up to 0 waits for ever, as in Redis.
    if (std::ceil(ms) < 0) return Fail(kTimeoutNegative);
    return 0;
  }
  const auto timeout_ms = static_cast<int64_t>(std::ceil(ms));
  if (timeout_ms == 0) return 0;
  if (timeout_ms > kMax - now_ms) return Fail(kTimeoutOutOfRange);
  return now_ms + timeout_ms;
}

}  // namespace datatypes
