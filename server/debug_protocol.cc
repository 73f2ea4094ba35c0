// SPDX-License-Identifier: BSD-3-Clause
// DEBUG PROTOCOL: one reply of each type, for client authors to try their parsers on.
#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "server/debug_subcommands.h"

namespace server {
namespace {

using datatypes::CommandContext;
using datatypes::Result;

struct TestReply {
  std::string_view type;
  void (*write)(resp::Writer&);
};

void WriteThree(resp::Writer& reply) {
  for (int i = 0; i < 3; ++i) reply.Integer(i);
}

constexpr TestReply kReplies[] = {
    {"string", [](resp::Writer& reply) { reply.Bulk("Hello World"); }},
    {"integer", [](resp::Writer& reply) { reply.Integer(12345); }},
    {"double", [](resp::Writer& reply) { reply.Double(3.141); }},
    {"null", [](resp::Writer& reply) { reply.Null(); }},
    {"array",
     [](resp::Writer& reply) {
       reply.Array(3);
       WriteThree(reply);
     }},
    {"set",
     [](resp::Writer& reply) {
       reply.Set(3);
       WriteThree(reply);
     }},
    {"map",
     [](resp::Writer& reply) {
       reply.Map(3);
       for (int i = 0; i < 3; ++i) {
         reply.Integer(i);
         reply.Bool(i == 1);
       }
     }},
    {"attrib",
     [](resp::Writer& reply) {
       if (reply.resp3()) {
         reply.Attribute(1);
         reply.Bulk("key-popularity");
         reply.Array(2);
         reply.Bulk("key:123");
         reply.Integer(90);
       }
       reply.Bulk("Some real reply following the attribute");
     }},
    {"push",
     [](resp::Writer& reply) {
       reply.Push(2);
       reply.Bulk("server-cpu-usage");
       reply.Integer(42);
       reply.Bulk("Some real reply following the push reply");
     }},
    {"verbatim", [](resp::Writer& reply) { reply.Verbatim("txt", "This is a verbatim\nstring"); }},
    {"true", [](resp::Writer& reply) { reply.Bool(true); }},
    {"false", [](resp::Writer& reply) { reply.Bool(false); }},
    {"bignum",
     [](resp::Writer& reply) { reply.BigNumber("1234567999999999999999999999999999999"); }},
};

}  // namespace

// DEBUG PROTOCOL type
Result<void> DebugProtocol(CommandContext& ctx) {
  for (const TestReply& test : kReplies) {
    if (!datatypes::EqualsIgnoreCase(ctx.args[2], test.type)) continue;
    if (test.type == "push" && !ctx.reply.resp3()) {
      return datatypes::Fail("ERR RESP2 is not supported by this command");
    }
    test.write(ctx.reply);
    return {};
  }
  return datatypes::Fail(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

}  // namespace server
