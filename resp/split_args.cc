// SPDX-License-Identifier: BSD-3-Clause
#include "resp/split_args.h"

#include <cstddef>

namespace resp {
namespace {

// isspace(3) in the C locale: what may stand between words. Only some of these end a bare word.
bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool EndsBareWord(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

class Splitter {
 public:
  explicit Splitter(std::string_view line) : line_(line) {}

  // Moves to the next word; false at the end of the line.
  bool SkipBlanks() {
    while (position_ < line_.size() && IsSpace(line_[position_])) ++position_;
    return position_ < line_.size();
  }

  // False if the word's quotes are unbalanced.
  bool ReadWord(std::string* word) {
    while (position_ < line_.size()) {
      const char c = line_[position_++];
      if (EndsBareWord(c)) return true;
      if (c == '"') return ReadDoubleQuoted(word);
      if (c == '\'') return ReadSingleQuoted(word);
      word->push_back(c);
    }
    return true;
  }

 private:
  bool ClosesWord() const { return position_ == line_.size() || IsSpace(line_[position_]); }
  size_t left() const { return line_.size() - position_; }

  bool ReadDoubleQuoted(std::string* word) {
    while (left() > 0) {
      const char c = line_[position_++];
      if (c == '"') return ClosesWord();
      if (c != '\\' || left() == 0) {
        word->push_back(c);
        continue;
      }
      if (left() >= 3 && line_[position_] == 'x') {
        const int high = HexValue(line_[position_ + 1]);
        const int low = HexValue(line_[position_ + 2]);
        if (high >= 0 && low >= 0) {
          word->push_back(static_cast<char>(high * 16 + low));
          position_ += 3;
          continue;
        }
      }
      word->push_back(Unescape(line_[position_++]));
    }
    return false;
  }

  bool ReadSingleQuoted(std::string* word) {
    while (left() > 0) {
      char c = line_[position_++];
      if (c == '\'') return ClosesWord();
      if (c == '\\' && left() > 0 && line_[position_] == '\'') c = line_[position_++];
      word->push_back(c);
    }
    return false;
  }

  std::string_view line_;
  size_t position_ = 0;
};

}  // namespace

bool SplitArgs(std::string_view line, std::vector<std::string>* words) {
  words->clear();
  Splitter splitter(line.substr(0, line.find('\0')));
  while (splitter.SkipBlanks()) {
    if (!splitter.ReadWord(&words->emplace_back())) {
      words->clear();
      return false;
    }
  }
  return true;
}

std::string QuoteArg(std::string_view word) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kSpecial = "\\\"\n\r\t\a\b";
  constexpr std::string_view kLetters = "\\\"nrtab";
  std::string quoted = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (const size_t special = kSpecial.find(c); special != std::string_view::npos) {
      quoted.push_back('\\');
      quoted.push_back(kLetters[special]);
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted.append("\\x");
      quoted.push_back(kHex[byte >> 4]);
      quoted.push_back(kHex[byte & 15]);
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace resp
