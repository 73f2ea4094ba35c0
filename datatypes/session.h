// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "resp/writer.h"

namespace datatypes {

struct ParkedCommand;

// Who sends commands: a connection, or a test. What the dispatcher and data commands need to know
// of it; connection commands in server/ know the whole class behind it. Loop thread only.
class Session {
 public:
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  uint32_t db() const { return db_; }
  void SelectDb(uint32_t db) { db_ = db; }
  // CLIENT NO-TOUCH.
  bool no_touch() const { return no_touch_; }
  void set_no_touch(bool on) { no_touch_ = on; }

  // Where replies go; it also knows the protocol version.
  virtual resp::Writer& writer() = 0;
  // Bytes of replies not sent yet: a long reply made in pieces waits while this is large.
  virtual size_t pending_output_bytes() const = 0;
  // The command that was parked has finished and its reply is written: go on with the next request.
  virtual void OnUnparked() = 0;

  // A command failed after a part of its reply was sent: the session can only be closed. Called
  // instead of OnUnparked(), or from Dispatcher::Execute.
  virtual void OnReplyBroken() = 0;

  // A command of this session waits.
  bool parked() const { return parked_ != nullptr; }

 protected:
  Session();

 private:
  friend class Dispatcher;
  uint32_t db_ = 0;
  bool no_touch_ = false;
  std::unique_ptr<ParkedCommand> parked_;
};

}  // namespace datatypes
