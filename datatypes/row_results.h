// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "datatypes/result.h"
#include "lsm/status.h"

namespace datatypes {

// What views make of the store's results.

template <typename T>
Result<T> OrError(lsm::Result<T> result) {
  if (!result) return tl::unexpected(Error(result.error()));
  return *std::move(result);
}

template <typename T>
Result<void> OnlyError(const lsm::Result<T>& result) {
  if (!result) return tl::unexpected(Error(result.error()));
  return {};
}

// For changes of rows that were loaded before.
template <typename T>
T Ensured(lsm::Result<T> result) {
  ENSURE(result.has_value());
  return *std::move(result);
}

}  // namespace datatypes
