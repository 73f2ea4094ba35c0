// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "lsm/status.h"

// Values that are made over many turns. Behind the databases that clients see stands one more,
// whose keys nobody is told of: a command whose result is too large for one turn builds it there,
// and then gives it its name with Store::Move, in one turn and O(1). The rows go through the log
// and the backlog, and touch no page of the hot tier. Whatever a crash has left there goes when the
// store is opened.
//
// Turned down: to build the rows under a collection id that no key has yet. The garbage collector,
// the checker and recovery would all have to know of such ids.

namespace lsm {

class Entry;
class LoadWaiter;
class RowSlice;
class Store;

// The number of that database.
uint32_t DraftsDatabase(const Store& store);

// Adds rows, which it must not have yet, to the collection of a key there (requires
// has_collection()). They can be read when they are applied: see AwaitApplied().
Entry* AppendDraftRows(Store& store, Entry* draft, const RowSlice& rows);

// Ends the turn, and tells `waiter` when all of it is in LevelDB. What keeps to this between its
// parts cannot outrun the applier. On an error, that of CommitTurn(), the waiter was not joined.
Status AwaitApplied(Store& store, LoadWaiter& waiter);

}  // namespace lsm
