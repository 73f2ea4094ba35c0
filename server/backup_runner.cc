// SPDX-License-Identifier: BSD-3-Clause
#include "server/backup_runner.h"

#include <utility>

#include <fmt/format.h>

#include "lsm/backup.h"
#include "server/server.h"

namespace server {

BackupRunner::~BackupRunner() {
  Stop();
}

void BackupRunner::Stop() {
  if (!thread_.joinable()) return;
  *wanted_ = false;
  thread_.join();
}

void BackupRunner::Start(const std::string& to, Done done) {
  server_.log().Notice("Backup started: " + to);
  done_ = std::move(done);
  wanted_ = std::make_shared<bool>(true);
  thread_ = std::thread([this, to, wanted = wanted_] {
    auto report = lsm::BackUpStore(server_.store(), to);
    server_.Post([this, to, wanted, report = std::move(report)] {
      if (!*wanted) return;
      thread_.join();
      if (report) {
        server_.log().Notice(fmt::format(
            "Backup done: {}, {} tables linked, {} copied, {} bytes of log, {} bytes in all", to,
            report->tables_linked, report->tables_copied, report->log_bytes, report->bytes));
      } else {
        server_.log().Warning("Backup failed: " + report.error().message());
      }
      std::exchange(done_, nullptr)(report ? lsm::Status() : report.error());
    });
  });
}

}  // namespace server
