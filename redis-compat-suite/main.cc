// SPDX-License-Identifier: BSD-3-Clause
//
// redis-compat-suite: sends the same commands to a real redis-server and to Tiercel and compares
// the replies byte for byte, in RESP2 and RESP3.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "case_file.h"
#include "peer.h"
#include "runner.h"

namespace {

int Usage() {
  std::fprintf(
      stderr,
      "usage: redis-compat-suite --tiercel SERVER --work DIRECTORY [--redis redis-server]\n"
      "  [--option NAME=VALUE …] [--only TEXT] CASE-FILE …\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string redis_binary = "redis-server";
  std::string tiercel_binary;
  std::string work;
  std::string only;
  std::vector<std::string> options;
  std::vector<compat::Case> cases;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--redis" && has_value) {
      redis_binary = argv[++i];
    } else if (word == "--tiercel" && has_value) {
      tiercel_binary = argv[++i];
    } else if (word == "--work" && has_value) {
      work = argv[++i];
    } else if (word == "--only" && has_value) {
      only = argv[++i];
    } else if (word == "--option" && has_value) {
      const std::string option = argv[++i];
      const size_t equals = option.find('=');
      options.push_back("--" + option.substr(0, equals));
      options.push_back(equals == std::string::npos ? "yes" : option.substr(equals + 1));
    } else {
      std::string error;
      if (!compat::ReadCases(word, &cases, &error)) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 2;
      }
    }
  }
  if (tiercel_binary.empty() || work.empty() || cases.empty()) return Usage();

  // What a case may rely on: DEBUG is allowed, and nothing is saved in the background.
  compat::Peer redis("redis", redis_binary, {"--save", "", "--enable-debug-command", "yes"},
                     work + "/redis");
  options.insert(options.end(), {"--enable-debug-command", "yes"});
  compat::Peer tiercel("tiercel", tiercel_binary, options, work + "/tiercel");
  int passed = 0;
  int failed = 0;
  for (const compat::Case& current : cases) {
    if (!only.empty() && (current.file + current.name).find(only) == std::string::npos) continue;
    for (const int protocol : {2, 3}) {
      if (protocol == 2 ? !current.resp2 : !current.resp3) continue;
      std::string report;
      if (compat::RunCase(current, protocol, redis, tiercel, &report)) {
        ++passed;
      } else {
        ++failed;
        std::printf("%s", report.c_str());
      }
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
