// SPDX-License-Identifier: BSD-3-Clause
// How a sorted set lies in rows (FORMAT.md has examples):
//
//   small      score's code · member      value: empty
//   indexed    S · score's code · member  value: empty
//              m · member                 value: the score's code
//
// Rows by score come before rows by name, so the rank of a row is the rank of its member, and on a
// cold set nothing else has to be counted. A small set needs a walk over its rows to find a member,
// as Redis' listpack does; an index of it would double its size.
#include "datatypes/sorted_set.h"

#include <algorithm>
#include <cstring>

#include "datatypes/row_results.h"
#include "datatypes/sorted_set_format.h"

namespace datatypes {
namespace {

constexpr std::string_view kAfterScores = "T";
// Above all codes: the greatest, of infinity, begins with FF F0.
constexpr std::string_view kAboveCodes = "\xff\xff";

Error Damaged() {
  return Error(lsm::Status::Corruption("a row of a sorted set has no score"));
}

RowKey ScoreKey(std::string_view tag, double score, std::string_view member) {
  RowKey key;
  key.Add(tag).AddScore(score).Add(member);
  return key;
}

std::string_view Code(double score, char (&to)[kMaxScoreCodeBytes]) {
  return {to, static_cast<size_t>(EncodeScore(to, score) - to)};
}

}  // namespace

Result<SortedSet> SortedSet::Open(Keyspace keyspace, std::string_view key,
                                  const Settings& settings) {
  ASSIGN_OR_RETURN(lsm::Entry* const entry, keyspace.GetTyped(key, kSortedSet));
  return Of(keyspace, key, entry, settings);
}

std::string_view SortedSet::Encoding(const lsm::Entry& entry) {
  return (entry.type_flags() & kSkipList) != 0 ? "skiplist" : "listpack";
}

std::string_view SortedSet::score_tag() const {
  return indexed() ? kScoreRowTag : std::string_view();
}

std::string_view SortedSet::scores_end() const {
  return indexed() ? kAfterScores : kAboveCodes;
}

uint64_t SortedSet::size() const {
  if (entry_ == nullptr || !entry_->has_collection()) return 0;
  return indexed() ? rows().count() / 2 : rows().count();
}

// The payload of an indexed set: how many members were erased, u32 big-endian.
uint32_t SortedSet::erased() const {
  uint32_t count = 0;
  if (!indexed() || entry_->payload().size() != sizeof(count)) return 0;
  std::memcpy(&count, entry_->payload().data(), sizeof(count));
  return __builtin_bswap32(count);
}

bool SortedSet::PrefetchAll(uint64_t max_rows, lsm::LoadWaiter& waiter) const {
  if (entry_ == nullptr || !entry_->has_collection()) return true;
  return store().PrefetchAll(*entry_, max_rows, waiter);
}

bool SortedSet::PrefetchMember(std::string_view member, lsm::LoadWaiter& waiter) const {
  return !indexed() || store().PrefetchRow(*entry_, NameRowKey(member).view(), waiter);
}

bool SortedSet::PrefetchRange(const Range& range, uint64_t members, lsm::LoadWaiter& waiter) const {
  if (size() == 0 || range.empty()) return true;
  return store().PrefetchScan(*entry_, range.begin, members, lsm::Collection::Direction::kForward,
                              waiter);
}

// ---- Reading.

Result<SortedSet::Element> SortedSet::Decode(const lsm::CollectionCursor& row) const {
  const std::string_view key = row.subkey().substr(score_tag().size());
  const std::optional<DecodedScore> decoded = DecodeScore(key);
  if (!decoded) return tl::unexpected(Damaged());
  return Element{key.substr(decoded->bytes), decoded->score};
}

Result<void> SortedSet::Walk(lsm::CollectionCursor row, uint64_t most, std::string_view stop,
                             Direction direction, Visitor visit) const {
  const size_t tag_bytes = score_tag().size();
  for (; most > 0 && row.valid(); --most) {
    if (!stop.empty() && (direction == Direction::kForward) == (row.subkey() >= stop)) return {};
    // As Decode, without a Result to be made for each row.
    const std::string_view key = row.subkey().substr(tag_bytes);
    const std::optional<DecodedScore> decoded = DecodeScore(key);
    if (!decoded) [[unlikely]]
      return tl::unexpected(Damaged());
    if (!visit(Element{key.substr(decoded->bytes), decoded->score})) return {};
    if (most == 1) return {};  // The next row may be on a page that nobody needs.
    if (direction == Direction::kForward) {
      row.Next();
    } else {
      row.Prev();
    }
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  return {};
}

Result<void> SortedSet::Visit(uint64_t from, uint64_t to, Direction direction,
                              Visitor visit) const {
  to = std::min(to, size());
  if (from >= to) return {};
  const bool forward = direction == Direction::kForward;
  // Their number is the bound: the first size() rows are those of scores.
  return Walk(rows().At(forward ? from : to - 1), to - from, /*stop=*/{}, direction, visit);
}

Result<void> SortedSet::Visit(const Range& range, Direction direction, Visitor visit) const {
  if (range.empty() || size() == 0) return {};
  const bool forward = direction == Direction::kForward;
  return Walk(forward ? rows().Seek(range.begin) : rows().SeekBefore(range.end), size(),
              forward ? range.end : range.begin, direction, visit);
}

Result<void> SortedSet::VisitByName(uint64_t from, uint64_t to, Visitor visit) const {
  if (!indexed()) return Visit(from, to, Direction::kForward, visit);
  to = std::min(to, size());
  if (from >= to) return {};
  lsm::CollectionCursor row = rows().At(size() + from);
  for (uint64_t rank = from; rank < to && row.valid(); ++rank, row.Next()) {
    const std::optional<DecodedScore> decoded = DecodeScore(row.value());
    if (!decoded) return tl::unexpected(Damaged());
    if (!visit(Element{row.subkey().substr(kNameRowTag.size()), decoded->score})) return {};
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  return {};
}

Result<std::optional<double>> SortedSet::Score(std::string_view member) const {
  if (size() == 0) return std::optional<double>();
  if (!indexed()) {
    ASSIGN_OR_RETURN(const std::optional<Place> place, Find(member));
    return place ? std::optional<double>(place->score) : std::optional<double>();
  }
  ASSIGN_OR_RETURN(const std::optional<std::string_view> code,
                   OrError(rows().Find(NameRowKey(member).view())));
  if (!code) return std::optional<double>();
  const std::optional<DecodedScore> decoded = DecodeScore(*code);
  if (!decoded) return tl::unexpected(Damaged());
  return std::optional<double>(decoded->score);
}

Result<std::optional<SortedSet::Place>> SortedSet::Find(std::string_view member) const {
  std::optional<Place> place;
  if (size() == 0) return place;
  if (!indexed()) {
    uint64_t rank = 0;
    RETURN_IF_ERROR(Visit(0, size(), Direction::kForward, [&](const Element& element) {
      if (element.member == member) place = Place{rank, element.score};
      ++rank;
      return !place;
    }));
    return place;
  }
  ASSIGN_OR_RETURN(const std::optional<double> score, Score(member));
  if (!score) return place;
  ASSIGN_OR_RETURN(const uint64_t rank,
                   OrError(rows().Rank(ScoreKey(kScoreRowTag, *score, member).view())));
  place = Place{rank, *score};
  return place;
}

SortedSet::Range SortedSet::ScoreRange(const ScoreBound& min, const ScoreBound& max) const {
  RowKey begin;
  begin.Add(score_tag()).AddScore(min.score);
  if (min.exclusive) begin.StepOverScore();
  RowKey end;
  end.Add(score_tag()).AddScore(max.score);
  if (!max.exclusive) end.StepOverScore();
  return {std::string(begin.view()), std::string(end.view())};
}

Result<SortedSet::Range> SortedSet::LexRange(const LexBound& min, const LexBound& max) const {
  double score = 0;
  RETURN_IF_ERROR(Visit(0, 1, Direction::kForward, [&score](const Element& first) {
    score = first.score;
    return false;
  }));
  // `after`: the place is behind the bound's member, not before it.
  const auto place = [this, score](const LexBound& bound, bool after) {
    switch (bound.kind) {
      case LexBound::Kind::kLowest:
        return std::string(score_tag());
      case LexBound::Kind::kHighest:
        return std::string(scores_end());
      default:
        break;
    }
    RowKey key = ScoreKey(score_tag(), score, bound.member);
    if (after) key.Add(std::string_view("\0", 1));
    return std::string(key.view());
  };
  return Range{place(min, min.kind == LexBound::Kind::kExclusive),
               place(max, max.kind == LexBound::Kind::kInclusive)};
}

Result<uint64_t> SortedSet::CountBefore(const Range& range) const {
  if (size() == 0) return uint64_t{0};
  return OrError(rows().Rank(range.begin));
}

Result<uint64_t> SortedSet::Count(const Range& range) const {
  if (size() == 0 || range.empty()) return uint64_t{0};
  ASSIGN_OR_RETURN(const uint64_t begin, OrError(rows().Rank(range.begin)));
  ASSIGN_OR_RETURN(const uint64_t end, OrError(rows().Rank(range.end)));
  return end - begin;
}

// ---- Changing.

void SortedSet::Create() {
  entry_ = store().AttachCollection(store().Create(keyspace_.db(), key_, kSortedSet, 0, {}));
}

bool SortedSet::WouldBeSkipList(const Settings& settings, uint64_t members, size_t member_bytes) {
  const auto most = static_cast<uint64_t>(std::max<int64_t>(settings.zset_max_listpack_entries, 0));
  const auto limit = static_cast<uint64_t>(std::max<int64_t>(settings.zset_max_listpack_value, 0));
  return members > most || member_bytes > limit;
}

// What Redis would make of a set that has come to this size.
void SortedSet::NoteSize(uint64_t members, size_t member_bytes) {
  if (is_skip_list()) return;
  if (!WouldBeSkipList(*settings_, members, member_bytes)) return;
  store().SetTypeFlags(entry_, entry_->type_flags() | kSkipList);
}

// Gives a small set, all of it loaded, its other form.
Result<void> SortedSet::MakeIndexed() {
  std::vector<std::string> old;
  lsm::CollectionCursor row = rows().SeekFirst();
  for (; row.valid(); row.Next()) {
    RETURN_IF_ERROR(OnlyError(Decode(row)));
    old.emplace_back(row.subkey());
  }
  if (!row.status().ok()) return tl::unexpected(Error(row.status()));
  for (const std::string& key : old) Ensured(rows().Erase(key));
  store().SetTypeFlags(entry_, entry_->type_flags() | kIndexed);
  for (const std::string& key : old) {
    const std::string_view code = std::string_view(key).substr(0, DecodeScore(key)->bytes);
    RowKey tagged;
    tagged.Add(kScoreRowTag).Add(key);
    Ensured(rows().Put(tagged.view(), {}));
    Ensured(rows().Put(NameRowKey(std::string_view(key).substr(code.size())).view(), code));
  }
  return {};
}

Result<void> SortedSet::Set(std::string_view member, double score,
                            const std::optional<double>& old) {
  if (entry_ == nullptr) {
    Create();
  } else if (old) {
    if (*old == score) return {};
    // What is to be written is loaded before the first change.
    RETURN_IF_ERROR(
        OnlyError(OrError(rows().Contains(ScoreKey(score_tag(), *old, member).view()))));
  }
  const uint64_t members = size() + (old ? 0 : 1);
  if (!indexed() && (members > kMaxSmallMembers || member.size() > kMaxSmallMemberBytes)) {
    RETURN_IF_ERROR(MakeIndexed());
  }
  const RowKey by_score = ScoreKey(score_tag(), score, member);
  if (!old || indexed()) {
    RETURN_IF_ERROR(OnlyError(OrError(rows().Contains(by_score.view()))));
  }
  if (old) Ensured(rows().Erase(ScoreKey(score_tag(), *old, member).view()));
  Ensured(rows().Put(by_score.view(), {}));
  if (indexed()) {
    char code[kMaxScoreCodeBytes];
    Ensured(rows().Put(NameRowKey(member).view(), Code(score, code)));
  }
  if (!old) NoteSize(members, member.size());
  return {};
}

void SortedSet::AfterErase(uint64_t members) {
  if (rows().empty()) {
    store().Delete(entry_);
    entry_ = nullptr;
    return;
  }
  if (!indexed()) return;
  const uint32_t count = __builtin_bswap32(erased() + static_cast<uint32_t>(members));
  entry_ = store().SetPayload(entry_, {reinterpret_cast<const char*>(&count), sizeof(count)});
}

Result<void> SortedSet::EraseRows(std::string_view member, double score) {
  const RowKey by_score = ScoreKey(score_tag(), score, member);
  if (indexed()) {
    RETURN_IF_ERROR(OnlyError(OrError(rows().Contains(by_score.view()))));
    RETURN_IF_ERROR(OnlyError(OrError(rows().Erase(NameRowKey(member).view()))));
  }
  return OnlyError(OrError(rows().Erase(by_score.view())));
}

Result<bool> SortedSet::Erase(std::string_view member) {
  ASSIGN_OR_RETURN(const std::optional<double> score, Score(member));
  if (!score) return false;
  RETURN_IF_ERROR(EraseRows(member, *score));
  AfterErase(1);
  return true;
}

Result<uint64_t> SortedSet::EraseRanks(uint64_t from, uint64_t to) {
  to = std::min(to, size());
  if (from >= to) return uint64_t{0};
  if (from == 0 && to == size()) {  // All of it: its rows are collected in the background.
    store().Delete(entry_);
    entry_ = nullptr;
    return to;
  }
  std::vector<std::pair<std::string, double>> gone;
  RETURN_IF_ERROR(Visit(from, to, Direction::kForward, [&gone](const Element& element) {
    gone.emplace_back(element.member, element.score);
    return true;
  }));
  if (indexed()) {  // What can fail comes first.
    for (const auto& [member, score] : gone) {
      RETURN_IF_ERROR(OnlyError(OrError(rows().Contains(NameRowKey(member).view()))));
    }
  }
  for (const auto& [member, score] : gone) RETURN_IF_ERROR(EraseRows(member, score));
  AfterErase(gone.size());
  return uint64_t{gone.size()};
}

Result<SortedSet> SortedSet::Replace(Keyspace keyspace, std::string_view key,
                                     const std::vector<Element>& elements,
                                     const Settings& settings) {
  size_t longest = 0;
  for (const Element& element : elements) longest = std::max(longest, element.member.size());
  SortedSet set(keyspace, key, nullptr, settings);
  set.Create();
  if (elements.size() > kMaxSmallMembers || longest > kMaxSmallMemberBytes) {
    set.store().SetTypeFlags(set.entry_, kIndexed);
  }
  set.NoteSize(elements.size(), longest);
  for (const Element& element : elements) {  // All of a new collection is resident.
    Ensured(set.rows().Put(ScoreKey(set.score_tag(), element.score, element.member).view(), {}));
    if (!set.indexed()) continue;
    char code[kMaxScoreCodeBytes];
    Ensured(set.rows().Put(NameRowKey(element.member).view(), Code(element.score, code)));
  }
  return set;
}

}  // namespace datatypes
