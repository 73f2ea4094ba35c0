// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/syntax_parser.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>

#include "lsm/status.h"

namespace datatypes {
namespace {

using Type = SyntaxArg::Type;

constexpr std::string_view kIntegerNames[] = {
    "bit",
    "client-id",
    "count",
    "cursor",
    "db",
    "decrement",
    "destination-db",
    "end",
    "entries_added",
    "entries_read",
    "frequency",
    "id-count",
    "increment",
    "index",
    "index1",
    "index2",
    "len",
    "limit",
    "maxlen",
    "milliseconds",
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
    "ttl",
    "version",
    "weight",
};
constexpr std::string_view kDoubleNames[] = {
    "height", "latitude", "longitude", "radius", "score", "timeout", "width",
};

struct GivenName {
  std::string_view token;
  std::string_view name;
};
// What an alternative is called, by its first token.
constexpr GivenName kChoiceNames[] = {
    {"=", "operator"},      {"AFTER", "where"},    {"ASC", "order"},       {"ASYNC", "async"},
    {"BEFORE", "where"},    {"BYSCORE", "sortby"}, {"BYTE", "index_unit"}, {"EX", "expiration"},
    {"FNX", "condition"},   {"GT", "comparison"},  {"LEFT", "where"},      {"M", "unit"},
    {"MAXLEN", "strategy"}, {"MIN", "where"},      {"NX", "condition"},
};
// Tokens whose name is not the token.
constexpr GivenName kTokenNames[] = {
    {"$", "new_id"},  {"*", "auto_id"},      {"=", "equal"},         {"ALPHA", "sorting"},
    {"CH", "change"}, {"INCR", "increment"}, {"~", "approximately"},
};

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Type TypeOfName(std::string_view name) {
  if (name == "source" || name == "destination" || name == "src" || name == "dst" ||
      (name.ends_with("key") && name != "numkey") || name == "key1" || name == "key2") {
    return Type::kKey;
  }
  if (name == "pattern") return Type::kPattern;
  if (name.starts_with("unix-time")) return Type::kUnixTime;
  if (Contains(kIntegerNames, name)) return Type::kInteger;
  if (Contains(kDoubleNames, name)) return Type::kDouble;
  return Type::kString;
}

bool IsPunctuation(std::string_view word) {
  return word.size() == 1 && std::string_view("[]<>|()").find(word[0]) != std::string_view::npos;
}

// "{name:type#key@since!deprecated}".
bool IsRemark(std::string_view word) {
  return word.starts_with('{');
}

// "..." is a word like any other here.
bool IsToken(std::string_view word) {
  const bool lower =
      std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return !lower && !IsPunctuation(word) && !IsRemark(word) && word != "...";
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
    if (c == '{') flush();
    if (IsRemark(word)) {
      word += c;
      if (c == '}') flush();
    } else if (c == ' ') {
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
  for (const GivenName& given : kTokenNames) {
    if (given.token == token) arg.name = given.name;
  }
  arg.type = Type::kPureToken;
  arg.token = token;
  return arg;
}

// "field_value": the names of all children.
std::string JoinedNames(const std::vector<SyntaxArg>& children) {
  std::string name;
  for (const SyntaxArg& child : children) {
    if (!name.empty()) name += '_';
    name += child.name;
  }
  return name;
}

SyntaxArg Block(std::vector<SyntaxArg> children) {
  SyntaxArg arg;
  arg.name = JoinedNames(children);
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
    return at_ >= words_.size() || words_[at_] == "]" || words_[at_] == ">" || words_[at_] == ")" ||
           words_[at_] == "|";
  }
  bool AtRemark() const { return at_ < words_.size() && IsRemark(words_[at_]); }
  std::string_view Next() {
    ENSURE(at_ < words_.size());
    return words_[at_++];
  }

  // Arguments up to the end of the alternative. With `token_takes_all` a leading token introduces
  // all the rest, otherwise the words that follow it.
  // After a token, `repeated` becomes true if a bracket says that it may come again. A token in
  // the middle introduces `most_operands` words.
  std::vector<SyntaxArg> Sequence(bool token_takes_all, std::string_view introduced_by = {},
                                  bool* repeated = nullptr, size_t most_operands = SIZE_MAX) {
    std::vector<SyntaxArg> args;
    if (token_takes_all && !AtEnd() && IsToken(words_[at_])) {
      const std::string token(Next());
      if (AtRemark()) {
        args.push_back(PureToken(token));
        ApplyRemark(args.back());
        return args;
      }
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
      } else if (words_[at_] == "(") {
        Next();
        args.push_back(Block(Sequence(false, {}, nullptr, /*most_operands=*/1)));
        const std::string_view end = Next();
        ENSURE(end == ")");
      } else if (AtRemark()) {
        ENSURE(!args.empty());
        ApplyRemark(args.back());
      } else if (words_[at_] == "...") {
        Next();
        ENSURE(!args.empty());
        args.back().multiple = true;
      } else if (IsToken(words_[at_])) {
        const std::string token(Next());
        std::vector<SyntaxArg> operands;
        while (!AtEnd() && !IsToken(words_[at_])) {
          const bool full = operands.size() >= most_operands && !AtRemark();
          if (full || words_[at_] == "(") break;
          if (words_[at_] == "[") {
            if (operands.empty() || !IsRepetition(operands, token)) break;
            Bracket(operands);
          } else if (words_[at_] == "<") {
            break;
          } else if (AtRemark()) {
            if (operands.empty()) break;
            ApplyRemark(operands.back());
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
      if (arg.type == Type::kOneOf && arg.name == kChoice) arg.name = Lower(token);
      arg.token = token;
      return arg;
    }
    const bool plain = operands.size() > 1 &&
                       std::none_of(operands.begin(), operands.end(),
                                    [](const SyntaxArg& operand) { return operand.multiple; });
    SyntaxArg arg = Block(std::move(operands));
    if (!plain) arg.name = Lower(token);
    arg.token = token;
    return arg;
  }

  // "{name:type#key@since!deprecated}", each part of it optional: what the words do not tell.
  void ApplyRemark(SyntaxArg& arg) {
    std::string_view rest = Next();
    ENSURE(rest.ends_with('}'));
    rest = rest.substr(1, rest.size() - 2);
    char kind = 0;
    while (kind != 0 || !rest.empty()) {
      const size_t end = std::min(rest.find_first_of(":#@!"), rest.size());
      const std::string_view part = rest.substr(0, end);
      switch (kind) {
        case 0:
          if (!part.empty()) arg.name = part;
          break;
        case ':':
          arg.type = TypeCalled(part);
          break;
        case '#':
          arg.key_spec_index = part[0] - '0';
          break;
        case '@':
          arg.since = part;
          break;
        default:
          arg.deprecated_since = part;
          break;
      }
      kind = end < rest.size() ? rest[end] : char{0};
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  static Type TypeCalled(std::string_view name) {
    for (const Type type : {Type::kString, Type::kInteger, Type::kDouble}) {
      if (SyntaxTypeName(type) == name) return type;
    }
    ENSURE(false);
    return Type::kString;
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
    SyntaxArg arg = repeated.size() == 1 ? std::move(repeated[0]) : Block(std::move(repeated));
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
      choices.push_back(several_args ? Block(std::move(args)) : std::move(args[0]));
      const std::string_view end = Next();
      if (end == close) break;
      ENSURE(end == "|");
    }
    if (choices.size() == 1) {
      if (several_args) choices[0].name = choices[0].children[0].name;
      return std::move(choices[0]);
    }
    SyntaxArg arg;
    arg.name = kChoice;
    for (const GivenName& given : kChoiceNames) {
      if (choices[0].token == given.token) arg.name = given.name;
    }
    arg.type = Type::kOneOf;
    arg.children = std::move(choices);
    return arg;
  }

  // Of an alternative that nobody has named.
  static constexpr std::string_view kChoice = "choice";

  std::vector<std::string> words_;
  size_t at_ = 0;
};

// Keys have the numbers of the specifications in order; what is left has the last one's.
void NumberKeys(std::vector<SyntaxArg>& args, int& next, int last) {
  for (SyntaxArg& arg : args) {
    if (arg.type == Type::kKey && arg.key_spec_index < 0) {
      arg.key_spec_index = std::min(next++, last);
    }
    NumberKeys(arg.children, next, last);
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

std::vector<SyntaxArg> ParseSyntax(std::string_view syntax, int key_specs) {
  std::vector<SyntaxArg> args = Parser(syntax).Parse();
  int next_key = 0;
  NumberKeys(args, next_key, std::max(0, key_specs - 1));
  return args;
}

}  // namespace datatypes
