// SPDX-License-Identifier: BSD-3-Clause
// LOLWUT: a small picture, another one each time, and the version.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/admin_commands.h"
#include "server/server.h"
#include "server/version.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::Result;

constexpr int kColumns = 64;
constexpr int kRows = 12;

// Hills under a sky with a falcon in it: a tiercel is the male one, a third smaller.
std::string Picture(uint32_t seed) {
  std::minstd_rand random(seed);
  const auto up_to = [&random](int bound) { return static_cast<int>(random() % bound); };
  std::vector<std::string> rows(kRows, std::string(kColumns, ' '));
  double height = 2.5;
  double slope = 0;
  for (int x = 0; x < kColumns; ++x) {
    slope = std::clamp(slope + (up_to(9) - 4) * 0.1, -0.8, 0.8);
    height = std::clamp(height + slope, 0.0, 5.0);
    const int top = kRows - 1 - static_cast<int>(height);
    for (int y = top; y < kRows; ++y) {
      rows[static_cast<size_t>(y)][static_cast<size_t>(x)] = y == top ? '^' : ':';
    }
  }
  constexpr std::string_view kFalcon = "--=\\v/=--";
  const auto x = static_cast<size_t>(up_to(kColumns - static_cast<int>(kFalcon.size())));
  rows[static_cast<size_t>(1 + up_to(3))].replace(x, kFalcon.size(), kFalcon);
  std::string picture;
  for (std::string& row : rows) {
    row.erase(row.find_last_not_of(' ') + 1);
    picture += row + "\n";
  }
  return picture;
}

// LOLWUT [VERSION version]
// One picture for all versions; what follows are a picture's own arguments, and it has none.
Result<void> Lolwut(CommandContext& ctx) {
  if (ctx.args.size() >= 3 && datatypes::EqualsIgnoreCase(ctx.args[1], "version")) {
    RETURN_IF_ERROR(datatypes::ParseInteger(ctx.args[2]).map([](int64_t) {}));
  }
  ctx.reply.Verbatim("txt", fmt::format("{}\nTiercel ver. {}, Redis ver. {}\n",
                                        Picture(static_cast<uint32_t>(ctx.now_ms)), kTiercelVersion,
                                        kRedisVersion));
  return {};
}

constexpr CommandSpec kLolwutCommands[] = {
    {.name = "lolwut",
     .handler = Lolwut,
     .arity = -1,
     .flags = datatypes::kReadonly | datatypes::kFast,
     .group = "server",
     .since = "5.0.0",
     .summary = "Draws a picture and tells the version.",
     .syntax = "[VERSION version]"},
};

}  // namespace

std::span<const CommandSpec> LolwutCommands() {
  return kLolwutCommands;
}

}  // namespace server
