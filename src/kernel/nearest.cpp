// Best overlaps of each detection and each object, whoever matched whom.
#include "arrays.h"
#include "kernel.h"

namespace mapgap {
namespace {

struct Best {
  std::vector<std::int32_t> object;
  std::vector<double> iou;

  explicit Best(std::size_t rows) : object(rows, -1), iou(rows, 0.0) {}

  // On equal IoU the later object is the best.
  void offer(std::size_t row, std::int32_t candidate, double candidate_iou) {
    if (candidate_iou > iou[row] || (candidate_iou == iou[row] && candidate > object[row])) {
      iou[row] = candidate_iou;
      object[row] = candidate;
    }
  }
};

auto nearest_objects(Index1 order, Index1 rank, Index1 category, Id1 pair_offsets, Index1 pair_object, Float1 pair_iou,
                     Index1 object_category, Flag1 is_object, std::int64_t max_detections) {
  const std::size_t detections = order.shape(0);
  const std::size_t annotations = object_category.shape(0);
  Best same(detections);
  Best other(detections);
  std::vector<double> kept_iou(annotations, 0.0);
  std::vector<double> cut_iou(annotations, 0.0);
  {
    nb::gil_scoped_release released;
    require(rank.shape(0) == detections && category.shape(0) == detections, "detection arrays differ in length");
    require(is_object.shape(0) == annotations, "annotation arrays differ in length");
    require(pair_offsets.shape(0) == detections + 1 && pair_iou.shape(0) == pair_object.shape(0), "pairs differ in length");
    require_offsets(pair_offsets.data(), detections + 1, pair_object.shape(0), "pair_offsets");
    require_below(order.data(), detections, 0, static_cast<std::int64_t>(detections), "order");
    require_below(pair_object.data(), pair_object.shape(0), 0, static_cast<std::int64_t>(annotations), "pair_object");
    for (std::size_t p = 0; p < detections; ++p) {
      const std::size_t detection = static_cast<std::size_t>(order.data()[p]);
      const bool is_kept = rank.data()[detection] < max_detections;
      for (std::int64_t row = pair_offsets.data()[p]; row < pair_offsets.data()[p + 1]; ++row) {
        const std::int32_t object = pair_object.data()[row];
        if (is_object.data()[object] == 0) continue;
        const double iou = pair_iou.data()[row];
        if (object_category.data()[object] != category.data()[detection]) {
          other.offer(detection, object, iou);
          continue;
        }
        same.offer(detection, object, iou);
        double& reached = (is_kept ? kept_iou : cut_iou)[static_cast<std::size_t>(object)];
        if (iou > reached) reached = iou;
      }
    }
  }
  return std::make_tuple(give(std::move(same.object), {detections}), give(std::move(same.iou), {detections}),
                         give(std::move(other.object), {detections}), give(std::move(other.iou), {detections}),
                         give(std::move(kept_iou), {annotations}), give(std::move(cut_iou), {annotations}));
}

}  // namespace

void add_nearest(nb::module_& module) {
  using namespace nb::literals;
  module.def("nearest_objects", &nearest_objects, "order"_a, "rank"_a, "category"_a, "pair_offsets"_a, "pair_object"_a,
             "pair_iou"_a, "object_category"_a, "is_object"_a, "max_detections"_a);
}

}  // namespace mapgap
