// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "datatypes/command_context.h"
#include "datatypes/result.h"
#include "lsm/store.h"

namespace datatypes {

// What SORT's BY and GET look up for an element: "w_*" is the string at the key that has the
// element in the place of the first asterisk, "h_*->f" the field f of the hash at such a key, and
// "#" the element itself. A text without asterisk names nothing. Borrows the text.
class SortPattern {
 public:
  explicit SortPattern(std::string_view text);

  bool is_element() const { return text_ == "#"; }
  bool names_keys() const { return star_ != std::string_view::npos; }

  // The string for `element`; nullopt: there is none. What is not in RAM is loaded on the spot.
  Result<std::optional<std::string>> Find(const CommandContext& ctx,
                                          std::string_view element) const;
  // Joins `waiter` to the loads that Find() needs; true: there are none. May have to be asked again
  // when the loads are there.
  bool Prefetch(const CommandContext& ctx, std::string_view element, lsm::LoadWaiter& waiter) const;

 private:
  std::string KeyFor(std::string_view element) const;

  std::string_view text_;
  size_t star_;
  std::string_view key_text_;  // Without the field.
  std::string_view field_;     // Empty: none.
};

}  // namespace datatypes
