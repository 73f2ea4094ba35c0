// SPDX-License-Identifier: BSD-3-Clause
#include "server/info.h"

#include <array>
#include <string_view>

#include "datatypes/arguments.h"
#include "datatypes/command_context.h"
#include "server/admin_commands.h"
#include "server/info_sections.h"
#include "server/server.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::CommandSpec;
using datatypes::EqualsIgnoreCase;
using datatypes::Result;

struct Section {
  std::string_view name;  // In lower case.
  std::string_view title;
  bool by_default;
  void (*append)(Server&, InfoLines&);
};

constexpr Section kSections[] = {
    {"server", "Server", true, InfoServer},
    {"clients", "Clients", true, InfoClients},
    {"memory", "Memory", true, InfoMemory},
    {"persistence", "Persistence", true, InfoPersistence},
    {"stats", "Stats", true, InfoStats},
    {"replication", "Replication", true, InfoReplication},
    {"cpu", "CPU", true, InfoCpu},
    {"modules", "Modules", true, InfoModules},
    {"commandstats", "Commandstats", false, InfoCommandStats},
    {"errorstats", "Errorstats", true, InfoErrorStats},
    {"latencystats", "Latencystats", false, InfoLatencyStats},
    {"cluster", "Cluster", true, InfoCluster},
    {"keyspace", "Keyspace", true, InfoKeyspace},
    {"store", "Store", true, InfoStore},
};
constexpr size_t kSectionCount = std::size(kSections);

std::array<bool, kSectionCount> ChosenSections(datatypes::Args names) {
  std::array<bool, kSectionCount> chosen{};
  const auto choose = [&chosen](auto&& wanted) {
    for (size_t i = 0; i < kSectionCount; ++i) chosen[i] = chosen[i] || wanted(kSections[i]);
  };
  if (names.empty()) choose([](const Section& section) { return section.by_default; });
  for (const std::string_view name : names) {
    if (EqualsIgnoreCase(name, "all") || EqualsIgnoreCase(name, "everything")) {
      choose([](const Section&) { return true; });
    } else if (EqualsIgnoreCase(name, "default")) {
      choose([](const Section& section) { return section.by_default; });
    } else {
      choose([name](const Section& section) { return EqualsIgnoreCase(name, section.name); });
    }
  }
  return chosen;
}

// INFO [section ...]
Result<void> Info(CommandContext& ctx) {
  ctx.reply.Verbatim("txt", MakeInfo(ServerOf(ctx), ctx.args.subspan(1)));
  return {};
}

constexpr CommandSpec kInfoCommands[] = {
    {.name = "info",
     .handler = Info,
     .arity = -1,
     .flags = datatypes::kLoading | datatypes::kStale,
     .acl = datatypes::kAclDangerous,
     .group = "server",
     .since = "1.0.0",
     .summary = "Returns figures and facts about the server.",
     .complexity = "O(1)",
     .syntax = "[section [section ...]]",
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
     .history = "7.0.0\tAdded support for taking multiple section arguments."},
};

}  // namespace

std::string MakeInfo(Server& server, datatypes::Args names) {
  const auto chosen = ChosenSections(names);
  std::string text;
  InfoLines lines(text);
  for (size_t i = 0; i < kSectionCount; ++i) {
    if (!chosen[i]) continue;
    if (!text.empty()) text += "\r\n";
    text += fmt::format("# {}\r\n", kSections[i].title);
    kSections[i].append(server, lines);
  }
  return text;
}

std::span<const CommandSpec> InfoCommands() {
  return kInfoCommands;
}

}  // namespace server
