// SPDX-License-Identifier: BSD-3-Clause
//
// A client's bytes, whole and in pieces, must be the same commands and the same error. The first
// byte of the input chooses the limits and the size of the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resp/request_parser.h"

namespace {

struct Outcome {
  std::vector<std::vector<std::string>> commands;
  std::string error;
  size_t unconsumed = 0;
  bool operator==(const Outcome&) const = default;
};

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Every read moves the buffer to memory of its exact size, so that the sanitizer sees a pointer
// that outlives it or a read past its end.
Outcome Parse(std::string_view input, size_t piece, const resp::RequestParser::Limits& limits) {
  using Status = resp::RequestParser::Status;
  resp::RequestParser parser;
  resp::Args args;
  Outcome outcome;
  std::string pending;
  while (!input.empty()) {
    const std::string_view part = input.substr(0, piece);
    pending.append(part);
    input.remove_prefix(part.size());
    const auto memory = std::make_unique<char[]>(pending.size());
    std::copy(pending.begin(), pending.end(), memory.get());
    std::string_view buffer(memory.get(), pending.size());
    Status status{};
    do {
      size_t consumed = 0;
      status = parser.Next(buffer, limits, &consumed, &args);
      Require(consumed <= buffer.size(), "no more is consumed than there is");
      if (status == Status::kCommand) {
        Require(consumed > 0 && !args.empty(), "a command has bytes and arguments");
        outcome.commands.emplace_back(args.begin(), args.end());
      }
      buffer.remove_prefix(consumed);
    } while (status == Status::kCommand);
    if (status == Status::kError) {
      outcome.error = parser.error();
      Require(!outcome.error.empty(), "an error has a text");
      return outcome;
    }
    pending = std::string(buffer);
  }
  outcome.unconsumed = pending.size();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  resp::RequestParser::Limits limits;
  limits.authenticated = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) limits.max_line_bytes = 16;
  if ((data[0] & 4) != 0) limits.max_bulk_bytes = 8;
  const size_t piece = 2 + (data[0] >> 3);
  const std::string input(data + 1, data + size);
  const Outcome whole = Parse(input, input.size(), limits);
  Require(Parse(input, 1, limits) == whole, "byte by byte is the same as whole");
  Require(Parse(input, piece, limits) == whole, "in pieces is the same as whole");
  return 0;
}
