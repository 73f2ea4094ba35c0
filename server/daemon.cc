// SPDX-License-Identifier: BSD-3-Clause
#include "server/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <sys/socket.h>
#include <sys/un.h>

namespace server {

bool Daemonize() {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child > 0) _exit(0);
  setsid();
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) return false;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, stream);
  if (null > STDERR_FILENO) close(null);
  return true;
}

// The environment is only read before threads start.
// NOLINTBEGIN(concurrency-mt-unsafe)
bool IsSupervised(Supervision supervised) {
  switch (supervised) {
    case Supervision::kNo:
      return false;
    case Supervision::kUpstart:
    case Supervision::kSystemd:
      return true;
    case Supervision::kAuto:
      return getenv("UPSTART_JOB") != nullptr || getenv("NOTIFY_SOCKET") != nullptr;
  }
  return false;
}

void NotifySystemd(std::string_view state) {
  const char* const path = getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || path[0] == '\0' || std::strlen(path) >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  const size_t length = std::strlen(path);
  std::memcpy(address.sun_path, path, length);
  // '@' stands for the abstract name space.
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // A supervisor that does not listen is none.
  static_cast<void>(sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), size));
  close(fd);
}

void NotifyUpstart() {
  if (getenv("UPSTART_JOB") == nullptr) return;
  unsetenv("UPSTART_JOB");
  raise(SIGSTOP);
}
// NOLINTEND(concurrency-mt-unsafe)

bool WritePidFile(const std::string& path) {
  std::ofstream file(path, std::ios::trunc);
  file << getpid() << '\n';
  return file.good();
}

}  // namespace server
