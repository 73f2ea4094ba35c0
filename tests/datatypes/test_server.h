// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datatypes/command_table.h"
#include "datatypes/dispatcher.h"
#include "datatypes/notifications.h"
#include "datatypes/session.h"
#include "datatypes/settings.h"
#include "lsm/store.h"
#include "resp/reply_parser.h"
#include "tests/lsm/fault_file_system.h"

namespace datatypes {

// Moved by hand.
class TestClock final : public lsm::Clock {
 public:
  int64_t NowMs() override { return now_ms.load(); }
  int64_t MonotonicUs() override { return now_ms.load() * 1000; }
  std::atomic<int64_t> now_ms = 1'700'000'000'000;
};

// A client without a socket: what is written to it is read back as replies.
class TestSession final : public Session {
 public:
  TestSession() : writer_(&output_) {}

  resp::Writer& writer() override { return writer_; }
  size_t pending_output_bytes() const override { return output_.size(); }
  void OnUnparked() override { ++unparked; }
  void OnReplyBroken() override { broken = true; }

  // Takes all replies written so far, each in one line as resp::Describe() has it.
  std::vector<std::string> TakeReplies();

  int unparked = 0;
  bool broken = false;

 private:
  resp::OutputBuffer output_;
  resp::Writer writer_;
  resp::ReplyParser parser_;
};

// The commands over a real store, without network: requests go through the dispatcher as they would
// from a connection, one turn each. The file system is in memory and the clock is moved by hand;
// only loads take real time, and Run() waits for them.
//
//   TestServer server;
//   CHECK(server.Run({"SET", "a", "1"}) == "+OK");
//   CHECK(server.Run({"GET", "a"}) == "\"1\"");
class TestServer final : private DispatchHooks, private lsm::KeyspaceObserver {
 public:
  struct Options {
    lsm::HotTierMode hot_tier = lsm::HotTierMode::kBounded;
    uint64_t hot_budget_bytes = uint64_t{64} << 20;
    uint32_t databases = 16;
    // Commands beside those of AddDataCommands(); must outlive the server.
    std::span<const CommandSpec> commands = {};
  };
  using Request = std::initializer_list<std::string_view>;

  TestServer() : TestServer(Options()) {}
  explicit TestServer(const Options& options);
  ~TestServer() override;

  // Runs `test` with all in RAM, with little RAM, and with nothing kept in RAM: replies must not
  // differ.
  static void InEachMode(const std::function<void(TestServer&)>& test);

  // The reply of client 0 (or `client`), see resp::Describe(); "(blocked)" if the command waits for
  // something else than a load. Several replies are joined by spaces.
  std::string Run(Request request) { return Run(0, request); }
  std::string Run(size_t client, Request request) { return RunArgs(client, request); }
  std::string RunArgs(size_t client, Args args);
  std::string RunArgs(Args args) { return RunArgs(0, args); }
  // Words separated by single spaces.
  std::string RunLine(std::string_view line) { return RunLine(0, line); }
  std::string RunLine(size_t client, std::string_view line);
  // Runs it as a part of EXEC or a script would be: without waiting.
  std::string RunNow(Request request);
  // What has arrived for that client since: of commands that were "(blocked)".
  std::string Replies(size_t client);

  // Lets time pass: the sweeper works, blocks end.
  void Advance(int64_t ms);
  int64_t now_ms() const { return clock_.now_ms.load(); }
  // Runs turns, without moving the clock, until that holds; fails if it never does.
  void WaitUntil(const std::function<bool()>& holds);
  void UseResp3(bool on = true, size_t client = 0);
  // Every event from now on: "expire a", "del b"; of another database "1:del b".
  void RecordEvents(uint32_t mask = ~0U) { notifier_.mask = mask; }
  std::vector<std::string> TakeEvents() { return std::exchange(events_, {}); }

  // Makes `key` a hash with one field, straight in the store.
  void MakeKeyOfAnotherType(std::string_view key, Type type = kHash);
  // Writes all to disk, closes the store and opens it again.
  void Reopen();
  // Drops from RAM whatever may be dropped.
  void EvictAll();

  Settings& settings() { return settings_; }
  lsm::Store& store() { return *store_; }
  lsm::FaultFileSystem& files() { return files_; }
  Dispatcher& dispatcher() { return *dispatcher_; }
  const CommandTable& table() const { return table_; }
  TestSession& session(size_t client = 0);

  // For tests that make writing fail: a turn that could not be committed stays open, and its replies
  // are given out all the same.
  bool commits_may_fail = false;
  // What Admit() answers, if set.
  std::function<Verdict(const CommandSpec& spec, Args args)> admit;
  // One line per hook called: "start get", "done get", "rejected foo: ERR …".
  std::vector<std::string> hook_calls;

 private:
  void Open();
  void EndTurn();
  void WaitForWake();
  std::string Join(std::vector<std::string> replies);

  Verdict Admit(Session& session, const CommandSpec& spec, Args args) override;
  void OnRejected(Session& session, const CommandSpec* spec, const Error& error) override;
  void OnStart(Session& session, const CommandSpec& spec, Args args) override;
  void OnDone(Session& session, const CommandSpec& spec, Args args, int64_t duration_us,
              const Error* error) override;
  void OnModified(uint32_t, std::string_view) override {}
  void OnExpired(uint32_t db, std::string_view key) override;
  void OnFlushed(uint32_t) override {}
  void OnSwapped(uint32_t, uint32_t) override {}

  Options options_;
  lsm::FaultFileSystem files_;
  TestClock clock_;
  Settings settings_;
  Notifier notifier_;
  std::vector<std::string> events_;
  CommandTable table_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool wake_ = false;  // Guarded by mutex_.
  std::unique_ptr<lsm::Store> store_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<std::unique_ptr<TestSession>> sessions_;
};

}  // namespace datatypes
