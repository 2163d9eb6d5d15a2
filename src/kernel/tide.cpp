// Matching and error types by tidecv's rules (tidecv 1.0.1, quantify.py), which differ from COCO's in places.
#include "arrays.h"
#include "grouping.h"
#include "kernel.h"

namespace mapgap {
namespace {

enum Type : std::uint8_t { kTruePositive, kClassification, kLocalization, kBoth, kDuplicate, kBackground, kCut };

// The largest IoU and the first object that has it, as NumPy's argmax would find it.
struct First {
  std::int32_t object = -1;
  double iou = 0;

  void offer(std::int32_t candidate, double candidate_iou) {
    if (candidate_iou > iou || (candidate_iou == iou && object >= 0 && candidate < object)) {
      iou = candidate_iou;
      object = candidate;
    }
  }
};

struct PairRows {
  const std::int64_t* offsets;
  const std::int32_t* object;
  const double* iou;
};

auto tide_types(Index1 order, Index1 image, Index1 category, Float1 score, Id1 pair_offsets, Index1 pair_object,
                Float1 pair_iou, Index1 object_category, Flag1 crowd, std::size_t images, double positive_iou,
                double background_iou, std::int64_t max_detections) {
  const std::size_t detections = order.shape(0);
  const std::size_t annotations = object_category.shape(0);
  std::vector<std::uint8_t> type(detections, kCut);
  std::vector<std::uint8_t> ignored(detections, 0);
  std::vector<std::int32_t> target(detections, -1);
  std::vector<std::uint8_t> found(annotations, 0);
  std::vector<std::int32_t> image_rank(detections, 0);
  {
    nb::gil_scoped_release released;
    require(image.shape(0) == detections && category.shape(0) == detections && score.shape(0) == detections,
            "detection arrays differ in length");
    require(crowd.shape(0) == annotations, "annotation arrays differ in length");
    require(pair_offsets.shape(0) == detections + 1 && pair_iou.shape(0) == pair_object.shape(0), "pairs differ in length");
    require_offsets(pair_offsets.data(), detections + 1, pair_object.shape(0), "pair_offsets");
    require_below(order.data(), detections, 0, static_cast<std::int64_t>(detections), "order");
    require_below(image.data(), detections, 0, static_cast<std::int64_t>(images), "image");
    require_below(pair_object.data(), pair_object.shape(0), 0, static_cast<std::int64_t>(annotations), "pair_object");
    const PairRows pairs{pair_offsets.data(), pair_object.data(), pair_iou.data()};
    std::vector<std::size_t> position(detections);
    for (std::size_t p = 0; p < detections; ++p) position[static_cast<std::size_t>(order.data()[p])] = p;
    ByImage grouped = group_by_image(image.data(), detections, images);
    const auto same_class = [&](std::size_t detection, std::int32_t object) {
      return object_category.data()[object] == category.data()[detection];
    };
    for (std::size_t i = 0; i < images; ++i) {
      const auto first = grouped.rows.begin() + static_cast<std::ptrdiff_t>(grouped.offsets[i]);
      const auto last = grouped.rows.begin() + static_cast<std::ptrdiff_t>(grouped.offsets[i + 1]);
      std::stable_sort(first, last, [&](std::int32_t a, std::int32_t b) { return score.data()[a] > score.data()[b]; });
      const auto kept = std::min<std::ptrdiff_t>(last - first, static_cast<std::ptrdiff_t>(max_detections));
      for (auto row = first; row != last; ++row) image_rank[static_cast<std::size_t>(*row)] = static_cast<std::int32_t>(row - first);

      for (auto row = first; row != first + kept; ++row) {
        const std::size_t detection = static_cast<std::size_t>(*row);
        const std::size_t p = position[detection];
        type[detection] = kBackground;
        First free_object;
        for (std::int64_t pair = pairs.offsets[p]; pair < pairs.offsets[p + 1]; ++pair) {
          const std::int32_t object = pairs.object[pair];
          if (crowd.data()[object] == 0 && found[static_cast<std::size_t>(object)] == 0 && same_class(detection, object)) {
            free_object.offer(object, pairs.iou[pair]);
          }
        }
        if (free_object.object < 0 || free_object.iou < positive_iou) continue;
        type[detection] = kTruePositive;
        target[detection] = free_object.object;
        found[static_cast<std::size_t>(free_object.object)] = 1;
      }

      for (auto row = first; row != first + kept; ++row) {
        const std::size_t detection = static_cast<std::size_t>(*row);
        if (type[detection] == kTruePositive) continue;
        const std::size_t p = position[detection];
        First same, other, found_same, any;
        for (std::int64_t pair = pairs.offsets[p]; pair < pairs.offsets[p + 1]; ++pair) {
          const std::int32_t object = pairs.object[pair];
          const double iou = pairs.iou[pair];
          if (crowd.data()[object] != 0) {
            if (iou > positive_iou) ignored[detection] = 1;
            continue;
          }
          any.offer(object, iou);
          (same_class(detection, object) ? same : other).offer(object, iou);
          if (same_class(detection, object) && found[static_cast<std::size_t>(object)] != 0) found_same.offer(object, iou);
        }
        if (same.object >= 0 && background_iou <= same.iou && same.iou <= positive_iou) {
          type[detection] = kLocalization;
          target[detection] = same.object;
        } else if (other.object >= 0 && other.iou >= positive_iou) {
          type[detection] = kClassification;
          target[detection] = other.object;
        } else if (found_same.object >= 0 && found_same.iou >= positive_iou) {
          type[detection] = kDuplicate;
          target[detection] = found_same.object;
        } else if (any.iou > background_iou) {
          type[detection] = kBoth;
        }
      }
    }
  }
  return std::make_tuple(give(std::move(type), {detections}), give(std::move(ignored), {detections}),
                         give(std::move(target), {detections}), give(std::move(found), {annotations}),
                         give(std::move(image_rank), {detections}));
}

}  // namespace

void add_tide(nb::module_& module) {
  using namespace nb::literals;
  module.def("tide_types", &tide_types, "order"_a, "image"_a, "category"_a, "score"_a, "pair_offsets"_a, "pair_object"_a,
             "pair_iou"_a, "object_category"_a, "crowd"_a, "images"_a, "positive_iou"_a, "background_iou"_a,
             "max_detections"_a);
}

}  // namespace mapgap
