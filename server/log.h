// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "server/settings.h"

namespace server {

// The server's log, in Redis' format, so that what watches a redis-server's log works:
//
//   1234:M 21 Nov 2026 01:15:10.123 * Ready to accept connections tcp
//
// Lines go to a file, opened anew for each line (so it may be rotated by renaming it), or to
// standard output. Any thread.
class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Lines below `level` are dropped.
  void SetLevel(LogLevel level);
  LogLevel level() const;
  // Empty: standard output. False, with nothing changed: the file cannot be opened for appending;
  // errno says why.
  bool SetFile(const std::string& path);
  // Sends a copy of each line to syslog under this name; an empty name stops that.
  void SetSyslog(const std::string& ident, const std::string& facility);

  void Write(LogLevel level, std::string_view message);
  void Debug(std::string_view message) { Write(LogLevel::kDebug, message); }
  void Verbose(std::string_view message) { Write(LogLevel::kVerbose, message); }
  void Notice(std::string_view message) { Write(LogLevel::kNotice, message); }
  void Warning(std::string_view message) { Write(LogLevel::kWarning, message); }

  // A line as the store gives it: its level is one of '.', '-', '*', '#'.
  void WriteMarked(char mark, std::string_view message);

  // The text without a time or a process id, as it is (the logo, a crash report).
  void WriteRaw(std::string_view text);

 private:
  // Guards all members.
  mutable std::mutex mutex_;
  LogLevel level_ = LogLevel::kNotice;
  std::string path_;
  bool syslog_ = false;
  std::string syslog_ident_;

  void Emit(std::string_view text);
};

}  // namespace server
