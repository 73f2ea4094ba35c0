// SPDX-License-Identifier: BSD-3-Clause
#include "server/config_file.h"

#include <glob.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "resp/split_args.h"

namespace server {

namespace {

// A file that includes itself ends here.
constexpr int kMostNestedIncludes = 16;

lsm::Status LineError(std::string_view name, size_t number, std::string_view line,
                      std::string_view reason) {
  return lsm::Status::Invalid(
      fmt::format("\n*** FATAL CONFIG FILE ERROR (Tiercel) ***\n"
                  "Reading the configuration file {}, at line {}\n>>> '{}'\n{}\n",
                  name, number, line, reason));
}

lsm::Status LoadText(std::string_view text, std::string_view name, Config& config, int depth);

lsm::Status LoadFile(const std::string& path, Config& config, int depth) {
  std::ifstream file(path);
  if (!file) {
    return lsm::Status::IoError(fmt::format("Fatal error, can't open config file '{}'", path));
  }
  std::ostringstream text;
  text << file.rdbuf();
  return LoadText(text.str(), path, config, depth);
}

lsm::Status Include(const std::string& pattern, Config& config, int depth) {
  if (depth >= kMostNestedIncludes) return lsm::Status::Invalid("too many nested includes");
  glob_t found{};
  const int result = glob(pattern.c_str(), GLOB_NOCHECK, nullptr, &found);
  lsm::Status status;
  for (size_t i = 0; result == 0 && i < found.gl_pathc && status.ok(); ++i) {
    status = LoadFile(found.gl_pathv[i], config, depth + 1);
  }
  globfree(&found);
  return status;
}

lsm::Status LoadText(std::string_view text, std::string_view name, Config& config, int depth) {
  size_t number = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    std::vector<std::string> words;
    if (!resp::SplitArgs(line, &words)) {
      return LineError(name, number, line, "Unbalanced quotes in configuration line");
    }
    if (words.empty()) continue;
    std::transform(words[0].begin(), words[0].end(), words[0].begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (words[0] == "include" && words.size() == 2) {
      LSM_RETURN_IF_ERROR(Include(words[1], config, depth));
      continue;
    }
    const datatypes::Result<void> loaded = config.Load(words);
    if (!loaded) return LineError(name, number, line, loaded.error().text());
  }
  return {};
}

}  // namespace

lsm::Status LoadConfigText(std::string_view text, std::string_view name, Config& config) {
  return LoadText(text, name, config, 0);
}

lsm::Status LoadConfigFile(const std::string& path, Config& config) {
  return LoadFile(path, config, 0);
}

CommandLine ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  if (arguments.size() == 1) {
    const std::string& only = arguments[0];
    if (only == "-v" || only == "--version") line.action = CommandLine::Action::kVersion;
    if (only == "-h" || only == "--help") line.action = CommandLine::Action::kHelp;
    if (line.action != CommandLine::Action::kRun) return line;
  }
  size_t at = 0;
  if (!arguments.empty() && (arguments[0].empty() || arguments[0][0] != '-')) {
    line.file = arguments[at++];
  }
  // An option's values run up to the next word that begins with "--". `--option=value` is not
  // redis-server's grammar, and fails as an unknown directive.
  for (; at < arguments.size(); ++at) {
    const std::string& word = arguments[at];
    if (word == "-") {
      line.from_stdin = true;
    } else if (word.size() > 2 && word.compare(0, 2, "--") == 0) {
      line.directives += (line.directives.empty() ? "" : "\n") + word.substr(2);
    } else {
      line.directives += ' ' + resp::QuoteArg(word);
    }
  }
  if (!line.directives.empty()) line.directives += '\n';
  return line;
}

}  // namespace server
