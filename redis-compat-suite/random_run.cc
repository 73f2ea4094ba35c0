// SPDX-License-Identifier: BSD-3-Clause
#include "random_run.h"

#include <chrono>
#include <cstdio>

#include "comparison.h"
#include "differ.h"
#include "grammar.h"

namespace compat {

namespace {

constexpr int kShortenSeconds = 60;

void PrintFailure(const std::string& name, uint64_t seed, int protocol,
                  const std::vector<RandomStep>& steps, const std::string& report) {
  std::printf("%s, seed %llu, RESP%d: after\n", name.c_str(), static_cast<unsigned long long>(seed),
              protocol);
  for (const RandomStep& step : steps) {
    if (step.kind == RandomStep::Kind::kRestart) {
      std::printf("  @restart\n");
    } else {
      std::printf("  %zu> %s%s\n", step.connection, Show(step.command).c_str(),
                  step.then_wait ? "   (and 25 ms)" : "");
    }
  }
  std::printf("  %s", report.c_str());
  std::fflush(stdout);
}

}  // namespace

bool RunRandom(const RandomRun& run, const std::vector<std::string>& files, Peer& redis,
               Peer& tiercel, Tally* tally) {
  std::vector<Grammar> grammars(files.size() + (files.size() > 1 ? 1 : 0));
  std::string error;
  for (size_t i = 0; i < files.size(); ++i) {
    const bool with_all = files.size() > 1;
    if (grammars[i].Read(files[i], &error) &&
        (!with_all || grammars.back().Read(files[i], &error))) {
      continue;
    }
    std::fprintf(stderr, "%s\n", error.c_str());
    return false;
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(run.seconds);
  uint64_t seed = run.seed;
  for (size_t turn = 0; turn < grammars.size() || std::chrono::steady_clock::now() < end; ++turn) {
    const size_t at = turn % grammars.size();
    const int protocol = (turn / grammars.size() + at) % 2 == 0 ? 2 : 3;
    Differ differ(redis, tiercel, grammars[at].connections());
    if (differ.RunRandom(grammars[at], seed, run.steps, protocol)) {
      ++tally->passed;
    } else {
      ++tally->failed;
      std::string report = differ.report();
      const auto steps = Shorten(differ, differ.steps(), protocol, kShortenSeconds, &report);
      PrintFailure(at < files.size() ? files[at] : "all grammars", seed, protocol, steps, report);
    }
    ++seed;
  }
  return true;
}

}  // namespace compat
