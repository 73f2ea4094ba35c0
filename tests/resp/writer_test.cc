// SPDX-License-Identifier: BSD-3-Clause
#include "resp/writer.h"

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include <doctest/doctest.h>

using resp::OutputBuffer;
using resp::Protocol;
using resp::Writer;

namespace {

using Write = std::function<void(Writer&)>;

std::string Written(Protocol protocol, const Write& write) {
  OutputBuffer out;
  Writer writer(&out, protocol);
  write(writer);
  return out.ToString();
}

std::string Resp2(const Write& write) {
  return Written(Protocol::kResp2, write);
}
std::string Resp3(const Write& write) {
  return Written(Protocol::kResp3, write);
}

// For what both versions write alike.
std::string Both(const Write& write) {
  CHECK(Resp2(write) == Resp3(write));
  return Resp2(write);
}

}  // namespace

TEST_CASE("the types of RESP2 are the same in both versions") {
  CHECK(Both([](Writer& w) { w.SimpleString("OK"); }) == "+OK\r\n");
  CHECK(Both([](Writer& w) { w.Error("ERR no"); }) == "-ERR no\r\n");
  CHECK(Both([](Writer& w) { w.Integer(0); }) == ":0\r\n");
  CHECK(Both([](Writer& w) { w.Integer(-12); }) == ":-12\r\n");
  CHECK(Both([](Writer& w) { w.Integer(std::numeric_limits<int64_t>::min()); }) ==
        ":-9223372036854775808\r\n");
  CHECK(Both([](Writer& w) { w.Bulk(""); }) == "$0\r\n\r\n");
  CHECK(Both([](Writer& w) { w.Bulk({"a\r\n\0b", 5}); }) == std::string("$5\r\na\r\n\0b\r\n", 11));
  CHECK(Both([](Writer& w) { w.BulkFromInteger(-123); }) == "$4\r\n-123\r\n");
  CHECK(Both([](Writer& w) { w.Array(0); }) == "*0\r\n");
  CHECK(Both([](Writer& w) { w.Array(12345); }) == "*12345\r\n");
}

TEST_CASE("line breaks in an error become spaces") {
  CHECK(Both([](Writer& w) { w.Error("ERR a\r\nb\nc\r"); }) == "-ERR a  b c \r\n");
}

TEST_CASE("bulk strings of every size about the limits are whole") {
  for (const size_t size : {1U, 1023U, 1024U, 1025U, 4096U, 16384U, 100000U}) {
    const std::string bytes(size, 'x');
    CHECK(Both([&](Writer& w) { w.Bulk(bytes); }) ==
          "$" + std::to_string(size) + "\r\n" + bytes + "\r\n");
    CHECK(Both([&](Writer& w) { w.BulkShared(std::make_shared<const std::string>(bytes)); }) ==
          "$" + std::to_string(size) + "\r\n" + bytes + "\r\n");
  }
}

TEST_CASE("nulls") {
  CHECK(Resp2([](Writer& w) { w.Null(); }) == "$-1\r\n");
  CHECK(Resp2([](Writer& w) { w.NullArray(); }) == "*-1\r\n");
  CHECK(Resp3([](Writer& w) { w.Null(); }) == "_\r\n");
  CHECK(Resp3([](Writer& w) { w.NullArray(); }) == "_\r\n");
}

TEST_CASE("booleans are integers in RESP2") {
  CHECK(Resp2([](Writer& w) { w.Bool(true); }) == ":1\r\n");
  CHECK(Resp2([](Writer& w) { w.Bool(false); }) == ":0\r\n");
  CHECK(Resp3([](Writer& w) { w.Bool(true); }) == "#t\r\n");
  CHECK(Resp3([](Writer& w) { w.Bool(false); }) == "#f\r\n");
}

TEST_CASE("doubles are bulk strings in RESP2") {
  CHECK(Resp2([](Writer& w) { w.Double(3.25); }) == "$4\r\n3.25\r\n");
  CHECK(Resp3([](Writer& w) { w.Double(3.25); }) == ",3.25\r\n");
  CHECK(Resp3([](Writer& w) { w.Double(-INFINITY); }) == ",-inf\r\n");
  CHECK(Resp2([](Writer& w) { w.Double(INFINITY); }) == "$3\r\ninf\r\n");
  CHECK(Resp3([](Writer& w) { w.Double(NAN); }) == ",nan\r\n");
  CHECK(Resp3([](Writer& w) { w.Double(10); }) == ",10\r\n");
}

TEST_CASE("human doubles are bulk strings in both versions") {
  CHECK(Both([](Writer& w) { w.HumanDouble(10.5L); }) == "$4\r\n10.5\r\n");
}

TEST_CASE("big numbers are bulk strings in RESP2") {
  CHECK(Resp2([](Writer& w) { w.BigNumber("123456789012345678901"); }) ==
        "$21\r\n123456789012345678901\r\n");
  CHECK(Resp3([](Writer& w) { w.BigNumber("123456789012345678901"); }) ==
        "(123456789012345678901\r\n");
}

TEST_CASE("verbatim strings lose their format in RESP2") {
  CHECK(Resp2([](Writer& w) { w.Verbatim("txt", "ab"); }) == "$2\r\nab\r\n");
  CHECK(Resp3([](Writer& w) { w.Verbatim("txt", "ab"); }) == "=6\r\ntxt:ab\r\n");
}

TEST_CASE("maps, sets and pushes are arrays in RESP2") {
  CHECK(Resp2([](Writer& w) { w.Map(3); }) == "*6\r\n");
  CHECK(Resp3([](Writer& w) { w.Map(3); }) == "%3\r\n");
  CHECK(Resp2([](Writer& w) { w.Set(3); }) == "*3\r\n");
  CHECK(Resp3([](Writer& w) { w.Set(3); }) == "~3\r\n");
  CHECK(Resp2([](Writer& w) { w.Push(3); }) == "*3\r\n");
  CHECK(Resp3([](Writer& w) { w.Push(3); }) == ">3\r\n");
  CHECK(Resp3([](Writer& w) { w.Attribute(1); }) == "|1\r\n");
}

TEST_CASE("a length set afterwards stands before what was written") {
  const auto array = [](Writer& w) {
    const auto at = w.Defer();
    for (int i = 0; i < 12; ++i) w.Integer(i);
    w.SetArrayLength(at, 12);
    w.SimpleString("next");
  };
  CHECK(
      Both(array) ==
      "*12\r\n:0\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n:9\r\n:10\r\n:11\r\n+next\r\n");
}

TEST_CASE("lengths set afterwards have their version's type") {
  const auto map = [](Writer& w) { w.SetMapLength(w.Defer(), 2); };
  CHECK(Resp2(map) == "*4\r\n");
  CHECK(Resp3(map) == "%2\r\n");
  const auto set = [](Writer& w) { w.SetSetLength(w.Defer(), 2); };
  CHECK(Resp2(set) == "*2\r\n");
  CHECK(Resp3(set) == "~2\r\n");
  const auto push = [](Writer& w) { w.SetPushLength(w.Defer(), 2); };
  CHECK(Resp2(push) == "*2\r\n");
  CHECK(Resp3(push) == ">2\r\n");
}

TEST_CASE("lengths set afterwards may be nested and span many blocks") {
  const std::string big(30000, 'x');
  const auto nested = [&](Writer& w) {
    const auto outer = w.Defer();
    for (int i = 0; i < 3; ++i) {
      const auto inner = w.Defer();
      w.Bulk(big);
      w.SetSetLength(inner, 1);
    }
    w.SetArrayLength(outer, 3);
  };
  const std::string part = "~1\r\n$30000\r\n" + big + "\r\n";
  CHECK(Resp3(nested) == "*3\r\n" + part + part + part);
}

TEST_CASE("a bulk string may be written in pieces") {
  CHECK(Both([](Writer& w) {
          w.BulkHeader(6);
          w.Raw("abc");
          w.Raw("def");
          w.BulkEnd();
        }) == "$6\r\nabcdef\r\n");
}

TEST_CASE("the version can change between replies") {
  OutputBuffer out;
  Writer writer(&out);
  CHECK(writer.protocol() == Protocol::kResp2);
  writer.Null();
  writer.set_protocol(Protocol::kResp3);
  writer.Null();
  CHECK(out.ToString() == "$-1\r\n_\r\n");
}

TEST_CASE("an unfinished reply is discarded and an error takes its place") {
  OutputBuffer out;
  Writer writer(&out);
  writer.SimpleString("before");
  const size_t mark = out.Mark();
  writer.Array(3);
  writer.Bulk(std::string(20000, 'x'));
  out.TruncateTo(mark);
  writer.Error("ERR changed my mind");
  CHECK(out.ToString() == "+before\r\n-ERR changed my mind\r\n");
}
