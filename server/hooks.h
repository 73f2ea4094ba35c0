// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>

#include "datatypes/dispatcher.h"
#include "lsm/store.h"

namespace server {

class Connection;
class Server;

// What the server adds to each command: authentication, refusal of writes that cannot be stored,
// pause, MONITOR, statistics. Loop thread only.
class ServerHooks final : public datatypes::DispatchHooks {
 public:
  explicit ServerHooks(Server& server) : server_(server) {}

  Verdict Admit(datatypes::Session& session, const datatypes::CommandSpec& spec,
                datatypes::Args args) override;
  void OnRejected(datatypes::Session& session, const datatypes::CommandSpec* spec,
                  const datatypes::Error& error) override;
  void OnStart(datatypes::Session& session, const datatypes::CommandSpec& spec,
               datatypes::Args args) override;
  void OnSuspended(datatypes::Session& session, const datatypes::CommandSpec& spec,
                   datatypes::Args args) override;
  void OnDone(datatypes::Session& session, const datatypes::CommandSpec& spec, datatypes::Args args,
              int64_t duration_us, const datatypes::Error* error) override;

 private:
  Verdict AdmitFromPrimary(Connection& connection, const datatypes::CommandSpec& spec,
                           datatypes::Args args);
  Verdict Refuse(Connection& connection, const datatypes::CommandSpec& spec,
                 std::string_view error);
  void TellPrimarysError(Connection& connection, const datatypes::CommandSpec* spec,
                         const datatypes::Error& error);
  void Track(Connection& connection, const datatypes::CommandSpec& spec, datatypes::Args args);
  void TellReplicas(Connection& connection, const datatypes::CommandSpec& spec,
                    datatypes::Args args);
  void ShowToMonitors(const Connection& connection, const datatypes::CommandSpec& spec,
                      datatypes::Args args);

  Server& server_;
};

}  // namespace server
