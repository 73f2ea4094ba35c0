// SPDX-License-Identifier: BSD-3-Clause
//
// redis-compat-suite: sends the same commands to a real redis-server and to Tiercel and compares
// the replies byte for byte, in RESP2 and RESP3: case files, or sequences drawn at random.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "case_file.h"
#include "peer.h"
#include "random_run.h"
#include "runner.h"

namespace {

struct Options {
  std::string redis = "redis-server";
  std::string tiercel;
  std::string work;
  std::string only;
  std::vector<std::string> server_options;
  compat::RandomRun random;
  bool is_random = false;
  std::vector<std::string> files;
};

int Usage() {
  std::fprintf(
      stderr,
      "usage: redis-compat-suite --tiercel SERVER --work DIRECTORY [--redis redis-server]\n"
      "  [--option NAME=VALUE …] [--only TEXT] CASE-FILE …\n"
      "or: … --random SECONDS [--seed N] [--steps N] GRAMMAR-FILE …\n");
  return 2;
}

bool ReadOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      options->files.push_back(word);
      continue;
    }
    if (++i == argc) return false;
    const std::string value = argv[i];
    if (word == "--redis") {
      options->redis = value;
    } else if (word == "--tiercel") {
      options->tiercel = value;
    } else if (word == "--work") {
      options->work = value;
    } else if (word == "--only") {
      options->only = value;
    } else if (word == "--random") {
      options->is_random = true;
      options->random.seconds = std::atoi(value.c_str());
    } else if (word == "--seed") {
      options->random.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--steps") {
      options->random.steps = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--option") {
      const size_t equals = value.find('=');
      options->server_options.push_back("--" + value.substr(0, equals));
      options->server_options.push_back(equals == std::string::npos ? "yes"
                                                                    : value.substr(equals + 1));
    } else {
      return false;
    }
  }
  return !options->tiercel.empty() && !options->work.empty() && !options->files.empty();
}

bool RunCases(const Options& options, compat::Peer& redis, compat::Peer& tiercel,
              compat::Tally* tally) {
  std::vector<compat::Case> cases;
  for (const std::string& file : options.files) {
    std::string error;
    if (compat::ReadCases(file, &cases, &error)) continue;
    std::fprintf(stderr, "%s\n", error.c_str());
    return false;
  }
  for (const compat::Case& current : cases) {
    if ((current.file + current.name).find(options.only) == std::string::npos) continue;
    for (const int protocol : {2, 3}) {
      if (protocol == 2 ? !current.resp2 : !current.resp3) continue;
      std::string report;
      const bool same = compat::RunCase(current, protocol, redis, tiercel, &report);
      ++(same ? tally->passed : tally->failed);
      std::printf("%s", report.c_str());
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ReadOptions(argc, argv, &options)) return Usage();
  // What a case may rely on: DEBUG is allowed, and nothing is saved in the background.
  compat::Peer redis("redis", options.redis, {"--save", "", "--enable-debug-command", "yes"},
                     options.work + "/redis");
  options.server_options.insert(options.server_options.end(), {"--enable-debug-command", "yes"});
  compat::Peer tiercel("tiercel", options.tiercel, options.server_options,
                       options.work + "/tiercel");
  compat::Tally tally;
  const bool ran = options.is_random
                       ? compat::RunRandom(options.random, options.files, redis, tiercel, &tally)
                       : RunCases(options, redis, tiercel, &tally);
  if (!ran) return 2;
  std::printf("%d passed, %d failed\n", tally.passed, tally.failed);
  return tally.failed == 0 ? 0 : 1;
}
