// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "datatypes/command_spec.h"

namespace datatypes {

// All commands, by name. Built once at start from the families' rows and what the configuration
// renames; immutable afterwards.
class CommandTable {
 public:
  CommandTable();
  ~CommandTable();
  CommandTable(const CommandTable&) = delete;
  CommandTable& operator=(const CommandTable&) = delete;

  // Adds a family. The rows must live as long as the table (they are constexpr).
  void Add(std::span<const CommandSpec> family);

  // A command is found by `new_name` from now on, and no longer by `name`; by nothing if `new_name`
  // is empty. What it is called in COMMAND, statistics and errors stays as it was, as in Redis.
  // Fails if there is no command `name`, or another one has the new name.
  Result<void> Rename(std::string_view name, std::string_view new_name);

  // The command's row, whatever the case of the name; nullptr: unknown. On the hot path.
  const CommandSpec* Find(std::string_view name) const;
  // The row of a subcommand ("GET" of CONFIG), or nullptr.
  static const CommandSpec* FindSubcommand(const CommandSpec& command, std::string_view name);

  // The name in full: "get", of a subcommand "config|get". Requires a row of this table.
  std::string_view FullName(const CommandSpec& spec) const;

  // All rows, in the order they were added, but for those that were renamed to nothing.
  const std::vector<const CommandSpec*>& commands() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Flags, categories and key flags by Redis' names, in Redis' order, for COMMAND and ACL; the
// categories include those that follow from the flags.
std::vector<std::string_view> FlagNames(uint32_t flags);
uint32_t EffectiveAcl(const CommandSpec& spec);
std::vector<std::string_view> AclCategoryNames(uint32_t categories);
std::vector<std::string_view> KeyFlagNames(uint16_t flags);

// Adds all families of data commands: the one list of them. What the server has of its own it adds
// itself.
void AddDataCommands(CommandTable& table);

// The families of data commands, each beside its handlers.
std::span<const CommandSpec> BitmapCommands();
std::span<const CommandSpec> CommandCommands();
std::span<const CommandSpec> DatabaseCommands();
std::span<const CommandSpec> DumpCommands();
std::span<const CommandSpec> ExpireCommands();
std::span<const CommandSpec> GeoCommands();
std::span<const CommandSpec> HyperLogLogCommands();
std::span<const CommandSpec> KeyCommands();
std::span<const CommandSpec> ListCommands();
std::span<const CommandSpec> MoveCommands();
std::span<const CommandSpec> ObjectCommands();
std::span<const CommandSpec> ScanCommands();
std::span<const CommandSpec> SortedSetCommands();
std::span<const CommandSpec> StringCommands();

}  // namespace datatypes
