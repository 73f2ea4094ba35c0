// SPDX-License-Identifier: BSD-3-Clause
#include "server/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

namespace server {
namespace {

// Version 1 says "no limit" with a number near the largest.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;
constexpr uint64_t kUnknown = 0;

std::string ReadSmallFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The number in the file; kUnknown: there is no file, or no limit.
uint64_t ReadLimit(const std::string& path) {
  uint64_t bytes = 0;
  std::istringstream text(ReadSmallFile(path));
  if (!(text >> bytes)) return kUnknown;  // "max", or nothing.
  return bytes >= kNoLimit ? kUnknown : bytes;
}

uint64_t Least(uint64_t a, uint64_t b) {
  if (a == kUnknown) return b;
  return b == kUnknown ? a : std::min(a, b);
}

// The limit of the group and of all above it, up to the mount.
uint64_t LimitUpwards(const std::string& mount, std::string group, const std::string& file) {
  uint64_t least = kUnknown;
  while (true) {
    least = Least(least, ReadLimit(mount + group + "/" + file));
    if (group.empty() || group == "/") return least;
    group.resize(group.find_last_of('/'));
  }
}

}  // namespace

uint64_t TotalMemoryBytes(const std::string& root) {
  std::istringstream lines(ReadSmallFile(root + "/proc/meminfo"));
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name;
    uint64_t kibibytes = 0;
    if (words >> name >> kibibytes && name == "MemTotal:") return kibibytes * 1024;
  }
  return 0;
}

uint64_t CgroupLimitBytes(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  uint64_t least = kUnknown;
  // Lines are "id:controllers:path"; version 2 has id 0 and no controllers. In a container the path
  // may be that outside of it, which is not mounted here: the mount itself is then the group.
  std::istringstream lines(ReadSmallFile(root + "/proc/self/cgroup"));
  std::string line;
  while (std::getline(lines, line)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string group = line.substr(second + 1);
    if (group.empty() || group.front() != '/') continue;
    if (controllers.empty()) {
      least = Least(least, LimitUpwards(mount, group, "memory.max"));
    } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      least = Least(least, LimitUpwards(mount + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

uint64_t DefaultMaxMemory(const std::string& root) {
  const uint64_t bytes = Least(TotalMemoryBytes(root), CgroupLimitBytes(root));
  return bytes == kUnknown ? uint64_t{1} << 30 : bytes / 2;
}

ResidentBytes ReadResidentBytes(const std::string& root) {
  uint64_t pages = 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  std::istringstream(ReadSmallFile(root + "/proc/self/statm")) >> pages >> resident >> shared;
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return {.total = resident * page_bytes,
          .anonymous = (resident - std::min(resident, shared)) * page_bytes};
}

}  // namespace server
