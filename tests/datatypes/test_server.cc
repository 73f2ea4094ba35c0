// SPDX-License-Identifier: BSD-3-Clause
#include "tests/datatypes/test_server.h"

#include <chrono>

#include <doctest/doctest.h>

#include "datatypes/to_replicas.h"
#include "lsm/collection.h"
#include "lsm/store_upkeep.h"

namespace datatypes {
namespace {

// What a test waits for a load before it fails.
constexpr int kPatienceMs = 120'000;

}  // namespace

std::vector<std::string> TestSession::TakeReplies() {
  parser_.Feed(output_.ToString());
  output_.Clear();
  std::vector<std::string> replies;
  resp::Reply reply;
  while (parser_.Next(&reply) == resp::ReplyParser::Status::kReply) {
    replies.push_back(resp::Describe(reply));
  }
  CHECK_MESSAGE(parser_.error().empty(), "not RESP: ", parser_.error());
  return replies;
}

TestServer::TestServer(const Options& options) : options_(options) {
  AddDataCommands(table_);
  table_.Add(options.commands);
  notifier_.deliver = [this](uint32_t event_class, std::string_view event, uint32_t db,
                             std::string_view key) {
    if (event_class == kNotifyReplicas) return;  // Said to others than those who watch events.
    std::string text = db == 0 ? std::string() : std::to_string(db) + ":";
    text += event;
    text += ' ';
    text += key;
    events_.push_back(std::move(text));
  };
  Open();
}

TestServer::~TestServer() {
  for (const auto& each : sessions_) dispatcher_->Cancel(*each);
  const lsm::Status closed = store_->Close(false);
  CHECK_MESSAGE(closed.ok(), closed.message());
}

void TestServer::InEachMode(const std::function<void(TestServer&)>& test) {
  SUBCASE("all in RAM") {
    TestServer server;
    test(server);
  }
  SUBCASE("little RAM") {
    Options options;
    options.hot_budget_bytes = 4096;
    TestServer server(options);
    test(server);
  }
  SUBCASE("nothing kept in RAM") {
    Options options;
    options.hot_tier = lsm::HotTierMode::kOff;
    TestServer server(options);
    test(server);
  }
}

void TestServer::Open() {
  lsm::StoreOptions options;
  options.dir = "/store";
  options.databases = options_.databases;
  options.hot_tier = options_.hot_tier;
  options.hot_budget_bytes = options_.hot_budget_bytes;
  options.log_segment_bytes = size_t{1} << 20;
  options.memtable_bytes = size_t{256} << 10;
  options.table_bytes = size_t{256} << 10;
  options.apply_interval_ms = 1;
  options.loader_threads = 2;
  lsm::Result<std::unique_ptr<lsm::Store>> store =
      lsm::Store::Open(options, files_, clock_, [this] {
        const std::lock_guard lock(mutex_);
        wake_ = true;
        woken_.notify_all();
      });
  REQUIRE_MESSAGE(store.has_value(), store.error().message());
  store_ = std::move(*store);
  store_->SetObserver(this);
  DispatchHooks& hooks = *this;
  dispatcher_ = std::make_unique<Dispatcher>(*store_, clock_, table_, notifier_, settings_, hooks);
}

void TestServer::Reopen() {
  const lsm::Status closed = store_->Close(true);
  REQUIRE_MESSAGE(closed.ok(), closed.message());
  dispatcher_.reset();
  store_.reset();
  Open();
}

void TestServer::EndTurn() {
  const lsm::Status committed = store_->CommitTurn();
  if (!commits_may_fail) CHECK_MESSAGE(committed.ok(), committed.message());
  store_->RunHousekeeping(1000);
  lsm::FreeDeleted(*store_, 1000);
}

void TestServer::WaitForWake() {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, std::chrono::milliseconds(20), [this] { return wake_; });
  wake_ = false;
}

TestSession& TestServer::session(size_t client) {
  while (sessions_.size() <= client) sessions_.push_back(std::make_unique<TestSession>());
  return *sessions_[client];
}

std::string TestServer::Join(std::vector<std::string> replies) {
  std::string joined;
  for (const std::string& reply : replies) {
    if (!joined.empty()) joined += ' ';
    joined += reply;
  }
  return joined;
}

std::string TestServer::RunArgs(size_t client, Args args) {
  TestSession& session = this->session(client);
  dispatcher_->BeginTurn();
  dispatcher_->Execute(session, args);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  std::vector<std::string> replies;
  while (session.parked()) {
    EndTurn();
    dispatcher_->BeginTurn();
    store_->RunCompletions();
    if (session.pending_output_bytes() > 0 && !dispatcher_->IsBlocked(session)) {
      // The client reads a part of a long reply.
      for (std::string& reply : session.TakeReplies()) replies.push_back(std::move(reply));
      dispatcher_->Wake(session);
    }
    dispatcher_->RunReady();
    dispatcher_->RunDeadlines();
    if (!session.parked()) break;
    if (dispatcher_->IsBlocked(session)) {
      EndTurn();
      return "(blocked)";
    }
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    WaitForWake();
  }
  EndTurn();
  for (std::string& reply : session.TakeReplies()) replies.push_back(std::move(reply));
  return Join(std::move(replies));
}

std::string TestServer::RunLine(size_t client, std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at <= line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return RunArgs(client, words);
}

std::string TestServer::RunNow(Request request) {
  const Args args(request);
  const CommandSpec* spec = table_.Find(args[0]);
  REQUIRE(spec != nullptr);
  if (!spec->subcommands.empty() && args.size() > 1) {
    spec = CommandTable::FindSubcommand(*spec, args[1]);
  }
  TestSession& client = session(0);
  dispatcher_->BeginTurn();
  dispatcher_->ExecuteNow(client, *spec, args, client.writer());
  EndTurn();
  return Join(client.TakeReplies());
}

std::string TestServer::Replies(size_t client) {
  return Join(session(client).TakeReplies());
}

void TestServer::Advance(int64_t ms) {
  clock_.now_ms += ms;
  dispatcher_->BeginTurn();
  store_->RunCompletions();
  store_->RunHousekeeping(100'000);
  dispatcher_->RunReady();
  dispatcher_->RunDeadlines();
  EndTurn();
}

void TestServer::WaitUntil(const std::function<bool()>& holds) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    // Twice: with nothing kept in RAM, what holds() itself has loaded on the spot is evicted by the
    // first. A load that was under way meanwhile has to begin anew, and would each time.
    for (int i = 0; i < 2; ++i) {
      WaitForWake();
      Advance(0);
    }
  }
}

void TestServer::UseResp3(bool on, size_t client) {
  session(client).writer().set_protocol(on ? resp::Protocol::kResp3 : resp::Protocol::kResp2);
}

void TestServer::MakeKeyOfAnotherType(std::string_view key, Type type) {
  REQUIRE(store_->FindOrLoad(0, key).has_value());
  lsm::Entry* entry = store_->Create(0, key, type, 0, {});
  entry = store_->AttachCollection(entry);
  REQUIRE(entry->collection().Put("field", "value").has_value());
  EndTurn();
}

void TestServer::EvictAll() {
  EndTurn();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (store_->Stats().applied_seq < store_->committed_seq()) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    WaitForWake();
    store_->RunCompletions();
  }
  store_->SetHotBudget(0);
  for (uint64_t before = ~uint64_t{0}; store_->Stats().hot_bytes < before;) {
    before = store_->Stats().hot_bytes;
    for (int i = 0; i < 5; ++i) store_->RunHousekeeping(10'000);
  }
  store_->SetHotBudget(options_.hot_budget_bytes);
}

DispatchHooks::Verdict TestServer::Admit(Session&, const CommandSpec& spec, Args args) {
  return admit ? admit(spec, args) : Verdict::kRun;
}

void TestServer::OnRejected(Session&, const CommandSpec* spec, const Error& error) {
  hook_calls.push_back("rejected " + std::string(spec == nullptr ? "?" : spec->name) + ": " +
                       error.text());
}

void TestServer::OnStart(Session&, const CommandSpec& spec, Args) {
  hook_calls.push_back("start " + std::string(table_.FullName(spec)));
}

void TestServer::OnDone(Session&, const CommandSpec& spec, Args, int64_t duration_us,
                        const Error* error) {
  CHECK(duration_us >= 0);
  hook_calls.push_back("done " + std::string(table_.FullName(spec)) +
                       (error == nullptr ? std::string() : ": " + error->text()));
}

void TestServer::OnExpired(uint32_t db, std::string_view key) {
  notifier_.Send(kNotifyExpired, "expired", db, key);
}

}  // namespace datatypes
