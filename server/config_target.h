// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the tables of parameters alone: the ConfigTarget of a member of Settings, by its type.

#define FLAG(member)                                      \
  {                                                       \
    .flag = [](Settings& s) -> bool& { return s.member; } \
  }
#define NUMBER(member)                                         \
  {                                                            \
    .number = [](Settings& s) -> int64_t& { return s.member; } \
  }
#define TEXT(member)                                             \
  {                                                              \
    .text = [](Settings& s) -> std::string& { return s.member; } \
  }
