// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/key_specs.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/dispatcher.h"
#include "datatypes/errors.h"

namespace datatypes {
namespace {

using Words = std::vector<std::string_view>;

// The keys as words, or the error.
std::string Keys(const CommandSpec& spec, const Words& args) {
  std::vector<KeyRef> keys;
  const Result<void> found = FindKeys(spec, args, keys);
  if (!found) return found.error().text();
  std::string text;
  for (const KeyRef& key : keys)
    text += std::string(text.empty() ? "" : " ") + std::string(args[key.index]);
  return text;
}

TEST_CASE("a range ends at an argument counted from its begin or from the end") {
  CommandSpec spec;
  spec.arity = -2;
  spec.keys = {KeySpec{.flags = kRO, .index = 1, .last = 1}};
  CHECK(Keys(spec, {"c", "a", "b", "x"}) == "a b");
  spec.keys = {KeySpec{.flags = kRO, .index = 1, .last = -2}};
  CHECK(Keys(spec, {"c", "a", "b", "timeout"}) == "a b");
  spec.keys = KeysToEnd(1, kOW, 2);
  CHECK(Keys(spec, {"mset", "a", "1", "b", "2"}) == "a b");
}

TEST_CASE("a limit takes only a part of the rest") {
  CommandSpec spec;
  spec.arity = -4;
  spec.keys = {KeySpec{.flags = kRO,
                       .begin = KeySpec::Begin::kKeyword,
                       .index = 1,
                       .keyword = "STREAMS",
                       .last = -1,
                       .limit = 2}};
  CHECK(Keys(spec, {"xread", "count", "1", "streams", "a", "b", "0", "0"}) == "a b");
  CHECK(Keys(spec, {"xread", "count", "1", "x"}) == kGetKeysArguments);
}

TEST_CASE("a keyword can be searched for from the end") {
  CommandSpec spec;
  spec.arity = -2;
  spec.keys = {KeySpec{
      .flags = kRW, .begin = KeySpec::Begin::kKeyword, .index = -2, .keyword = "KEYS", .last = -1}};
  CHECK(Keys(spec, {"migrate", "x", "KEYS", "a"}) == "a");
}

TEST_CASE("a count says how many keys follow") {
  CommandSpec spec;
  spec.arity = -3;
  spec.keys = {KeySpec{.flags = kRO, .index = 1},
               KeySpec{.flags = kRO, .index = 2, .find = KeySpec::Find::kKeynum, .first_key = 1}};
  CHECK(Keys(spec, {"zunionstore", "d", "2", "a", "b", "weights"}) == "d a b");
  CHECK(Keys(spec, {"zunionstore", "d", "3", "a", "b"}) == kGetKeysArguments);
  CHECK(Keys(spec, {"zunionstore", "d", "x", "a", "b"}) == kGetKeysArguments);
  CHECK(Keys(spec, {"zunionstore", "d", "9223372036854775807", "a"}) == kGetKeysArguments);
  CHECK(Keys(spec, {"zunionstore", "d"}) == kGetKeysArity);
}

TEST_CASE("no keys are an error unless the command may have none") {
  CommandSpec spec;
  spec.arity = -3;
  CHECK(Keys(spec, {"ping", "a", "b"}) == kGetKeysNoKeys);
  spec.keys = {KeySpec{.flags = kRW, .index = 2, .find = KeySpec::Find::kKeynum, .first_key = 1}};
  CHECK(Keys(spec, {"eval", "x", "0"}) == kGetKeysArguments);
  spec.flags = kNoMandatoryKeys;
  CHECK(Keys(spec, {"eval", "x", "0"}).empty());
}

TEST_CASE("a command's own function finds what its specifications leave out") {
  CommandSpec spec;
  spec.arity = -2;
  spec.keys = {KeySpec{.flags = kRO | kIncomplete, .index = 1}};
  spec.find_keys = [](Args args, std::vector<KeyRef>& keys) -> Result<void> {
    keys.push_back({1, kRO});
    keys.push_back({args.size() - 1, kOW});
    return {};
  };
  CHECK(NeedsOwnFinder(spec));
  CHECK(Keys(spec, {"sort", "a", "store", "b"}) == "a b");
  spec.keys = OneKey(1, kRO | kVariableFlags);
  CHECK_FALSE(NeedsOwnFinder(spec));
}

}  // namespace
}  // namespace datatypes
