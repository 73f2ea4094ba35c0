// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/session.h"

#include "datatypes/parked_command.h"
#include "lsm/status.h"

namespace datatypes {

Session::Session() = default;

// Who destroys a session that waits must have told the dispatcher, which knows it by address.
Session::~Session() {
  ENSURE(parked_ == nullptr);
}

}  // namespace datatypes
