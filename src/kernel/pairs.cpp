// Pairs of a detection and an annotation that overlap, from boxes.
#include <tuple>

#include "ahead.h"
#include "arrays.h"
#include "geometry.h"
#include "grouping.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

struct Found {
  std::vector<std::int32_t> object;
  std::vector<double> iou;
};

// The stretch [first, last) of an image's objects that are of a class.
std::pair<std::size_t, std::size_t> of_class(const ByImage& objects, const std::int32_t* object_category, std::size_t first,
                                             std::size_t last, std::int32_t wanted) {
  const auto begin = objects.rows.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = objects.rows.begin() + static_cast<std::ptrdiff_t>(last);
  const auto start = std::partition_point(begin, end, [&](std::int32_t object) { return object_category[object] < wanted; });
  const auto stop = std::partition_point(start, end, [&](std::int32_t object) { return object_category[object] == wanted; });
  return {static_cast<std::size_t>(start - objects.rows.begin()), static_cast<std::size_t>(stop - objects.rows.begin())};
}

auto box_pairs(Index1 order, Index1 image, Index1 category, Float2 box, Index1 object_image, Index1 object_category,
               Float2 object_box, Flag1 crowd, std::size_t images, double minimum_iou, bool across_classes,
               int threads) {
  const std::size_t detections = order.shape(0);
  const std::size_t annotations = object_image.shape(0);
  std::vector<std::int64_t> offsets(detections + 1, 0);
  Found all;
  {
    nb::gil_scoped_release released;
    require(image.shape(0) == detections && category.shape(0) == detections && box.shape(0) == detections &&
                box.shape(1) == 4,
            "detection arrays differ in length, or boxes are not (D, 4)");
    require(object_category.shape(0) == annotations && object_box.shape(0) == annotations &&
                object_box.shape(1) == 4 && crowd.shape(0) == annotations,
            "annotation arrays differ in length, or boxes are not (N, 4)");
    require_below(order.data(), detections, 0, static_cast<std::int64_t>(detections), "order");
    require_below(image.data(), detections, 0, static_cast<std::int64_t>(images), "image");
    require_below(object_image.data(), annotations, 0, static_cast<std::int64_t>(images), "object_image");
    const ByImage objects =
        group_by_image_and_category(object_image.data(), object_category.data(), annotations, images);
    const std::vector<std::size_t> cuts = even_cuts(detections, threads);
    std::vector<Found> found(cuts.size() - 1);
    run_blocks(cuts, [&](std::size_t block, std::size_t begin, std::size_t end) {
      Found& mine = found[block];
      for (std::size_t position = begin; position < end; ++position) {
        if (position + rows_ahead < end) fetch_ahead(box.data() + 4 * static_cast<std::size_t>(order.data()[position + rows_ahead]));
        const std::int32_t detection = order.data()[position];
        const double* detection_box = box.data() + 4 * static_cast<std::size_t>(detection);
        const std::size_t here = static_cast<std::size_t>(image.data()[detection]);
        const std::size_t before = mine.object.size();
        std::size_t first = objects.offsets[here], last = objects.offsets[here + 1];
        if (!across_classes) std::tie(first, last) = of_class(objects, object_category.data(), first, last, category.data()[detection]);
        for (std::size_t place = first; place < last; ++place) {
          const std::int32_t object = objects.rows[place];
          const bool is_crowd = crowd.data()[object] != 0;
          const bool same_class = object_category.data()[object] == category.data()[detection];
          if (!same_class && is_crowd) continue;
          const double iou = box_iou(detection_box, object_box.data() + 4 * static_cast<std::size_t>(object), is_crowd);
          // Written so that an undefined IoU (0 / 0 of vanishing boxes) passes, as it does in pycocotools.
          if (iou < minimum_iou) continue;
          mine.object.push_back(object);
          mine.iou.push_back(iou);
        }
        offsets[position + 1] = static_cast<std::int64_t>(mine.object.size() - before);
      }
    });
    for (std::size_t position = 0; position < detections; ++position) offsets[position + 1] += offsets[position];
    all = std::move(found[0]);
    all.object.reserve(static_cast<std::size_t>(offsets[detections]));
    all.iou.reserve(static_cast<std::size_t>(offsets[detections]));
    for (std::size_t block = 1; block < found.size(); ++block) {
      all.object.insert(all.object.end(), found[block].object.begin(), found[block].object.end());
      all.iou.insert(all.iou.end(), found[block].iou.begin(), found[block].iou.end());
      found[block] = Found{};
    }
  }
  const std::size_t pairs = all.object.size();
  return std::make_tuple(give(std::move(offsets), {detections + 1}), give(std::move(all.object), {pairs}),
                         give(std::move(all.iou), {pairs}));
}

}  // namespace

void add_pairs(nb::module_& module) {
  using namespace nb::literals;
  module.def("box_pairs", &box_pairs, "order"_a, "image"_a, "category"_a, "box"_a, "object_image"_a,
             "object_category"_a, "object_box"_a, "crowd"_a, "images"_a, "minimum_iou"_a, "across_classes"_a,
             "threads"_a = 0);
}

}  // namespace mapgap
