// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/geo_search.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "datatypes/arguments.h"
#include "datatypes/errors.h"
#include "resp/number_format.h"

namespace datatypes {
namespace {

bool IsSearch(GeoForm form) {
  return form == GeoForm::kSearch || form == GeoForm::kSearchStore;
}
bool MayStore(GeoForm form) {
  return form == GeoForm::kRadius || form == GeoForm::kRadiusByMember;
}

Result<void> SetCenter(const SortedSet& set, std::string_view member, GeoQuery& query) {
  query.member = member;
  if (!set.exists()) return {};  // The reply will say nothing of it.
  ASSIGN_OR_RETURN(const std::optional<double> score, set.Score(member));
  if (!score) return Fail(kGeoNoSuchMember);
  query.shape.center = PositionOfScore(*score);
  return {};
}

Result<void> SetRadius(Args args, GeoQuery& query) {
  query.shape.kind = GeoShape::Kind::kCircle;
  ASSIGN_OR_RETURN(query.shape.radius, ParseDouble(args[0], kGeoRadiusNotNumeric));
  if (query.shape.radius < 0) return Fail(kGeoRadiusNegative);
  ASSIGN_OR_RETURN(query.shape.unit, ParseGeoUnit(args[1]));
  return {};
}

Result<void> SetBox(Args args, GeoQuery& query) {
  query.shape.kind = GeoShape::Kind::kBox;
  ASSIGN_OR_RETURN(query.shape.width, ParseDouble(args[0], kGeoWidthNotNumeric));
  ASSIGN_OR_RETURN(query.shape.height, ParseDouble(args[1], kGeoHeightNotNumeric));
  if (query.shape.width < 0 || query.shape.height < 0) return Fail(kGeoBoxNegative);
  ASSIGN_OR_RETURN(query.shape.unit, ParseGeoUnit(args[2]));
  return {};
}

// What an option list has said of the two things that GEOSEARCH needs once each.
struct Given {
  bool member = false;
  bool position = false;
  bool radius = false;
  bool box = false;
};

// One option that all forms have. False: it is none of them.
Result<bool> TakeCommonOption(OptionReader& options, GeoQuery& query) {
  if (options.Take("WITHDIST")) {
    query.with_distance = true;
  } else if (options.Take("WITHHASH")) {
    query.with_hash = true;
  } else if (options.Take("WITHCOORD")) {
    query.with_coordinates = true;
  } else if (options.Take("ANY")) {
    query.any = true;
  } else if (options.Take("ASC")) {
    query.order = GeoQuery::Order::kNearestFirst;
  } else if (options.Take("DESC")) {
    query.order = GeoQuery::Order::kFarthestFirst;
  } else if (options.Take("COUNT", 1)) {
    ASSIGN_OR_RETURN(const int64_t count, ParseInteger(options.operand()));
    if (count <= 0) return Fail(kGeoCountNotPositive);
    query.count = static_cast<uint64_t>(count);
  } else {
    return false;
  }
  return true;
}

// One option of GEOSEARCH and GEOSEARCHSTORE.
Result<bool> TakeSearchOption(OptionReader& options, GeoForm form, const SortedSet& set,
                              Given& given, GeoQuery& query) {
  if (!given.position && options.Take("FROMMEMBER", 1)) {
    given.member = true;
    RETURN_IF_ERROR(SetCenter(set, options.operand(), query));
  } else if (!given.member && options.Take("FROMLONLAT", 2)) {
    given.position = true;
    ASSIGN_OR_RETURN(query.shape.center, ParseGeoPosition(options.operand(0), options.operand(1)));
  } else if (!given.box && options.Take("BYRADIUS", 2)) {
    given.radius = true;
    const std::string_view operands[] = {options.operand(0), options.operand(1)};
    RETURN_IF_ERROR(SetRadius(operands, query));
  } else if (!given.radius && options.Take("BYBOX", 3)) {
    given.box = true;
    const std::string_view operands[] = {options.operand(0), options.operand(1),
                                         options.operand(2)};
    RETURN_IF_ERROR(SetBox(operands, query));
  } else if (form == GeoForm::kSearchStore && options.Take("STOREDIST")) {
    query.store_distances = true;
  } else {
    return false;
  }
  return true;
}

bool TakeStoreOption(OptionReader& options, GeoQuery& query) {
  const bool distances = options.Take("STOREDIST", 1);
  if (!distances && !options.Take("STORE", 1)) return false;
  query.store = options.operand();
  query.store_distances = distances;
  return true;
}

Result<void> CheckTogether(Args args, GeoForm form, const Given& given, const GeoQuery& query) {
  if (query.store && (query.with_distance || query.with_hash || query.with_coordinates)) {
    return Fail(form == GeoForm::kSearchStore ? kGeoSearchStoreWith : kGeoRadiusStoreWith);
  }
  if (IsSearch(form) && !given.member && !given.position) {
    return GeoNeedsOneOf("FROMMEMBER or FROMLONLAT", args[0]);
  }
  if (IsSearch(form) && !given.radius && !given.box) {
    return GeoNeedsOneOf("BYRADIUS and BYBOX", args[0]);
  }
  if (query.any && query.count == 0) return Fail(kGeoAnyNeedsCount);
  return {};
}

// Where the options begin, after reading what comes before them.
Result<size_t> ParsePlain(Args args, GeoForm form, const SortedSet& set, GeoQuery& query) {
  switch (form) {
    case GeoForm::kSearch:
      return size_t{2};
    case GeoForm::kSearchStore:
      query.store = args[1];
      return size_t{3};
    case GeoForm::kRadius:
    case GeoForm::kRadiusReadOnly: {
      ASSIGN_OR_RETURN(query.shape.center, ParseGeoPosition(args[2], args[3]));
      RETURN_IF_ERROR(SetRadius(args.subspan(4, 2), query));
      return size_t{6};
    }
    case GeoForm::kRadiusByMember:
    case GeoForm::kRadiusByMemberReadOnly: {
      if (!set.exists()) return size_t{5};
      RETURN_IF_ERROR(SetCenter(set, args[2], query));
      RETURN_IF_ERROR(SetRadius(args.subspan(3, 2), query));
      return size_t{5};
    }
  }
  return size_t{2};
}

// Keeps of all hits the nearest, or the farthest, `most`; of equal ones those that came first.
class BestHits {
 public:
  BestHits(GeoQuery::Order order, uint64_t most) : order_(order), most_(most) {}

  void Add(GeoHit hit) {
    if (most_ == 0 || hits_.size() < most_) {
      hits_.push_back({std::move(hit), hits_.size()});
      if (hits_.size() == most_) std::make_heap(hits_.begin(), hits_.end(), Before());
      return;
    }
    Numbered one{std::move(hit), next_number_++ + most_};
    if (!Before()(one, hits_.front())) return;
    std::pop_heap(hits_.begin(), hits_.end(), Before());
    hits_.back() = std::move(one);
    std::push_heap(hits_.begin(), hits_.end(), Before());
  }

  std::vector<GeoHit> Take() {
    std::sort(hits_.begin(), hits_.end(), Before());
    std::vector<GeoHit> taken;
    taken.reserve(hits_.size());
    for (Numbered& each : hits_) taken.push_back(std::move(each.hit));
    return taken;
  }

 private:
  struct Numbered {
    GeoHit hit;
    uint64_t number;
  };
  struct Order {
    bool nearest_first;
    bool operator()(const Numbered& a, const Numbered& b) const {
      if (a.hit.distance != b.hit.distance) {
        return nearest_first ? a.hit.distance < b.hit.distance : a.hit.distance > b.hit.distance;
      }
      return a.number < b.number;
    }
  };
  Order Before() const { return {order_ == GeoQuery::Order::kNearestFirst}; }

  const GeoQuery::Order order_;
  const uint64_t most_;
  std::vector<Numbered> hits_;
  uint64_t next_number_ = 0;
};

// Visits what lies within the shape, square by square, until `visit` answers false.
Result<void> VisitPlaces(const SortedSet& set, const GeoShape& shape,
                         absl::FunctionRef<bool(GeoHit)> visit) {
  bool more = true;
  for (const GeoScoreRange& square : CoveringRanges(shape)) {
    const SortedSet::Range range =
        set.ScoreRange({square.begin, false}, {square.end, /*exclusive=*/true});
    RETURN_IF_ERROR(
        set.Visit(range, SortedSet::Direction::kForward, [&](const SortedSet::Element& element) {
          const GeoPosition position = PositionOfScore(element.score);
          const std::optional<double> distance = shape.DistanceWithin(position);
          if (!distance) return true;
          more = visit({std::string(element.member), element.score, position, *distance});
          return more;
        }));
    if (!more) break;
  }
  return {};
}

}  // namespace

Result<double> ParseGeoUnit(std::string_view text) {
  if (EqualsIgnoreCase(text, "m")) return 1.0;
  if (EqualsIgnoreCase(text, "km")) return 1000.0;
  if (EqualsIgnoreCase(text, "ft")) return 0.3048;
  if (EqualsIgnoreCase(text, "mi")) return 1609.34;
  return Fail(kUnknownUnit);
}

Result<GeoPosition> ParseGeoPosition(std::string_view longitude, std::string_view latitude) {
  GeoPosition position;
  ASSIGN_OR_RETURN(position.longitude, ParseDouble(longitude));
  ASSIGN_OR_RETURN(position.latitude, ParseDouble(latitude));
  if (!IsOnMap(position)) return OffTheMap(position.longitude, position.latitude);
  return position;
}

void ReplyCoordinate(resp::Writer& reply, double degrees) {
  const std::string text = resp::HumanDoubleToString(degrees);
  if (reply.resp3()) {
    reply.Raw(fmt::format(",{}\r\n", text));
  } else {
    reply.Bulk(text);
  }
}

void ReplyDistance(resp::Writer& reply, double distance) {
  reply.Bulk(fmt::format("{:.4f}", distance));
}

std::optional<std::string_view> CenterMember(Args args, GeoForm form) {
  if (form == GeoForm::kRadiusByMember || form == GeoForm::kRadiusByMemberReadOnly) return args[2];
  if (!IsSearch(form)) return std::nullopt;
  for (size_t i = 2; i + 1 < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "FROMMEMBER")) return args[i + 1];
  }
  return std::nullopt;
}

Result<GeoQuery> ParseGeoQuery(Args args, GeoForm form, const SortedSet& set) {
  GeoQuery query;
  Given given;
  ASSIGN_OR_RETURN(const size_t first, ParsePlain(args, form, set, query));
  for (OptionReader options(args, first); !options.done();) {
    ASSIGN_OR_RETURN(bool taken, TakeCommonOption(options, query));
    if (!taken && MayStore(form)) taken = TakeStoreOption(options, query);
    if (!taken && IsSearch(form)) {
      ASSIGN_OR_RETURN(taken, TakeSearchOption(options, form, set, given, query));
    }
    if (!taken) return Fail(kSyntaxError);
  }
  RETURN_IF_ERROR(CheckTogether(args, form, given, query));
  // The first ones of an order that is nobody's would be of no use.
  if (query.count != 0 && query.order == GeoQuery::Order::kNone && !query.any) {
    query.order = GeoQuery::Order::kNearestFirst;
  }
  return query;
}

Result<std::vector<GeoHit>> FindPlaces(const SortedSet& set, const GeoQuery& query) {
  const bool ordered = query.order != GeoQuery::Order::kNone;
  std::vector<GeoHit> hits;
  BestHits best(query.order, query.any ? 0 : query.count);
  uint64_t found = 0;
  RETURN_IF_ERROR(VisitPlaces(set, query.shape, [&](GeoHit hit) {
    if (ordered) {
      best.Add(std::move(hit));
    } else {
      hits.push_back(std::move(hit));
    }
    ++found;
    return !query.any || found < query.count;
  }));
  if (ordered) hits = best.Take();
  // Sorted by metres: what is equal in a larger unit need not be.
  for (GeoHit& hit : hits) hit.distance /= query.shape.unit;
  return hits;
}

}  // namespace datatypes
