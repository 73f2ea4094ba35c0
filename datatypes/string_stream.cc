// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/string_stream.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "datatypes/range_stream.h"
#include "datatypes/string_access.h"
#include "datatypes/string_format.h"

namespace datatypes {
namespace {

constexpr uint64_t kMaxBytesAtOnce = uint64_t{4} << 20;
constexpr size_t kZerosBytes = size_t{64} << 10;

// The chunks of a string; what none of them holds is zero.
class StringStream final : public RangeStream {
 public:
  StringStream(uint64_t begin, uint64_t end) : at_(begin), end_(end) {}

 protected:
  Result<Planned> Plan(CommandContext& ctx, bool, Range& range) override {
    ASSIGN_OR_RETURN(const String string, String::Open(ctx.keyspace, ctx.args[1]));
    end_ = std::min(end_, string.size());
    at_ = std::min(at_, end_);
    if (!string.chunked() || at_ == end_) {  // It was another one a turn ago.
      RETURN_IF_ERROR(ReplyBytes(ctx, string, at_, end_));
      return Planned::kAnswered;
    }
    range.entry = string.entry();
    range.walk.from = ChunkKey(at_ / String::kChunkBytes).view();
    range.walk.to = std::string(ChunkKey((end_ - 1) / String::kChunkBytes + 1).view());
    range.rows = kAllRows;
    return Planned::kStream;
  }
  void WriteHeader(resp::Writer& reply, uint64_t) override { reply.BulkHeader(end_ - at_); }
  Result<bool> WriteRow(resp::Writer& reply, std::string_view subkey,
                        std::string_view bytes) override {
    const std::optional<uint64_t> chunk = DecodeChunkKey(subkey);
    if (!chunk) return tl::unexpected(Error(lsm::Status::Corruption("a row is no chunk")));
    const uint64_t begin = *chunk * String::kChunkBytes;
    WriteZeros(reply, std::min(begin, end_));
    bytes = bytes.substr(std::min<uint64_t>(at_ - begin, bytes.size()));
    bytes = bytes.substr(0, end_ - at_);
    reply.Raw(bytes);
    at_ += bytes.size();
    return true;
  }
  void WriteEnd(resp::Writer& reply) override {
    WriteZeros(reply, end_);
    reply.BulkEnd();
  }

 private:
  // All the pieces are the same one: half a gigabyte of zeros takes no RAM.
  void WriteZeros(resp::Writer& reply, uint64_t to) {
    for (; at_ < to && to - at_ >= kZerosBytes; at_ += kZerosBytes) {
      if (zeros_ == nullptr) zeros_ = std::make_shared<const std::string>(kZerosBytes, '\0');
      reply.out().AppendShared(zeros_);
    }
    if (at_ >= to) return;
    reply.Raw(std::string(to - at_, '\0'));
    at_ = to;
  }

  uint64_t at_;
  uint64_t end_;
  std::shared_ptr<const std::string> zeros_;  // The output buffers' as well.
};

}  // namespace

bool IsStreamed(const CommandContext& ctx, const String& string, uint64_t begin, uint64_t end) {
  return ctx.may_suspend && string.chunked() && end > begin && end - begin > kMaxBytesAtOnce;
}

Result<void> StreamBytes(CommandContext& ctx, uint64_t begin, uint64_t end) {
  return ReplyByStream(ctx, std::make_unique<StringStream>(begin, end));
}

}  // namespace datatypes
