// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "datatypes/string_value.h"

namespace datatypes {

// What the handlers of string and bitmap commands share.

// Announces that `key` was looked for and is absent, for commands that may write and yet read
// first, such as GETEX. (The dispatcher does it for read-only ones; then this does nothing.)
void NotifyMissed(const CommandContext& ctx, std::string_view key);

// Sets `key` to `bytes` as SET does, `old` being what was there (of any type), and announces `new`
// if it was absent. `event` follows: "set", "incrby" …
void ReplaceString(CommandContext& ctx, std::string_view key, lsm::Entry* old,
                   std::string_view bytes, std::string_view event,
                   String::Expiry expiry = String::Expiry::kDrop, uint8_t type_flags = 0);

// Announces `event` for a string that was changed in place, and `new` before it if the change
// created it.
void NotifyChanged(const CommandContext& ctx, std::string_view key, bool created,
                   std::string_view event);

// Replies with the bytes [begin, end) as one bulk string. Loads what is not resident on the spot.
Result<void> ReplyBytes(CommandContext& ctx, const String& string, uint64_t begin, uint64_t end);

// Replies with all of `string`, which may be absent (then null, and `keymiss`). False: it has to be
// loaded first; the command is suspended, and the handler must return.
Result<bool> ReplyWhole(CommandContext& ctx, std::string_view key, const String& string);

// Error unless a value of `size` bytes may grow by `more` (proto-max-bulk-len).
Result<void> CheckStringSize(const CommandContext& ctx, uint64_t size, uint64_t more);

// Loads of chunks that a handler needs, off the loop: it names them all before its first change and
// before it replies anything, and if Suspend() then says true it returns, to be run again from the
// start when they have arrived.
//
//   ChunkLoads loads(ctx);
//   loads.Need(string, begin, end);
//   if (loads.Suspend()) return {};
class ChunkLoads {
 public:
  explicit ChunkLoads(CommandContext& ctx) : ctx_(ctx) {}
  ~ChunkLoads();
  ChunkLoads(const ChunkLoads&) = delete;
  ChunkLoads& operator=(const ChunkLoads&) = delete;

  // The bytes [begin, end) of `string`; cheap unless it is chunked.
  void Need(const String& string, uint64_t begin, uint64_t end) {
    if (string.chunked() && ctx_.may_suspend) Join(string, begin, end);
  }
  // False: all is resident, or this command must not wait (then the views load on the spot).
  [[nodiscard]] bool Suspend();

 private:
  void Join(const String& string, uint64_t begin, uint64_t end);

  CommandContext& ctx_;
  std::unique_ptr<Suspension> retry_;
};

}  // namespace datatypes
