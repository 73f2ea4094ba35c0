// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "datatypes/notifications.h"
#include "datatypes/session.h"
#include "datatypes/to_replicas.h"
#include "server/replication/feed.h"
#include "server/replication/identity.h"

namespace server {
namespace {

using datatypes::CommandSpec;

constexpr CommandSpec kWriter = {.name = "writer", .flags = datatypes::kWrite};
constexpr CommandSpec kReader = {.name = "reader", .flags = datatypes::kReadonly};

std::string Id() {
  return std::string(ReplicationStream::kIdDigits, 'a');
}

// Who sends them; nothing is asked of it but to be somebody.
class FeedClient final : public datatypes::Session {
 public:
  FeedClient() : writer_(&output_) {}
  resp::Writer& writer() override { return writer_; }
  size_t pending_output_bytes() const override { return 0; }
  void OnUnparked() override {}
  void OnReplyBroken() override {}

 private:
  resp::OutputBuffer output_;
  resp::Writer writer_;
};

// Commands one after the other, as the dispatcher reports them.
struct World {
  World() {
    notifier.deliver = [this](uint32_t, std::string_view what, uint32_t db,
                              std::string_view command) { feed.OnSaid(what, db, command); };
    stream.Activate();
    feed.Listen(true);
  }
  // A command that has changed something.
  void Run(uint32_t db, std::initializer_list<std::string_view> args) {
    feed.NoteChange();
    End(kWriter, db, args);
  }
  void End(const CommandSpec& spec, uint32_t db, std::initializer_list<std::string_view> args) {
    feed.EndCommand(client, spec, db, datatypes::Args(args.begin(), args.size()), muted);
  }
  datatypes::ToReplicas Say() { return {notifier, 0}; }
  // What the stream got since the last call, commands as words between bars.
  std::string Take() {
    feed.OnCommit();
    ReplicationStream::Reader reader(stream, taken);
    std::string bytes;
    while (reader.behind() > 0) {
      const std::string_view some = reader.Next(1 << 20);
      bytes += some;
      reader.Advance(some.size());
    }
    taken = stream.offset();
    std::string words;
    bool size = false;
    for (size_t at = 0; at < bytes.size();) {
      const size_t end = bytes.find("\r\n", at);
      const std::string line = bytes.substr(at, end - at);
      at = end + 2;
      if (size) {
        words += words.empty() || words.back() == '|' ? line : " " + line;
        size = false;
      } else if (line[0] == '*') {
        words += words.empty() ? "" : "|";
      } else {
        size = true;
      }
    }
    return words;
  }

  FeedClient client;
  datatypes::Notifier notifier;
  ReplicationStream stream{Id};
  ReplicationFeed feed{stream,
                       [this](bool on) { notifier.mask = on ? datatypes::kNotifyReplicas : 0; }};
  bool muted = false;
  uint64_t taken = 0;
};

TEST_CASE("a command that changed something is told as it was received, behind a SELECT") {
  World world;
  world.Run(3, {"set", "a", "1"});
  world.Run(3, {"set", "b", "2"});
  CHECK(world.Take() == "SELECT 3|set a 1|set b 2");
  world.Run(0, {"set", "c", "3"});
  CHECK(world.Take() == "SELECT 0|set c 3");
}

TEST_CASE("what changed nothing, or only reads, is not told") {
  World world;
  world.End(kWriter, 0, {"del", "absent"});
  world.feed.NoteChange();
  world.End(kReader, 0, {"get", "a"});
  CHECK(world.Take().empty());
  CHECK(world.stream.offset() == 0);
}

TEST_CASE("what belongs together is told in a transaction") {
  World world;
  {
    const ReplicationFeed::Together together(world.feed);
    world.Run(0, {"set", "a", "1"});
    world.Run(5, {"set", "b", "2"});
  }
  world.End(kReader, 5, {"exec"});
  CHECK(world.Take() == "SELECT 0|MULTI|set a 1|SELECT 5|set b 2|EXEC");
  world.Run(5, {"set", "a", "1"});
  CHECK(world.Take() == "set a 1");
}

TEST_CASE("a handler's own words take the place of the command") {
  World world;
  world.Say().Instead({"DEL", "k"});
  world.Run(0, {"GETDEL", "k"});
  world.Say().Suppress();
  world.Run(0, {"XTRIM", "k"});
  world.Run(0, {"SET", "k", "v"});
  CHECK(world.Take() == "SELECT 0|DEL k|SET k v");
}

TEST_CASE("words of a handler that changed nothing in the end are forgotten") {
  World world;
  world.Say().Instead({"DEL", "k"});
  world.End(kWriter, 0, {"GETDEL", "k"});
  world.Run(0, {"SET", "k", "v"});
  CHECK(world.Take() == "SELECT 0|SET k v");
}

TEST_CASE("a forced command is told though no key has changed") {
  World world;
  world.Say().Force();
  world.End(kWriter, 0, {"FLUSHALL"});
  CHECK(world.Take() == "SELECT 0|FLUSHALL");
}

TEST_CASE("what is muted is not told, and does not count for what comes after it") {
  World world;
  world.muted = true;
  world.Run(0, {"SET", "a", "1"});
  world.muted = false;
  world.End(kWriter, 0, {"DEL", "absent"});
  CHECK(world.Take().empty());
}

TEST_CASE("expiry outside of a command is told by itself, within one together with it") {
  World world;
  world.feed.NoteChange();
  world.feed.OnVanished(2, "a");
  world.feed.NoteChange();
  world.feed.OnVanished(2, "b");
  CHECK(world.Take() == "SELECT 2|DEL a|DEL b");
  world.feed.NoteChange();
  world.feed.OnVanished(2, "c");
  world.End(kReader, 2, {"GET", "c"});
  world.feed.NoteChange();
  world.feed.OnVanished(2, "d");
  world.Run(2, {"SET", "d", "1"});
  CHECK(world.Take() == "DEL c|MULTI|DEL d|SET d 1|EXEC");
}

TEST_CASE("a command that goes on later is told before others run, and only once") {
  World world;
  const std::string_view args[] = {"XTRIM", "s"};
  world.feed.NoteChange();
  world.feed.PauseCommand(world.client, kWriter, 0, args, /*blocks=*/false);
  CHECK(world.Take() == "SELECT 0|XTRIM s");
  FeedClient other;
  world.feed.NoteChange();
  const std::string_view others[] = {"SET", "a", "1"};
  world.feed.EndCommand(other, kWriter, 0, others, false);
  world.Run(0, {"XTRIM", "s"});
  CHECK(world.Take() == "SET a 1");
  world.Run(0, {"XTRIM", "s"});
  CHECK(world.Take() == "XTRIM s");
}

TEST_CASE("a turn that is undone was never told, and the next one selects its database again") {
  World world;
  world.Run(1, {"SET", "a", "1"});
  CHECK(world.Take() == "SELECT 1|SET a 1");
  const uint64_t before = world.stream.offset();
  world.Run(1, {"SET", "a", "2"});
  CHECK(world.feed.offset() > before);
  world.feed.OnUndo();
  CHECK(world.Take().empty());
  CHECK(world.stream.offset() == before);
  world.Run(1, {"SET", "a", "3"});
  CHECK(world.Take() == "SELECT 1|SET a 3");
}

TEST_CASE("nobody listens: nothing is put together") {
  World world;
  world.feed.Listen(false);
  CHECK_FALSE(world.Say().on());
  world.Say().Suppress();
  world.feed.AppendPlain(std::array<std::string_view, 1>{"PING"});
  CHECK(world.Take().empty());
  // And what was said meanwhile is forgotten.
  world.feed.Listen(true);
  world.Run(0, {"SET", "a", "1"});
  CHECK(world.Take() == "SELECT 0|SET a 1");
}

TEST_CASE("the stream's identity as a row") {
  const StreamIdentity identity = {"0123456789abcdef0123456789abcdef01234567", 1500};
  const std::string row = "0123456789abcdef0123456789abcdef01234567 1500";
  CHECK(EncodeStreamIdentity(identity) == row);
  CHECK(DecodeStreamIdentity(row) == identity);
  for (const std::string& bad :
       {std::string(), row.substr(0, 40), row.substr(0, 41), row + "x", "g" + row.substr(1),
        row.substr(0, 41) + "99999999999999999999", row.substr(0, 41) + "-1"}) {
    CHECK_FALSE(DecodeStreamIdentity(bad).has_value());
  }
}

}  // namespace
}  // namespace server
