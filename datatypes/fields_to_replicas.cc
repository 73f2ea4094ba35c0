// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/fields_to_replicas.h"

#include <string>
#include <vector>

namespace datatypes {
namespace {

std::vector<std::string_view> Joined(std::initializer_list<std::string_view> before, Args fields) {
  std::vector<std::string_view> words(before);
  words.insert(words.end(), fields.begin(), fields.end());
  return words;
}

}  // namespace

void TellFields(const CommandContext& ctx, std::initializer_list<std::string_view> before,
                Args fields) {
  const ToReplicas replicas(ctx);
  if (fields.empty() || !replicas.on()) return;
  const std::string count = std::to_string(fields.size());
  std::vector<std::string_view> words(before);
  words.insert(words.end(), {"FIELDS", count});
  words.insert(words.end(), fields.begin(), fields.end());
  replicas.Instead(words);
}

void TellErased(const CommandContext& ctx, std::string_view key, Args fields) {
  const ToReplicas replicas(ctx);
  if (!fields.empty() && replicas.on()) replicas.Instead(Joined({"HDEL", key}, fields));
}

void TellExpired(const ToReplicas& replicas, std::string_view key, Args fields) {
  if (!fields.empty() && replicas.on()) replicas.AtOnce(Joined({"HDEL", key}, fields));
}

}  // namespace datatypes
