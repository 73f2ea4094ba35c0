// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "server/human_bytes.h"

namespace server {

class Server;

// Lines of one section.
class InfoLines {
 public:
  explicit InfoLines(std::string& text) : text_(text) {}

  void Text(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value);
  }
  template <std::integral T>
  void Number(std::string_view name, T value) {
    fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value);
  }
  void Fixed(std::string_view name, double value, int digits = 2) {
    Text(name, fmt::format("{:.{}f}", value, digits));
  }
  void Percent(std::string_view name, double value) { Text(name, fmt::format("{:.2f}%", value)); }
  // Two lines: the number, and the same for people.
  void Bytes(std::string_view name, uint64_t bytes) {
    Number(name, bytes);
    Text(fmt::format("{}_human", name), HumanBytes(bytes));
  }

 private:
  std::string& text_;
};

// One function per section: appends its lines, without the title.
void InfoServer(Server& server, InfoLines& lines);
void InfoClients(Server& server, InfoLines& lines);
void InfoMemory(Server& server, InfoLines& lines);
void InfoPersistence(Server& server, InfoLines& lines);
void InfoStats(Server& server, InfoLines& lines);
void InfoReplication(Server& server, InfoLines& lines);
void InfoCpu(Server& server, InfoLines& lines);
void InfoModules(Server& server, InfoLines& lines);
void InfoCommandStats(Server& server, InfoLines& lines);
void InfoErrorStats(Server& server, InfoLines& lines);
void InfoLatencyStats(Server& server, InfoLines& lines);
void InfoCluster(Server& server, InfoLines& lines);
void InfoKeyspace(Server& server, InfoLines& lines);
void InfoStore(Server& server, InfoLines& lines);

}  // namespace server
