// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/shebang.h"

#include <string>

#include <doctest/doctest.h>

#include "scripting/script_run.h"

namespace scripting {
namespace {

std::string ErrorOf(std::string_view source) {
  std::string_view code;
  const auto flags = ParseScriptShebang(source, &code);
  return flags ? "" : flags.error().text();
}

TEST_CASE("a script without a first line of that kind has none of its rules") {
  std::string_view code;
  CHECK(ParseScriptShebang("return 1", &code).value() == kNoShebang);
  CHECK(code == "return 1");
  CHECK(ParseScriptShebang("", &code).value() == kNoShebang);
}

TEST_CASE("flags are read and the line is left out") {
  std::string_view code;
  CHECK(ParseScriptShebang("#!lua\nreturn 1", &code).value() == 0);
  CHECK(code == "\nreturn 1");
  CHECK(ParseScriptShebang("#!lua flags=no-writes,allow-stale\nx", &code).value() ==
        (kNoWrites | kAllowStale));
  CHECK(ParseScriptShebang("#!lua flags=allow-oom flags=no-cluster,allow-cross-slot-keys\nx", &code)
            .value() == (kAllowOom | kNoCluster | kAllowCrossSlotKeys));
  CHECK(ParseScriptShebang("#!lua flags=\nx", &code).value() == 0);
}

TEST_CASE("what is wrong is named") {
  CHECK(ErrorOf("#!lua") == "ERR Invalid script shebang");
  CHECK(ErrorOf("#!js\nx") == "ERR Unexpected engine in script shebang: #!js");
  CHECK(ErrorOf("#!lua flags=no-writes,x\n") == "ERR Unexpected flag in script shebang: x");
  CHECK(ErrorOf("#!lua name=x\n") == "ERR Unknown lua shebang option: name=x");
}

}  // namespace
}  // namespace scripting
