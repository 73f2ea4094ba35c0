// SPDX-License-Identifier: BSD-3-Clause
// How a set lies in rows (FORMAT.md has examples):
//
//   packed      in the payload, no rows
//   with codes  ordered integer   for an integer; value: empty
//               ff · member       for what is none
//   plain       member            value: empty
//
// A set that clients fill with numbers is small in RAM and on disk by this, and is told in the
// order in which Redis tells an intset; and none ever has to be written anew but a packed one, of
// which there are at most kMaxPackedBytes.
#include "datatypes/set.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "datatypes/ordered_integer.h"
#include "datatypes/packed_integers.h"
#include "datatypes/row_results.h"
#include "resp/number_format.h"
#include "resp/number_parse.h"

namespace datatypes {

static_assert(Set::kMemberBufferBytes >= resp::kMaxInt64Chars);
namespace {

constexpr std::string_view kTextTag = "\xff";

Error Damaged() {
  return Error(lsm::Status::Corruption("a set's integers are damaged"));
}

std::optional<int64_t> IntegerOf(std::string_view member) {
  if (member.empty() || member.size() > resp::kMaxInt64Chars) return std::nullopt;
  return resp::ParseInt64(member);
}

std::string_view Text(int64_t integer, std::span<char> buffer) {
  char* const end = resp::FormatInt64(buffer.data(), integer);
  return {buffer.data(), static_cast<size_t>(end - buffer.data())};
}

bool Within(uint64_t value, int64_t limit) {
  return limit >= 0 && value <= static_cast<uint64_t>(limit);
}

}  // namespace

Result<Set> Set::Open(Keyspace keyspace, std::string_view key, const Settings& settings) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace.GetTyped(key, kSet));
  return Of(keyspace, key, entry, settings);
}

std::string_view Set::Encoding(const lsm::Entry& entry) {
  if ((entry.type_flags() & kHashTable) != 0) return "hashtable";
  return (entry.type_flags() & kListpack) != 0 ? "listpack" : "intset";
}

uint64_t Set::size() const {
  if (entry_ == nullptr) return 0;
  if (has_rows()) return rows().count();
  const std::optional<PackedIntegers> integers = PackedIntegers::Of(entry_->payload());
  return integers ? integers->count() : 0;
}

// The payload of a hash table with rows: how many members were erased, u32 big-endian.
uint32_t Set::erased() const {
  uint32_t count = 0;
  if (!has_rows() || entry_->payload().size() != sizeof(count)) return 0;
  std::memcpy(&count, entry_->payload().data(), sizeof(count));
  return __builtin_bswap32(count);
}

// ---- Residency.

bool Set::Prefetch(std::string_view member, lsm::LoadWaiter& waiter) const {
  if (!has_rows()) return true;
  RowKey buffer;
  return store().PrefetchRow(*entry_, Subkey(member, buffer), waiter);
}

bool Set::PrefetchAt(uint64_t rank, lsm::LoadWaiter& waiter) const {
  return !has_rows() || store().PrefetchAt(*entry_, rank, waiter);
}

bool Set::PrefetchRange(uint64_t from, uint64_t to, lsm::LoadWaiter& waiter) const {
  if (fully_resident() || from >= to) return true;
  if (from == 0) return PrefetchFrom({}, to, waiter);
  if (!PrefetchAt(from, waiter)) return false;
  const lsm::CollectionCursor first = rows().At(from);
  if (!first.valid()) return true;  // The access itself will meet the error.
  return PrefetchFrom(Place(first.subkey()), to - from, waiter);
}

bool Set::PrefetchAll(uint64_t max_members, lsm::LoadWaiter& waiter) const {
  return !has_rows() || store().PrefetchAll(*entry_, max_members, waiter);
}

bool Set::PrefetchFrom(const Place& place, uint64_t members, lsm::LoadWaiter& waiter) const {
  return !has_rows() || store().PrefetchScan(*entry_, place, members,
                                             lsm::Collection::Direction::kForward, waiter);
}

// ---- Reading.

std::string_view Set::Subkey(std::string_view member, RowKey& buffer) const {
  if (!has_codes()) return member;
  if (const std::optional<int64_t> integer = IntegerOf(member)) {
    char code[kMaxOrderedIntegerBytes];
    const char* const end = EncodeOrderedInteger(code, *integer);
    buffer.Add({code, static_cast<size_t>(end - code)});
  } else {
    buffer.Add(kTextTag).Add(member);
  }
  return buffer.view();
}

Result<std::string_view> Set::MemberOf(std::string_view subkey, bool codes,
                                       std::span<char> buffer) {
  if (!codes) return subkey;
  if (subkey.starts_with(kTextTag)) return subkey.substr(kTextTag.size());
  const std::optional<DecodedInteger> integer = DecodeOrderedInteger(subkey);
  if (!integer || integer->bytes != subkey.size()) return tl::unexpected(Damaged());
  return Text(integer->value, buffer);
}

Result<bool> Set::Contains(std::string_view member) const {
  if (entry_ == nullptr) return false;
  if (has_rows()) {
    RowKey buffer;
    return OrError(rows().Contains(Subkey(member, buffer)));
  }
  const std::optional<PackedIntegers> integers = PackedIntegers::Of(entry_->payload());
  if (!integers) return tl::unexpected(Damaged());
  const std::optional<int64_t> integer = IntegerOf(member);
  return integer && integers->Contains(*integer);
}

Result<void> Set::VisitPacked(uint64_t from, uint64_t to, Visitor visit) const {
  const std::optional<PackedIntegers> integers = PackedIntegers::Of(entry_->payload());
  if (!integers) return tl::unexpected(Damaged());
  char buffer[resp::kMaxInt64Chars];
  for (uint64_t rank = from; rank < std::min<uint64_t>(to, integers->count()); ++rank) {
    if (!visit(Text(integers->At(rank), buffer))) break;
  }
  return {};
}

Result<void> Set::Visit(uint64_t from, uint64_t to, Visitor visit) const {
  to = std::min(to, size());
  if (from >= to) return {};
  if (!has_rows()) return VisitPacked(from, to, visit);
  char buffer[resp::kMaxInt64Chars];
  lsm::CollectionCursor row = from == 0 ? rows().SeekFirst() : rows().At(from);
  for (uint64_t rank = from; row.valid(); row.Next()) {
    ASSIGN_OR_RETURN(const std::string_view member, MemberOf(row.subkey(), has_codes(), buffer));
    if (!visit(member)) return {};
    if (++rank == to) return {};  // The next row may be on a page that nobody needs.
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  return {};
}

Result<bool> Set::VisitFrom(Place& place, uint64_t most, Visitor visit) const {
  if (entry_ == nullptr) return false;
  char buffer[std::max(resp::kMaxInt64Chars, kMaxOrderedIntegerBytes)];
  if (!has_rows()) {
    const std::optional<PackedIntegers> integers = PackedIntegers::Of(entry_->payload());
    if (!integers) return tl::unexpected(Damaged());
    const std::optional<DecodedInteger> last = DecodeOrderedInteger(place);
    size_t rank = last ? integers->Rank(last->value) : 0;
    if (last && rank < integers->count() && integers->At(rank) == last->value) ++rank;
    for (; most > 0 && rank < integers->count(); --most, ++rank) {
      const int64_t integer = integers->At(rank);
      const bool go_on = visit(Text(integer, buffer));
      place.assign(buffer, EncodeOrderedInteger(buffer, integer));
      place += '\0';
      if (!go_on) break;
    }
    return rank < integers->count();
  }
  lsm::CollectionCursor row = place.empty() ? rows().SeekFirst() : rows().Seek(place);
  for (; row.valid(); row.Next()) {
    ASSIGN_OR_RETURN(const std::string_view member, MemberOf(row.subkey(), has_codes(), buffer));
    const bool go_on = visit(member);
    if (--most > 0 && go_on) continue;
    place = row.subkey();
    place += '\0';
    return true;
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  return false;
}

// ---- Changing.

// Whether Redis would keep a listpack of `size` members when one more of so many bytes comes. An
// intset's members count by their digits.
Result<bool> Set::WouldFitListpack(uint64_t size, size_t member_bytes) const {
  const int64_t limit = settings_->set_max_listpack_value;
  if (!Within(size + 1, settings_->set_max_listpack_entries) || !Within(member_bytes, limit)) {
    return false;
  }
  const bool was_intset = (entry_->type_flags() & (kListpack | kHashTable)) == 0;
  if (!was_intset || Within(resp::kMaxInt64Chars, limit)) return true;
  bool fits = true;
  const auto look = [&fits, limit](std::string_view member) {
    fits = fits && Within(member.size(), limit);
    return true;
  };
  RETURN_IF_ERROR(Visit(0, 1, look));
  RETURN_IF_ERROR(Visit(size - 1, size, look));
  return fits;
}

// What the flags will be with one more member.
Result<uint8_t> Set::FlagsWith(std::string_view member, bool is_integer) const {
  const uint8_t flags = entry_->type_flags();
  if ((flags & kHashTable) != 0) return flags;
  const uint64_t members = size();
  if (is_integer && (flags & kListpack) == 0) {
    const bool fits = Within(members + 1, settings_->set_max_intset_entries);
    return static_cast<uint8_t>(fits ? flags : flags | kHashTable);
  }
  ASSIGN_OR_RETURN(const bool fits, WouldFitListpack(members, member.size()));
  return static_cast<uint8_t>(flags | (fits ? kListpack : kHashTable));
}

void Set::ExpectMembers(uint64_t count) {
  expected_ = count;
  if (entry_ == nullptr || is_hash_table()) return;
  const bool listpack = (entry_->type_flags() & kListpack) != 0;
  const int64_t limit =
      listpack ? settings_->set_max_listpack_entries : settings_->set_max_intset_entries;
  if (!Within(count, limit)) {
    store().SetTypeFlags(entry_, entry_->type_flags() | kHashTable);
  }
}

void Set::Create(std::string_view member) {
  const std::optional<int64_t> integer = IntegerOf(member);
  uint8_t flags = 0;
  if (!integer || !Within(expected_, settings_->set_max_intset_entries)) {
    const bool fits = Within(expected_, settings_->set_max_listpack_entries) &&
                      Within(1, settings_->set_max_listpack_entries) &&
                      Within(member.size(), settings_->set_max_listpack_value);
    flags = fits ? kListpack : kHashTable;
  }
  const std::string payload = integer ? PackedIntegers::OfOne(*integer) : std::string();
  entry_ = store().Create(keyspace_.db(), key_, kSet, flags, payload);
  if (integer) return;
  entry_ = store().AttachCollection(entry_);
  Ensured(rows().Put(member, {}));
}

void Set::AddPacked(int64_t integer) {
  const std::string payload = PackedIntegers::Of(entry_->payload())->With(integer);
  entry_ = store().SetPayload(entry_, payload);
  if (payload.size() > kMaxPackedBytes) Unpack();
}

// Gives packed integers rows.
void Set::Unpack() {
  const std::string payload(entry_->payload());
  const PackedIntegers integers = *PackedIntegers::Of(payload);
  entry_ = store().SetPayload(entry_, {});
  entry_ = store().AttachCollection(entry_);
  store().SetTypeFlags(entry_, entry_->type_flags() | kCodes);
  char code[kMaxOrderedIntegerBytes];
  for (size_t i = 0; i < integers.count(); ++i) {
    const char* const end = EncodeOrderedInteger(code, integers.At(i));
    Ensured(rows().Put({code, static_cast<size_t>(end - code)}, {}));
  }
}

Result<bool> Set::Add(std::string_view member) {
  if (entry_ == nullptr) {
    Create(member);
    return true;
  }
  ASSIGN_OR_RETURN(const bool exists, Contains(member));
  if (exists) return false;
  const std::optional<int64_t> integer =
      !is_hash_table() || packed() ? IntegerOf(member) : std::nullopt;
  ASSIGN_OR_RETURN(const uint8_t flags, FlagsWith(member, integer.has_value()));
  if (flags != entry_->type_flags()) store().SetTypeFlags(entry_, flags);
  if (packed() && integer) {
    AddPacked(*integer);
    return true;
  }
  if (packed()) Unpack();
  RowKey buffer;
  Ensured(rows().Put(Subkey(member, buffer), {}));
  return true;
}

void Set::AfterErase(uint64_t members) {
  if (rows().empty()) {
    Delete();
    return;
  }
  if (!is_hash_table()) return;
  const uint32_t count = __builtin_bswap32(erased() + static_cast<uint32_t>(members));
  entry_ = store().SetPayload(entry_, {reinterpret_cast<const char*>(&count), sizeof(count)});
}

void Set::Delete() {
  store().Delete(entry_);
  entry_ = nullptr;
}

Result<bool> Set::Erase(std::string_view member) {
  if (entry_ == nullptr) return false;
  if (has_rows()) {
    RowKey buffer;
    ASSIGN_OR_RETURN(const bool erased, OrError(rows().Erase(Subkey(member, buffer))));
    if (erased) AfterErase(1);
    return erased;
  }
  ASSIGN_OR_RETURN(const bool exists, Contains(member));
  if (!exists) return false;
  const PackedIntegers integers = *PackedIntegers::Of(entry_->payload());
  if (integers.count() == 1) {
    Delete();
  } else {
    const std::string payload = integers.Without(integers.Rank(*IntegerOf(member)));
    entry_ = store().SetPayload(entry_, payload);
  }
  return true;
}

Result<void> Set::EraseRanks(std::span<const uint64_t> ranks, Visitor visit) {
  if (ranks.empty()) return {};
  std::vector<std::string> gone;  // Subkeys, or members if packed.
  gone.reserve(ranks.size());
  const bool by_member = packed();
  for (const uint64_t rank : ranks) {
    if (by_member) {
      RETURN_IF_ERROR(Visit(rank, rank + 1, [&](std::string_view member) {
        gone.emplace_back(member);
        return visit(member);
      }));
      continue;
    }
    char buffer[resp::kMaxInt64Chars];
    const lsm::CollectionCursor row = rows().At(rank);
    if (!row.valid()) return tl::unexpected(Error(row.status()));
    gone.emplace_back(row.subkey());
    ASSIGN_OR_RETURN(const std::string_view member, MemberOf(row.subkey(), has_codes(), buffer));
    visit(member);
  }
  for (const std::string& name : gone) {
    if (by_member) {
      RETURN_IF_ERROR(Erase(name));
    } else {
      Ensured(rows().Erase(name));
    }
  }
  if (!by_member) AfterErase(gone.size());
  return {};
}

Set Set::Replace(Keyspace keyspace, std::string_view key, std::span<const std::string_view> members,
                 const Settings& settings) {
  std::vector<int64_t> integers;
  size_t longest = 0;
  for (const std::string_view member : members) {
    longest = std::max(longest, member.size());
    const std::optional<int64_t> integer = IntegerOf(member);
    if (integer) integers.push_back(*integer);
  }
  const bool all_integers = integers.size() == members.size();
  uint8_t flags = 0;
  if (!all_integers || !Within(members.size(), settings.set_max_intset_entries)) {
    const bool fits = Within(members.size(), settings.set_max_listpack_entries) &&
                      Within(longest, settings.set_max_listpack_value);
    flags = fits ? kListpack : kHashTable;
  }
  Set set(keyspace, key, nullptr, settings);
  std::string payload;
  if (all_integers) {
    std::sort(integers.begin(), integers.end());
    payload = PackedIntegers::Begin(integers.front(), integers.back(),
                                    std::min<size_t>(integers.size(), kMaxPackedBytes));
    const size_t width = static_cast<uint8_t>(payload[0]);
    if (1 + width * integers.size() <= kMaxPackedBytes) {
      for (const int64_t integer : integers) PackedIntegers::Append(payload, integer);
      set.entry_ = set.store().Create(keyspace.db(), key, kSet, flags, payload);
      return set;
    }
    flags |= kCodes;
  }
  set.entry_ = set.store().AttachCollection(
      set.store().Create(keyspace.db(), key, kSet, flags, std::string_view()));
  for (const std::string_view member : members) {  // All of a new collection is resident.
    RowKey buffer;
    Ensured(set.rows().Put(set.Subkey(member, buffer), {}));
  }
  return set;
}

}  // namespace datatypes
