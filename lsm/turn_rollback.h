// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "lsm/status.h"

namespace lsm {

class Store;

// Undoes the open turn: everything is as the last committed turn left it. Drops all of RAM, after
// what is committed was applied, and what is asked for is read again from disk; so it costs what
// Store::Reopen() costs. No Entry of before may be used any more. Blocks. On failure the store
// cannot be used any more, but is whole when it is opened again. Loop thread only.
//
// Not a part of Store's interface, which is what commands see: no command may do this.
Status RollBackTurn(Store& store);

}  // namespace lsm
