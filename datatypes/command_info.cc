// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/command_info.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace datatypes {
namespace {

std::vector<std::string_view> SplitTips(std::string_view tips) {
  std::vector<std::string_view> result;
  while (!tips.empty()) {
    const size_t end = std::min(tips.find(' '), tips.size());
    if (end > 0) result.push_back(tips.substr(0, end));
    tips.remove_prefix(std::min(end + 1, tips.size()));
  }
  return result;
}

void WriteStatusSet(resp::Writer& reply, const std::vector<std::string_view>& names) {
  reply.Set(names.size());
  for (std::string_view name : names) reply.SimpleString(name);
}

void WriteField(resp::Writer& reply, std::string_view name, int value) {
  reply.Bulk(name);
  reply.Integer(value);
}

void WriteBeginSearch(resp::Writer& reply, const KeySpec& spec) {
  reply.Map(2);
  reply.Bulk("type");
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      reply.Bulk("index");
      reply.Bulk("spec");
      reply.Map(1);
      WriteField(reply, "index", spec.index);
      break;
    case KeySpec::Begin::kKeyword:
      reply.Bulk("keyword");
      reply.Bulk("spec");
      reply.Map(2);
      reply.Bulk("keyword");
      reply.Bulk(spec.keyword);
      WriteField(reply, "startfrom", spec.index);
      break;
    case KeySpec::Begin::kUnknown:
      reply.Bulk("unknown");
      reply.Bulk("spec");
      reply.Map(0);
      break;
  }
}

void WriteFindKeys(resp::Writer& reply, const KeySpec& spec) {
  reply.Map(2);
  reply.Bulk("type");
  switch (spec.find) {
    case KeySpec::Find::kRange:
      reply.Bulk("range");
      reply.Bulk("spec");
      reply.Map(3);
      WriteField(reply, "lastkey", spec.last);
      WriteField(reply, "keystep", spec.step);
      WriteField(reply, "limit", spec.limit);
      break;
    case KeySpec::Find::kKeynum:
      reply.Bulk("keynum");
      reply.Bulk("spec");
      reply.Map(3);
      WriteField(reply, "keynumidx", spec.keynum_index);
      WriteField(reply, "firstkey", spec.first_key);
      WriteField(reply, "keystep", spec.step);
      break;
    case KeySpec::Find::kUnknown:
      reply.Bulk("unknown");
      reply.Bulk("spec");
      reply.Map(0);
      break;
  }
}

void WriteKeySpec(resp::Writer& reply, const KeySpec& spec) {
  reply.Map(spec.notes.empty() ? 3 : 4);
  if (!spec.notes.empty()) {
    reply.Bulk("notes");
    reply.Bulk(spec.notes);
  }
  reply.Bulk("flags");
  WriteStatusSet(reply, KeyFlagNames(spec.flags));
  reply.Bulk("begin_search");
  WriteBeginSearch(reply, spec);
  reply.Bulk("find_keys");
  WriteFindKeys(reply, spec);
}

bool IsPlainRange(const KeySpec& spec) {
  return spec.begin == KeySpec::Begin::kIndex && spec.find == KeySpec::Find::kRange;
}

}  // namespace

LegacyKeyRange FindLegacyKeyRange(const KeySpecs& keys) {
  LegacyKeyRange range;
  if (keys.count == 1 && IsPlainRange(keys.specs[0])) {
    const KeySpec& spec = keys.specs[0];
    range.first = spec.index;
    range.last = spec.last >= 0 ? spec.index + spec.last : spec.last;
    range.step = spec.step;
    range.movable = (spec.flags & kIncomplete) != 0;
    return range;
  }
  // Several ranges are one if they follow upon each other.
  int first = std::numeric_limits<int>::max();
  unsigned last = 0;  // Unsigned, so that those that count from the end are the largest.
  for (size_t i = 0; i < keys.count; ++i) {
    const KeySpec& spec = keys.specs[i];
    const bool follows = last == 0 || static_cast<int>(last) == spec.index - 1;
    if (!IsPlainRange(spec) || spec.step != 1 || !follows) {
      range.movable = true;
      continue;
    }
    if ((spec.flags & kIncomplete) != 0) range.movable = true;
    first = std::min(first, int{spec.index});
    const int spec_last = spec.last >= 0 ? spec.index + spec.last : spec.last;
    last = std::max(last, static_cast<unsigned>(spec_last));
  }
  if (last == 0) return range;
  range.first = first;
  range.last = static_cast<int>(last);
  range.step = 1;
  return range;
}

void WriteCommandInfo(resp::Writer& reply, const CommandTable& table, const CommandSpec& spec) {
  const LegacyKeyRange range = FindLegacyKeyRange(spec.keys);
  reply.Array(10);
  reply.Bulk(table.FullName(spec));
  reply.Integer(spec.arity);
  WriteStatusSet(reply, FlagNames(spec.flags | (range.movable ? uint32_t{kMovableKeys} : 0U)));
  reply.Integer(range.first);
  reply.Integer(range.last);
  reply.Integer(range.step);
  const std::vector<std::string_view> categories = AclCategoryNames(EffectiveAcl(spec));
  reply.Set(categories.size());
  for (std::string_view category : categories) reply.SimpleString("@" + std::string(category));
  const std::vector<std::string_view> tips = SplitTips(spec.tips);
  reply.Set(tips.size());
  for (std::string_view tip : tips) reply.Bulk(tip);
  reply.Set(spec.keys.count);
  for (size_t i = 0; i < spec.keys.count; ++i) WriteKeySpec(reply, spec.keys.specs[i]);
  if (spec.subcommands.empty()) {
    reply.Set(0);
    return;
  }
  reply.Array(spec.subcommands.size());
  for (const CommandSpec& sub : spec.subcommands) WriteCommandInfo(reply, table, sub);
}

}  // namespace datatypes
