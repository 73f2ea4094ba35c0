// SPDX-License-Identifier: BSD-3-Clause
// CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR.
#include "server/tracking_commands.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/arguments.h"
#include "server/connection.h"
#include "server/connections.h"
#include "server/server.h"
#include "server/tracking.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::EqualsIgnoreCase;
using datatypes::Fail;
using datatypes::Result;

constexpr std::string_view kOneRedirect = "ERR A client can only redirect to a single other client";
constexpr std::string_view kNoSuchRedirect =
    "ERR The client ID you want redirect to does not exist";
constexpr std::string_view kPrefixWithoutBcast =
    "ERR PREFIX option requires BCAST mode to be enabled";
constexpr std::string_view kBcastSwitched =
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
    "re-enabling it with a different mode.";
constexpr std::string_view kOptWithBcast = "ERR OPTIN and OPTOUT are not compatible with BCAST";
constexpr std::string_view kOptInAndOut = "ERR You can't specify both OPTIN mode and OPTOUT mode";
constexpr std::string_view kOptSwitched =
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
    "re-enabling it with a different mode.";
constexpr std::string_view kCachingWithoutTracking =
    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
    "OPTOUT mode enabled";
constexpr std::string_view kCachingYesWithoutOptIn =
    "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
constexpr std::string_view kCachingNoWithoutOptOut =
    "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";

struct Options {
  TrackingState state;
  std::vector<std::string_view> prefixes;
};

Result<uint64_t> ParseRedirect(Server& server, std::string_view text) {
  ASSIGN_OR_RETURN(const int64_t id, datatypes::ParseInteger(text));
  if (server.connections().Find(static_cast<uint64_t>(id)) == nullptr) return Fail(kNoSuchRedirect);
  return static_cast<uint64_t>(id);
}

Result<Options> ParseOptions(CommandContext& ctx) {
  Options options;
  datatypes::OptionReader reader(ctx.args, 3);
  while (!reader.done()) {
    if (reader.Take("REDIRECT", 1)) {
      if (options.state.redirect != 0) return Fail(kOneRedirect);
      ASSIGN_OR_RETURN(options.state.redirect, ParseRedirect(ServerOf(ctx), reader.operand()));
    } else if (reader.Take("BCAST")) {
      options.state.bcast = true;
    } else if (reader.Take("OPTIN")) {
      options.state.optin = true;
    } else if (reader.Take("OPTOUT")) {
      options.state.optout = true;
    } else if (reader.Take("NOLOOP")) {
      options.state.noloop = true;
    } else if (reader.Take("PREFIX", 1)) {
      options.prefixes.push_back(reader.operand());
    } else {
      return Fail(datatypes::kSyntaxError);
    }
  }
  return options;
}

// Whether one begins with the other.
bool Overlap(std::string_view a, std::string_view b) {
  const size_t length = std::min(a.size(), b.size());
  return a.substr(0, length) == b.substr(0, length);
}

std::string OverlapError(std::string_view prefix, std::string_view kind, std::string_view other) {
  return "ERR Prefix '" + std::string(prefix) + "' overlaps with " + std::string(kind) +
         " prefix '" + std::string(other) + "'. Prefixes for a single client must not overlap.";
}

Result<void> CheckPrefixes(const TrackingState* before,
                           const std::vector<std::string_view>& prefixes) {
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (before != nullptr) {
      for (const std::string& existing : before->prefixes) {
        if (Overlap(existing, prefixes[i])) {
          return Fail(OverlapError(prefixes[i], "an existing", existing));
        }
      }
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (Overlap(prefixes[i], prefixes[j])) {
        return Fail(OverlapError(prefixes[i], "another provided", prefixes[j]));
      }
    }
  }
  return {};
}

Result<void> CheckModes(const TrackingState* before, const Options& options) {
  const TrackingState& wanted = options.state;
  if (!wanted.bcast && !options.prefixes.empty()) return Fail(kPrefixWithoutBcast);
  if (before != nullptr && before->bcast != wanted.bcast) return Fail(kBcastSwitched);
  if (wanted.bcast && (wanted.optin || wanted.optout)) return Fail(kOptWithBcast);
  if (wanted.optin && wanted.optout) return Fail(kOptInAndOut);
  if (before != nullptr && ((wanted.optin && before->optout) || (wanted.optout && before->optin))) {
    return Fail(kOptSwitched);
  }
  return CheckPrefixes(before, options.prefixes);
}

}  // namespace

// CLIENT TRACKING ON | OFF [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN]
// [OPTOUT] [NOLOOP]
Result<void> ClientTracking(CommandContext& ctx) {
  Connection& connection = ConnectionOf(ctx);
  ASSIGN_OR_RETURN(Options options, ParseOptions(ctx));
  ASSIGN_OR_RETURN(const bool on, ParseOnOff(ctx.args[2]));
  if (on) {
    RETURN_IF_ERROR(CheckModes(connection.tracking.get(), options));
    options.state.prefixes = {options.prefixes.begin(), options.prefixes.end()};
    ServerOf(ctx).tracking().Enable(connection, options.state);
  } else {
    ServerOf(ctx).tracking().Disable(connection);
  }
  ctx.reply.SimpleString("OK");
  return {};
}

// CLIENT CACHING YES | NO
Result<void> ClientCaching(CommandContext& ctx) {
  TrackingState* const state = ConnectionOf(ctx).tracking.get();
  if (state == nullptr) return Fail(kCachingWithoutTracking);
  if (EqualsIgnoreCase(ctx.args[2], "yes")) {
    if (!state->optin) return Fail(kCachingYesWithoutOptIn);
  } else if (EqualsIgnoreCase(ctx.args[2], "no")) {
    if (!state->optout) return Fail(kCachingNoWithoutOptOut);
  } else {
    return Fail(datatypes::kSyntaxError);
  }
  state->caching = true;
  ctx.reply.SimpleString("OK");
  return {};
}

// CLIENT GETREDIR
Result<void> ClientGetRedir(CommandContext& ctx) {
  const TrackingState* const state = ConnectionOf(ctx).tracking.get();
  ctx.reply.Integer(state == nullptr ? -1 : static_cast<int64_t>(state->redirect));
  return {};
}

// CLIENT TRACKINGINFO
Result<void> ClientTrackingInfo(CommandContext& ctx) {
  const TrackingState* const state = ConnectionOf(ctx).tracking.get();
  std::vector<std::string_view> flags;
  if (state == nullptr) {
    flags.emplace_back("off");
  } else {
    flags.emplace_back("on");
    if (state->bcast) flags.emplace_back("bcast");
    if (state->optin) flags.emplace_back("optin");
    if (state->optin && state->caching) flags.emplace_back("caching-yes");
    if (state->optout) flags.emplace_back("optout");
    if (state->optout && state->caching) flags.emplace_back("caching-no");
    if (state->noloop) flags.emplace_back("noloop");
    if (state->broken_redirect) flags.emplace_back("broken_redirect");
  }
  ctx.reply.Map(3);
  ctx.reply.Bulk("flags");
  ctx.reply.Set(flags.size());
  for (const std::string_view flag : flags) ctx.reply.Bulk(flag);
  ctx.reply.Bulk("redirect");
  ctx.reply.Integer(state == nullptr ? -1 : static_cast<int64_t>(state->redirect));
  ctx.reply.Bulk("prefixes");
  ctx.reply.Array(state == nullptr ? 0 : state->prefixes.size());
  if (state != nullptr) {
    for (const std::string& prefix : state->prefixes) ctx.reply.Bulk(prefix);
  }
  return {};
}

}  // namespace server
