// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lsm/snapshot.h"
#include "lsm/status.h"
#include "rdb/sink.h"
#include "rdb/writer.h"

namespace datatypes {

struct SnapshotDumpOptions {
  rdb::WriteOptions format;
  // What the file says of itself: name and value, in this order.
  std::vector<std::pair<std::string, std::string>> aux;
  // Function libraries' code.
  std::vector<std::string> functions;
};

// How far it is; read from any thread.
struct SnapshotDumpProgress {
  std::atomic<uint64_t> keys = 0;
  std::atomic<uint64_t> keys_total = 0;
  std::atomic<uint64_t> bytes = 0;
  // Set it to make the dump end soon, with an error.
  std::atomic<bool> stop = false;
};

// What could not be said in the file's version.
struct SnapshotDumpLosses {
  uint64_t hashes = 0;     // Written without their fields' expiry.
  uint64_t functions = 0;  // Left out.
};

// Writes the whole snapshot as an RDB file. Any thread; memory for one element, or 1 MiB of a
// string. Keys that have expired and are not deleted yet are written, with their expiry.
lsm::Status DumpSnapshot(const lsm::Snapshot& snapshot, const SnapshotDumpOptions& options,
                         rdb::Sink& sink, SnapshotDumpProgress& progress,
                         SnapshotDumpLosses* losses);

// DumpSnapshot into a file: written under another name in the same directory, synced, renamed. On
// failure the file that was there before is untouched.
lsm::Status DumpSnapshotToFile(const lsm::Snapshot& snapshot, const SnapshotDumpOptions& options,
                               const std::string& path, SnapshotDumpProgress& progress,
                               SnapshotDumpLosses* losses);

// One key's value in the form of DUMP: type, value, version, checksum. The version is `format`'s,
// or a later one if the value needs that. `value` is what the snapshot's visitor was given.
lsm::Status DumpSnapshotValue(const lsm::Snapshot& snapshot, const lsm::MetaView& value,
                              const rdb::WriteOptions& format, rdb::Sink& sink);

}  // namespace datatypes
