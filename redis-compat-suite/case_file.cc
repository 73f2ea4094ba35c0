// SPDX-License-Identifier: BSD-3-Clause
#include "case_file.h"

#include <cstdlib>
#include <fstream>

#include "resp/split_args.h"

namespace compat {

namespace {

bool Fail(const std::string& path, int line, const std::string& why, std::string* error) {
  *error = path + ":" + std::to_string(line) + ": " + why;
  return false;
}

// "2> SET a 1" is a command on connection 2.
size_t TakeConnection(std::string_view* line) {
  if (line->size() > 2 && (*line)[0] >= '0' && (*line)[0] <= '9' && (*line)[1] == '>') {
    const size_t connection = static_cast<size_t>((*line)[0] - '0');
    line->remove_prefix(2);
    return connection;
  }
  return 0;
}

Step::Kind TakeKind(std::string_view* line) {
  static constexpr struct {
    char mark;
    Step::Kind kind;
  } kMarks[] = {{'~', Step::Kind::kUnordered}, {'?', Step::Kind::kShape},
                {'-', Step::Kind::kSilent},    {'!', Step::Kind::kSend},
                {'<', Step::Kind::kRead},      {'$', Step::Kind::kRaw}};
  for (const auto& mark : kMarks) {
    if (line->size() > 1 && (*line)[0] == mark.mark && (*line)[1] == ' ') {
      line->remove_prefix(2);
      return mark.kind;
    }
    if (line->size() == 1 && (*line)[0] == mark.mark) {
      line->remove_prefix(1);
      return mark.kind;
    }
  }
  return Step::Kind::kCompare;
}

}  // namespace

bool ReadCases(const std::string& path, std::vector<Case>* cases, std::string* error) {
  std::ifstream file(path);
  if (!file) return Fail(path, 0, "cannot be read", error);
  std::string text;
  int number = 0;
  while (std::getline(file, text)) {
    ++number;
    std::string_view line = text;
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (line.empty() || line.front() == '#') {
      if (line.substr(0, 3) == "## ") {
        cases->push_back({path, std::string(line.substr(3)), {}, true, true});
      }
      continue;
    }
    if (cases->empty() || cases->back().file != path) {
      return Fail(path, number, "a line before the first «## name»", error);
    }
    Case& current = cases->back();
    if (line.substr(0, 2) == "= ") {
      if (current.steps.empty()) return Fail(path, number, "«=» follows a command", error);
      current.steps.back().kind = Step::Kind::kExpect;
      current.steps.back().expected = line.substr(2);
      continue;
    }
    Step step;
    step.line = number;
    if (line[0] == '@') {
      if (line == "@resp2") {
        current.resp3 = false;
      } else if (line == "@resp3") {
        current.resp2 = false;
      } else if (line == "@restart") {
        step.kind = Step::Kind::kRestart;
        current.steps.push_back(step);
      } else if (line.substr(0, 7) == "@sleep ") {
        step.kind = Step::Kind::kSleep;
        step.milliseconds = std::atoi(std::string(line.substr(7)).c_str());
        current.steps.push_back(step);
      } else {
        return Fail(path, number, "unknown directive", error);
      }
      continue;
    }
    step.connection = TakeConnection(&line);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    step.kind = TakeKind(&line);
    if (step.kind == Step::Kind::kShape && line == "<") {
      step.kind = Step::Kind::kReadShape;
      line = {};
    }
    if (!resp::SplitArgs(line, &step.command))
      return Fail(path, number, "unbalanced quotes", error);
    if (step.command.empty() && step.kind != Step::Kind::kRead &&
        step.kind != Step::Kind::kReadShape) {
      return Fail(path, number, "no command", error);
    }
    current.steps.push_back(std::move(step));
  }
  return true;
}

}  // namespace compat
