// SPDX-License-Identifier: BSD-3-Clause
#include "server/config.h"

#include <strings.h>

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "datatypes/glob.h"
#include "resp/number_parse.h"
#include "resp/split_args.h"
#include "server/config_values.h"

namespace server {

using datatypes::Error;
using datatypes::Result;

namespace {

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

Error SetError(std::string_view name, std::string_view reason) {
  return Error(
      fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", name, reason));
}

// A word as a configuration file holds it: quoted where it must be.
std::string Quoted(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '#';
  });
  return plain ? std::string(text) : resp::QuoteArg(text);
}

// The lines that set `row` to `value`.
std::vector<std::string> Lines(const ConfigRow& row, const std::string& value) {
  const std::string name(row.name);
  if (row.name == "client-output-buffer-limit") {
    const std::vector<std::string> words = SplitWords(value);
    std::vector<std::string> lines;
    for (size_t i = 0; i + 3 < words.size(); i += 4) {
      lines.push_back(
          fmt::format("{} {} {} {} {}", name, words[i], words[i + 1], words[i + 2], words[i + 3]));
    }
    return lines;
  }
  if (row.name == "replicaof" && value.empty()) return {};  // There is no line that says so.
  if ((row.flags & kMultiArg) != 0 && !value.empty()) return {name + ' ' + value};
  return {name + ' ' + Quoted(value)};
}

}  // namespace

std::vector<const ConfigRow*> AllConfigRows() {
  std::vector<const ConfigRow*> all;
  for (const auto rows : {ServerConfigRows(), DataConfigRows(), StoreConfigRows(),
                          ReplicationConfigRows(), ReplicaConfigRows(), KeptConfigRows()}) {
    for (const ConfigRow& row : rows) all.push_back(&row);
  }
  return all;
}

Config::Config(Settings& settings) : settings_(settings), rows_(AllConfigRows()) {
  values_.resize(rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) Store(i, std::string(rows_[i]->default_text));
}

int Config::Find(std::string_view name) const {
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (SameName(rows_[i]->name, name)) return static_cast<int>(i);
    if (!rows_[i]->alias.empty() && SameName(rows_[i]->alias, name)) return static_cast<int>(i);
  }
  return -1;
}

std::string_view Config::Value(std::string_view name) const {
  const int index = Find(name);
  return index < 0 ? std::string_view() : values_[static_cast<size_t>(index)];
}

Result<std::string> Config::Canonical(const ConfigRow& row, const std::vector<std::string>& words,
                                      const std::string& current) const {
  if (row.canonical != nullptr) return row.canonical(words, current);
  if (words.size() != 1) return tl::unexpected(Error("wrong number of arguments"));
  return CanonicalValue(row, words[0]);
}

void Config::Store(size_t index, std::string canonical) {
  const ConfigRow& row = *rows_[index];
  if (row.target.flag != nullptr) row.target.flag(settings_) = canonical == "yes";
  if (row.target.text != nullptr) row.target.text(settings_) = canonical;
  if (row.target.assign != nullptr) row.target.assign(settings_, canonical);
  if (row.target.number != nullptr) {
    int64_t value = 0;
    if (row.kind == ConfigKind::kOctal) {
      value = std::strtol(canonical.c_str(), nullptr, 8);
    } else if (!canonical.empty() && canonical.back() == '%') {
      value = -resp::ParseInt64(canonical.substr(0, canonical.size() - 1)).value_or(0);
    } else {
      value = resp::ParseInt64(canonical).value_or(0);
    }
    row.target.number(settings_) = value;
  }
  values_[index] = std::move(canonical);
}

Result<void> Config::Load(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  if (rename_command_ && words.size() == 3 && SameName(words[0], "rename-command")) {
    return rename_command_(words[1], words[2]);
  }
  const int index = Find(words[0]);
  if (index < 0) return tl::unexpected(Error("Bad directive or wrong number of arguments"));
  const auto at = static_cast<size_t>(index);
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (rest.empty()) return tl::unexpected(Error("wrong number of arguments"));
  // Lines of `save` add up, as in Redis; an empty one clears.
  const bool adds_up = rows_[at]->name == "save" && values_[at] != rows_[at]->default_text &&
                       !(rest.size() == 1 && rest[0].empty());
  ASSIGN_OR_RETURN(std::string value, Canonical(*rows_[at], rest, values_[at]));
  if (adds_up && !values_[at].empty()) value = values_[at] + ' ' + value;
  Store(at, std::move(value));
  return {};
}

Result<void> Config::Apply(const std::vector<size_t>& changed, Server* server,
                           std::string_view* culprit) {
  if (server == nullptr) return {};
  std::set<Result<void> (*)(Server&)> done;
  for (const size_t index : changed) {
    const auto apply = rows_[index]->apply;
    if (apply == nullptr || !done.insert(apply).second) continue;
    *culprit = rows_[index]->name;
    RETURN_IF_ERROR(apply(*server));
  }
  return {};
}

Result<void> Config::Set(const std::vector<std::pair<std::string, std::string>>& pairs,
                         Server* server) {
  std::vector<size_t> indexes;
  std::vector<std::string> wanted;
  for (const auto& [name, text] : pairs) {
    const int index = Find(name);
    if (index < 0) {
      return tl::unexpected(Error(
          fmt::format("ERR Unknown option or number of arguments for CONFIG SET - '{}'", name)));
    }
    const auto at = static_cast<size_t>(index);
    if (std::find(indexes.begin(), indexes.end(), at) != indexes.end()) {
      return tl::unexpected(SetError(name, "duplicate parameter"));
    }
    indexes.push_back(at);
    const ConfigRow& row = *rows_[at];
    Result<std::string> value =
        text == values_[at] ? Result<std::string>(text) : Canonical(row, {text}, values_[at]);
    const bool same = value && *value == values_[at];
    if ((row.flags & kImmutable) != 0 && !same) {
      return tl::unexpected(SetError(name, "can't set immutable config"));
    }
    if ((row.flags & kProtected) != 0 && !same && Value("enable-protected-configs") != "yes") {
      return tl::unexpected(SetError(name, "can't set protected config"));
    }
    if (!value) return tl::unexpected(SetError(name, value.error().text()));
    wanted.push_back(std::move(*value));
  }
  std::vector<size_t> changed;
  std::vector<std::string> old;
  for (size_t i = 0; i < indexes.size(); ++i) {
    if (values_[indexes[i]] == wanted[i]) continue;
    changed.push_back(indexes[i]);
    old.push_back(values_[indexes[i]]);
    Store(indexes[i], std::move(wanted[i]));
  }
  std::string_view culprit;
  const Result<void> applied = Apply(changed, server, &culprit);
  if (applied) return {};
  for (size_t i = 0; i < changed.size(); ++i) Store(changed[i], std::move(old[i]));
  std::string_view ignored;
  // The old values worked before; what cannot be undone is told by the error of the change itself.
  static_cast<void>(Apply(changed, server, &ignored));
  return tl::unexpected(SetError(culprit, applied.error().text()));
}

void Config::Remember(std::string_view name, std::string canonical) {
  const int index = Find(name);
  ENSURE(index >= 0);
  Store(static_cast<size_t>(index), std::move(canonical));
}

std::vector<std::pair<std::string_view, std::string_view>> Config::Get(
    const std::vector<std::string_view>& patterns) const {
  std::vector<std::pair<std::string_view, std::string_view>> found;
  // The name to show, if it is asked for: an exact one as it was asked, a glob's as it is.
  const auto wanted = [&](std::string_view name, bool hidden) -> std::optional<std::string_view> {
    std::optional<std::string_view> shown;
    for (const std::string_view pattern : patterns) {
      if (pattern.find_first_of("*?[") == std::string_view::npos) {
        if (SameName(pattern, name)) return pattern;
      } else if (!hidden && datatypes::GlobMatch(pattern, name, datatypes::GlobCase::kIgnore)) {
        shown = name;
      }
    }
    return shown;
  };
  for (size_t i = 0; i < rows_.size(); ++i) {
    const bool hidden = (rows_[i]->flags & kHidden) != 0;
    for (const std::string_view name : {rows_[i]->name, rows_[i]->alias}) {
      if (name.empty()) continue;
      if (const auto shown = wanted(name, hidden)) found.emplace_back(*shown, values_[i]);
    }
  }
  return found;
}

std::string Config::Rewrite(std::string_view old_text, bool all) const {
  static constexpr std::string_view kMark = "# Generated by CONFIG REWRITE";
  std::string out;
  std::vector<bool> written(rows_.size(), false);
  bool marked = false;
  const auto emit = [&](size_t index) {
    written[index] = true;
    for (const std::string& line : Lines(*rows_[index], values_[index])) out += line + '\n';
  };
  size_t at = 0;
  while (at < old_text.size()) {
    const size_t end = std::min(old_text.find('\n', at), old_text.size());
    const std::string_view line = old_text.substr(at, end - at);
    at = end + 1;
    marked = marked || line == kMark;
    std::vector<std::string> words;
    const bool directive = !line.empty() && line[0] != '#' && resp::SplitArgs(line, &words) &&
                           !words.empty() && words[0][0] != '#';
    const int index = directive ? Find(words[0]) : -1;
    if (index < 0) {
      out.append(line) += '\n';
    } else if (!written[static_cast<size_t>(index)]) {
      emit(static_cast<size_t>(index));
    }
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (written[i] || (!all && values_[i] == rows_[i]->default_text)) continue;
    if (!marked) out.append(kMark) += '\n';
    marked = true;
    emit(i);
  }
  return out;
}

}  // namespace server
