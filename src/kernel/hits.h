// True positives at many IoU thresholds from one walk in rank order; thresholds are the bits of a word.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "curve.h"

namespace mapgap {

inline constexpr std::size_t most_thresholds = 32;

// The word with a bit for each of the thresholds.
inline std::uint32_t every_threshold(std::size_t thresholds) {
  return thresholds == 0 ? 0 : ~std::uint32_t{0} >> (most_thresholds - thresholds);
}

// Calls visit(threshold) for each bit that is set, the lowest first.
template <typename Visit>
void for_thresholds(std::uint32_t bits, Visit visit) {
  for (; bits != 0; bits &= bits - 1) visit(static_cast<std::size_t>(std::countr_zero(bits)));
}

// How many detections have been counted at each threshold. Most count at all of them: those take one step together.
class CountedByThreshold {
 public:
  explicit CountedByThreshold(std::size_t thresholds) : every_(every_threshold(thresholds)), somewhere_(thresholds, 0) {}

  void clear() {
    everywhere_ = 0;
    somewhere_.assign(somewhere_.size(), 0);
  }

  void add(std::uint32_t thresholds) {
    if (thresholds == every_) {
      ++everywhere_;
    } else {
      for_thresholds(thresholds, [this](std::size_t t) { ++somewhere_[t]; });
    }
  }

  // Counts that many detections at all thresholds.
  void add_everywhere(std::int64_t detections) { everywhere_ += detections; }

  std::int64_t at(std::size_t threshold) const { return everywhere_ + somewhere_[threshold]; }

 private:
  std::uint32_t every_;
  std::int64_t everywhere_ = 0;
  std::vector<std::int64_t> somewhere_;
};

// COCO's precision at each true positive of one class, by threshold, from its detections in rank order.
class PrecisionAtHits {
 public:
  explicit PrecisionAtHits(std::size_t thresholds) : counted_(thresholds), precision_(thresholds) {}

  void clear() {
    counted_.clear();
    for (auto& precision : precision_) precision.clear();
  }

  // One detection: the thresholds at which it counts, and those of them at which it is right.
  void add(std::uint32_t counted, std::uint32_t right) {
    counted_.add(counted);
    for_thresholds(right, [this](std::size_t t) {
      const auto hits = static_cast<std::int64_t>(precision_[t].size()) + 1;
      precision_[t].push_back(coco_precision(hits, counted_.at(t)));
    });
  }

  // That many detections that are wrong at all thresholds.
  void add_wrong(std::int64_t detections) { counted_.add_everywhere(detections); }

  std::size_t thresholds() const { return precision_.size(); }
  std::vector<double>& at(std::size_t threshold) { return precision_[threshold]; }

  // The largest number of true positives at any threshold.
  std::size_t most() const {
    std::size_t most = 0;
    for (const auto& precision : precision_) most = std::max(most, precision.size());
    return most;
  }

 private:
  CountedByThreshold counted_;
  std::vector<std::vector<double>> precision_;
};

// Average precision of one class from the precision at each true positive. How many recall points a true positive is
// the first to reach depends on the number of objects alone, so it is found once for many thresholds.
class AverageOfHits {
 public:
  AverageOfHits(const double* recall_thresholds, std::size_t recall_points)
      : recall_thresholds_(recall_thresholds), recall_points_(recall_points) {}

  // `most` is the largest number of true positives that will be asked for.
  void set_positives(std::int64_t positives, std::size_t most) {
    if (positives == positives_ && most <= points_.size()) return;
    positives_ = positives;
    points_.assign(most, 0.0);
    for_reached(recall_thresholds_, recall_points_, most, positives, [this](std::size_t, std::size_t event) { points_[event] += 1; });
  }

  double average(const double* precision, std::size_t hits) const {
    double area = 0, envelope = 0;
    for (std::size_t event = hits; event-- > 0;) {
      envelope = std::max(envelope, precision[event]);
      area += envelope * points_[event];
    }
    return area / static_cast<double>(recall_points_);
  }

 private:
  const double* recall_thresholds_;
  std::size_t recall_points_;
  std::int64_t positives_ = -1;
  std::vector<double> points_;
};

}  // namespace mapgap
