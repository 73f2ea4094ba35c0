// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace lsm {

class Store;

// Frees RAM of what was deleted, in slices for about `budget_us`: for the time when nobody waits
// for a reply. True: there is more. (Where RAM is short, Store::RunHousekeeping does it as well.)
// Loop thread.
bool FreeDeleted(Store& store, int64_t budget_us);

}  // namespace lsm
