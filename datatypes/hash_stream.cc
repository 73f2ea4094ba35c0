// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/hash_stream.h"

#include <memory>
#include <optional>
#include <string_view>

#include "datatypes/hash_access.h"
#include "datatypes/range_stream.h"

namespace datatypes {
namespace {

// What the dispatcher loads as a whole before a command runs.
constexpr uint64_t kMaxFieldsAtOnce = 4096;

bool IsLarge(const Hash& hash) {
  return hash.ranks() > kMaxFieldsAtOnce;
}

class HashStream final : public RangeStream {
 public:
  HashStream(HashPart part, CommandSpec::Handler at_once) : part_(part), at_once_(at_once) {}

 protected:
  Result<Planned> Plan(CommandContext& ctx, bool may_wait, Range& range) override {
    ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
    if (!IsLarge(hash)) {
      RETURN_IF_ERROR(at_once_(ctx));
      return Planned::kAnswered;
    }
    if (may_wait && !hash.PrefetchSize(*this)) return Planned::kWaits;
    ASSIGN_OR_RETURN(range.rows, hash.Size());
    if (range.rows == 0) {  // All are due, and the hash with them.
      WriteHeader(ctx.reply, 0);
      return Planned::kAnswered;
    }
    range.entry = hash.entry();
    range.walk.from = kTimesEnd;
    now_ms_ = hash.now_ms();
    return Planned::kStream;
  }
  void WriteHeader(resp::Writer& reply, uint64_t rows) override {
    if (part_ == HashPart::kBoth) {
      reply.Map(rows);
    } else {
      reply.Array(rows);
    }
  }
  Result<bool> WriteRow(resp::Writer& reply, std::string_view subkey,
                        std::string_view stored) override {
    const std::optional<std::string_view> name = DecodeFieldKey(subkey);
    const std::optional<DecodedValue> value = DecodeFieldValue(stored);
    if (!name || !value) {
      return tl::unexpected(Error(lsm::Status::Corruption("a row of a hash is no field")));
    }
    // Of one moment, also if this is sent long after it.
    if (value->expire_at_ms != lsm::kNoExpiry && value->expire_at_ms <= now_ms_) return false;
    if (part_ != HashPart::kValues) reply.Bulk(*name);
    if (part_ != HashPart::kNames) reply.Bulk(value->value);
    return true;
  }

 private:
  const HashPart part_;
  const CommandSpec::Handler at_once_;
  int64_t now_ms_ = 0;
};

}  // namespace

Result<bool> StreamHash(CommandContext& ctx, HashPart part, CommandSpec::Handler at_once) {
  if (!ctx.may_suspend) return false;
  ASSIGN_OR_RETURN(const Hash hash, OpenHash(ctx, ctx.args[1]));
  if (!IsLarge(hash)) return false;
  RETURN_IF_ERROR(ReplyByStream(ctx, std::make_unique<HashStream>(part, at_once)));
  return true;
}

}  // namespace datatypes
