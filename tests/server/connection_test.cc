// SPDX-License-Identifier: BSD-3-Clause
// What a connection does with requests: pipelines, pieces, errors, the handshake.
#include <algorithm>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/server/server_fixture.h"

namespace server {
namespace {

TEST_CASE("a request is answered, whatever pieces it comes in") {
  const RunningServer server;
  TestClient client(server.port());
  const std::string request = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";
  for (const char c : request) client.Send({&c, 1});
  CHECK(client.Read() == "+OK");
  for (size_t cut = 1; cut < request.size(); ++cut) {
    client.Send(request.substr(0, cut));
    client.Send(request.substr(cut));
    CHECK(client.Read() == "+OK");
  }
  CHECK(client.Run({"GET", "key"}) == "\"value\"");
}

TEST_CASE("the replies of a pipeline come in the order of its requests") {
  const RunningServer server;
  TestClient client(server.port());
  constexpr int kRequests = 5000;  // More than an iteration's share of one connection.
  std::string requests;
  for (int i = 0; i < kRequests; ++i)
    requests += "INCR counter\r\nPING " + std::to_string(i) + "\r\n";
  client.Send(requests);
  for (int i = 0; i < kRequests; ++i) {
    CHECK(client.Read() == ":" + std::to_string(i + 1));
    CHECK(client.ReadText() == std::to_string(i));
  }
}

TEST_CASE("a pipeline goes on where a waiting command stopped it, wherever its last piece is cut") {
  const RunningServer server;
  TestClient admin(server.port());
  const std::string pipeline =
      "*2\r\n$4\r\nECHO\r\n$1\r\na\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n1\r\nGET k\r\n";
  const std::string last = "*2\r\n$4\r\nECHO\r\n$3\r\nend\r\n";
  for (size_t cut = 0; cut <= last.size(); ++cut) {
    TestClient client(server.port());
    CHECK(admin.Run({"DEL", "k"}).starts_with(":"));
    CHECK(admin.Run({"CLIENT", "PAUSE", "100000", "WRITE"}) == "+OK");
    client.Send(pipeline + last.substr(0, cut));
    CHECK(client.Read() == "\"a\"");
    CHECK(admin.Run({"CLIENT", "UNPAUSE"}) == "+OK");
    client.Send(last.substr(cut));
    CHECK(client.Read() == "+OK");
    CHECK(client.Read() == "\"1\"");
    CHECK(client.Read() == "\"end\"");
  }
}

TEST_CASE("quoted words of each inline command in a pipeline are its own") {
  const RunningServer server;
  TestClient client(server.port());
  client.Send(
      "*0\r\nECHO \"first word\"\r\n\r\nECHO \"second word\"\r\nECHO third\r\nECHO \"\"\r\n");
  CHECK(client.ReadText() == "first word");
  CHECK(client.ReadText() == "second word");
  CHECK(client.ReadText() == "third");
  CHECK(client.Read() == "\"\"");
}

TEST_CASE("a value of many megabytes goes in and comes out") {
  const RunningServer server;
  TestClient client(server.port());
  std::string value(20'000'000, 'x');
  for (size_t i = 0; i < value.size(); i += 97) value[i] = static_cast<char>('a' + i % 26);
  client.SendCommand({"SET", "big", value});
  CHECK(client.Read() == "+OK");
  client.SendCommand({"GET", "big"});
  CHECK(client.ReadText() == value);
}

TEST_CASE("a protocol error is answered and closes the connection") {
  const RunningServer server;
  TestClient client(server.port());
  client.Send("PING\r\n*1\r\n+PING\r\nPING\r\n");
  CHECK(client.Read() == "+PONG");
  CHECK(client.Read() == "-ERR Protocol error: expected '$', got '+'");
  CHECK(client.Read() == "closed");
}

TEST_CASE("quoted inline commands are understood, unbalanced quotes are not") {
  const RunningServer server;
  TestClient client(server.port());
  client.Send("SET \"a b\" 'c d'\r\n");
  CHECK(client.Read() == "+OK");
  CHECK(client.Run({"GET", "a b"}) == "\"c d\"");
  client.Send("SET \"a b\r\n");
  CHECK(client.Read() == "-ERR Protocol error: unbalanced quotes in request");
  CHECK(client.Read() == "closed");
}

TEST_CASE("what was sent before the client closed its side is run") {
  const RunningServer server;
  {
    TestClient client(server.port());
    client.Send("SET last word\r\n");
    client.FinishSending();
    CHECK(client.Read() == "+OK");
  }
  TestClient other(server.port());
  CHECK(other.Run({"GET", "last"}) == "\"word\"");
}

TEST_CASE("QUIT answers and closes, and nothing behind it runs") {
  const RunningServer server;
  TestClient client(server.port());
  client.Send("SET a 1\r\nQUIT\r\nSET a 2\r\n");
  CHECK(client.ReadUntilClosed() == std::vector<std::string>{"+OK", "+OK"});
  TestClient other(server.port());
  CHECK(other.Run({"GET", "a"}) == "\"1\"");
}

TEST_CASE("each connection has its own database") {
  const RunningServer server;
  TestClient one(server.port());
  TestClient two(server.port());
  CHECK(one.Run({"SELECT", "1"}) == "+OK");
  CHECK(one.Run({"SET", "k", "in 1"}) == "+OK");
  CHECK(two.Run({"GET", "k"}) == "nil$");
  CHECK(two.Run({"SELECT", "16"}) == "-ERR DB index is out of range");
  CHECK(two.Run({"SELECT", "x"}) == "-ERR value is not an integer or out of range");
}

TEST_CASE("PING and ECHO send back what they are given") {
  const RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"PING"}) == "+PONG");
  CHECK(client.Run({"PING", "hey"}) == "\"hey\"");
  CHECK(client.Run({"PING", "a", "b"}) == "-ERR wrong number of arguments for 'ping' command");
  CHECK(client.Run({"ECHO", std::string_view("\0\r\n", 3)}) == "\"\\x00\\r\\n\"");
}

TEST_CASE("HELLO chooses the protocol and describes the server") {
  const RunningServer server;
  TestClient client(server.port());
  const std::string resp2 = client.Run({"HELLO"});
  CHECK(resp2.starts_with("[\"server\", \"redis\", \"version\", \"7.2."));
  CHECK(resp2.find("\"proto\", :2, \"id\", :1, \"mode\", \"standalone\", \"role\", \"master\", "
                   "\"modules\", []]") != std::string::npos);
  CHECK(client.Run({"HELLO", "3"}).starts_with("{\"server\": \"redis\""));
  CHECK(client.Run({"GET", "absent"}) == "nil_");
  CHECK(client.Run({"HELLO", "4"}) == "-NOPROTO unsupported protocol version");
  CHECK(client.Run({"HELLO", "x"}) == "-ERR Protocol version is not an integer or out of range");
  CHECK(client.Run({"HELLO", "2", "NOPE"}) == "-ERR Syntax error in HELLO option 'NOPE'");
  CHECK(client.Run({"HELLO", "2", "SETNAME", "a b"}) ==
        "-ERR Client names cannot contain spaces, newlines or special characters.");
  CHECK(client.Run({"GET", "absent"}) == "nil_");
  CHECK(client.Run({"HELLO", "2", "SETNAME", "me"}).starts_with("[\"server\""));
  CHECK(client.Run({"CLIENT", "GETNAME"}) == "\"me\"");
}

TEST_CASE("without the password nothing but the handshake runs") {
  const RunningServer server([](Settings& settings) { settings.requirepass = "secret"; });
  TestClient client(server.port());
  CHECK(client.Run({"GET", "a"}) == "-NOAUTH Authentication required.");
  CHECK(client.Run({"HELLO", "3"}).starts_with("-NOAUTH HELLO must be called with the client"));
  CHECK(client.Run({"AUTH", "wrong"}) ==
        "-WRONGPASS invalid username-password pair or user is disabled.");
  CHECK(client.Run({"AUTH", "someone", "secret"}) ==
        "-WRONGPASS invalid username-password pair or user is disabled.");
  CHECK(client.Run({"AUTH", "a", "b", "c"}) == "-ERR syntax error");
  CHECK(client.Run({"GET", "a"}) == "-NOAUTH Authentication required.");
  CHECK(client.Run({"AUTH", "secret"}) == "+OK");
  CHECK(client.Run({"GET", "a"}) == "nil$");
  CHECK(client.Run({"RESET"}) == "+RESET");
  CHECK(client.Run({"GET", "a"}) == "-NOAUTH Authentication required.");
  CHECK(client.Run({"HELLO", "3", "AUTH", "default", "secret"}).starts_with("{\"server\""));
  CHECK(client.Run({"GET", "a"}) == "nil_");
}

TEST_CASE("a password where none is set is an error") {
  const RunningServer server;
  TestClient client(server.port());
  CHECK(client.Run({"AUTH", "x"}) ==
        "-ERR AUTH <password> called without any password configured for the default user. Are "
        "you sure your configuration is correct?");
  CHECK(client.Run({"AUTH", "default", "anything"}) == "+OK");
}

TEST_CASE("AUTH lifts the small limits for what follows it in the same pipeline") {
  const RunningServer server([](Settings& settings) { settings.requirepass = "secret"; });
  TestClient client(server.port());
  const std::string value(20'000, 'v');
  client.SendCommand({"AUTH", "secret"});
  client.SendCommand({"ECHO", value});
  CHECK(client.Read() == "+OK");
  CHECK(client.ReadText() == value);
  TestClient other(server.port());
  other.SendCommand({"ECHO", value});
  CHECK(other.Read() == "-ERR Protocol error: unauthenticated bulk length");
  CHECK(other.Read() == "closed");
}

TEST_CASE("RESET puts the connection back to its beginnings") {
  const RunningServer server;
  TestClient client(server.port());
  client.Run({"HELLO", "3"});
  client.Run({"SELECT", "5"});
  client.Run({"CLIENT", "SETNAME", "me"});
  CHECK(client.Run({"RESET"}) == "+RESET");
  CHECK(client.Run({"CLIENT", "GETNAME"}) == "nil$");
  const std::string info = client.RunText({"CLIENT", "INFO"});
  CHECK(info.find(" db=0 ") != std::string::npos);
  CHECK(info.find(" resp=2 ") != std::string::npos);
}

TEST_CASE("the Unix socket has the permissions asked for and goes with the server") {
  TempDirectory dir;
  const std::string path = dir.path() + "/socket";
  {
    const RunningServer server([&](Settings& settings) {
      settings.unixsocket = path;
      settings.unixsocketperm = 0700;
    });
    TestClient client(path);
    CHECK(client.Run({"PING"}) == "+PONG");
    CHECK(client.RunText({"CLIENT", "INFO"}).find(" addr=" + path + ":0 ") != std::string::npos);
    CHECK(client.RunText({"CLIENT", "INFO"}).find(" flags=U ") != std::string::npos);
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::all) ==
          std::filesystem::perms::owner_all);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("commands in MONITOR come quoted, without passwords") {
  const RunningServer server;
  TestClient watcher(server.port());
  CHECK(watcher.Run({"MONITOR"}) == "+OK");
  TestClient client(server.port());
  client.Run({"SET", "a \"b\"", std::string_view("\0\n", 2)});
  client.Run({"AUTH", "user", "secret"});
  client.Run({"CLIENT", "LIST"});
  client.Run({"ECHO", "done"});
  const std::string set = watcher.ReadText();
  CHECK(set.find(" [0 127.0.0.1:") != std::string::npos);
  CHECK(set.ends_with("] \"SET\" \"a \\\"b\\\"\" \"\\x00\\n\""));
  CHECK(watcher.ReadText().ends_with("] \"AUTH\" \"(redacted)\" \"(redacted)\""));
  CHECK(watcher.ReadText().ends_with("] \"ECHO\" \"done\""));
  CHECK(watcher.Run({"RESET"}) == "+RESET");
}

}  // namespace
}  // namespace server
