// SPDX-License-Identifier: BSD-3-Clause
// tiercel-server [conf-file | -] [--option value …]
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lsm/file_system.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/crash_report.h"
#include "server/daemon.h"
#include "server/event_loop.h"
#include "server/log.h"
#include "server/server.h"
#include "server/version.h"

namespace {

using server::CommandLine;

constexpr std::string_view kUsage =
    "Usage: tiercel-server [conf-file | -] [--option value ...]\n"
    "       tiercel-server --version\n"
    "       tiercel-server --help\n"
    "\n"
    "The configuration file has redis.conf's syntax; - reads it from standard input. Each of its\n"
    "directives can be given as an option, and then takes precedence over the file.\n"
    "\n"
    "Examples:\n"
    "       tiercel-server                       all settings at their defaults, data here\n"
    "       tiercel-server tiercel.conf\n"
    "       tiercel-server tiercel.conf --port 7777 --dir /var/lib/tiercel\n"
    "       echo 'maxmemory 4gb' | tiercel-server - --loglevel verbose\n";

// Fills the server's configuration from everything the command line names.
lsm::Status LoadConfiguration(const CommandLine& line, server::Config& config) {
  if (!line.file.empty()) LSM_RETURN_IF_ERROR(server::LoadConfigFile(line.file, config));
  if (line.from_stdin) {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    LSM_RETURN_IF_ERROR(server::LoadConfigText(text, "stdin", config));
  }
  return server::LoadConfigText(line.directives, "command line", config);
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

std::string Executable() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

void LogStart(server::Log& log, const CommandLine& line) {
  log.Notice("oO0OoO0OoO0Oo Tiercel is starting oO0OoO0OoO0Oo");
  log.Notice(fmt::format("Tiercel version={}, bits={}, pid={}, just started",
                         server::kTiercelVersion, sizeof(void*) * CHAR_BIT, getpid()));
  if (line.file.empty() && line.directives.empty() && !line.from_stdin) {
    log.Warning(
        "Warning: no config file specified, using the default config. In order to specify a config "
        "file use tiercel-server /path/to/tiercel.conf");
  } else {
    log.Notice("Configuration loaded");
  }
}

// SIGINT and SIGTERM end the server in order; a second SIGINT ends it at once.
class StopSignals {
 public:
  explicit StopSignals(server::Server& server)
      : interrupt_(server.loop(), SIGINT, [this, &server] { OnSignal(server, "SIGINT"); }),
        terminate_(server.loop(), SIGTERM, [this, &server] { OnSignal(server, "SIGTERM"); }) {}

 private:
  void OnSignal(server::Server& server, std::string_view name) {
    if (stopping_ && name == "SIGINT") {
      server.log().Warning("You insist... exiting now.");
      _exit(1);
    }
    stopping_ = true;
    server.log().Notice(fmt::format("Received {} scheduling shutdown...", name));
    server.Shutdown();
  }

  bool stopping_ = false;
  server::SignalWatch interrupt_;
  server::SignalWatch terminate_;
};

void LogReady(server::Server& server) {
  server::Log& log = server.log();
  if (server.bound_port() != 0) log.Notice("Ready to accept connections tcp");
  if (!server.settings().unixsocket.empty()) log.Notice("Ready to accept connections unix");
  if (server::IsSupervised(server.settings().supervised)) {
    server::NotifySystemd("STATUS=Ready to accept connections\nREADY=1\n");
    server::NotifyUpstart();
  }
}

int Run(server::Server& server) {
  const server::Settings& settings = server.settings();
  server::Log& log = server.log();
  if (const lsm::Status status = server.Start(); !status.ok()) {
    log.Warning("Fatal: " + status.message());
    return 1;
  }
  const StopSignals signals(server);
  log.Notice(fmt::format("Running mode=standalone, port={}.", server.bound_port()));
  log.Notice("Server initialized");
  const std::string pidfile =
      settings.pidfile.empty() && settings.daemonize ? "/var/run/redis.pid" : settings.pidfile;
  if (!pidfile.empty() && !server::WritePidFile(pidfile)) {
    log.Warning("Failed to write PID file: " + std::string(std::strerror(errno)));
  }
  LogReady(server);
  const lsm::Status status = server.Run();
  if (!pidfile.empty()) {
    log.Notice("Removing the pid file.");
    unlink(pidfile.c_str());
  }
  if (server::IsSupervised(settings.supervised)) server::NotifySystemd("STOPPING=1\n");
  if (!status.ok()) {
    log.Warning("The store could not be closed in order: " + status.message());
    return 1;
  }
  log.Notice("Tiercel is now ready to exit, bye bye...");
  return 0;
}

int Main(const std::vector<std::string>& arguments) {
  const CommandLine line = server::ParseCommandLine(arguments);
  if (line.action == CommandLine::Action::kHelp) {
    std::cout << kUsage;
    return 0;
  }
  if (line.action == CommandLine::Action::kVersion) {
    std::cout << fmt::format("Tiercel server v={} redis_version={} bits={}\n",
                             server::kTiercelVersion, server::kRedisVersion,
                             sizeof(void*) * CHAR_BIT);
    return 0;
  }
  // Whoever closes his end of a pipe or a socket is told by write(2).
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  server::Log log;
  const server::Environment environment{
      .files = lsm::PosixFileSystem(),
      .clock = *lsm::SystemClock(),
      .log = log,
      .config_file = line.file.empty() ? std::string() : Absolute(line.file),
      .executable = Executable(),
  };
  server::Server server(environment);
  if (const lsm::Status status = LoadConfiguration(line, server.config()); !status.ok()) {
    std::cerr << status.message();
    return 1;
  }
  const server::Settings& settings = server.settings();
  // The names of files in the configuration are relative to the data's directory, as in Redis.
  if (chdir(settings.dir.c_str()) != 0) {
    std::cerr << "Can't chdir to '" << settings.dir << "': " << std::strerror(errno) << '\n';
    return 1;
  }
  server.settings().dir = ".";
  if (settings.daemonize && !server::IsSupervised(settings.supervised) && !server::Daemonize()) {
    std::cerr << "Can't become a daemon: " << std::strerror(errno) << '\n';
    return 1;
  }
  if (!server.ApplyLog()) {
    std::cerr << "Can't open the log file: " << std::strerror(errno) << '\n';
    return 1;
  }
  if (settings.crash_log_enabled) server::InstallCrashReport(settings.logfile);
  LogStart(log, line);
  return Run(server);
}

}  // namespace

int main(int argc, char** argv) {
  return Main(std::vector<std::string>(argv + 1, argv + argc));
}
