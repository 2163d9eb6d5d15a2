// Stable orders of detections: by image and category for matching, by category for accumulation.
#include "order.h"

#include "arrays.h"
#include "kernel.h"

namespace mapgap {
namespace {

std::vector<std::int32_t> ranks_in_groups(const DetectionOrder& order, const std::int32_t* category) {
  std::vector<std::int32_t> rank(order.by_image.size());
  for (std::size_t image = 0; image + 1 < order.image_offsets.size(); ++image) {
    std::int32_t next = 0, last_category = -1;
    for (std::size_t place = order.image_offsets[image]; place < order.image_offsets[image + 1]; ++place) {
      const auto row = static_cast<std::size_t>(order.by_image[place]);
      if (category[row] != last_category) next = 0;
      last_category = category[row];
      rank[row] = next++;
    }
  }
  return rank;
}

auto order_detections(Index1 image, Index1 category, Float1 score, std::size_t images, std::size_t categories,
                      int threads) {
  const std::size_t detections = image.shape(0);
  DetectionOrder order;
  std::vector<std::int32_t> rank;
  std::vector<std::int64_t> class_offsets;
  {
    nb::gil_scoped_release released;
    require(category.shape(0) == detections && score.shape(0) == detections, "image, category and score differ in length");
    require_below(image.data(), detections, 0, static_cast<std::int64_t>(images), "image");
    require_below(category.data(), detections, 0, static_cast<std::int64_t>(categories), "category");
    order = order_rows(image.data(), category.data(), score.data(), detections, images, categories, threads);
    rank = ranks_in_groups(order, category.data());
    class_offsets.assign(order.class_offsets.begin(), order.class_offsets.end());
  }
  return std::make_tuple(give(std::move(order.by_image), {detections}), give(std::move(rank), {detections}),
                         give(std::move(order.by_class), {detections}),
                         give(std::move(class_offsets), {categories + 1}));
}

}  // namespace

void add_order(nb::module_& module) {
  using namespace nb::literals;
  module.def("order_detections", &order_detections, "image"_a, "category"_a, "score"_a, "images"_a, "categories"_a,
             "threads"_a = 0);
}

}  // namespace mapgap
