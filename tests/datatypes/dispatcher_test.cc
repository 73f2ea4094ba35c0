// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/dispatcher.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/errors.h"
#include "tests/datatypes/test_server.h"

namespace datatypes {
namespace {

using Words = std::vector<std::string_view>;
using Lines = std::vector<std::string>;
using Verdict = DispatchHooks::Verdict;
using Outcome = Dispatcher::Outcome;

// What a blocked command waits for, as a test would have it.
class WaitForWake final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    if (++resumed_ < 2) {
      ctx.reply.Bulk("first");
      return false;
    }
    ctx.reply.Bulk(ctx.args[1]);
    return true;
  }
  void TimeOut(CommandContext& ctx) override { ctx.reply.NullArray(); }

 private:
  int resumed_ = 0;
};

class Yields final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    ctx.yield = ++resumed_ < 3;
    if (!ctx.yield) ctx.reply.Integer(resumed_);
    return !ctx.yield;
  }
  void TimeOut(CommandContext&) override {}

 private:
  int resumed_ = 0;
};

class Fails final : public Suspension {
 public:
  Result<bool> Resume(CommandContext& ctx) override {
    ctx.reply.Integer(1);
    return Fail("ERR later");
  }
  void TimeOut(CommandContext&) override {}
};

// BLOCK word [timeout in ms]
Result<void> Block(CommandContext& ctx) {
  if (!ctx.may_suspend) {
    ctx.reply.NullArray();
    return {};
  }
  ctx.reply.Array(2);
  const int64_t deadline_ms =
      ctx.args.size() > 2 ? ctx.now_ms + std::stoll(std::string(ctx.args[2])) : 0;
  ctx.Block(std::make_unique<WaitForWake>(), deadline_ms);
  return {};
}

Result<void> Yield(CommandContext& ctx) {
  ctx.yield = true;
  ctx.Suspend(std::make_unique<Yields>());
  return {};
}

Result<void> FailLater(CommandContext& ctx) {
  ctx.reply.Array(2);
  ctx.Suspend(std::make_unique<Fails>());
  return {};
}

Result<void> HalfReply(CommandContext& ctx) {
  ctx.reply.Array(2);
  ctx.reply.Bulk("half");
  return Fail("ERR no more");
}

constexpr CommandSpec kTestSubcommands[] = {
    {.name = "one", .handler = HalfReply, .arity = 3, .group = "test"},
};
constexpr CommandSpec kTestCommands[] = {
    {.name = "testblock", .handler = Block, .arity = -2, .flags = kBlocking, .group = "test"},
    {.name = "testyield", .handler = Yield, .arity = 1, .group = "test"},
    {.name = "testfail", .handler = FailLater, .arity = 1, .group = "test"},
    {.name = "testhalf", .handler = HalfReply, .arity = 1, .group = "test"},
    {.name = "testgroup", .arity = -2, .subcommands = kTestSubcommands, .group = "test"},
};

TestServer::Options WithTestCommands() {
  TestServer::Options options;
  options.commands = kTestCommands;
  return options;
}

TEST_CASE("a command is looked up, started and done, in any case of its name") {
  TestServer server;
  CHECK(server.Run({"sEt", "a", "1"}) == "+OK");
  CHECK(server.hook_calls == Lines{"start set", "done set"});
}

TEST_CASE("a request that is never run is rejected with the reason") {
  TestServer server(WithTestCommands());
  CHECK(server.Run({"nosuch", "a"}) ==
        "-ERR unknown command 'nosuch', with args beginning with: 'a' ");
  CHECK(server.Run({"GET"}) == "-ERR wrong number of arguments for 'get' command");
  CHECK(server.Run({"GET", "a", "b"}) == "-ERR wrong number of arguments for 'get' command");
  CHECK(server.Run({"TESTGROUP", "TWO"}) == "-ERR unknown subcommand 'TWO'. Try TESTGROUP HELP.");
  CHECK(server.Run({"TESTGROUP", "ONE"}) ==
        "-ERR wrong number of arguments for 'testgroup|one' command");
  CHECK(server.Run({"TESTGROUP"}) == "-ERR wrong number of arguments for 'testgroup' command");
  CHECK(server.hook_calls.size() == 6);
  CHECK(server.hook_calls[0].starts_with("rejected ?: ERR unknown command"));
  CHECK(server.hook_calls[1].starts_with("rejected get: ERR wrong number"));
}

TEST_CASE("what a failing command has written is taken back") {
  TestServer server(WithTestCommands());
  CHECK(server.Run({"TESTHALF"}) == "-ERR no more");
  CHECK(server.RunNow({"TESTHALF"}) == "-ERR no more");
  CHECK(server.hook_calls.back() == "done testhalf: ERR no more");
}

TEST_CASE("what a command has written is taken back if it fails when it goes on") {
  TestServer server(WithTestCommands());
  TestSession& session = server.session(1);
  const Words args = {"TESTFAIL"};
  server.dispatcher().BeginTurn();
  CHECK(server.dispatcher().Execute(session, args) == Outcome::kParked);
  server.dispatcher().Wake(session);
  server.dispatcher().RunReady();
  CHECK_FALSE(session.parked());
  CHECK(server.Replies(1) == "-ERR later");
}

TEST_CASE("a key that is not in RAM is loaded while the session is parked") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.EvictAll();
  TestSession& session = server.session(1);
  server.dispatcher().BeginTurn();
  const Words args = {"GET", "a"};
  CHECK(server.dispatcher().Execute(session, args) == Outcome::kParked);
  CHECK(session.parked());
  CHECK(server.dispatcher().parked_sessions() == 1);
  CHECK_FALSE(server.dispatcher().IsBlocked(session));
  // Another waits for the same load, and both go on.
  CHECK(server.Run({"GET", "a"}) == "\"1\"");
  CHECK_FALSE(session.parked());
  CHECK(session.unparked == 1);
  CHECK(server.Replies(1) == "\"1\"");
  CHECK(server.store().Stats().key_loads == 1);
  CHECK(server.store().Stats().spot_loads == 0);
}

TEST_CASE("a parked command keeps its arguments") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.EvictAll();
  TestSession& session = server.session(1);
  std::string append = "APPEND", key = "a", value = "2";
  const Words args = {append, key, value};
  server.dispatcher().BeginTurn();
  CHECK(server.dispatcher().Execute(session, args) == Outcome::kParked);
  append = "XXXXXX", key = "x", value = "x";
  server.Run({"GET", "a"});
  CHECK(server.Replies(1) == ":2");
  CHECK(server.Run({"GET", "a"}) == "\"12\"");
}

TEST_CASE("a command whose load fails answers with the error") {
  TestServer server;
  for (int i = 0; i < 2000; ++i) {
    server.Run({"SET", "key:" + std::to_string(i), std::string(400, static_cast<char>(i))});
  }
  server.Reopen();
  server.EvictAll();
  lsm::Fault fault;
  fault.operation = lsm::FileOperation::kRead;
  fault.message = "broken disk";
  server.files().AddFault(fault);
  CHECK(server.Run({"STRLEN", "key:1234"}).starts_with("-ERR store: "));
  CHECK(server.hook_calls.back().starts_with("done strlen: ERR store: "));
  server.files().ClearFaults();
  CHECK(server.Run({"STRLEN", "key:1234"}) == ":400");
}

TEST_CASE(
    "on a full disk writing commands are refused and reading ones go on, until there is space") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.commits_may_fail = true;
  server.files().SetCapacity(1);
  const std::string value(100'000, 'x');
  std::string reply;
  for (int i = 0; i < 100 && !reply.starts_with('-'); ++i) {
    reply = server.Run({"SET", "b", value});
    server.Advance(100);
  }
  CHECK(reply.starts_with("-MISCONF Errors writing to the AOF file: "));
  CHECK(server.hook_calls.back().starts_with("rejected set: MISCONF"));
  CHECK(server.RunNow({"SET", "b", "2"}).starts_with("-MISCONF"));
  CHECK(server.Run({"GET", "a"}) == "\"1\"");
  server.files().SetCapacity(uint64_t{1} << 30);
  server.WaitUntil([&] {
    server.Advance(1000);
    return server.store().Writable();
  });
  CHECK(server.Run({"SET", "b", "3"}) == "+OK");
  // What could not be written to tables meanwhile is written now.
  server.WaitUntil([&] {
    server.Advance(1000);
    return server.store().Stats().applied_seq == server.store().committed_seq();
  });
}

TEST_CASE("a session that goes away is forgotten") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.EvictAll();
  {
    TestSession session;
    const Words args = {"GET", "a"};
    server.dispatcher().BeginTurn();
    CHECK(server.dispatcher().Execute(session, args) == Outcome::kParked);
    server.dispatcher().Cancel(session);
    CHECK(server.dispatcher().parked_sessions() == 0);
  }
  CHECK(server.Run({"GET", "a"}) == "\"1\"");
}

TEST_CASE("a blocked command goes on when it is woken, and may write in pieces") {
  TestServer server(WithTestCommands());
  CHECK(server.Run(1, {"TESTBLOCK", "word"}) == "(blocked)");
  TestSession& session = server.session(1);
  CHECK(server.dispatcher().IsBlocked(session));
  CHECK(server.dispatcher().blocked_sessions() == 1);
  server.dispatcher().Wake(session);
  server.dispatcher().RunReady();
  CHECK(session.parked());
  server.dispatcher().Wake(session);
  server.dispatcher().Wake(session);
  server.dispatcher().RunReady();
  CHECK_FALSE(session.parked());
  CHECK(server.dispatcher().blocked_sessions() == 0);
  CHECK(server.Replies(1) == "[\"first\", \"word\"]");
}

TEST_CASE("a block ends at its deadline, the earliest first") {
  TestServer server(WithTestCommands());
  server.admit = [](const CommandSpec&, Args) { return Verdict::kRun; };
  CHECK(server.Run(1, {"TESTBLOCK", "a", "200"}) == "(blocked)");
  CHECK(server.Run(2, {"TESTBLOCK", "b", "100"}) == "(blocked)");
  CHECK(server.dispatcher().RunDeadlines() == server.now_ms() + 100);
  server.Advance(100);
  CHECK(server.session(1).parked());
  CHECK_FALSE(server.session(2).parked());
  CHECK(server.dispatcher().RunDeadlines() == server.now_ms() + 100);
  server.Advance(100);
  CHECK_FALSE(server.session(1).parked());
  CHECK(server.dispatcher().RunDeadlines() == 0);
}

TEST_CASE("a block can be ended from outside, with an error or as a time-out") {
  TestServer server(WithTestCommands());
  CHECK_FALSE(server.dispatcher().Unblock(server.session(1), nullptr));
  CHECK(server.Run(1, {"TESTBLOCK", "a"}) == "(blocked)");
  const Error error(kUnblocked);
  CHECK(server.dispatcher().Unblock(server.session(1), &error));
  CHECK(server.Replies(1) == "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  CHECK_FALSE(server.session(1).parked());
}

TEST_CASE("inside EXEC nothing blocks") {
  TestServer server(WithTestCommands());
  CHECK(server.RunNow({"TESTBLOCK", "a"}) == "nil*");
}

TEST_CASE("a command that yields goes on in later turns") {
  TestServer server(WithTestCommands());
  CHECK(server.Run({"TESTYIELD"}) == ":3");
}

TEST_CASE("an error after a part of the reply has gone out closes the session") {
  TestServer server(WithTestCommands());
  CHECK(server.Run(1, {"TESTBLOCK", "a"}) == "(blocked)");
  TestSession& session = server.session(1);
  session.writer().out().Clear();  // As if sent.
  const Error error("ERR too late");
  CHECK(server.dispatcher().Unblock(session, &error));
  CHECK(session.broken);
  CHECK(session.unparked == 0);
}

TEST_CASE("a hook can answer itself, or postpone") {
  TestServer server;
  server.admit = [&](const CommandSpec& spec, Args) {
    if (spec.name != "get") return Verdict::kRun;
    server.session().writer().SimpleString("QUEUED");
    return Verdict::kHandled;
  };
  CHECK(server.Run({"SET", "a", "1"}) == "+OK");
  CHECK(server.Run({"GET", "a"}) == "+QUEUED");
  Verdict verdict = Verdict::kPostpone;
  server.admit = [&](const CommandSpec&, Args) { return verdict; };
  TestSession& session = server.session(1);
  const Words args = {"GET", "a"};
  server.dispatcher().BeginTurn();
  CHECK(server.dispatcher().Execute(session, args) == Outcome::kParked);
  server.dispatcher().RetryPostponed();
  CHECK(session.parked());
  verdict = Verdict::kRun;
  server.dispatcher().RetryPostponed();
  CHECK_FALSE(session.parked());
  CHECK(server.Replies(1) == "\"1\"");
}

TEST_CASE("hits and misses of reading commands are counted, and misses announced") {
  TestServer server;
  server.Run({"SET", "a", "1"});
  server.RecordEvents(kNotifyKeyMiss);
  server.Run({"GET", "a"});
  server.Run({"GET", "b"});
  server.Run({"MGET", "a", "b", "c"});
  server.RunNow({"GET", "a"});
  CHECK(server.dispatcher().keyspace_hits() == 3);
  CHECK(server.dispatcher().keyspace_misses() == 3);
  CHECK(server.TakeEvents() == Lines{"keymiss b", "keymiss b", "keymiss c"});
  server.dispatcher().ResetStats();
  CHECK(server.dispatcher().keyspace_hits() == 0);
}

TEST_CASE("several keys that are not in RAM are loaded together") {
  TestServer::InEachMode([](TestServer& server) {
    server.Run({"MSET", "a", "1", "b", "2", "c", "3"});
    server.EvictAll();
    CHECK(server.Run({"MGET", "a", "b", "c", "none"}) == "[\"1\", \"2\", \"3\", nil$]");
  });
}

}  // namespace
}  // namespace datatypes
