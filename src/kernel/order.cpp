// Stable orders of detections: by image and category for matching, by category for accumulation.
#include <numeric>

#include "arrays.h"
#include "grouping.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

struct Orders {
  std::vector<std::int32_t> order, rank, class_order;
  std::vector<std::int64_t> class_offsets;
};

void sort_images(ByImage& grouped, const std::int32_t* category, const double* score, int threads) {
  run_blocks(balanced_cuts(grouped.offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t image = begin; image < end; ++image) {
      const auto first = grouped.rows.begin() + static_cast<std::ptrdiff_t>(grouped.offsets[image]);
      const auto last = grouped.rows.begin() + static_cast<std::ptrdiff_t>(grouped.offsets[image + 1]);
      std::sort(first, last, [category, score](std::int32_t a, std::int32_t b) {
        if (category[a] != category[b]) return category[a] < category[b];
        if (score[a] != score[b]) return score[a] > score[b];
        return a < b;
      });
    }
  });
}

std::vector<std::int32_t> ranks_in_groups(const ByImage& grouped, const std::int32_t* category) {
  std::vector<std::int32_t> rank(grouped.rows.size());
  for (std::size_t image = 0; image + 1 < grouped.offsets.size(); ++image) {
    for (std::size_t p = grouped.offsets[image]; p < grouped.offsets[image + 1]; ++p) {
      const bool continues = p > grouped.offsets[image] && category[grouped.rows[p]] == category[grouped.rows[p - 1]];
      rank[static_cast<std::size_t>(grouped.rows[p])] =
          continues ? rank[static_cast<std::size_t>(grouped.rows[p - 1])] + 1 : 0;
    }
  }
  return rank;
}

void sort_classes(Orders& orders, const std::int32_t* category, const double* score, std::size_t categories, int threads) {
  std::vector<std::size_t> offsets(categories + 1, 0);
  for (const std::int32_t row : orders.order) ++offsets[static_cast<std::size_t>(category[row]) + 1];
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  std::vector<std::size_t> next(offsets.begin(), offsets.end() - 1);
  orders.class_order.resize(orders.order.size());
  for (const std::int32_t row : orders.order) orders.class_order[next[static_cast<std::size_t>(category[row])]++] = row;
  run_blocks(balanced_cuts(offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      const auto first = orders.class_order.begin() + static_cast<std::ptrdiff_t>(offsets[k]);
      const auto last = orders.class_order.begin() + static_cast<std::ptrdiff_t>(offsets[k + 1]);
      std::stable_sort(first, last, [score](std::int32_t a, std::int32_t b) { return score[a] > score[b]; });
    }
  });
  orders.class_offsets.assign(offsets.begin(), offsets.end());
}

auto order_detections(Index1 image, Index1 category, Float1 score, std::size_t images, std::size_t categories,
                      int threads) {
  const std::size_t detections = image.shape(0);
  Orders orders;
  {
    nb::gil_scoped_release released;
    require(category.shape(0) == detections && score.shape(0) == detections, "image, category and score differ in length");
    require_below(image.data(), detections, 0, static_cast<std::int64_t>(images), "image");
    require_below(category.data(), detections, 0, static_cast<std::int64_t>(categories), "category");
    ByImage grouped = group_by_image(image.data(), detections, images);
    sort_images(grouped, category.data(), score.data(), threads);
    orders.rank = ranks_in_groups(grouped, category.data());
    orders.order = std::move(grouped.rows);
    sort_classes(orders, category.data(), score.data(), categories, threads);
  }
  return std::make_tuple(give(std::move(orders.order), {detections}), give(std::move(orders.rank), {detections}),
                         give(std::move(orders.class_order), {detections}),
                         give(std::move(orders.class_offsets), {categories + 1}));
}

}  // namespace

void add_order(nb::module_& module) {
  using namespace nb::literals;
  module.def("order_detections", &order_detections, "image"_a, "category"_a, "score"_a, "images"_a, "categories"_a,
             "threads"_a = 0);
}

}  // namespace mapgap
