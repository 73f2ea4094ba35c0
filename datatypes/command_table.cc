// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/command_table.h"

#include <bit>
#include <cstring>
#include <string>

#include <absl/container/flat_hash_map.h>

#include "datatypes/arguments.h"
#include "lsm/status.h"

namespace datatypes {
namespace {

// Bit 5 makes an upper-case letter a lower-case one; what it does to other characters does not
// matter for a hash.
constexpr uint64_t kLowerEight = 0x2020202020202020ULL;

uint64_t HashIgnoringCase(std::string_view name) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;
  uint64_t hash = name.size();
  const char* bytes = name.data();
  size_t left = name.size();
  while (left > 0) {
    uint64_t word = 0;
    const size_t taken = left < sizeof(word) ? left : sizeof(word);
    std::memcpy(&word, bytes, taken);
    hash = std::rotl((hash ^ (word | kLowerEight)) * kMultiplier, 29);
    bytes += taken;
    left -= taken;
  }
  return hash;
}

}  // namespace

// An open-addressed table, at most half full, so that a look-up is a hash and mostly one compare.
struct CommandTable::Impl {
  struct Slot {
    uint64_t hash = 0;
    std::string_view name;  // Of the row, or the one that the configuration gave it.
    const CommandSpec* spec = nullptr;
  };
  std::vector<Slot> slots = std::vector<Slot>(64);
  std::vector<const CommandSpec*> commands;
  absl::flat_hash_map<const CommandSpec*, std::string> full_names;

  // Of renamed commands.
  absl::flat_hash_map<const CommandSpec*, std::unique_ptr<const std::string>> new_names;

  void Insert(const CommandSpec* spec) {
    const auto renamed = new_names.find(spec);
    const std::string_view name = renamed == new_names.end() ? spec->name : *renamed->second;
    const uint64_t hash = HashIgnoringCase(name);
    size_t at = hash & (slots.size() - 1);
    while (slots[at].spec != nullptr) at = (at + 1) & (slots.size() - 1);
    slots[at] = {hash, name, spec};
  }

  void Rebuild(size_t size) {
    slots.assign(size, Slot{});
    for (const CommandSpec* spec : commands) Insert(spec);
  }
};

CommandTable::CommandTable() : impl_(std::make_unique<Impl>()) {}
CommandTable::~CommandTable() = default;

void CommandTable::Add(std::span<const CommandSpec> family) {
  for (const CommandSpec& spec : family) {
    ENSURE(Find(spec.name) == nullptr);
    if ((impl_->commands.size() + 1) * 2 > impl_->slots.size()) {
      impl_->Rebuild(impl_->slots.size() * 2);
    }
    impl_->commands.push_back(&spec);
    impl_->Insert(&spec);
    impl_->full_names.emplace(&spec, spec.name);
    for (const CommandSpec& sub : spec.subcommands) {
      impl_->full_names.emplace(&sub, std::string(spec.name) + "|" + std::string(sub.name));
    }
  }
}

Result<void> CommandTable::Rename(std::string_view name, std::string_view new_name) {
  const CommandSpec* const spec = Find(name);
  if (spec == nullptr) return tl::unexpected(Error("No such command in rename-command"));
  const CommandSpec* const other = Find(new_name);
  if (other != nullptr && other != spec) {
    return tl::unexpected(Error("Target command name already exists"));
  }
  if (new_name.empty()) {
    std::erase(impl_->commands, spec);
  } else {
    impl_->new_names.insert_or_assign(spec, std::make_unique<const std::string>(new_name));
  }
  impl_->Rebuild(impl_->slots.size());
  return {};
}

const CommandSpec* CommandTable::Find(std::string_view name) const {
  const uint64_t hash = HashIgnoringCase(name);
  const std::vector<Impl::Slot>& slots = impl_->slots;
  size_t at = hash & (slots.size() - 1);
  while (slots[at].spec != nullptr) {
    if (slots[at].hash == hash && EqualsIgnoreCase(slots[at].name, name)) {
      return slots[at].spec;
    }
    at = (at + 1) & (slots.size() - 1);
  }
  return nullptr;
}

const CommandSpec* CommandTable::FindSubcommand(const CommandSpec& command, std::string_view name) {
  for (const CommandSpec& sub : command.subcommands) {
    if (EqualsIgnoreCase(sub.name, name)) return &sub;
  }
  return nullptr;
}

std::string_view CommandTable::FullName(const CommandSpec& spec) const {
  const auto it = impl_->full_names.find(&spec);
  ENSURE(it != impl_->full_names.end());
  return it->second;
}

const std::vector<const CommandSpec*>& CommandTable::commands() const {
  return impl_->commands;
}

}  // namespace datatypes
