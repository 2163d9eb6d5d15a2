// The cross-class pass of the confusion matrix.
#include "arrays.h"
#include "grouping.h"
#include "kernel.h"

namespace mapgap {
namespace {

auto match_leftovers(Index1 order, Index1 image, Float1 score, Flag1 left_detection, Flag1 left_object, Id1 pair_offsets,
                     Index1 pair_object, Float1 pair_iou, double minimum_iou, std::size_t images) {
  const std::size_t detections = order.shape(0);
  const std::size_t annotations = left_object.shape(0);
  std::vector<std::int32_t> taken_object(detections, -1);
  {
    nb::gil_scoped_release released;
    require(image.shape(0) == detections && score.shape(0) == detections && left_detection.shape(0) == detections,
            "detection arrays differ in length");
    require(pair_offsets.shape(0) == detections + 1 && pair_iou.shape(0) == pair_object.shape(0), "pairs differ in length");
    require_offsets(pair_offsets.data(), detections + 1, pair_object.shape(0), "pair_offsets");
    require_below(order.data(), detections, 0, static_cast<std::int64_t>(detections), "order");
    require_below(image.data(), detections, 0, static_cast<std::int64_t>(images), "image");
    require_below(pair_object.data(), pair_object.shape(0), 0, static_cast<std::int64_t>(annotations), "pair_object");
    std::vector<std::int32_t> position(detections);
    for (std::size_t p = 0; p < detections; ++p) position[static_cast<std::size_t>(order.data()[p])] = static_cast<std::int32_t>(p);
    std::vector<std::uint8_t> is_free(left_object.data(), left_object.data() + annotations);
    const ByImage grouped = group_by_image(image.data(), detections, images);
    std::vector<std::int32_t> waiting;
    for (std::size_t i = 0; i < images; ++i) {
      waiting.clear();
      for (std::size_t place = grouped.offsets[i]; place < grouped.offsets[i + 1]; ++place) {
        if (left_detection.data()[grouped.rows[place]] != 0) waiting.push_back(grouped.rows[place]);
      }
      std::stable_sort(waiting.begin(), waiting.end(),
                       [&](std::int32_t a, std::int32_t b) { return score.data()[a] > score.data()[b]; });
      for (const std::int32_t detection : waiting) {
        const auto p = position[static_cast<std::size_t>(detection)];
        std::int32_t best = -1;
        double best_iou = minimum_iou;
        for (std::int64_t row = pair_offsets.data()[p]; row < pair_offsets.data()[p + 1]; ++row) {
          const std::int32_t object = pair_object.data()[row];
          const double iou = pair_iou.data()[row];
          if (is_free[static_cast<std::size_t>(object)] == 0 || !(iou >= best_iou)) continue;
          if (best >= 0 && iou == best_iou && object < best) continue;
          best = object;
          best_iou = iou;
        }
        if (best < 0) continue;
        is_free[static_cast<std::size_t>(best)] = 0;
        taken_object[static_cast<std::size_t>(detection)] = best;
      }
    }
  }
  return give(std::move(taken_object), {detections});
}

}  // namespace

void add_leftovers(nb::module_& module) {
  using namespace nb::literals;
  module.def("match_leftovers", &match_leftovers, "order"_a, "image"_a, "score"_a, "left_detection"_a, "left_object"_a,
             "pair_offsets"_a, "pair_object"_a, "pair_iou"_a, "minimum_iou"_a, "images"_a);
}

}  // namespace mapgap
