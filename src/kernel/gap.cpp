// Who owes the missing area under the precision-recall curves, at all IoU thresholds.
#include <nanobind/stl/optional.h>

#include <cmath>
#include <optional>
#include <span>

#include "arrays.h"
#include "curve.h"
#include "hits.h"
#include "kernel.h"
#include "memory.h"
#include "threads.h"

namespace mapgap {
namespace {

using Causes2 = In<std::int8_t, 2>;

// A true positive in rank order: its rank among the counted detections, and how many true positives up to it.
struct Event {
  std::int64_t rank;
  std::int64_t true_positives;
};

// For each event the first rank at or after it where precision attains the envelope; fractions compared as whole numbers.
void take_envelope_events(std::vector<Event>& events) {
  for (std::size_t i = events.size(); i-- > 1;) {
    const bool here_is_lower = events[i - 1].true_positives * events[i].rank < events[i].true_positives * events[i - 1].rank;
    if (here_is_lower) events[i - 1] = events[i];
  }
}

// What debtors owe by cause, added up in the order of the calls. Memory that no cause touches is never used.
class Ledger {
 public:
  Ledger(std::size_t causes, std::size_t debtors, double weight)
      : causes_(causes), debtors_(debtors), weight_(weight), at_first_(zeroed_doubles(debtors)),
        owed_(zeroed_doubles(causes * debtors)) {}

  void add(std::int8_t cause, std::size_t debtor, double debt, std::size_t threshold) {
    owed_[static_cast<std::size_t>(cause) * debtors_ + debtor] += debt * weight_;
    if (threshold == 0) at_first_[debtor] = debt;
  }

  struct Table {
    std::vector<std::int8_t> cause;
    std::vector<std::int32_t> debtor;
    std::vector<double> owed;
    std::vector<double> at_first;  // the debt at the first threshold, without the weight
  };

  // All who owe something, by cause, then debtor.
  Table table(const std::int8_t* first_cause) const {
    Table table;
    table.cause.reserve(debtors_);
    table.debtor.reserve(debtors_);
    table.owed.reserve(debtors_);
    table.at_first.reserve(debtors_);
    for (std::size_t cause = 0; cause < causes_; ++cause) {
      const auto code = static_cast<std::int8_t>(cause);
      for (std::size_t debtor = 0; debtor < debtors_; ++debtor) {
        const double owed = owed_[cause * debtors_ + debtor];
        if (owed == 0) continue;
        table.cause.push_back(code);
        table.debtor.push_back(static_cast<std::int32_t>(debtor));
        table.owed.push_back(owed);
        table.at_first.push_back(first_cause[debtor] == code ? at_first_[debtor] : 0.0);
      }
    }
    return table;
  }

 private:
  std::size_t causes_, debtors_;
  double weight_;
  ZeroedDoubles at_first_;
  ZeroedDoubles owed_;
};

auto give_table(Ledger::Table&& table) {
  const std::size_t rows = table.cause.size();
  return std::make_tuple(give(std::move(table.cause), {rows}), give(std::move(table.debtor), {rows}),
                         give(std::move(table.owed), {rows}), give(std::move(table.at_first), {rows}));
}

// The detections of one class in rank order, and the thresholds at which each counts and is right.
struct Ranking {
  std::span<const std::int32_t> detections;
  std::vector<std::uint32_t> counted, right;

  Ranking(std::span<const std::int32_t> order, const Bits1& counted_at, const Bits1& true_positive_at) : detections(order) {
    counted.reserve(order.size());
    right.reserve(order.size());
    for (const std::int32_t detection : order) {
      right.push_back(true_positive_at.data()[detection] & counted_at.data()[detection]);
      counted.push_back(counted_at.data()[detection]);
    }
  }

  // One past the last true positive at a threshold, behind which nobody owes; without any, past the first that counts.
  std::size_t end(std::size_t t) const {
    for (std::size_t place = right.size(); place-- > 0;) {
      if ((right[place] >> t & 1U) != 0) return place + 1;
    }
    for (std::size_t place = 0; place < counted.size(); ++place) {
      if ((counted[place] >> t & 1U) != 0) return place + 1;
    }
    return 0;
  }
};

// Divides what one class lacks at one threshold among its false positives; keeps its memory from call to call.
class Division {
 public:
  Division(const double* recall_thresholds, std::size_t points) : recall_thresholds_(recall_thresholds), points_(points) {}

  // Calls owe(detection, debt) for each false positive that owes; gives the share of recall points not reached.
  template <typename Owe>
  double divide(const Ranking& ranking, std::size_t t, std::int64_t positives, Owe owe) {
    rank(ranking, t);
    take_envelope_events(events_);
    owed_up_to_.assign(places_.size(), 0.0);
    std::size_t reached = 0;
    std::size_t last = 0;
    const double share = 1.0 / static_cast<double>(points_);
    const auto reach = [&](std::int64_t at) {
      ++reached;
      last = std::max(last, static_cast<std::size_t>(at));
      owed_up_to_[static_cast<std::size_t>(at - 1)] += share / static_cast<double>(at);
    };
    for_reached(recall_thresholds_, points_, events_.size(), positives,
                [&](std::size_t, std::size_t event) { reach(events_[event].rank); });
    // Recall 0 is reached by the first counted detection even if no true positive ever comes.
    for (std::size_t point = 0; events_.empty() && !places_.empty() && point < points_ && recall_thresholds_[point] <= 0; ++point) {
      reach(1);
    }
    double owed = 0;
    for (std::size_t i = last; i-- > 0;) {
      owed += owed_up_to_[i];
      const std::size_t place = places_[i];
      if ((ranking.right[place] >> t & 1U) == 0) owe(static_cast<std::size_t>(ranking.detections[place]), owed);
    }
    return share * static_cast<double>(points_ - reached);
  }

 private:
  // Places of the counted detections, and the true positives among them.
  void rank(const Ranking& ranking, std::size_t t) {
    places_.clear();
    events_.clear();
    const std::size_t end = ranking.end(t);
    for (std::size_t place = 0; place < end; ++place) {
      if ((ranking.counted[place] >> t & 1U) == 0) continue;
      places_.push_back(static_cast<std::uint32_t>(place));
      if ((ranking.right[place] >> t & 1U) == 0) continue;
      events_.push_back({static_cast<std::int64_t>(places_.size()), static_cast<std::int64_t>(events_.size()) + 1});
    }
  }

  const double* recall_thresholds_;
  std::size_t points_;
  std::vector<std::uint32_t> places_;   // by rank - 1
  std::vector<double> owed_up_to_;      // by rank - 1: what every false positive of that rank or better owes
  std::vector<Event> events_;
};

// The unreached share of each class, in equal parts to those of its objects that have a cause at the threshold.
void share_unreached(const std::vector<double>& unreached, const Index1& category, const std::int8_t* cause, std::size_t t,
                     Ledger& ledger) {
  std::vector<std::int64_t> missed(unreached.size(), 0);
  const auto owes = [&](std::size_t object) { return cause[object] >= 0; };
  const auto class_of = [&](std::size_t object) { return static_cast<std::size_t>(category.data()[object]); };
  for (std::size_t object = 0; object < category.shape(0); ++object) {
    if (owes(object)) ++missed[class_of(object)];
  }
  for (std::size_t object = 0; object < category.shape(0); ++object) {
    if (!owes(object) || unreached[class_of(object)] == 0) continue;
    ledger.add(cause[object], object, unreached[class_of(object)] / static_cast<double>(missed[class_of(object)]), t);
  }
}

auto divide_gap(Index1 class_order, Id1 class_offsets, Bits1 counted_at, Bits1 true_positive_at, Causes2 detection_cause,
                Index1 object_category, Causes2 object_cause, Id1 positives, Float1 recall_thresholds, double weight,
                std::size_t causes, int threads) {
  const std::size_t classes = positives.shape(0);
  const std::size_t detections = class_order.shape(0);
  const std::size_t annotations = object_category.shape(0);
  const std::size_t thresholds = detection_cause.shape(0);
  Ledger::Table of_detections;
  Ledger::Table of_objects;
  {
    nb::gil_scoped_release released;
    require(thresholds > 0 && thresholds <= most_thresholds, "at least 1 and at most 32 IoU thresholds fit one call");
    require(counted_at.shape(0) == detections && true_positive_at.shape(0) == detections && detection_cause.shape(1) == detections,
            "detection arrays differ in length");
    require(object_cause.shape(0) == thresholds && object_cause.shape(1) == annotations, "annotation arrays differ in shape");
    require(class_offsets.shape(0) == classes + 1, "class_offsets must have one entry more than positives");
    require_offsets(class_offsets.data(), classes + 1, detections, "class_offsets");
    require_below(class_order.data(), detections, 0, static_cast<std::int64_t>(detections), "class_order");
    require_below(object_category.data(), annotations, 0, static_cast<std::int64_t>(classes), "object_category");
    require_below(object_cause.data(), thresholds * annotations, -1, static_cast<std::int64_t>(causes), "object_cause");
    Ledger ledger(causes, detections, weight);
    std::vector<std::vector<double>> unreached(thresholds, std::vector<double>(classes, 0.0));
    const std::vector<std::size_t> offsets(class_offsets.data(), class_offsets.data() + classes + 1);
    run_blocks(balanced_cuts(offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      Division division(recall_thresholds.data(), recall_thresholds.shape(0));
      for (std::size_t k = begin; k < end; ++k) {
        if (positives.data()[k] == 0) continue;
        const Ranking ranking({class_order.data() + offsets[k], offsets[k + 1] - offsets[k]}, counted_at, true_positive_at);
        for (std::size_t t = 0; t < thresholds; ++t) {
          const std::int8_t* cause = detection_cause.data() + t * detections;
          unreached[t][k] = division.divide(ranking, t, positives.data()[k], [&](std::size_t detection, double debt) {
            require(cause[detection] >= 0 && static_cast<std::size_t>(cause[detection]) < causes,
                    "detection_cause: index out of range at a false positive that owes");
            ledger.add(cause[detection], detection, debt, t);
          });
        }
      }
    });
    of_detections = ledger.table(detection_cause.data());
    Ledger object_ledger(causes, annotations, weight);
    for (std::size_t t = 0; t < thresholds; ++t) {
      share_unreached(unreached[t], object_category, object_cause.data() + t * annotations, t, object_ledger);
    }
    of_objects = object_ledger.table(object_cause.data());
  }
  return std::make_tuple(give_table(std::move(of_detections)), give_table(std::move(of_objects)));
}

// Whole numbers of 128 bits hold sums of fractions exactly: the unit is 2^-112, the last bit of a float64 above 2^-60.
__extension__ using Wide = unsigned __int128;
constexpr int unit_bits = 112;

// The value in units; nothing if it does not fit, because it is negative, larger than 1 or has finer bits.
std::optional<Wide> in_units(double value) {
  if (value == 0) return Wide{0};
  if (!(value >= 0x1p-60 && value <= 1)) return std::nullopt;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return static_cast<Wide>(std::ldexp(fraction, 53)) << (exponent - 53 + unit_bits);
}

std::optional<Out<double>> exact_sums(Float1 values, In<std::int8_t, 1> group, std::size_t groups) {
  std::vector<double> sums(groups + 1, 0.0);
  bool fits = true;
  {
    nb::gil_scoped_release released;
    require(group.shape(0) == values.shape(0), "values and group differ in length");
    require_below(group.data(), group.shape(0), 0, static_cast<std::int64_t>(groups), "group");
    std::vector<Wide> units(groups + 1, 0);
    for (std::size_t i = 0; i < values.shape(0) && fits; ++i) {
      const std::optional<Wide> unit = in_units(values.data()[i]);
      fits = unit.has_value() && units[groups] >> (unit_bits + 14) == 0;
      if (!fits) break;
      units[static_cast<std::size_t>(group.data()[i])] += *unit;
      units[groups] += *unit;
    }
    // The conversion rounds to the nearest, ties to even; the power of two changes no bit.
    for (std::size_t g = 0; g <= groups; ++g) sums[g] = std::ldexp(static_cast<double>(units[g]), -unit_bits);
  }
  if (!fits) return std::nullopt;
  const std::size_t length = sums.size();
  return give(std::move(sums), {length});
}

}  // namespace

void add_gap(nb::module_& module) {
  using namespace nb::literals;
  module.def("divide_gap", &divide_gap, "class_order"_a, "class_offsets"_a, "counted_at"_a, "true_positive_at"_a,
             "detection_cause"_a, "object_category"_a, "object_cause"_a, "positives"_a, "recall_thresholds"_a, "weight"_a,
             "causes"_a, "threads"_a = 0);
  module.def("exact_sums", &exact_sums, "values"_a, "group"_a, "groups"_a);
}

}  // namespace mapgap
