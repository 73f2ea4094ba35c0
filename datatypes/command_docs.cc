// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "datatypes/command_info.h"
#include "datatypes/syntax_parser.h"

namespace datatypes {
namespace {

// Those of COMMAND DOCS' «syscmd»: made for Redis itself, not for users.
constexpr std::string_view kSystemCommands[] = {"debug", "pfdebug", "pfselftest", "replconf"};

void WriteText(resp::Writer& reply, std::string_view name, std::string_view text) {
  reply.Bulk(name);
  reply.Bulk(text);
}

// Lines of "version \t what changed".
std::vector<std::pair<std::string_view, std::string_view>> SplitHistory(std::string_view history) {
  std::vector<std::pair<std::string_view, std::string_view>> changes;
  while (!history.empty()) {
    const size_t end = std::min(history.find('\n'), history.size());
    const std::string_view line = history.substr(0, end);
    const size_t tab = line.find('\t');
    if (tab != std::string_view::npos) {
      changes.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
    history.remove_prefix(std::min(end + 1, history.size()));
  }
  return changes;
}

void WriteArg(resp::Writer& reply, const SyntaxArg& arg);

void WriteArgs(resp::Writer& reply, const std::vector<SyntaxArg>& args) {
  reply.Array(args.size());
  for (const SyntaxArg& arg : args) WriteArg(reply, arg);
}

void WriteArg(resp::Writer& reply, const SyntaxArg& arg) {
  const bool has_key = arg.key_spec_index >= 0;
  const bool is_leaf = arg.children.empty();
  const bool has_flags = arg.optional || arg.multiple || arg.multiple_token;
  size_t fields = 3;  // Name, type, and the text or the children.
  fields += has_key ? 1 : 0;
  for (const std::string& text : {arg.token, arg.since, arg.deprecated_since}) {
    fields += text.empty() ? 0 : 1;
  }
  fields += has_flags ? 1 : 0;
  reply.Map(fields);
  WriteText(reply, "name", arg.name);
  WriteText(reply, "type", SyntaxTypeName(arg.type));
  if (is_leaf) WriteText(reply, "display_text", arg.name);
  if (has_key) {
    reply.Bulk("key_spec_index");
    reply.Integer(arg.key_spec_index);
  }
  if (!arg.token.empty()) WriteText(reply, "token", arg.token);
  if (!arg.since.empty()) WriteText(reply, "since", arg.since);
  if (!arg.deprecated_since.empty()) WriteText(reply, "deprecated_since", arg.deprecated_since);
  if (has_flags) {
    reply.Bulk("flags");
    reply.Set((arg.optional ? 1 : 0) + (arg.multiple ? 1 : 0) + (arg.multiple_token ? 1 : 0));
    if (arg.optional) reply.SimpleString("optional");
    if (arg.multiple) reply.SimpleString("multiple");
    if (arg.multiple_token) reply.SimpleString("multiple_token");
  }
  if (!is_leaf) {
    reply.Bulk("arguments");
    WriteArgs(reply, arg.children);
  }
}

}  // namespace

void WriteCommandDocs(resp::Writer& reply, const CommandTable& table, const CommandSpec& spec) {
  const std::vector<SyntaxArg> args = ParseSyntax(spec.syntax, spec.keys.count);
  const auto history = SplitHistory(spec.history);
  const bool deprecated = !spec.deprecated_since.empty();
  size_t fields = 1;  // The group.
  for (std::string_view text : {spec.summary, spec.since, spec.complexity, spec.replaced_by}) {
    if (!text.empty()) ++fields;
  }
  const bool system =
      std::ranges::find(kSystemCommands, table.FullName(spec)) != std::end(kSystemCommands);
  fields += deprecated || system ? 1 : 0;
  fields += deprecated ? 1 : 0;
  fields += history.empty() ? 0 : 1;
  fields += args.empty() ? 0 : 1;
  fields += spec.subcommands.empty() ? 0 : 1;
  reply.Map(fields);
  if (!spec.summary.empty()) WriteText(reply, "summary", spec.summary);
  if (!spec.since.empty()) WriteText(reply, "since", spec.since);
  WriteText(reply, "group", spec.group);
  if (!spec.complexity.empty()) WriteText(reply, "complexity", spec.complexity);
  if (deprecated || system) {
    reply.Bulk("doc_flags");
    reply.Set((deprecated ? 1 : 0) + (system ? 1 : 0));
    if (deprecated) reply.SimpleString("deprecated");
    if (system) reply.SimpleString("syscmd");
  }
  if (deprecated) {
    WriteText(reply, "deprecated_since", spec.deprecated_since);
  }
  if (!spec.replaced_by.empty()) WriteText(reply, "replaced_by", spec.replaced_by);
  if (!history.empty()) {
    reply.Bulk("history");
    reply.Set(history.size());
    for (const auto& [version, change] : history) {
      reply.Array(2);
      reply.Bulk(version);
      reply.Bulk(change);
    }
  }
  if (!args.empty()) {
    reply.Bulk("arguments");
    WriteArgs(reply, args);
  }
  if (!spec.subcommands.empty()) {
    reply.Bulk("subcommands");
    reply.Map(spec.subcommands.size());
    for (const CommandSpec& sub : spec.subcommands) {
      reply.Bulk(table.FullName(sub));
      WriteCommandDocs(reply, table, sub);
    }
  }
}

}  // namespace datatypes
