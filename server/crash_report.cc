// SPDX-License-Identifier: BSD-3-Clause
#include "server/crash_report.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "server/version.h"

namespace server {
namespace {

// The one place with state of the whole process: a signal handler can be handed none. Written once,
// before the handler is installed.
struct ReportTarget {
  std::array<char, 4096> path{};
};
ReportTarget g_target;  // NOLINT(*-avoid-non-const-global-variables): see above.

void Put(int fd, std::string_view text) {
  // There is nobody to tell if this fails.
  static_cast<void>(!write(fd, text.data(), text.size()));
}

void PutHex(int fd, uintptr_t number) {
  std::array<char, 2 * sizeof(number)> digits{};
  for (size_t i = digits.size(); i > 0; --i) {
    digits[i - 1] = "0123456789abcdef"[number % 16];
    number /= 16;
  }
  Put(fd, "0x");
  Put(fd, {digits.data(), digits.size()});
}

void OnCrash(int number, siginfo_t* info, void* /*context*/) {
  const int fd = g_target.path[0] == '\0'
                     ? STDOUT_FILENO
                     : open(g_target.path.data(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0) {
    Put(fd, "\n\n=== TIERCEL BUG REPORT START: Cut & paste starting from here ===\n");
    Put(fd, "Tiercel ");
    Put(fd, kTiercelVersion);
    Put(fd, " crashed by signal: ");
    const char* const name = sigabbrev_np(number);
    Put(fd, "SIG");
    Put(fd, name == nullptr ? "?" : name);
    Put(fd, "\nAccessing address: ");
    PutHex(fd, reinterpret_cast<uintptr_t>(info->si_addr));
    Put(fd, "\n\n------ STACK TRACE ------\n");
    std::array<void*, 64> frames{};
    const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
    backtrace_symbols_fd(frames.data(), count, fd);
    Put(fd, "\n=== TIERCEL BUG REPORT END. ===\n");
  }
  // SA_RESETHAND has put the default back: this kills, with a core where cores are on.
  raise(number);
}

}  // namespace

void InstallCrashReport(const std::string& path) {
  const size_t size = std::min(path.size(), g_target.path.size() - 1);
  path.copy(g_target.path.data(), size);
  g_target.path[size] = '\0';
  // The first call loads a library, which must not happen in the handler.
  std::array<void*, 1> warm_up{};
  backtrace(warm_up.data(), static_cast<int>(warm_up.size()));
  struct sigaction action = {};
  action.sa_sigaction = OnCrash;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    sigaction(number, &action, nullptr);
  }
}

}  // namespace server
