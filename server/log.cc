// SPDX-License-Identifier: BSD-3-Clause
#include "server/log.h"

#include <fcntl.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <sys/time.h>

namespace server {
namespace {

// Redis cuts a line here.
constexpr size_t kMaxMessageBytes = 1024;

char MarkOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return '.';
    case LogLevel::kVerbose:
      return '-';
    case LogLevel::kNotice:
      return '*';
    default:
      return '#';
  }
}

int SyslogPriority(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return LOG_DEBUG;
    case LogLevel::kVerbose:
      return LOG_INFO;
    case LogLevel::kNotice:
      return LOG_NOTICE;
    default:
      return LOG_WARNING;
  }
}

int SyslogFacility(const std::string& name) {
  static constexpr std::array<std::pair<const char*, int>, 9> kFacilities = {{
      {"user", LOG_USER},
      {"local0", LOG_LOCAL0},
      {"local1", LOG_LOCAL1},
      {"local2", LOG_LOCAL2},
      {"local3", LOG_LOCAL3},
      {"local4", LOG_LOCAL4},
      {"local5", LOG_LOCAL5},
      {"local6", LOG_LOCAL6},
      {"local7", LOG_LOCAL7},
  }};
  for (const auto& [known, facility] : kFacilities) {
    if (name == known) return facility;
  }
  return LOG_LOCAL0;
}

// "21 Nov 2026 01:15:10.123" in local time.
std::string TimeText() {
  struct timeval now = {};
  gettimeofday(&now, nullptr);
  struct tm local = {};
  localtime_r(&now.tv_sec, &local);
  std::array<char, 64> text{};
  const size_t size = strftime(text.data(), text.size(), "%d %b %Y %H:%M:%S.", &local);
  return fmt::format("{}{:03}", std::string_view(text.data(), size), now.tv_usec / 1000);
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    // Nobody could be told that the log itself fails.
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

void Log::SetLevel(LogLevel level) {
  const std::lock_guard lock(mutex_);
  level_ = level;
}

LogLevel Log::level() const {
  const std::lock_guard lock(mutex_);
  return level_;
}

bool Log::SetFile(const std::string& path) {
  if (!path.empty()) {
    const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    close(fd);
  }
  const std::lock_guard lock(mutex_);
  path_ = path;
  return true;
}

void Log::SetSyslog(const std::string& ident, const std::string& facility) {
  const std::lock_guard lock(mutex_);
  if (syslog_) closelog();
  syslog_ = !ident.empty();
  syslog_ident_ = ident;
  // syslog keeps the pointer.
  if (syslog_) openlog(syslog_ident_.c_str(), LOG_PID | LOG_NDELAY, SyslogFacility(facility));
}

void Log::Write(LogLevel level, std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (level < level_) return;
  message = message.substr(0, kMaxMessageBytes);
  Emit(fmt::format("{}:M {} {} {}\n", getpid(), TimeText(), MarkOf(level), message));
  if (syslog_) {
    syslog(SyslogPriority(level), "%.*s", static_cast<int>(message.size()), message.data());
  }
}

void Log::WriteMarked(char mark, std::string_view message) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kVerbose, LogLevel::kNotice}) {
    if (MarkOf(level) == mark) return Write(level, message);
  }
  Write(LogLevel::kWarning, message);
}

void Log::WriteRaw(std::string_view text) {
  const std::lock_guard lock(mutex_);
  Emit(text);
}

void Log::Emit(std::string_view text) {
  if (path_.empty()) {
    WriteAll(STDOUT_FILENO, text);
    return;
  }
  const int fd = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return;
  WriteAll(fd, text);
  close(fd);
}

}  // namespace server
