// SPDX-License-Identifier: BSD-3-Clause
//
// tiercel-check DIR: checks a stopped server's store and changes nothing.
// Exit codes: 0 all is well, 1 damage was found, 2 it could not be checked.

#include <cstdio>
#include <cstring>

#include "lsm/checker.h"

namespace {

constexpr char kUsage[] =
    "usage: tiercel-check DIR\n"
    "\n"
    "Checks the store in DIR, which no server may have open, and changes nothing: checksums of "
    "the\n"
    "commit log and of all tables, and whether keys, collections, expiry and counts agree. What "
    "the\n"
    "commit log holds beyond the tables is applied in RAM first.\n"
    "Exit code: 0 all is well, 1 damage was found, 2 the store could not be checked.\n";

void PrintLine(const char* name, uint64_t value) {
  std::printf("%-22s %12llu\n", name, static_cast<unsigned long long>(value));
}

void Print(const lsm::CheckReport& report) {
  PrintLine("shards", report.shards);
  PrintLine("tables", report.tables);
  PrintLine("bytes on disk", report.bytes_on_disk);
  PrintLine("log records", report.log_records);
  PrintLine("  not yet applied", report.unapplied_records);
  PrintLine("databases", report.databases);
  PrintLine("keys", report.keys);
  PrintLine("  that expire", report.expiring_keys);
  PrintLine("collections", report.collections);
  PrintLine("  rows", report.rows);
  PrintLine("ttl rows", report.ttl_rows);
  PrintLine("  spare", report.spare_ttl_rows);
  PrintLine("garbage to collect", report.garbage);
  if (report.log_torn_tail) {
    std::puts("The log's last record is torn, as after a crash: the next start cuts it off.");
  }
  for (const std::string& problem : report.problems) std::printf("PROBLEM: %s\n", problem.c_str());
  if (report.problem_count > report.problems.size()) {
    std::printf("… and %llu more\n",
                static_cast<unsigned long long>(report.problem_count - report.problems.size()));
  }
  std::puts(report.ok() ? "ok" : "DAMAGED");
}

}  // namespace

int main(int argc, char** argv) {
  const bool help =
      argc == 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0);
  if (argc != 2 || help) {
    std::fputs(kUsage, help ? stdout : stderr);
    return help ? 0 : 2;
  }
  const auto report = lsm::CheckStore({.dir = argv[1]});
  if (!report.has_value()) {
    std::fprintf(stderr, "tiercel-check: %s\n", report.error().message().c_str());
    return 2;
  }
  Print(*report);
  return report->ok() ? 0 : 1;
}
