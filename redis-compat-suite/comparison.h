// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "peer.h"
#include "resp/reply.h"

namespace compat {

// A command as one would type it.
std::string Show(const Command& command);

// Replies as text to compare: as sent (but for maps and sets, which have no order) …
std::string DescribeExact(const resp::Reply& reply);
// … up to the order of the elements of every array …
std::string DescribeUnordered(const resp::Reply& reply);
// … and by type and size alone; errors in full.
std::string DescribeShape(const resp::Reply& reply);

}  // namespace compat
