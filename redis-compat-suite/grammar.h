// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "peer.h"

namespace compat {

// One command that the differ sends, and how its replies are compared.
struct RandomStep {
  enum class Kind : uint8_t { kCommand, kRestart };
  Kind kind = Kind::kCommand;
  size_t connection = 0;
  Command command;
  bool unordered = false;  // Compared up to the order of elements.
  bool shape = false;      // Compared by type and size only.
  bool may_block = false;
  bool then_wait = false;  // Long enough for a short time to live to end.
};

// A table of templates, from which random commands are drawn. The files' form, for people, is in
// redis-compat-suite/README.md.
class Grammar {
 public:
  using Random = std::mt19937_64;

  // Adds the templates of a file; its keys are named after it. On a line it does not understand:
  // false, and `error` says where and why.
  bool Read(const std::string& path, std::string* error);
  // How many clients speak: as many as the most demanding file asks for.
  size_t connections() const { return connections_; }
  // Draws one command; some are spoilt on purpose. Requires that a template was read.
  RandomStep Draw(Random& random) const;

 private:
  // A part of a template.
  struct Node {
    enum class Kind : uint8_t { kWord, kGenerator, kSequence, kOptional, kRepeat, kChoice };
    Kind kind = Kind::kWord;
    std::string text;            // kWord, kGenerator.
    std::vector<Node> children;  // The others.
  };
  struct Template {
    uint64_t weight = 1;
    std::string keys;  // What its keys' names begin with.
    bool spoil = true;
    RandomStep step;  // The marks.
    Node root;
  };

  bool ReadLine(std::string_view line, const std::string& keys, std::string* error);
  static bool ParseUntil(const std::vector<std::string>& words, size_t* at, std::string_view close,
                         Node* into);
  void Generate(const Node& node, const Template& from, Random& random, Command* command) const;

  std::vector<Template> templates_;
  uint64_t total_weight_ = 0;
  size_t connections_ = 1;
};

// A value of one of the kinds that templates name between < and >; nullopt-like: false if there is
// no such kind. `keys`: what the names of keys begin with.
bool GenerateValue(std::string_view kind, const std::string& keys, Grammar::Random& random,
                   std::string* value);

}  // namespace compat
