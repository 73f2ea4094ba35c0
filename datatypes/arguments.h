// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "datatypes/command_spec.h"
#include "datatypes/errors.h"
#include "datatypes/result.h"

namespace datatypes {

// Arguments of commands as typed values; what is wrong with them becomes Redis' error text.

// Whether they are the same but for the case of ASCII letters.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::string ToLower(std::string_view text);

// A signed 64-bit integer in its one spelling.
Result<int64_t> ParseInteger(std::string_view text, std::string_view error = kNotAnInteger);
// An integer of at least `min`; below it: `out_of_range`.
Result<int64_t> ParseIntegerFrom(std::string_view text, int64_t min,
                                 std::string_view out_of_range = kMustBePositive,
                                 std::string_view error = kNotAnInteger);
// An integer within [min, max]; outside: "value is out of range, value must between …".
Result<int64_t> ParseIntegerIn(std::string_view text, int64_t min, int64_t max);
// 0 and more.
Result<uint64_t> ParseUnsigned(std::string_view text, std::string_view error = kMustBePositive);
Result<double> ParseDouble(std::string_view text, std::string_view error = kNotAFloat);
// The number of a database that exists.
Result<uint32_t> ParseDb(std::string_view text, uint32_t databases);
// A cursor of SCAN and its kin.
Result<uint64_t> ParseCursor(std::string_view text);

// Walks the options at the end of a command:
//
//   OptionReader options(ctx.args, 3);
//   while (!options.done()) {
//     if (options.Take("NX")) { … }
//     else if (options.Take("EX", 1)) { … options.operand() … }
//     else return Fail(kSyntaxError);
//   }
class OptionReader {
 public:
  OptionReader(Args args, size_t from) : args_(args), next_(from) {}

  bool done() const { return next_ >= args_.size(); }
  // Passes over the option with its operands, if it comes next and that many operands follow.
  bool Take(std::string_view option, size_t operands = 0);
  // Of the option that Take() has just passed over.
  std::string_view operand(size_t number = 0) const { return args_[operands_ + number]; }
  // What comes next. Requires !done().
  std::string_view current() const { return args_[next_]; }
  size_t position() const { return next_; }
  void Skip(size_t count = 1) { next_ += count; }

 private:
  Args args_;
  size_t next_;
  size_t operands_ = 0;
};

}  // namespace datatypes
