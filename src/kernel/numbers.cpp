// The 12 numbers of COCO from columns: order, match, accumulate, and no table in between.
#include "numbers.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <utility>

#include "ahead.h"
#include "arrays.h"
#include "hits.h"
#include "kernel.h"
#include "mean.h"
#include "outcomes.h"

namespace mapgap {
namespace {

constexpr std::size_t early_limits = 2;  // those before the last
constexpr std::size_t most_cells_at_once = std::size_t{1} << 23;
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// Precision (T, R, K') and recall (T, K') in one area range, of the K' classes with a counted object.
struct AreaCurves {
  std::vector<std::int64_t> positives;  // (K,)
  std::vector<std::size_t> column;      // (K,) place among the K'
  std::size_t classes = 0;              // K'
  std::vector<double> precision, recall;
  std::array<std::vector<double>, early_limits> early_recall;

  AreaCurves(const ObjectColumns& objects, std::size_t categories, const AreaRange& range) : positives(categories, 0) {
    for (std::size_t row = 0; row < objects.size(); ++row) {
      if (objects.crowd[row] != 0 || range.excludes(objects.area[row])) continue;
      ++positives[static_cast<std::size_t>(objects.category[row])];
    }
    for (const std::int64_t count : positives) column.push_back(count > 0 ? classes++ : 0);
  }

  void make_room(std::size_t thresholds, std::size_t points) {
    precision.resize(thresholds * points * classes);
    recall.resize(thresholds * classes);
    for (auto& each : early_recall) each.resize(thresholds * classes);
  }

  double mean_precision() const { return mean_or_undefined(precision); }

  // The mean at the thresholds equal to `threshold`.
  double mean_precision_at(double threshold, std::span<const double> thresholds) const {
    std::vector<double> chosen;
    const std::size_t cells = thresholds.empty() ? 0 : precision.size() / thresholds.size();
    for (std::size_t t = 0; t < thresholds.size(); ++t) {
      if (thresholds[t] == threshold) chosen.insert(chosen.end(), precision.data() + t * cells, precision.data() + (t + 1) * cells);
    }
    return mean_or_undefined(chosen);
  }

  static double mean_or_undefined(const std::vector<double>& values) {
    return values.empty() ? undefined : mean_of(values.data(), values.size());
  }
};

// What a thread counts of one class: precision in each area range of a group, hits at the early limits in the first one.
class ClassTally {
 public:
  ClassTally(const SummaryRules& rules, std::size_t first_area, std::size_t areas)
      : rules_(rules), first_area_(first_area), precision_(areas, PrecisionAtHits(rules.iou_thresholds.size())),
        reached_(rules.recall_thresholds.data(), rules.recall_thresholds.size()) {
    for (auto& hits : early_hits_) hits.resize(rules.iou_thresholds.size());
  }

  // Reads the detections of a class in rank order.
  void count(std::span<const std::int32_t> rows, const Outcomes& outcomes) {
    for (auto& precision : precision_) precision.clear();
    for (auto& hits : early_hits_) hits.assign(hits.size(), 0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i + rows_ahead < rows.size()) fetch_ahead(&outcomes.words[static_cast<std::size_t>(rows[i + rows_ahead])]);
      const std::uint32_t word = outcomes.words[static_cast<std::size_t>(rows[i])];
      if ((word & Outcomes::has_fate) != 0) {
        add(outcomes.fates[word & ~Outcomes::has_fate]);
      } else {
        for (std::size_t a = 0; a < precision_.size(); ++a) precision_[a].add_wrong(1 - (word >> (first_area_ + a) & 1));
      }
    }
  }

  // Writes the cells of class k in the a-th area range of the group.
  void write(std::size_t k, std::size_t a, AreaCurves& curves) {
    const std::int64_t positives = curves.positives[k];
    const std::size_t points = rules_.recall_thresholds.size();
    reached_.set_positives(positives, precision_[a].most());
    for (std::size_t t = 0; t < precision_[a].thresholds(); ++t) {
      std::vector<double>& precision = precision_[a].at(t);
      const std::size_t cell = t * curves.classes + curves.column[k];
      curves.recall[cell] = static_cast<double>(precision.size()) / static_cast<double>(positives);
      for (std::size_t limit = 0; a == 0 && limit < early_limits; ++limit) {
        curves.early_recall[limit][cell] = static_cast<double>(early_hits_[limit][t]) / static_cast<double>(positives);
      }
      take_envelope(precision);
      reached_.write(precision, curves.precision.data() + t * points * curves.classes + curves.column[k], curves.classes);
    }
  }

 private:
  void add(const Fate& fate) {
    for (std::size_t a = 0; a < precision_.size(); ++a) precision_[a].add(fate.counted[first_area_ + a], fate.right[first_area_ + a]);
    for (std::size_t limit = 0; limit < early_limits; ++limit) {
      if (fate.place >= rules_.max_detections[limit]) continue;
      for_thresholds(fate.right[first_area_], [&](std::size_t t) { ++early_hits_[limit][t]; });
    }
  }

  const SummaryRules& rules_;
  std::size_t first_area_;
  std::vector<PrecisionAtHits> precision_;
  std::array<std::vector<std::int64_t>, early_limits> early_hits_;
  ReachedPoints reached_;
};

void accumulate(const DetectionOrder& order, const Outcomes& outcomes, const SummaryRules& rules, std::size_t first_area,
                std::span<AreaCurves> group, int threads) {
  run_blocks(balanced_cuts(order.class_offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
    ClassTally tally(rules, first_area, group.size());
    for (std::size_t k = begin; k < end; ++k) {
      const bool has_objects = std::any_of(group.begin(), group.end(), [k](const AreaCurves& curves) { return curves.positives[k] > 0; });
      if (!has_objects) continue;
      tally.count({order.by_class.data() + order.class_offsets[k], order.class_offsets[k + 1] - order.class_offsets[k]}, outcomes);
      for (std::size_t a = 0; a < group.size(); ++a) {
        if (group[a].positives[k] > 0) tally.write(k, a, group[a]);
      }
    }
  });
}

// The places of an area range's AP and AR among the 12 numbers.
constexpr std::size_t precision_place[summary_areas] = {0, 3, 4, 5};
constexpr std::size_t recall_place[summary_areas] = {8, 9, 10, 11};

void write_numbers(const AreaCurves& curves, std::size_t area, const SummaryRules& rules, std::array<double, 12>& numbers) {
  numbers[precision_place[area]] = curves.mean_precision();
  numbers[recall_place[area]] = AreaCurves::mean_or_undefined(curves.recall);
  if (area != 0) return;
  numbers[1] = curves.mean_precision_at(0.5, rules.iou_thresholds);
  numbers[2] = curves.mean_precision_at(0.75, rules.iou_thresholds);
  numbers[6] = AreaCurves::mean_or_undefined(curves.early_recall[0]);
  numbers[7] = AreaCurves::mean_or_undefined(curves.early_recall[1]);
}

}  // namespace

std::array<double, 12> coco_numbers(const DetectionColumns& detections, const ObjectColumns& objects, std::size_t images,
                                    std::size_t categories, const SummaryRules& rules, int threads) {
  const DetectionOrder order = order_rows(detections.image.data(), detections.category.data(), detections.score.data(),
                                          detections.size(), images, categories, threads);
  const Outcomes outcomes = match_images(detections, order, objects, categories, rules, threads);
  const std::size_t thresholds = rules.iou_thresholds.size(), points = rules.recall_thresholds.size();
  // With many classes one area range at a time, or four arrays (T, R, K') would fill the memory.
  const std::size_t areas_at_once = summary_areas * thresholds * points * categories <= most_cells_at_once ? summary_areas : 1;
  std::array<double, 12> numbers;
  for (std::size_t first = 0; first < summary_areas; first += areas_at_once) {
    std::vector<AreaCurves> group;
    for (std::size_t area = first; area < first + areas_at_once; ++area) {
      group.emplace_back(objects, categories, rules.area_ranges[area]).make_room(thresholds, points);
    }
    accumulate(order, outcomes, rules, first, group, threads);
    for (std::size_t a = 0; a < group.size(); ++a) write_numbers(group[a], first + a, rules, numbers);
  }
  return numbers;
}

namespace {

// Boxes (n, 4), or flat: an empty buffer has no second dimension.
using Boxes = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;

bool are_boxes(const Boxes& box, std::size_t rows) {
  return box.size() == 4 * rows && (box.ndim() == 1 || (box.ndim() == 2 && (rows == 0 || box.shape(1) == 4)));
}

template <typename T>
std::span<const T> view(const In<T, 1>& array) {
  return {array.data(), array.shape(0)};
}

SummaryRules rules_of(const std::vector<double>& iou_thresholds, const std::vector<double>& recall_thresholds,
                      const std::vector<std::pair<double, double>>& area_ranges, const std::vector<std::int64_t>& max_detections) {
  require(iou_thresholds.size() <= most_thresholds, "at most 32 IoU thresholds fit one call");
  require(area_ranges.size() == summary_areas, "area_ranges must have an entry for all, small, medium and large");
  require(max_detections.size() == early_limits + 1 && std::is_sorted(max_detections.begin(), max_detections.end()),
          "max_detections must have three limits, rising");
  SummaryRules rules{iou_thresholds, recall_thresholds, {}, {}};
  for (std::size_t a = 0; a < summary_areas; ++a) rules.area_ranges[a] = {area_ranges[a].first, area_ranges[a].second};
  std::copy(max_detections.begin(), max_detections.end(), rules.max_detections.begin());
  return rules;
}

std::vector<double> checked_numbers(Index1 image, Index1 category, Boxes box, Float1 score, Index1 object_image,
                                    Index1 object_category, Boxes object_box, Float1 object_area, Flag1 crowd,
                                    std::size_t images, std::size_t categories, const std::vector<double>& iou_thresholds,
                                    const std::vector<double>& recall_thresholds,
                                    const std::vector<std::pair<double, double>>& area_ranges,
                                    const std::vector<std::int64_t>& max_detections, int threads) {
  nb::gil_scoped_release released;
  const DetectionColumns detections{view(image), view(category), box.data(), view(score)};
  const ObjectColumns objects{view(object_image), view(object_category), object_box.data(), view(object_area), view(crowd)};
  require(detections.category.size() == detections.size() && detections.score.size() == detections.size() &&
              are_boxes(box, detections.size()),
          "detection arrays differ in length, or boxes are not (D, 4)");
  require(objects.category.size() == objects.size() && objects.area.size() == objects.size() &&
              objects.crowd.size() == objects.size() && are_boxes(object_box, objects.size()),
          "annotation arrays differ in length, or boxes are not (N, 4)");
  const auto image_limit = static_cast<std::int64_t>(images), category_limit = static_cast<std::int64_t>(categories);
  require_below(image.data(), detections.size(), 0, image_limit, "image");
  require_below(category.data(), detections.size(), 0, category_limit, "category");
  require_below(object_image.data(), objects.size(), 0, image_limit, "object_image");
  require_below(object_category.data(), objects.size(), 0, category_limit, "object_category");
  const SummaryRules rules = rules_of(iou_thresholds, recall_thresholds, area_ranges, max_detections);
  const std::array<double, 12> numbers = coco_numbers(detections, objects, images, categories, rules, threads);
  return {numbers.begin(), numbers.end()};
}

}  // namespace

void add_numbers(nb::module_& module) {
  using namespace nb::literals;
  module.def("coco_numbers", &checked_numbers, "image"_a, "category"_a, "box"_a, "score"_a, "object_image"_a,
             "object_category"_a, "object_box"_a, "object_area"_a, "crowd"_a, "images"_a, "categories"_a,
             "iou_thresholds"_a, "recall_thresholds"_a, "area_ranges"_a, "max_detections"_a, "threads"_a = 0);
}

}  // namespace mapgap
