// COCO's greedy matching for all area ranges and IoU thresholds in one pass over the detections.
#include "arrays.h"
#include "geometry.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

struct Candidate {
  std::int32_t object;
  double iou;
};

// What one area range sees; `taken` has a bit a threshold for each annotation.
struct Range {
  const std::uint8_t* object_ignored;
  const std::uint8_t* detection_outside;
  std::uint32_t* taken;
  std::uint32_t* true_positive;
  std::uint32_t* ignored;
  std::int32_t* matched;  // (T, D), or null when nobody asks
};

// The best free annotation among those with the given ignore flag: on equal IoU the later one, crowds never run out.
std::int32_t best_free(const std::vector<Candidate>& candidates, const Range& range, const std::uint8_t* crowd,
                       bool wanted_ignored, std::uint32_t bit, double& best_iou) {
  std::int32_t best = -1;
  for (const Candidate& candidate : candidates) {
    const bool is_ignored = range.object_ignored[candidate.object] != 0;
    if (is_ignored != wanted_ignored) continue;
    if ((range.taken[candidate.object] & bit) != 0 && crowd[candidate.object] == 0) continue;
    if (candidate.iou < best_iou) continue;
    best_iou = candidate.iou;
    best = candidate.object;
  }
  return best;
}

void match_one(std::int32_t detection, const std::vector<Candidate>& candidates, const Range& range,
               const std::uint8_t* crowd, const double* thresholds, std::size_t threshold_count,
               std::size_t detections) {
  const bool outside = range.detection_outside[detection] != 0;
  std::uint32_t true_positive = 0;
  std::uint32_t ignored = 0;
  for (std::size_t t = 0; t < threshold_count; ++t) {
    const std::uint32_t bit = std::uint32_t{1} << t;
    double best_iou = reachable(thresholds[t]);
    std::int32_t object = best_free(candidates, range, crowd, false, bit, best_iou);
    const bool counted = object >= 0;
    if (!counted) object = best_free(candidates, range, crowd, true, bit, best_iou);
    if (object >= 0) {
      range.taken[object] |= bit;
      if (range.matched != nullptr) range.matched[t * detections + static_cast<std::size_t>(detection)] = object;
    }
    if (counted) {
      true_positive |= bit;
    } else if (object >= 0 || outside) {
      ignored |= bit;
    }
  }
  range.true_positive[detection] = true_positive;
  range.ignored[detection] = ignored;
}

auto match(Index1 order, Index1 rank, Index1 image, Index1 category, Id1 pair_offsets, Index1 pair_object,
           Float1 pair_iou, Index1 object_category, Flag1 crowd, Flag2 object_ignored, Flag2 detection_outside,
           Float1 thresholds, std::int64_t max_detections, std::size_t matched_areas, int threads) {
  const std::size_t detections = order.shape(0);
  const std::size_t annotations = object_category.shape(0);
  const std::size_t areas = object_ignored.shape(0);
  const std::size_t threshold_count = thresholds.shape(0);
  std::vector<std::int32_t> matched(matched_areas * threshold_count * detections, -1);
  std::vector<std::uint32_t> true_positive(areas * detections, 0);
  std::vector<std::uint32_t> ignored(areas * detections, 0);
  {
    nb::gil_scoped_release released;
    require(threshold_count <= 32, "at most 32 IoU thresholds fit one call");
    require(matched_areas <= areas, "matched_areas exceeds the number of area ranges");
    require(rank.shape(0) == detections && image.shape(0) == detections && category.shape(0) == detections &&
                detection_outside.shape(0) == areas && detection_outside.shape(1) == detections,
            "detection arrays differ in length");
    require(crowd.shape(0) == annotations && object_ignored.shape(1) == annotations, "annotation arrays differ in length");
    require(pair_offsets.shape(0) == detections + 1 && pair_iou.shape(0) == pair_object.shape(0), "pairs differ in length");
    require_offsets(pair_offsets.data(), detections + 1, pair_object.shape(0), "pair_offsets");
    require_below(order.data(), detections, 0, static_cast<std::int64_t>(detections), "order");
    require_below(pair_object.data(), pair_object.shape(0), 0, static_cast<std::int64_t>(annotations), "pair_object");
    std::vector<std::uint32_t> taken(areas * annotations, 0);
    const auto range_of = [&](std::size_t area) {
      return Range{object_ignored.data() + area * annotations,
                   detection_outside.data() + area * detections,
                   taken.data() + area * annotations,
                   true_positive.data() + area * detections,
                   ignored.data() + area * detections,
                   area < matched_areas ? matched.data() + area * threshold_count * detections : nullptr};
    };
    // Blocks end where an image ends: an annotation is taken by detections of its own image only.
    std::vector<std::size_t> image_starts;
    for (std::size_t p = 0; p < detections; ++p) {
      if (p == 0 || image.data()[order.data()[p]] != image.data()[order.data()[p - 1]]) image_starts.push_back(p);
    }
    image_starts.push_back(detections);
    const std::uint32_t all_thresholds = threshold_count == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << threshold_count) - 1;
    run_blocks(balanced_cuts(image_starts, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      std::vector<Candidate> candidates;
      for (std::size_t p = image_starts[begin]; p < image_starts[end]; ++p) {
        const std::int32_t detection = order.data()[p];
        if (rank.data()[detection] >= max_detections) continue;
        candidates.clear();
        for (std::int64_t row = pair_offsets.data()[p]; row < pair_offsets.data()[p + 1]; ++row) {
          const std::int32_t object = pair_object.data()[row];
          if (object_category.data()[object] != category.data()[detection]) continue;
          candidates.push_back({object, pair_iou.data()[row]});
        }
        for (std::size_t area = 0; area < areas; ++area) {
          const Range range = range_of(area);
          if (candidates.empty()) {
            if (range.detection_outside[detection] != 0) range.ignored[detection] = all_thresholds;
          } else {
            match_one(detection, candidates, range, crowd.data(), thresholds.data(), threshold_count, detections);
          }
        }
      }
    });
  }
  return std::make_tuple(give(std::move(matched), {matched_areas, threshold_count, detections}),
                         give(std::move(true_positive), {areas, detections}),
                         give(std::move(ignored), {areas, detections}));
}

}  // namespace

void add_match(nb::module_& module) {
  using namespace nb::literals;
  module.def("match", &match, "order"_a, "rank"_a, "image"_a, "category"_a, "pair_offsets"_a, "pair_object"_a,
             "pair_iou"_a, "object_category"_a, "crowd"_a, "object_ignored"_a, "detection_outside"_a, "thresholds"_a,
             "max_detections"_a, "matched_areas"_a, "threads"_a = 0);
}

}  // namespace mapgap
