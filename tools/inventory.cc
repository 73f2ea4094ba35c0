// SPDX-License-Identifier: BSD-3-Clause
#include "tools/inventory.h"

#include <algorithm>

#include <fmt/format.h>

namespace tools {
namespace {

constexpr size_t kLargest = 20;
constexpr size_t kShownPrefixes = 30;
// Beyond so many different ones, new ones are counted together.
constexpr size_t kMaxPrefixes = 10'000;
constexpr std::string_view kOthers = "(others)";
constexpr std::string_view kNoPrefix = "(none)";

// Up to and with the first of the usual separators.
std::string_view PrefixOf(std::string_view key) {
  const size_t at = key.find_first_of(":/|.");
  return at == std::string_view::npos ? kNoPrefix : key.substr(0, at + 1);
}

// Printable, without control characters.
std::string Shown(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes.substr(0, 100)) {
    if (byte >= ' ' && byte < 0x7f) {
      out += byte;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
    }
  }
  return out;
}

// Bytes that are not ASCII are given as \u00XX, so that any key can be told.
std::string Json(std::string_view bytes) {
  std::string out = "\"";
  for (const char byte : bytes) {
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += byte;
    } else if (byte >= ' ' && byte < 0x7f) {
      out += byte;
    } else {
      out += fmt::format("\\u{:04x}", static_cast<uint8_t>(byte));
    }
  }
  return out + "\"";
}

std::string_view TypeName(size_t type) {
  return rdb::ValueTypeName(static_cast<rdb::ValueType>(type));
}

}  // namespace

bool Inventory::OnVersion(rdb::Dialect dialect, int version) {
  version_ = fmt::format("{} {}", dialect == rdb::Dialect::kRedis ? "REDIS" : "VALKEY", version);
  return true;
}

bool Inventory::OnKey(const rdb::KeyHead& head) {
  wanted_ = filter_.Wants(head);
  if (!wanted_) return true;
  key_ = {head.key.size(), 0, head.db, static_cast<size_t>(head.type), std::string(head.key)};
  expires_ = head.expire_at_ms.has_value();
  return true;
}

bool Inventory::OnKeyEnd() {
  if (!wanted_) return true;
  ++keys_;
  const auto add = [this](Totals& totals) {
    ++totals.keys;
    totals.bytes += key_.bytes;
    totals.elements += key_.elements;
    totals.expiring += expires_ ? 1 : 0;
  };
  add(types_[key_.type]);
  add(databases_[key_.db]);
  const std::string_view prefix = PrefixOf(key_.name);
  auto found = prefixes_.find(prefix);
  if (found == prefixes_.end()) {
    const bool room = prefixes_.size() < kMaxPrefixes;
    found = prefixes_.try_emplace(std::string(room ? prefix : kOthers)).first;
  }
  add(found->second);
  const auto larger = [](const Key& a, const Key& b) { return a.bytes > b.bytes; };
  if (largest_.size() == kLargest) {
    if (key_.bytes <= largest_.front().bytes) return true;
    std::pop_heap(largest_.begin(), largest_.end(), larger);
    largest_.pop_back();
  }
  largest_.push_back(std::move(key_));
  std::push_heap(largest_.begin(), largest_.end(), larger);
  return true;
}

bool Inventory::OnStreamEntry(rdb::StreamId id, std::span<const rdb::FieldValue> fields) {
  uint64_t bytes = sizeof id;
  for (const rdb::FieldValue& pair : fields) bytes += pair.field.size() + pair.value.size();
  return Count(1, bytes);
}

std::vector<std::pair<std::string, Inventory::Totals>> Inventory::Prefixes() const {
  std::vector<std::pair<std::string, Totals>> out(prefixes_.begin(), prefixes_.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second.keys > b.second.keys; });
  if (out.size() > kShownPrefixes) out.resize(kShownPrefixes);
  return out;
}

std::string Inventory::Text() const {
  std::string out = fmt::format("{}, {} keys\n\n", version_, keys_);
  out += fmt::format("{:<10}{:>14}{:>18}{:>14}{:>16}\n", "type", "keys", "bytes", "with TTL",
                     "elements");
  for (size_t type = 0; type < kTypes; ++type) {
    const Totals& t = types_[type];
    if (t.keys == 0) continue;
    out += fmt::format("{:<10}{:>14}{:>18}{:>14}{:>16}\n", TypeName(type), t.keys, t.bytes,
                       t.expiring, t.elements);
  }
  out += fmt::format("\n{:<10}{:>14}{:>18}{:>14}\n", "database", "keys", "bytes", "with TTL");
  for (const auto& [db, t] : databases_) {
    out += fmt::format("{:<10}{:>14}{:>18}{:>14}\n", db, t.keys, t.bytes, t.expiring);
  }
  out += fmt::format("\n{:>14}{:>18}  keys that begin with\n", "keys", "bytes");
  for (const auto& [prefix, t] : Prefixes()) {
    out += fmt::format("{:>14}{:>18}  {}\n", t.keys, t.bytes, Shown(prefix));
  }
  std::vector<Key> largest = largest_;
  std::sort(largest.begin(), largest.end(),
            [](const Key& a, const Key& b) { return a.bytes > b.bytes; });
  out += fmt::format("\n{:>18}{:>14}  largest keys\n", "bytes", "elements");
  for (const Key& key : largest) {
    out += fmt::format("{:>18}{:>14}  {} in {}: {}\n", key.bytes, key.elements, TypeName(key.type),
                       key.db, Shown(key.name));
  }
  if (functions_ > 0) out += fmt::format("\n{} function libraries\n", functions_);
  if (warnings_ > 0) out += fmt::format("\n{} things that are passed over\n", warnings_);
  return out;
}

std::string Inventory::Json() const {
  const auto totals = [](const Totals& t) {
    return fmt::format("\"keys\":{},\"bytes\":{},\"with_ttl\":{},\"elements\":{}", t.keys, t.bytes,
                       t.expiring, t.elements);
  };
  std::string out = fmt::format("{{\"version\":{},\"keys\":{},\"functions\":{},\"warnings\":{}",
                                tools::Json(version_), keys_, functions_, warnings_);
  const auto list = [&out](std::string_view name, const auto& items, const auto& item) {
    out += fmt::format(",\"{}\":[", name);
    bool first = true;
    for (const auto& each : items) {
      const std::string text = item(each);
      if (text.empty()) continue;
      out += (first ? "{" : ",{") + text + "}";
      first = false;
    }
    out += "]";
  };
  size_t type = 0;
  list("types", types_, [&](const Totals& t) {
    const std::string_view name = TypeName(type++);
    return t.keys == 0 ? std::string() : fmt::format("\"type\":\"{}\",{}", name, totals(t));
  });
  list("databases", databases_, [&](const auto& each) {
    return fmt::format("\"db\":{},{}", each.first, totals(each.second));
  });
  list("prefixes", Prefixes(), [&](const auto& each) {
    return fmt::format("\"prefix\":{},{}", tools::Json(each.first), totals(each.second));
  });
  std::vector<Key> largest = largest_;
  std::sort(largest.begin(), largest.end(),
            [](const Key& a, const Key& b) { return a.bytes > b.bytes; });
  list("largest", largest, [](const Key& key) {
    return fmt::format("\"key\":{},\"db\":{},\"type\":\"{}\",\"bytes\":{},\"elements\":{}",
                       tools::Json(key.name), key.db, TypeName(key.type), key.bytes, key.elements);
  });
  return out + "}\n";
}

}  // namespace tools
