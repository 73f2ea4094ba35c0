// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "datatypes/range_stream.h"
#include "datatypes/stream_walk.h"

namespace datatypes {

// The reply of XRANGE or XREVRANGE, whose key is args[1], as a long one that is streamed.
std::unique_ptr<RangeStream> StreamEntries(const StreamRange& range);

}  // namespace datatypes
