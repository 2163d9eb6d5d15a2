// Who owes the missing area under a precision-recall curve, at one IoU threshold.
#include "arrays.h"
#include "curve.h"
#include "kernel.h"

namespace mapgap {
namespace {

// A true positive in rank order: its rank among the counted detections, and how many true positives up to it.
struct Event {
  std::int64_t rank;
  std::int64_t true_positives;
};

// For each event the first rank at or after it where precision attains the envelope; fractions compared as whole numbers.
std::vector<Event> envelope_events(const std::vector<Event>& events) {
  std::vector<Event> best(events);
  for (std::size_t i = events.size(); i-- > 1;) {
    const bool here_is_lower = events[i - 1].true_positives * best[i].rank < best[i].true_positives * events[i - 1].rank;
    if (here_is_lower) best[i - 1] = best[i];
  }
  return best;
}

auto divide_gap(Index1 class_order, Id1 class_offsets, Flag1 status, Id1 positives, Float1 recall_thresholds) {
  const std::size_t classes = positives.shape(0);
  const std::size_t rows = class_order.shape(0);
  const std::size_t points = recall_thresholds.shape(0);
  std::vector<double> debt(status.shape(0), 0.0);
  std::vector<double> unreached(classes, 0.0);
  std::vector<double> gap(classes, 0.0);
  {
    nb::gil_scoped_release released;
    require(class_offsets.shape(0) == classes + 1, "class_offsets must have one entry more than positives");
    require_offsets(class_offsets.data(), classes + 1, rows, "class_offsets");
    require_below(class_order.data(), rows, 0, static_cast<std::int64_t>(status.shape(0)), "class_order");
    std::vector<Event> events;
    std::vector<std::size_t> counted;       // detection at each rank - 1
    std::vector<double> owed_up_to;         // by rank - 1: what every false positive of that rank or better owes
    for (std::size_t k = 0; k < classes; ++k) {
      if (positives.data()[k] == 0) continue;
      events.clear();
      counted.clear();
      for (std::int64_t p = class_offsets.data()[k]; p < class_offsets.data()[k + 1]; ++p) {
        const std::size_t detection = static_cast<std::size_t>(class_order.data()[p]);
        if (status.data()[detection] == 0) continue;
        counted.push_back(detection);
        if (status.data()[detection] == 1) {
          events.push_back({static_cast<std::int64_t>(counted.size()), static_cast<std::int64_t>(events.size()) + 1});
        }
      }
      const std::vector<Event> best = envelope_events(events);
      owed_up_to.assign(counted.size(), 0.0);
      std::size_t reached_points = 0;
      const double point_share = 1.0 / static_cast<double>(points);
      const auto owe = [&](const Event& at) {
        ++reached_points;
        owed_up_to[static_cast<std::size_t>(at.rank - 1)] += point_share / static_cast<double>(at.rank);
        gap[k] += point_share * static_cast<double>(at.rank - at.true_positives) / static_cast<double>(at.rank);
      };
      for_reached(recall_thresholds.data(), points, events.size(), positives.data()[k],
                  [&](std::size_t, std::size_t event) { owe(best[event]); });
      // Recall 0 is reached by the first counted detection even if no true positive ever comes.
      for (std::size_t point = 0; events.empty() && !counted.empty() && point < points && recall_thresholds.data()[point] <= 0; ++point) {
        owe({1, 0});
      }
      unreached[k] = point_share * static_cast<double>(points - reached_points);
      gap[k] += unreached[k];
      double owed = 0;
      for (std::size_t i = counted.size(); i-- > 0;) {
        owed += owed_up_to[i];
        if (status.data()[counted[i]] == 2) debt[counted[i]] = owed;
      }
    }
  }
  const std::size_t detections = debt.size();
  return std::make_tuple(give(std::move(debt), {detections}), give(std::move(unreached), {classes}),
                         give(std::move(gap), {classes}));
}

}  // namespace

void add_gap(nb::module_& module) {
  using namespace nb::literals;
  module.def("divide_gap", &divide_gap, "class_order"_a, "class_offsets"_a, "status"_a, "positives"_a,
             "recall_thresholds"_a);
}

}  // namespace mapgap
