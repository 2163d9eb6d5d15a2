// COCO's greedy matching for all area ranges and IoU thresholds in one pass over the detections.
#include "arrays.h"
#include "greedy.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

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
    const Thresholds all_thresholds(thresholds.data(), threshold_count);
    // One word an annotation and area range: the thresholds at which it is taken.
    std::vector<std::uint32_t> taken(areas * annotations, 0);
    // Blocks end where an image ends: an annotation is taken by detections of its own image only.
    std::vector<std::size_t> image_starts;
    for (std::size_t p = 0; p < detections; ++p) {
      if (p == 0 || image.data()[order.data()[p]] != image.data()[order.data()[p - 1]]) image_starts.push_back(p);
    }
    image_starts.push_back(detections);
    run_blocks(balanced_cuts(image_starts, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      Candidates candidates(all_thresholds);
      for (std::size_t p = image_starts[begin]; p < image_starts[end]; ++p) {
        const auto detection = static_cast<std::size_t>(order.data()[p]);
        if (rank.data()[detection] >= max_detections) continue;
        candidates.clear();
        for (std::int64_t row = pair_offsets.data()[p]; row < pair_offsets.data()[p + 1]; ++row) {
          const std::int32_t object = pair_object.data()[row];
          if (object_category.data()[object] != category.data()[detection]) continue;
          candidates.add(static_cast<std::size_t>(object), pair_iou.data()[row]);
        }
        candidates.sort();
        for (std::size_t area = 0; area < areas; ++area) {
          const std::uint8_t* is_ignored = object_ignored.data() + area * annotations;
          const std::size_t cell = area * detections + detection;
          Choice choice;
          if (!candidates.empty()) {
            choice = candidates.choose([&](std::size_t object) { return is_ignored[object] != 0; },
                                       [&](std::size_t object) { return crowd.data()[object] != 0; },
                                       [&](std::size_t object) -> std::uint32_t& { return taken[object * areas + area]; },
                                       [&](std::size_t object, std::uint32_t matched_at) {
                                         if (area >= matched_areas) return;
                                         for_thresholds(matched_at, [&](std::size_t t) {
                                           matched[(area * threshold_count + t) * detections + detection] =
                                               static_cast<std::int32_t>(object);
                                         });
                                       });
            true_positive[cell] = choice.counted;
          }
          const bool is_outside = detection_outside.data()[cell] != 0;
          ignored[cell] = choice.absorbed | (is_outside ? all_thresholds.every() & ~choice.counted : 0);
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
