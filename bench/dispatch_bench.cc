// SPDX-License-Identifier: BSD-3-Clause
//
// What the dispatcher adds to a command whose key is in RAM: nanoseconds of CPU time per GET and
// per SET through Dispatcher::Execute, against the handler called straight.
//
//   bench_dispatch [keys] [directory]
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "datatypes/blocked_keys.h"
#include "datatypes/command_table.h"
#include "datatypes/dispatcher.h"
#include "lsm/file_system.h"

namespace {

double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class BenchSession final : public datatypes::Session {
 public:
  BenchSession() : writer_(&out_) {}
  resp::Writer& writer() override { return writer_; }
  size_t pending_output_bytes() const override { return out_.size(); }
  void OnUnparked() override {}
  void OnReplyBroken() override {}
  void Drain() { out_.Clear(); }

 private:
  resp::OutputBuffer out_;
  resp::Writer writer_;
};

class NoHooks final : public datatypes::DispatchHooks {
 public:
  Verdict Admit(datatypes::Session&, const datatypes::CommandSpec&, datatypes::Args) override {
    return Verdict::kRun;
  }
  void OnRejected(datatypes::Session&, const datatypes::CommandSpec*,
                  const datatypes::Error&) override {}
  void OnStart(datatypes::Session&, const datatypes::CommandSpec&, datatypes::Args) override {}
  void OnDone(datatypes::Session&, const datatypes::CommandSpec&, datatypes::Args, int64_t,
              const datatypes::Error*) override {}
};

constexpr size_t kPerTurn = 16;

}  // namespace

int main(int argc, char** argv) {
  const size_t keys = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
  const std::string directory = argc > 2 ? argv[2] : "/tmp/tiercel-bench-dispatch";
  std::filesystem::remove_all(directory);
  lsm::StoreOptions options;
  options.dir = directory;
  auto store = lsm::Store::Open(options, lsm::PosixFileSystem(), *lsm::SystemClock(), [] {});
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message().c_str());
    return 1;
  }
  datatypes::CommandTable table;
  datatypes::AddDataCommands(table);
  const datatypes::Notifier notifier;
  const datatypes::Settings settings;
  NoHooks hooks;
  datatypes::Dispatcher dispatcher(**store, *lsm::SystemClock(), table, notifier, settings, hooks);
  BenchSession session;

  std::vector<std::string> names;
  for (size_t i = 0; i < keys; ++i) names.push_back("key:" + std::to_string(i));
  const std::string value(128, 'v');
  std::mt19937_64 random(1);
  datatypes::BlockedKeys blocked_keys(**store);
  const auto run = [&](const char* what, bool dispatch, const std::vector<std::string_view>& form) {
    const datatypes::CommandSpec* spec = table.Find(form[0]);
    std::vector<std::string_view> args = form;
    const size_t rounds = 3'000'000;
    const double start = ThreadSeconds();
    for (size_t i = 0; i < rounds; ++i) {
      args[1] = names[(i * 7919) % keys];
      if (i % kPerTurn == 0) {
        static_cast<void>((*store)->CommitTurn());
        (*store)->RunCompletions();
        session.Drain();
        dispatcher.BeginTurn();
      }
      if (dispatch) {
        dispatcher.Execute(session, args);
      } else {
        datatypes::CommandContext ctx{.args = args,
                                      .spec = *spec,
                                      .keyspace = datatypes::Keyspace(**store, 0),
                                      .reply = session.writer(),
                                      .session = session,
                                      .notifier = notifier,
                                      .now_ms = 1,
                                      .settings = settings,
                                      .table = table,
                                      .blocked_keys = blocked_keys,
                                      .random = random};
        static_cast<void>(spec->handler(ctx));
      }
    }
    const double ns = (ThreadSeconds() - start) * 1e9 / static_cast<double>(rounds);
    std::printf("%-24s %7.1f ns\n", what, ns);
  };
  for (const std::string& name : names) {
    const std::vector<std::string_view> set = {"SET", name, value};
    dispatcher.Execute(session, set);
    session.Drain();
  }
  for (int round = 0; round < 3; ++round) {
    run("GET, handler alone", false,
        {
            "GET",
            "",
        });
    run("GET, dispatched", true, {"GET", ""});
    run("SET, handler alone", false, {"SET", "", value});
    run("SET, dispatched", true, {"SET", "", value});
  }
  static_cast<void>((*store)->Close(false));
  std::filesystem::remove_all(directory);
  return 0;
}
