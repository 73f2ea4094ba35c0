// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/result.h"
#include "server/config_row.h"
#include "server/settings.h"

namespace server {

// The parameters by name, and their values as text; Settings has the typed values that the code
// reads. Loop thread only, after start.
class Config {
 public:
  // Sets every parameter to its default. `settings` is written through from then on.
  explicit Config(Settings& settings);
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  // What `rename-command` does; without it the directive is refused. The error is the reason alone.
  using RenameCommand =
      std::function<datatypes::Result<void>(std::string_view name, std::string_view new_name)>;
  void SetRenameCommand(RenameCommand rename) { rename_command_ = std::move(rename); }

  // One directive of a file or of the command line: name and words. The error is the reason alone,
  // as Redis prints it below the line that failed.
  datatypes::Result<void> Load(const std::vector<std::string>& words);

  // CONFIG SET: all or nothing. `server` follows the new values (nullptr: nobody runs yet). The
  // error is the whole reply.
  datatypes::Result<void> Set(const std::vector<std::pair<std::string, std::string>>& pairs,
                              Server* server);

  // A command has changed what the parameter says: its canonical text. It need not be settable.
  void Remember(std::string_view name, std::string canonical);

  // CONFIG GET: names that match one of the globs, each once, in the table's order.
  std::vector<std::pair<std::string_view, std::string_view>> Get(
      const std::vector<std::string_view>& patterns) const;

  // The value of one parameter; empty if there is none of that name.
  std::string_view Value(std::string_view name) const;

  // What a file that says the same as the running configuration would hold: `old_text` with its
  // comments and order, changed where the values have; what is new and not default at the end.
  std::string Rewrite(std::string_view old_text, bool all) const;

  const std::vector<const ConfigRow*>& rows() const { return rows_; }

 private:
  int Find(std::string_view name) const;
  datatypes::Result<std::string> Canonical(const ConfigRow& row,
                                           const std::vector<std::string>& words,
                                           const std::string& current) const;
  void Store(size_t index, std::string canonical);
  datatypes::Result<void> Apply(const std::vector<size_t>& changed, Server* server,
                                std::string_view* culprit);

  Settings& settings_;
  RenameCommand rename_command_;
  std::vector<const ConfigRow*> rows_;
  std::vector<std::string> values_;  // By index of rows_.
};

}  // namespace server
