// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/snapshot_dump.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "datatypes/value_dump.h"
#include "datatypes/value_rows.h"

namespace datatypes {
namespace {

class SnapshotRows final : public RowSource {
 public:
  SnapshotRows(const lsm::Snapshot& snapshot, lsm::CollectionId id)
      : snapshot_(snapshot), id_(id) {}
  lsm::Status ForEach(std::string_view prefix, const Visit& visit) override {
    return snapshot_.ForEachRow(id_, prefix, visit);
  }

 private:
  const lsm::Snapshot& snapshot_;
  const lsm::CollectionId id_;
};

StoredValue ValueOf(const lsm::MetaView& meta) {
  return {static_cast<Type>(meta.head.type), meta.head.type_flags, meta.payload,
          meta.head.collection != 0, meta.head.count};
}

class Dump {
 public:
  Dump(const lsm::Snapshot& snapshot, const SnapshotDumpOptions& options, rdb::Sink& sink,
       SnapshotDumpProgress& progress, SnapshotDumpLosses* losses)
      : snapshot_(snapshot),
        options_(options),
        writer_(sink, options.format),
        progress_(progress),
        losses_(losses) {}

  lsm::Status Run() {
    uint64_t keys = 0;
    for (const auto& database : snapshot_.databases()) keys += database.row.keys;
    progress_.keys_total = keys;
    writer_.Header();
    for (const auto& [name, value] : options_.aux) writer_.Aux(name, value);
    for (const std::string& code : options_.functions) {
      if (!writer_.Function(code)) ++losses_->functions;
    }
    for (const auto& database : snapshot_.databases()) {
      if (database.row.keys == 0) continue;
      db_ = database.db;
      writer_.Database(db_, database.row.keys, database.row.expiring);
      LSM_RETURN_IF_ERROR(snapshot_.ForEachKey(
          db_, [this](auto key, const lsm::MetaView& meta) { return WriteKey(key, meta); }));
    }
    const rdb::Result<void> finished = writer_.Finish();
    progress_.bytes = writer_.offset();
    if (!finished) return lsm::Status::IoError(finished.error().message());
    return {};
  }

 private:
  lsm::Status WriteKey(std::string_view key, const lsm::MetaView& meta) {
    if (progress_.stop) return lsm::Status::IoError("stopped");
    // What could not be written is found out at the end; no need to go on for it.
    if (writer_.failed()) return lsm::Status::IoError(writer_.Finish().error().message());
    const StoredValue value = ValueOf(meta);
    lsm::Result<DumpPlan> plan = PlanDump(value);
    if (!plan) return InKey(key, plan.error());
    if (plan->field_expiry && options_.format.version < rdb::kFirstVersionWithFieldExpiry) {
      plan->field_expiry = false;
      ++losses_->hashes;
    }
    rdb::KeyHead head;
    head.db = db_;
    head.key = key;
    head.type = plan->type;
    if (meta.head.expire_at_ms != lsm::kNoExpiry) head.expire_at_ms = meta.head.expire_at_ms;
    writer_.Key(head, plan->field_expiry);
    SnapshotRows rows(snapshot_, meta.head.collection);
    const lsm::Status written = WriteDump(value, *plan, rows, writer_.values());
    if (!written.ok()) return InKey(key, written);
    ++progress_.keys;
    progress_.bytes = writer_.offset();
    return {};
  }

  static lsm::Status InKey(std::string_view key, const lsm::Status& status) {
    return lsm::Status::Corruption("key \"" + std::string(key) + "\": " + status.message());
  }

  const lsm::Snapshot& snapshot_;
  const SnapshotDumpOptions& options_;
  rdb::Writer writer_;
  SnapshotDumpProgress& progress_;
  SnapshotDumpLosses* losses_;
  uint32_t db_ = 0;
};

lsm::Status SystemError(const std::string& what) {
  return lsm::Status::IoError(what + ": " + std::strerror(errno));
}

}  // namespace

lsm::Status DumpSnapshot(const lsm::Snapshot& snapshot, const SnapshotDumpOptions& options,
                         rdb::Sink& sink, SnapshotDumpProgress& progress,
                         SnapshotDumpLosses* losses) {
  return Dump(snapshot, options, sink, progress, losses).Run();
}

lsm::Status DumpSnapshotValue(const lsm::Snapshot& snapshot, const lsm::MetaView& meta,
                              const rdb::WriteOptions& format, rdb::Sink& sink) {
  const StoredValue value = ValueOf(meta);
  LSM_ASSIGN_OR_RETURN(const DumpPlan plan, PlanDump(value));
  const int version = plan.field_expiry
                          ? std::max(format.version, rdb::kFirstVersionWithFieldExpiry)
                          : format.version;
  rdb::Output out(sink, format.compress);
  rdb::ValueWriter writer(out, version);
  out.Byte(writer.TypeNumber(plan.type, plan.field_expiry));
  SnapshotRows rows(snapshot, meta.head.collection);
  LSM_RETURN_IF_ERROR(WriteDump(value, plan, rows, writer));
  out.Uint16(static_cast<uint16_t>(version));
  out.Uint64(out.Checksum());
  const rdb::Result<void> flushed = out.Flush();
  if (!flushed) return lsm::Status::IoError(flushed.error().message());
  return {};
}

lsm::Status DumpSnapshotToFile(const lsm::Snapshot& snapshot, const SnapshotDumpOptions& options,
                               const std::string& path, SnapshotDumpProgress& progress,
                               SnapshotDumpLosses* losses) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string temporary =
      (slash == std::string::npos ? "" : directory) + "temp-" + std::to_string(getpid()) + ".rdb";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return SystemError(temporary);
  rdb::FileSink sink(fd);
  lsm::Status status = DumpSnapshot(snapshot, options, sink, progress, losses);
  if (status.ok() && ::fsync(fd) != 0) status = SystemError(temporary);
  ::close(fd);
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) status = SystemError(path);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) {
    (void)::fsync(parent);
    ::close(parent);
  }
  return {};
}

}  // namespace datatypes
