// SPDX-License-Identifier: BSD-3-Clause
#include "grammar.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "resp/split_args.h"

namespace compat {

namespace {

// Of a thousand commands, those that are spoilt.
constexpr uint64_t kSpoiltPerMille = 30;

uint64_t Below(Grammar::Random& random, uint64_t limit) {
  return random() % limit;
}

// Makes a valid command a doubtful one: an argument goes, comes twice, or is something else.
void Spoil(Grammar::Random& random, Command* command) {
  const size_t at = Below(random, command->size());
  const auto position = command->begin() + static_cast<std::ptrdiff_t>(at);
  std::string odd;
  GenerateValue("odd", {}, random, &odd);
  switch (Below(random, 4)) {
    case 0:
      if (at > 0) command->erase(position);
      break;
    case 1:
      if (at > 0) command->insert(position, std::string(*position));
      break;
    case 2:
      if (at > 0) *position = odd;
      break;
    default:
      command->push_back(odd);
  }
}

// "[a|b]" stands for the words "[", "a", "|", "b", "]".
std::vector<std::string> SplitTemplate(std::string_view line) {
  constexpr std::string_view kMarks = "[](){}|";
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c == ' ') {
      flush();
    } else if (!quoted && kMarks.find(c) != std::string_view::npos) {
      flush();
      words.emplace_back(1, c);
    } else {
      word += c;
    }
  }
  flush();
  return words;
}

std::string Stem(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return name.substr(0, name.find('.'));
}

}  // namespace

bool Grammar::Read(const std::string& path, std::string* error) {
  std::ifstream file(path);
  if (!file) {
    *error = "cannot read " + path;
    return false;
  }
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    if (!ReadLine(line, Stem(path), error)) {
      *error = path + ":" + std::to_string(number) + ": " + *error;
      return false;
    }
  }
  return true;
}

bool Grammar::ReadLine(std::string_view line, const std::string& keys, std::string* error) {
  std::vector<std::string> words = SplitTemplate(line);
  if (words[0] == "@connections" && words.size() == 2) {
    size_t count = 0;
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), count);
    connections_ = std::max(connections_, count);
    return count > 0;
  }
  Template made;
  made.keys = keys;
  size_t at = 0;
  const std::string& first = words[0];
  if (std::from_chars(first.data(), first.data() + first.size(), made.weight).ec == std::errc()) {
    ++at;
  }
  for (; at < words.size() && words[at].size() == 1; ++at) {
    const char mark = words[at][0];
    if (mark == '~') {
      made.step.unordered = true;
    } else if (mark == '?') {
      made.step.shape = true;
    } else if (mark == '!') {
      made.step.may_block = true;
    } else if (mark == '=') {
      made.spoil = false;
    } else if (mark == '%') {
      made.step.then_wait = true;
    } else {
      break;
    }
  }
  if (at == words.size() || made.weight == 0 || !ParseUntil(words, &at, {}, &made.root)) {
    *error = "not a template";
    return false;
  }
  made.root.kind = Node::Kind::kSequence;
  total_weight_ += made.weight;
  templates_.push_back(std::move(made));
  return true;
}

// Parses a sequence, or with bars a choice of sequences, up to `close`.
bool Grammar::ParseUntil(const std::vector<std::string>& words, size_t* at, std::string_view close,
                         Node* into) {
  std::vector<Node> alternatives(1);
  alternatives[0].kind = Node::Kind::kSequence;
  while (*at < words.size() && words[*at] != close) {
    const std::string& word = words[(*at)++];
    Node node;
    if (word == "|") {
      alternatives.emplace_back();
      alternatives.back().kind = Node::Kind::kSequence;
      continue;
    }
    if (word == "[" || word == "(" || word == "{") {
      node.kind = word == "[" ? Node::Kind::kOptional : Node::Kind::kSequence;
      if (word == "{") node.kind = Node::Kind::kRepeat;
      const std::string_view end = word == "[" ? "]" : word == "(" ? ")" : "}";
      if (!ParseUntil(words, at, end, &node) || *at == words.size()) return false;
      ++*at;
    } else if (word.size() > 2 && word.front() == '<' && word.back() == '>') {
      node.kind = Node::Kind::kGenerator;
      node.text = word.substr(1, word.size() - 2);
      std::string value;
      Random random;
      if (!GenerateValue(node.text, "", random, &value)) return false;
    } else {
      std::vector<std::string> parts;
      if (!resp::SplitArgs(word, &parts) || parts.size() != 1) return false;
      node.text = parts[0];
    }
    alternatives.back().children.push_back(std::move(node));
  }
  if (alternatives.size() == 1) {
    into->children = std::move(alternatives[0].children);
    return true;
  }
  Node choice;
  choice.kind = Node::Kind::kChoice;
  choice.children = std::move(alternatives);
  into->children.push_back(std::move(choice));
  return true;
}

void Grammar::Generate(const Node& node, const Template& from, Random& random,
                       Command* command) const {
  constexpr uint64_t kMostRepeats = 4;
  const auto all = [&] {
    for (const Node& child : node.children) Generate(child, from, random, command);
  };
  switch (node.kind) {
    case Node::Kind::kWord:
      command->push_back(node.text);
      break;
    case Node::Kind::kGenerator:
      command->emplace_back();
      GenerateValue(node.text, from.keys, random, &command->back());
      break;
    case Node::Kind::kSequence:
      all();
      break;
    case Node::Kind::kOptional:
      if (Below(random, 3) == 0) all();
      break;
    case Node::Kind::kRepeat:
      for (uint64_t left = 1 + Below(random, kMostRepeats); left > 0; --left) all();
      break;
    case Node::Kind::kChoice:
      Generate(node.children[Below(random, node.children.size())], from, random, command);
      break;
  }
}

RandomStep Grammar::Draw(Random& random) const {
  uint64_t left = Below(random, total_weight_);
  auto chosen = templates_.begin();
  for (; left >= chosen->weight; ++chosen) left -= chosen->weight;
  RandomStep step = chosen->step;
  step.connection = Below(random, connections_);
  Generate(chosen->root, *chosen, random, &step.command);
  if (chosen->spoil && Below(random, 1000) < kSpoiltPerMille) Spoil(random, &step.command);
  return step;
}

}  // namespace compat
