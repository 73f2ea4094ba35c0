// SPDX-License-Identifier: BSD-3-Clause
#include "server/rdb_saver.h"

#include <utility>

#include <fmt/format.h>

#include "lsm/snapshot.h"
#include "scripting/function_store.h"
#include "server/server.h"
#include "server/version.h"

namespace server {

using lsm::Status;

struct RdbSaver::Job {
  datatypes::SnapshotDumpOptions options;
  std::string path;
  datatypes::SnapshotDumpProgress progress;
  datatypes::SnapshotDumpLosses losses;
  bool abandoned = false;  // Loop thread only: nobody wants to hear of it any more.
};

RdbSaver::RdbSaver(Server& server)
    : server_(server),
      last_save_ms_(server.clock().NowMs()),
      last_save_seq_(server.store().committed_seq()) {}

RdbSaver::~RdbSaver() {
  Stop();
}

void RdbSaver::Stop() {
  if (!running_) return;
  job_->abandoned = true;
  job_->progress.stop = true;
  if (thread_.joinable()) thread_.join();
  running_ = false;
  done_ = nullptr;
}

datatypes::SnapshotDumpOptions RdbSaver::MakeOptions() const {
  const Settings& settings = server_.settings();
  datatypes::SnapshotDumpOptions options;
  options.format.version = static_cast<int>(settings.data.rdb_version);
  options.format.compress = settings.data.rdb_compression;
  options.format.checksum = settings.rdbchecksum;
  options.aux = {{"redis-ver", std::string(kRedisVersion)},
                 {"redis-bits", "64"},
                 {"ctime", std::to_string(server_.clock().NowMs() / 1000)},
                 {"aof-base", "0"}};
  return options;
}

void RdbSaver::Start(Done done) {
  running_ = true;
  started_ms_ = logged_ms_ = server_.clock().NowMs();
  done_ = std::move(done);
  job_ = std::make_shared<Job>();
  job_->options = MakeOptions();
  job_->path = server_.settings().dbfilename;
  server_.log().Notice("Background saving started");
  server_.store().TakeSnapshot([this, job = job_](auto snapshot) {
    if (job->abandoned) return;
    if (!snapshot) {
      Finish(snapshot.error());
      return;
    }
    last_save_seq_ = (*snapshot)->seq();
    Write(std::move(*snapshot));
  });
}

Status RdbSaver::Dump(const lsm::Snapshot& snapshot, Job& job) {
  LSM_ASSIGN_OR_RETURN(auto libraries, scripting::ReadLibraries(snapshot));
  for (auto& library : libraries) job.options.functions.push_back(std::move(library.source));
  return datatypes::DumpSnapshotToFile(snapshot, job.options, job.path, job.progress, &job.losses);
}

void RdbSaver::Write(std::unique_ptr<lsm::Snapshot> snapshot) {
  thread_ = std::thread([this, job = job_, view = std::move(snapshot)]() mutable {
    const Status status = Dump(*view, *job);
    view.reset();
    server_.Post([this, job, status] {
      if (!job->abandoned) Finish(status);
    });
  });
}

void RdbSaver::Finish(const Status& status) {
  if (thread_.joinable()) thread_.join();
  const int64_t now_ms = server_.clock().NowMs();
  running_ = false;
  last_failed_ = !status.ok();
  last_duration_s_ = (now_ms - started_ms_) / 1000;
  if (status.ok()) {
    last_save_ms_ = now_ms;
    ++saves_;
    server_.log().Notice(fmt::format("DB saved on disk: {} keys, {} bytes, {:.1f} s",
                                     job_->progress.keys.load(), job_->progress.bytes.load(),
                                     static_cast<double>(now_ms - started_ms_) / 1000));
  } else {
    server_.log().Warning("Background saving error: " + status.message());
  }
  if (job_->losses.hashes > 0 || job_->losses.functions > 0) {
    server_.log().Warning(fmt::format(
        "RDB version {} has no place for the expiry of fields ({} hashes were written without) "
        "or for functions ({} left out): see rdb-version",
        job_->options.format.version, job_->losses.hashes, job_->losses.functions));
  }
  if (const Done done = std::exchange(done_, nullptr)) done(status.ok());
}

void RdbSaver::Cron(int64_t now_ms) {
  constexpr int64_t kLogEveryMs = 10'000;
  if (!running_ || now_ms - logged_ms_ < kLogEveryMs) return;
  logged_ms_ = now_ms;
  server_.log().Notice(fmt::format("Background saving: {} of {} keys", keys_done(), keys_total()));
}

uint64_t RdbSaver::keys_done() const {
  return running_ ? job_->progress.keys.load() : 0;
}

uint64_t RdbSaver::keys_total() const {
  return running_ ? job_->progress.keys_total.load() : 0;
}

}  // namespace server
