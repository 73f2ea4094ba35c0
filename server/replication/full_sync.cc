// SPDX-License-Identifier: BSD-3-Clause
#include "server/replication/full_sync.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "scripting/function_store.h"

namespace server {

using lsm::Status;

namespace {

// Between two looks at whether it shall stop.
constexpr int kPollMs = 100;
constexpr size_t kCopyBytes = size_t{256} << 10;

Status SystemError(const std::string& what) {
  return Status::IoError(what + ": " + std::strerror(errno));
}

// A file without a name, gone when it is closed.
int OpenNameless(const std::string& directory) {
  std::string path = directory + "/temp-sync-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd >= 0) unlink(path.c_str());
  return fd;
}

rdb::Failure Failed(const char* why) {
  return rdb::Failure(rdb::Error(rdb::Error::Code::kIo, 0, why));
}

struct Closer {
  int fd;
  ~Closer() { close(fd); }
};

}  // namespace

// ---- The socket --------------------------------------------------------------------------------

FullSync::Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

void FullSync::Socket::Shut() {
  stop_ = true;
  shutdown(fd_, SHUT_RDWR);
}

rdb::Result<void> FullSync::Socket::Write(std::string_view bytes) {
  int64_t stalled_ms = 0;
  while (!bytes.empty()) {
    if (stop_) return Failed("stopped");
    const ssize_t taken = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (taken > 0) {
      stalled_ms = 0;
      sent += static_cast<uint64_t>(taken);
      bytes.remove_prefix(static_cast<size_t>(taken));
      continue;
    }
    if (taken < 0 && errno != EAGAIN && errno != EINTR) {
      return Failed(std::strerror(errno));
    }
    if (stalled_ms >= stall_ms_) {
      return Failed("the replica takes nothing (see repl-timeout)");
    }
    struct pollfd wait = {.fd = fd_, .events = POLLOUT, .revents = 0};
    if (poll(&wait, 1, kPollMs) == 0) stalled_ms += kPollMs;
  }
  return {};
}

// ---- The work ----------------------------------------------------------------------------------

FullSync::FullSync(int fd, Plan plan, std::unique_ptr<lsm::Snapshot> snapshot, Done done)
    : plan_(std::move(plan)),
      sink_(fcntl(fd, F_DUPFD_CLOEXEC, 0), plan_.stall_ms),
      snapshot_(std::move(snapshot)),
      done_(std::move(done)) {
  thread_ = std::thread([this] {
    const Status status = Run();
    snapshot_.reset();
    ended_ = true;
    done_(status);
  });
}

FullSync::~FullSync() {
  if (!ended_) Stop();
  thread_.join();
}

void FullSync::Stop() {
  progress_.stop = true;
  sink_.Shut();
}

Status FullSync::Run() {
  if (const auto sent = sink_.Write(plan_.header); !sent) {
    return Status::IoError(sent.error().message());
  }
  LSM_ASSIGN_OR_RETURN(auto libraries, scripting::ReadLibraries(*snapshot_));
  for (auto& library : libraries) plan_.dump.functions.push_back(std::move(library.source));
  return plan_.streamed ? SendStreamed() : SendThroughFile();
}

Status FullSync::SendStreamed() {
  if (const auto sent = sink_.Write("$EOF:" + plan_.end_mark + "\r\n"); !sent) {
    return Status::IoError(sent.error().message());
  }
  LSM_RETURN_IF_ERROR(datatypes::DumpSnapshot(*snapshot_, plan_.dump, sink_, progress_, &losses_));
  if (const auto sent = sink_.Write(plan_.end_mark); !sent) {
    return Status::IoError(sent.error().message());
  }
  return Status::Ok();
}

Status FullSync::SendThroughFile() {
  const int fd = OpenNameless(plan_.directory);
  if (fd < 0) return SystemError("file for a full sync in " + plan_.directory);
  const Closer closer{fd};
  rdb::FileSink file(fd);
  LSM_RETURN_IF_ERROR(datatypes::DumpSnapshot(*snapshot_, plan_.dump, file, progress_, &losses_));
  const off_t size = lseek(fd, 0, SEEK_END);
  if (size < 0) return SystemError("file of a full sync");
  if (const auto sent = sink_.Write("$" + std::to_string(size) + "\r\n"); !sent) {
    return Status::IoError(sent.error().message());
  }
  std::vector<char> buffer(kCopyBytes);
  for (off_t done = 0; done < size;) {
    const ssize_t got = pread(fd, buffer.data(), buffer.size(), done);
    if (got <= 0) return SystemError("file of a full sync");
    done += got;
    if (const auto sent = sink_.Write({buffer.data(), static_cast<size_t>(got)}); !sent) {
      return Status::IoError(sent.error().message());
    }
  }
  return Status::Ok();
}

}  // namespace server
