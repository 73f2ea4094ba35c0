// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/errors.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace datatypes {
namespace {

// How much of what the client sent an error text repeats.
constexpr size_t kMaxPreview = 128;

// As C prints it: to the first zero byte, and not too long.
std::string_view Preview(std::string_view text, size_t limit = kMaxPreview) {
  return text.substr(0, std::min(text.find('\0'), limit));
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace

Failure WrongArity(std::string_view full_name) {
  return Fail(fmt::format("ERR wrong number of arguments for '{}' command", full_name));
}

Failure OffTheMap(double longitude, double latitude) {
  return Fail(
      fmt::format("ERR invalid longitude,latitude pair {:.6f},{:.6f}", longitude, latitude));
}

Failure GeoNeedsOneOf(std::string_view options, std::string_view command) {
  return Fail(fmt::format("ERR exactly one of {} can be specified for {}", options, command));
}

Failure NeedsInputKey(std::string_view full_name) {
  return Fail(fmt::format("ERR at least 1 input key is needed for '{}' command", full_name));
}

Failure InvalidExpireTime(std::string_view full_name) {
  return Fail(fmt::format("ERR invalid expire time in '{}' command", full_name));
}

Failure UnsupportedOption(std::string_view option) {
  return Fail(fmt::format("ERR Unsupported option {}", Preview(option, option.size())));
}

Failure OutOfRange(int64_t min, int64_t max) {
  return Fail(fmt::format("ERR value is out of range, value must between {} and {}", min, max));
}

Error UnknownCommand(Args args) {
  std::string beginning;
  for (size_t i = 1; i < args.size() && beginning.size() < kMaxPreview; ++i) {
    beginning += fmt::format("'{}' ", Preview(args[i], kMaxPreview - beginning.size()));
  }
  return Error(fmt::format("ERR unknown command '{}', with args beginning with: {}",
                           Preview(args[0]), beginning));
}

Error UnknownSubcommand(Args args) {
  return Error(fmt::format("ERR unknown subcommand '{}'. Try {} HELP.", Preview(args[1]),
                           Upper(Preview(args[0], args[0].size()))));
}

Error SubcommandSyntax(Args args) {
  return Error(
      fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try {} HELP.",
                  Preview(args[1]), Upper(Preview(args[0], args[0].size()))));
}

Error WriteRefused(std::string_view reason) {
  return Error(fmt::format("MISCONF Errors writing to the AOF file: {}", reason));
}

}  // namespace datatypes
