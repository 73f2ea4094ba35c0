// SPDX-License-Identifier: BSD-3-Clause
//
// What a collection in RAM costs by itself: bench_collection [rows] [value bytes].
// Nanoseconds of CPU per operation on one collection of that size, wholly resident, keys in random
// order, and of the standard library's maps in the same run, since memory's latency is most of it;
// bytes per element of small ones, as allocated. Nothing is read from disk.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "lsm/collection.h"
#include "lsm/collection_cursor.h"

namespace {

using lsm::Collection;
using lsm::CollectionCursor;

// A batch that forgets, and no disk.
class Nowhere : public lsm::RowSink, public lsm::PageSource, public lsm::PageListener {
 public:
  Nowhere() {
    env.rows = this;
    env.source = this;
    env.listener = this;
  }
  uint64_t sequence() const override { return 1; }
  void PutRow(const Collection&, std::string_view, std::string_view) override {}
  void DeleteRow(const Collection&, std::string_view) override {}
  lsm::Result<lsm::LoadedRun> LoadRun(const lsm::LoadRequest&) override {
    return lsm::Status::Invalid("everything is resident");
  }
  void PageIn(lsm::CacheNode*) override {}
  void PageOut(lsm::CacheNode*) override {}
  void PageResized(lsm::CacheNode*, uint32_t) override {}

  lsm::CollectionEnv env;
};

template <typename Operation>
void Measure(const char* name, size_t count, Operation operation) {
  const std::clock_t start = std::clock();
  uint64_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += operation(i);
  const double spent_ns = static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC;
  fmt::print("  {:<34} {:8.1f} ns   (sum {})\n", name, spent_ns / static_cast<double>(count),
             sum % 1000);
}

std::string Key(uint64_t n) {
  return fmt::format("field:{:010}", n);
}

std::vector<std::string> Keys(size_t rows, bool shuffled) {
  std::vector<uint64_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  if (shuffled) std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  std::vector<std::string> keys;
  keys.reserve(rows);
  for (const uint64_t n : order) keys.push_back(Key(n));
  return keys;
}

void Large(size_t rows, size_t value_bytes) {
  Nowhere nowhere;
  Collection collection(1, &nowhere.env);
  const std::string value(value_bytes, 'v');
  const std::string other(value_bytes, 'w');
  const std::vector<std::string> keys = Keys(rows, true);
  fmt::print("{} rows, key 16 bytes, value {} bytes\n", rows, value_bytes);
  Measure("Put, created, random order", rows,
          [&](size_t i) { return collection.Put(keys[i], value)->created ? 1U : 0U; });
  Measure("Put, same length", rows,
          [&](size_t i) { return collection.Put(keys[rows - 1 - i], other)->old_value_bytes; });
  Measure("Find, random over all", rows,
          [&](size_t i) { return (*collection.Find(keys[i]))->size(); });
  const size_t hot = std::min<size_t>(rows, 1000);
  Measure("Find, 1000 hot keys", 4 * rows,
          [&](size_t i) { return (*collection.Find(keys[i % hot]))->size(); });
  Measure("Find, absent", rows, [&](size_t i) {
    return collection.Find(keys[i].substr(0, 15) + "x")->has_value() ? 1U : 0U;
  });
  Measure("Rank, random over all", rows, [&](size_t i) { return *collection.Rank(keys[i]); });
  Measure("Rank, 1000 hot keys", rows, [&](size_t i) { return *collection.Rank(keys[i % hot]); });
  Measure("At, random over all", rows,
          [&](size_t i) { return collection.At(i * 7919 % rows).value().size(); });
  Measure("At, 1000 hot ranks", rows,
          [&](size_t i) { return collection.At(i % hot * (rows / hot)).value().size(); });
  CollectionCursor cursor = collection.SeekFirst();
  Measure("Next", rows - 1, [&](size_t) {
    cursor.Next();
    return cursor.value().size();
  });
  Measure("Prev", rows - 1, [&](size_t) {
    cursor.Prev();
    return cursor.value().size();
  });
  fmt::print("  bytes per row: {:.1f} as allocated, {} as data\n",
             static_cast<double>(collection.memory_bytes()) / static_cast<double>(rows),
             16 + value_bytes);
  Measure("Erase, random order", rows,
          [&](size_t i) { return *collection.Erase(keys[i]) ? 1U : 0U; });

  Collection sorted(2, &nowhere.env);
  const std::vector<std::string> ascending = Keys(rows, false);
  Measure("Put, created, ascending", rows,
          [&](size_t i) { return sorted.Put(ascending[i], value)->created ? 1U : 0U; });
  fmt::print("  bytes per row: {:.1f} as allocated\n",
             static_cast<double>(sorted.memory_bytes()) / static_cast<double>(rows));
}

template <typename Map>
void Standard(const char* name, size_t rows, size_t value_bytes) {
  Map map;
  const std::vector<std::string> keys = Keys(rows, true);
  // Not in the order of the lookups, or memory would be read from front to back.
  for (const std::string& key : Keys(rows, false)) map.emplace(key, std::string(value_bytes, 'v'));
  fmt::print("{}\n", name);
  Measure("Find, random over all", rows,
          [&](size_t i) { return map.find(keys[i])->second.size(); });
  Measure("Find, 1000 hot keys", 4 * rows,
          [&](size_t i) { return map.find(keys[i % 1000])->second.size(); });
}

void Small(size_t fields) {
  Nowhere nowhere;
  Collection collection(1, &nowhere.env);
  for (size_t i = 0; i < fields; ++i) {
    static_cast<void>(collection.Put(fmt::format("field{}", i), fmt::format("value{}", i)));
  }
  const double bytes = static_cast<double>(collection.memory_bytes() + sizeof(Collection));
  fmt::print("hash of {} fields «field1» «value1»: {} bytes, {:.1f} per field\n", fields, bytes,
             bytes / static_cast<double>(fields));
  Measure("Find", 4'000'000,
          [&, keys = std::vector<std::string>{fmt::format("field{}", fields / 3), "field0",
                                              fmt::format("field{}", fields - 1)}](size_t i) {
            return (*collection.Find(keys[i % 3]))->size();
          });
  Measure("Put, same length", 4'000'000, [&](size_t i) {
    return collection.Put("field5", i % 2 == 0 ? "value6" : "value7")->old_value_bytes;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const size_t value_bytes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 134;
  Large(rows, value_bytes);
  Standard<std::map<std::string, std::string>>("std::map of the same", rows, value_bytes);
  Standard<std::unordered_map<std::string, std::string>>("std::unordered_map of the same", rows,
                                                         value_bytes);
  for (const size_t fields : {10, 100}) Small(fields);
  return 0;
}
