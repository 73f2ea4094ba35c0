// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "datatypes/command_info.h"
#include "datatypes/syntax_parser.h"

namespace datatypes {
namespace {

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
  const bool is_key = arg.type == SyntaxArg::Type::kKey;
  const bool is_leaf = arg.children.empty();
  const bool has_flags = arg.optional || arg.multiple || arg.multiple_token;
  size_t fields = 3;  // Name, type, and the text or the children.
  fields += is_key ? 1 : 0;
  fields += arg.token.empty() ? 0 : 1;
  fields += has_flags ? 1 : 0;
  reply.Map(fields);
  WriteText(reply, "name", arg.name);
  WriteText(reply, "type", SyntaxTypeName(arg.type));
  if (is_leaf) WriteText(reply, "display_text", arg.name);
  if (is_key) {
    reply.Bulk("key_spec_index");
    reply.Integer(arg.key_spec_index);
  }
  if (!arg.token.empty()) WriteText(reply, "token", arg.token);
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

// A command with one key specification names its keys several times at most in name.
void ClampKeyIndices(std::vector<SyntaxArg>& args, const CommandSpec& spec) {
  for (SyntaxArg& arg : args) {
    if (arg.key_spec_index >= 0) {
      arg.key_spec_index = std::min(arg.key_spec_index, std::max(0, int{spec.keys.count} - 1));
    }
    ClampKeyIndices(arg.children, spec);
  }
}

}  // namespace

void WriteCommandDocs(resp::Writer& reply, const CommandTable& table, const CommandSpec& spec) {
  std::vector<SyntaxArg> args = ParseSyntax(spec.syntax);
  ClampKeyIndices(args, spec);
  const auto history = SplitHistory(spec.history);
  const bool deprecated = !spec.deprecated_since.empty();
  size_t fields = 1;  // The group.
  for (std::string_view text : {spec.summary, spec.since, spec.complexity, spec.replaced_by}) {
    if (!text.empty()) ++fields;
  }
  fields += deprecated ? 2 : 0;
  fields += history.empty() ? 0 : 1;
  fields += args.empty() ? 0 : 1;
  fields += spec.subcommands.empty() ? 0 : 1;
  reply.Map(fields);
  if (!spec.summary.empty()) WriteText(reply, "summary", spec.summary);
  if (!spec.since.empty()) WriteText(reply, "since", spec.since);
  WriteText(reply, "group", spec.group);
  if (!spec.complexity.empty()) WriteText(reply, "complexity", spec.complexity);
  if (deprecated) {
    reply.Bulk("doc_flags");
    reply.Set(1);
    reply.SimpleString("deprecated");
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
