// SPDX-License-Identifier: BSD-3-Clause
//
// What RESP alone costs per command: parsing requests in pipelines of 100 as a connection does it,
// and writing replies. Prints the fastest of several rounds, in nanoseconds.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "resp/output_buffer.h"
#include "resp/request_parser.h"
#include "resp/writer.h"

namespace {

constexpr size_t kPipeline = 100;
constexpr int kRounds = 15;
constexpr int kRepeats = 5000;

std::string Request(const std::vector<std::string>& args) {
  std::string text = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) {
    text += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  }
  return text;
}

std::string Key(size_t i) {
  std::string digits = std::to_string(i);
  return "key:" + std::string(12 - digits.size(), '0') + digits;
}

// Runs `body`, which does kPipeline operations, and gives the nanoseconds of one, in the best
// round.
template <typename Body>
double NanosecondsPerOperation(Body body) {
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) body();
    const std::chrono::duration<double, std::nano> elapsed =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count() / (kRepeats * static_cast<double>(kPipeline)));
  }
  return best;
}

// Parses one pipeline; the sum keeps the compiler from dropping the work.
uint64_t ParsePipeline(std::string_view input, resp::RequestParser* parser, resp::Args* args) {
  const resp::RequestParser::Limits limits;
  uint64_t sum = 0;
  size_t consumed = 0;
  while (parser->Next(input, limits, &consumed, args) == resp::RequestParser::Status::kCommand) {
    sum += args->size() + args->back().size();
    input.remove_prefix(consumed);
  }
  return sum;
}

void BenchParse(const char* name, const std::string& pipeline) {
  resp::RequestParser parser;
  resp::Args args;
  volatile uint64_t sink = 0;
  const double cost =
      NanosecondsPerOperation([&] { sink = sink + ParsePipeline(pipeline, &parser, &args); });
  std::printf("parse %-28s %7.1f ns\n", name, cost);
}

template <typename Reply>
void BenchWrite(const char* name, Reply reply) {
  resp::OutputBuffer out;
  resp::Writer writer(&out);
  const double cost = NanosecondsPerOperation([&] {
    for (size_t i = 0; i < kPipeline; ++i) reply(writer);
    out.Consume(out.size());
  });
  std::printf("write %-28s %7.1f ns\n", name, cost);
}

}  // namespace

int main() {
  std::string get;
  std::string set;
  std::string set_small;
  std::string mset;
  std::string inline_get;
  const std::string value(128, 'v');
  for (size_t i = 0; i < kPipeline; ++i) {
    get += Request({"GET", Key(i)});
    set += Request({"SET", Key(i), value});
    set_small += Request({"SET", Key(i), "xxx"});
    inline_get += "GET " + Key(i) + "\r\n";
    std::vector<std::string> args = {"MSET"};
    for (size_t k = 0; k < 10; ++k) args.insert(args.end(), {Key(k), value});
    mset += Request(args);
  }
  BenchParse("GET, 16 B key", get);
  BenchParse("SET, 16 B key, 3 B value", set_small);
  BenchParse("SET, 16 B key, 128 B value", set);
  BenchParse("MSET, 10 pairs of these", mset);
  BenchParse("inline GET", inline_get);
  BenchWrite("+OK", [](resp::Writer& writer) { writer.SimpleString("OK"); });
  BenchWrite("integer", [](resp::Writer& writer) { writer.Integer(1234567); });
  BenchWrite("bulk of 128 B", [&](resp::Writer& writer) { writer.Bulk(value); });
  BenchWrite("double", [](resp::Writer& writer) { writer.Double(3.14159); });
  return 0;
}
