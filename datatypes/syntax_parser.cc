// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/syntax_parser.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>

#include "lsm/status.h"

namespace datatypes {
namespace {

using Type = SyntaxArg::Type;

constexpr std::string_view kIntegerNames[] = {
    "bit",
    "count",
    "cursor",
    "db",
    "decrement",
    "destination-db",
    "end",
    "entries-read",
    "id-count",
    "increment",
    "index",
    "index1",
    "index2",
    "len",
    "limit",
    "maxlen",
    "milliseconds",
    "min-idle-time",
    "min-match-len",
    "ms",
    "num-matches",
    "numfields",
    "numkeys",
    "numlocal",
    "numreplicas",
    "offset",
    "port",
    "protover",
    "rank",
    "seconds",
    "serialized-size",
    "start",
    "stop",
    "threshold",
    "version",
};
constexpr std::string_view kDoubleNames[] = {
    "float-increment", "height", "latitude", "longitude", "max-score", "min-score",
    "radius",          "score",  "timeout",  "weight",    "width",
};

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Type TypeOfName(std::string_view name) {
  if (name == "source" || name == "destination" || (name.ends_with("key") && name != "numkey") ||
      name == "key1" || name == "key2") {
    return Type::kKey;
  }
  if (name == "pattern") return Type::kPattern;
  if (name.starts_with("unix-time")) return Type::kUnixTime;
  if (Contains(kIntegerNames, name)) return Type::kInteger;
  if (Contains(kDoubleNames, name)) return Type::kDouble;
  return Type::kString;
}

bool IsPunctuation(std::string_view word) {
  return word == "[" || word == "]" || word == "<" || word == ">" || word == "|";
}

// "..." is a word like any other here.
bool IsToken(std::string_view word) {
  const bool lower =
      std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return !lower && !IsPunctuation(word) && word != "...";
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::vector<std::string> SplitWords(std::string_view syntax) {
  std::vector<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (char c : syntax) {
    const std::string_view single(&c, 1);
    if (c == ' ') {
      flush();
    } else if (IsPunctuation(single)) {
      flush();
      words.emplace_back(single);
    } else {
      word += c;
    }
  }
  flush();
  return words;
}

SyntaxArg Plain(std::string_view name) {
  SyntaxArg arg;
  arg.name = name;
  arg.type = TypeOfName(name);
  return arg;
}

SyntaxArg PureToken(std::string_view token) {
  SyntaxArg arg;
  arg.name = Lower(token);
  arg.type = Type::kPureToken;
  arg.token = token;
  return arg;
}

SyntaxArg Block(std::vector<SyntaxArg> children, std::string name) {
  SyntaxArg arg;
  arg.name = std::move(name);
  arg.type = Type::kBlock;
  arg.children = std::move(children);
  return arg;
}

// Recursive descent over the words. What a function has passed over it does not see again.
class Parser {
 public:
  explicit Parser(std::string_view syntax) : words_(SplitWords(syntax)) {}

  std::vector<SyntaxArg> Parse() {
    std::vector<SyntaxArg> args = Sequence(/*token_takes_all=*/false);
    ENSURE(at_ == words_.size());
    return args;
  }

 private:
  bool AtEnd() const {
    return at_ >= words_.size() || words_[at_] == "]" || words_[at_] == ">" || words_[at_] == "|";
  }
  std::string_view Next() {
    ENSURE(at_ < words_.size());
    return words_[at_++];
  }

  // Arguments up to the end of the alternative. With `token_takes_all` a leading token introduces
  // all the rest, otherwise the words that follow it.
  // After a token, `repeated` becomes true if a bracket says that it may come again.
  std::vector<SyntaxArg> Sequence(bool token_takes_all, std::string_view introduced_by = {},
                                  bool* repeated = nullptr) {
    std::vector<SyntaxArg> args;
    if (token_takes_all && !AtEnd() && IsToken(words_[at_])) {
      const std::string token(Next());
      bool again = false;
      std::vector<SyntaxArg> operands = Sequence(false, token, &again);
      args.push_back(Introduce(token, std::move(operands)));
      args.back().multiple = args.back().multiple || again;
      args.back().multiple_token = args.back().multiple_token || again;
      return args;
    }
    while (!AtEnd()) {
      if (words_[at_] == "[") {
        if (repeated != nullptr && IsRepetition({}, introduced_by)) {
          *repeated = true;
          at_ = BracketEnd();
        } else {
          Bracket(args);
        }
      } else if (words_[at_] == "<") {
        Next();
        args.push_back(Alternatives(">"));
      } else if (words_[at_] == "...") {
        Next();
        ENSURE(!args.empty());
        args.back().multiple = true;
      } else if (IsToken(words_[at_])) {
        const std::string token(Next());
        std::vector<SyntaxArg> operands;
        while (!AtEnd() && !IsToken(words_[at_])) {
          if (words_[at_] == "[") {
            if (operands.empty() || !IsRepetition(operands, token)) break;
            Bracket(operands);
          } else if (words_[at_] == "<") {
            break;
          } else {
            operands.push_back(Plain(Next()));
          }
        }
        args.push_back(Introduce(token, std::move(operands)));
      } else {
        args.push_back(Plain(Next()));
      }
    }
    return args;
  }

  // What comes after a token, as one argument.
  static SyntaxArg Introduce(const std::string& token, std::vector<SyntaxArg> operands) {
    if (operands.empty()) return PureToken(token);
    if (operands.size() == 1 && operands[0].token.empty()) {
      SyntaxArg arg = std::move(operands[0]);
      arg.token = token;
      return arg;
    }
    SyntaxArg arg = Block(std::move(operands), Lower(token));
    arg.token = token;
    return arg;
  }

  // The position after the bracket that opens at at_.
  size_t BracketEnd() const {
    int depth = 0;
    for (size_t i = at_; i < words_.size(); ++i) {
      if (words_[i] == "[") ++depth;
      if (words_[i] == "]" && --depth == 0) return i + 1;
    }
    ENSURE(false);
    return 0;
  }

  // Whether the bracket at at_ says that what was just read may come again.
  bool IsRepetition(const std::vector<SyntaxArg>& args, std::string_view token) const {
    const size_t end = BracketEnd();
    if (end < at_ + 4 || words_[end - 2] != "...") return false;
    const std::string& first = words_[at_ + 1];
    return (!token.empty() && first == token) ||
           std::any_of(args.begin(), args.end(), [&](const SyntaxArg& arg) {
             return arg.name == first || (!arg.token.empty() && arg.token == first);
           });
  }

  void Bracket(std::vector<SyntaxArg>& args) {
    if (IsRepetition(args, {})) {
      Repeat(args);
      return;
    }
    Next();
    SyntaxArg arg = Alternatives("]");
    arg.optional = true;
    args.push_back(std::move(arg));
  }

  // "a b [a b ...]": the arguments named in the bracket become one that may come several times.
  void Repeat(std::vector<SyntaxArg>& args) {
    const size_t end = BracketEnd();
    const std::string first = words_[at_ + 1];
    auto begin = args.end();
    while (begin != args.begin()) {
      --begin;
      if (begin->name == first || begin->token == first) break;
    }
    const bool by_token = begin->token == first;
    std::vector<SyntaxArg> repeated(std::make_move_iterator(begin),
                                    std::make_move_iterator(args.end()));
    args.erase(begin, args.end());
    SyntaxArg arg =
        repeated.size() == 1 ? std::move(repeated[0]) : Block(std::move(repeated), "data");
    arg.multiple = true;
    arg.multiple_token = by_token;
    args.push_back(std::move(arg));
    at_ = end;
  }

  // Up to and with `close`; a single alternative is itself.
  SyntaxArg Alternatives(std::string_view close) {
    std::vector<SyntaxArg> choices;
    bool several_args = false;
    while (true) {
      std::vector<SyntaxArg> args = Sequence(/*token_takes_all=*/true);
      ENSURE(!args.empty());
      several_args = args.size() > 1;
      choices.push_back(several_args ? Block(std::move(args), "data") : std::move(args[0]));
      const std::string_view end = Next();
      if (end == close) break;
      ENSURE(end == "|");
    }
    if (choices.size() == 1) {
      if (several_args) choices[0].name = choices[0].children[0].name;
      return std::move(choices[0]);
    }
    SyntaxArg arg;
    arg.name = "choice";
    arg.type = Type::kOneOf;
    arg.children = std::move(choices);
    return arg;
  }

  std::vector<std::string> words_;
  size_t at_ = 0;
};

void NumberKeys(std::vector<SyntaxArg>& args, int& next) {
  for (SyntaxArg& arg : args) {
    if (arg.type == Type::kKey) arg.key_spec_index = next++;
    NumberKeys(arg.children, next);
  }
}

}  // namespace

std::string_view SyntaxTypeName(SyntaxArg::Type type) {
  switch (type) {
    case Type::kString:
      return "string";
    case Type::kInteger:
      return "integer";
    case Type::kDouble:
      return "double";
    case Type::kKey:
      return "key";
    case Type::kPattern:
      return "pattern";
    case Type::kUnixTime:
      return "unix-time";
    case Type::kPureToken:
      return "pure-token";
    case Type::kOneOf:
      return "oneof";
    case Type::kBlock:
      return "block";
  }
  return "string";
}

std::vector<SyntaxArg> ParseSyntax(std::string_view syntax) {
  std::vector<SyntaxArg> args = Parser(syntax).Parse();
  int next_key = 0;
  NumberKeys(args, next_key);
  return args;
}

}  // namespace datatypes
