// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/tail_calls.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace scripting {
namespace {

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

struct Token {
  enum class Kind : unsigned char { kName, kNumber, kString, kSymbol, kEnd, kBroken };
  Kind kind = Kind::kEnd;
  size_t begin = 0;
  size_t end = 0;
};

// Splits Lua into tokens, as far as it matters here: symbols are single characters.
class Lexer {
 public:
  explicit Lexer(std::string_view code) : code_(code) {}

  Token Next() {
    SkipBlanks();
    if (broken_) return {Token::Kind::kBroken, at_, at_};
    if (at_ >= code_.size()) return {Token::Kind::kEnd, at_, at_};
    const size_t begin = at_;
    const char c = code_[at_];
    if (IsNameStart(c)) {
      while (at_ < code_.size() && (IsNameStart(code_[at_]) || IsDigit(code_[at_]))) ++at_;
      return {Token::Kind::kName, begin, at_};
    }
    if (IsDigit(c)) {
      SkipNumber();
      return {Token::Kind::kNumber, begin, at_};
    }
    if (c == '"' || c == '\'') return String(begin, SkipQuoted(c));
    if (c == '[') {
      if (const std::optional<size_t> level = LongBracketLevel()) {
        return String(begin, SkipLong(*level));
      }
    }
    ++at_;
    return {Token::Kind::kSymbol, begin, at_};
  }

 private:
  Token String(size_t begin, bool closed) const {
    return {closed ? Token::Kind::kString : Token::Kind::kBroken, begin, at_};
  }

  void SkipBlanks() {
    for (;;) {
      while (at_ < code_.size() &&
             (code_[at_] == ' ' || (code_[at_] >= '\t' && code_[at_] <= '\r')))
        ++at_;
      if (!code_.substr(at_).starts_with("--")) return;
      at_ += 2;
      if (const std::optional<size_t> level = LongBracketLevel()) {
        if (!SkipLong(*level)) broken_ = true;
      } else {
        while (at_ < code_.size() && code_[at_] != '\n') ++at_;
      }
      if (broken_) return;
    }
  }

  // "[[" is level 0, "[==[" level 2.
  std::optional<size_t> LongBracketLevel() const {
    if (at_ >= code_.size() || code_[at_] != '[') return std::nullopt;
    size_t at = at_ + 1;
    while (at < code_.size() && code_[at] == '=') ++at;
    if (at >= code_.size() || code_[at] != '[') return std::nullopt;
    return at - at_ - 1;
  }

  bool SkipLong(size_t level) {
    const std::string close = "]" + std::string(level, '=') + "]";
    const size_t found = code_.find(close, at_ + level + 2);
    at_ = found == std::string_view::npos ? code_.size() : found + close.size();
    return found != std::string_view::npos;
  }

  bool SkipQuoted(char quote) {
    for (++at_; at_ < code_.size(); ++at_) {
      if (code_[at_] == '\\') {
        ++at_;
      } else if (code_[at_] == quote) {
        ++at_;
        return true;
      } else if (code_[at_] == '\n') {
        return false;
      }
    }
    at_ = code_.size();
    return false;
  }

  void SkipNumber() {
    char before = 0;
    while (at_ < code_.size()) {
      const char c = code_[at_];
      const bool sign_of_exponent = (c == '+' || c == '-') && (before == 'e' || before == 'E');
      if (!IsNameStart(c) && !IsDigit(c) && c != '.' && !sign_of_exponent) return;
      before = c;
      ++at_;
    }
  }

  std::string_view code_;
  size_t at_ = 0;
  bool broken_ = false;
};

// Follows blocks and brackets, and finds the expressions of return statements.
class Rewriter {
 public:
  explicit Rewriter(std::string_view code) : code_(code) {}

  std::string Run() {
    Lexer lexer(code_);
    for (;;) {
      const Token token = lexer.Next();
      if (token.kind == Token::Kind::kBroken) return std::string(code_);
      if (!Take(token)) return std::string(code_);
      if (token.kind == Token::Kind::kEnd) break;
    }
    return Edited();
  }

 private:
  // A return statement whose expression is being read.
  struct Return {
    size_t depth;  // Of opened blocks and brackets.
    bool in_function;
    size_t begin;  // Behind the word.
    size_t tokens = 0;
    bool lists = false;         // There is a comma: several values.
    bool is_redis_call = true;  // So far: redis . name ( … )
    bool closed_call = false;   // The bracket of that call was closed.
  };

  std::string Edited() {
    // Statements within functions within an expression end before it does.
    std::ranges::stable_sort(brackets_, {}, &Bracket::first);
    std::string edited;
    size_t copied = 0;
    for (const auto& [position, bracket] : brackets_) {
      edited += code_.substr(copied, position - copied);
      edited += bracket;
      copied = position;
    }
    edited += code_.substr(copied);
    return edited;
  }

  std::string_view Text(const Token& token) const {
    return code_.substr(token.begin, token.end - token.begin);
  }

  // False: blocks do not fit together.
  bool Take(const Token& token) {
    const std::string_view text = Text(token);
    const bool is_name = token.kind == Token::Kind::kName;
    const bool is_symbol = token.kind == Token::Kind::kSymbol;
    const bool ends_statement =
        token.kind == Token::Kind::kEnd || (is_symbol && text == ";") ||
        (is_name && (text == "end" || text == "else" || text == "elseif" || text == "until"));
    if (!returns_.empty() && returns_.back().depth == open_.size()) {
      if (ends_statement) {
        FinishReturn();
      } else {
        Note(returns_.back(), token, text);
      }
    }
    last_ = token;
    if (is_name) return TakeWord(text, token);
    if (!is_symbol) return true;
    if (text == "(" || text == "{" || text == "[") {
      open_.push_back(text[0]);
    } else if (text == ")" || text == "}" || text == "]") {
      if (open_.empty()) return false;
      open_.pop_back();
      if (!returns_.empty() && returns_.back().depth == open_.size()) {
        returns_.back().closed_call = true;
      }
    }
    return true;
  }

  bool TakeWord(std::string_view word, const Token& token) {
    if (word == "function") {
      open_.push_back('f');
      ++functions_;
    } else if (word == "if" || word == "do") {
      open_.push_back('b');
    } else if (word == "repeat") {
      open_.push_back('r');
    } else if (word == "end" || word == "until") {
      if (open_.empty()) return false;
      if (open_.back() == 'f') --functions_;
      open_.pop_back();
    } else if (word == "return") {
      returns_.push_back(
          {.depth = open_.size(), .in_function = functions_ > 0, .begin = token.end});
    }
    return true;
  }

  // A token of the expression itself, not within its brackets.
  static void Note(Return& statement, const Token& token, std::string_view text) {
    const size_t position = statement.tokens++;
    if (text == ",") statement.lists = true;
    if (statement.closed_call && text != ")") statement.is_redis_call = false;
    bool fits = true;
    if (position == 0) fits = text == "redis";
    if (position == 1) fits = text == ".";
    if (position == 2) fits = token.kind == Token::Kind::kName;
    if (position == 3) fits = text == "(";
    if (!fits) statement.is_redis_call = false;
  }

  // The statement ends before the token that is being looked at.
  void FinishReturn() {
    const Return statement = returns_.back();
    returns_.pop_back();
    const char last = code_[last_.end - 1];
    const bool may_be_call = last == ')' || last == '}' || last_.kind == Token::Kind::kString;
    if (statement.tokens == 0 || statement.lists || !may_be_call) return;
    if (statement.in_function && !statement.is_redis_call) return;
    brackets_.emplace_back(statement.begin, '(');
    brackets_.emplace_back(last_.end, ')');
  }

  std::string_view code_;
  using Bracket = std::pair<size_t, char>;  // To be put in at that position.
  std::vector<Bracket> brackets_;
  Token last_;
  std::vector<char> open_;
  std::vector<Return> returns_;
  size_t functions_ = 0;
};

}  // namespace

std::string PlaceTailCalls(std::string_view code) {
  // LuaJIT passes over such a first line, whatever is in it.
  if (code.starts_with('#') || code.starts_with("\xef\xbb\xbf#")) return std::string(code);
  return Rewriter(code).Run();
}

}  // namespace scripting
