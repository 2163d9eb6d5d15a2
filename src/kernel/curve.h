// Precision at true positives: all that a precision-recall curve needs, since precision only rises there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace mapgap {

// COCO's precision with its np.spacing(1) in the denominator (cocoeval.py, accumulate).
inline double coco_precision(std::int64_t true_positives, std::int64_t counted) {
  return static_cast<double>(true_positives) / (static_cast<double>(counted) + std::numeric_limits<double>::epsilon());
}

// Makes values fall from left to right: each becomes the largest at or after it.
inline void take_envelope(std::vector<double>& values) {
  for (std::size_t i = values.size(); i-- > 1;) {
    if (values[i] > values[i - 1]) values[i - 1] = values[i];
  }
}

// Calls reached(recall point, event) for each recall point that `events` true positives of `positives` objects reach.
// The event is the first true positive with recall >= the point; a point <= 0 is reached by the first one too.
template <typename Reached>
void for_reached(const double* recall_thresholds, std::size_t recall_points, std::size_t events, std::int64_t positives,
                 Reached reached) {
  std::size_t point = 0;
  for (std::size_t event = 0; event < events; ++event) {
    const double recall = static_cast<double>(event + 1) / static_cast<double>(positives);
    while (point < recall_points && recall >= recall_thresholds[point]) reached(point++, event);
  }
}

// Which true positive is the first to reach each recall point depends on the number of objects alone, so it is found once
// for many curves.
class ReachedPoints {
 public:
  ReachedPoints(const double* recall_thresholds, std::size_t recall_points)
      : recall_thresholds_(recall_thresholds), recall_points_(recall_points) {}

  // `most` is the largest number of true positives that will be asked for.
  void set_positives(std::int64_t positives, std::size_t most) {
    event_of_.clear();
    for_reached(recall_thresholds_, recall_points_, most, positives,
                [this](std::size_t, std::size_t event) { event_of_.push_back(event); });
  }

  // Writes the value at each recall point to cells[point * step], 0 where it is not reached.
  void write(const std::vector<double>& values, double* cells, std::size_t step) const {
    for (std::size_t point = 0; point < recall_points_; ++point) {
      const bool is_reached = point < event_of_.size() && event_of_[point] < values.size();
      cells[point * step] = is_reached ? values[event_of_[point]] : 0.0;
    }
  }

 private:
  const double* recall_thresholds_;
  std::size_t recall_points_;
  std::vector<std::size_t> event_of_;
};

}  // namespace mapgap
