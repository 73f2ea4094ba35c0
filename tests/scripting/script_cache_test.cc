// SPDX-License-Identifier: BSD-3-Clause
#include "scripting/script_cache.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/lsm/store_world.h"

namespace scripting {
namespace {

struct World : lsm::StoreWorld {
  World() { Open(); }
  ScriptCache MakeCache(size_t limit = 1 << 20) {
    return {*store, limit, [this](CachedScript& script) { dropped.push_back(script.body); }};
  }
  std::vector<std::string> dropped;
};

TEST_CASE("a script is found by its digest in any case, and by its source") {
  World world;
  ScriptCache cache = world.MakeCache();
  const CachedScript& added = cache.Add("return 1");
  CHECK(added.digest() == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  CHECK(cache.FindBySha("e0e1f9fabfc9d4800c877a703b823ac0578ff8db") == &added);
  CHECK(cache.FindBySha("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB") == &added);
  CHECK(cache.FindByBody("return 1") == &added);
  CHECK(cache.FindByBody("return 2") == nullptr);
  CHECK(cache.FindBySha("ffffffffffffffffffffffffffffffffffffffff") == nullptr);
  CHECK(cache.FindBySha("") == nullptr);
  CHECK(cache.Contains("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB"));
}

TEST_CASE("scripts are in the store byte for byte, and come back") {
  World world;
  {
    ScriptCache cache = world.MakeCache();
    cache.Add("return 1");
    cache.Add(std::string("return '\0'", 11));
    REQUIRE(world.store->CommitTurn().ok());
  }
  CHECK(world.store->GetSystem("scripts").value() == "64");
  CHECK(world.store->GetSystem("script/0").value() == "return 1");
  CHECK(world.store->GetSystem("script/1").value() == std::string("return '\0'", 11));
  world.Close();
  world.Open();
  ScriptCache cache = world.MakeCache();
  REQUIRE(cache.Load().ok());
  CHECK(cache.size() == 2);
  CHECK(cache.FindBySha("e0e1f9fabfc9d4800c877a703b823ac0578ff8db") != nullptr);
  // Its slot is taken: a new one goes elsewhere.
  cache.Add("return 3");
  CHECK(world.store->GetSystem("script/0").value() == "return 1");
}

TEST_CASE("what is flushed or removed is gone from the store, and its place is used again") {
  World world;
  ScriptCache cache = world.MakeCache();
  cache.Add("return 1");
  cache.Remove(cache.Add("return 2"));
  CHECK(world.dropped == std::vector<std::string>{"return 2"});
  CHECK_FALSE(world.store->GetSystem("script/1").value().has_value());
  cache.Add("return 3");
  CHECK(world.store->GetSystem("script/1").value() == "return 3");
  cache.Clear();
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
  CHECK_FALSE(world.store->GetSystem("script/0").value().has_value());
  CHECK_FALSE(world.store->GetSystem("script/1").value().has_value());
}

TEST_CASE("beyond the limit those not used for the longest time go") {
  World world;
  const size_t each = 8 + ScriptCache::kOverheadBytes;
  ScriptCache cache = world.MakeCache(3 * each);
  cache.Add("return 1");
  cache.Add("return 2");
  cache.Add("return 3");
  CHECK(cache.FindByBody("return 1") != nullptr);
  cache.Add("return 4");
  CHECK(world.dropped == std::vector<std::string>{"return 2"});
  CHECK(cache.evicted() == 1);
  CHECK(cache.bytes() == 3 * each);
  // A single one may be larger than the limit: it is about to run.
  cache.Add(std::string(10 * each, ' '));
  CHECK(cache.size() == 1);
  cache.set_limit(1);
  CHECK(cache.size() == 1);
}

}  // namespace
}  // namespace scripting
