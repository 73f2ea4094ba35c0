// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <string_view>

#include "datatypes/to_replicas.h"

namespace datatypes {

// What replicas are told of fields of hashes. Nothing if there are none.

// `before`, then "FIELDS", their number, and they.
void TellFields(const CommandContext& ctx, std::initializer_list<std::string_view> before,
                Args fields);
// HDEL of them.
void TellErased(const CommandContext& ctx, std::string_view key, Args fields);
// The same, of fields that have expired.
void TellExpired(const ToReplicas& replicas, std::string_view key, Args fields);

}  // namespace datatypes
