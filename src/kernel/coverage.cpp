// How the objects of an image overlap one another.
#include "arrays.h"
#include "geometry.h"
#include "grouping.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

struct Rectangle {
  double left, top, right, bottom;
};

// Area of the union of rectangles sorted by `top`: a sweep over the strips between their vertical edges.
double union_area(const std::vector<Rectangle>& by_top, std::vector<double>& edges) {
  edges.clear();
  for (const Rectangle& rectangle : by_top) {
    edges.push_back(rectangle.left);
    edges.push_back(rectangle.right);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  double area = 0;
  for (std::size_t strip = 0; strip + 1 < edges.size(); ++strip) {
    double height = 0;
    double reached = -HUGE_VAL;
    for (const Rectangle& rectangle : by_top) {
      if (rectangle.left > edges[strip] || rectangle.right < edges[strip + 1] || rectangle.bottom <= reached) continue;
      height += rectangle.bottom - std::fmax(rectangle.top, reached);
      reached = rectangle.bottom;
    }
    area += height * (edges[strip + 1] - edges[strip]);
  }
  return area;
}

// Objects grouped by image, crowds left out.
ByImage objects_by_image(const Index1& image, const Flag1& is_object, std::size_t images) {
  ByImage grouped = group_by_image(image.data(), image.shape(0), images);
  ByImage objects;
  objects.offsets.assign(1, 0);
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t place = grouped.offsets[i]; place < grouped.offsets[i + 1]; ++place) {
      if (is_object.data()[grouped.rows[place]] != 0) objects.rows.push_back(grouped.rows[place]);
    }
    objects.offsets.push_back(objects.rows.size());
  }
  return objects;
}

void check(const Index1& image, const Float2& box, const Flag1& is_object, std::size_t images) {
  require(box.shape(0) == image.shape(0) && box.shape(1) == 4 && is_object.shape(0) == image.shape(0),
          "annotation arrays differ in length, or boxes are not (N, 4)");
  require_below(image.data(), image.shape(0), 0, static_cast<std::int64_t>(images), "image");
}

auto covered_share(Index1 image, Float2 box, Flag1 is_object, std::size_t images, int threads) {
  const std::size_t annotations = image.shape(0);
  std::vector<double> share(annotations, 0.0);
  {
    nb::gil_scoped_release released;
    check(image, box, is_object, images);
    const ByImage objects = objects_by_image(image, is_object, images);
    run_blocks(balanced_cuts(objects.offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      std::vector<Rectangle> others;
      std::vector<double> edges;
      for (std::size_t i = begin; i < end; ++i) {
        for (std::size_t a = objects.offsets[i]; a < objects.offsets[i + 1]; ++a) {
          const double* mine = box.data() + 4 * static_cast<std::size_t>(objects.rows[a]);
          if (!(mine[2] > 0 && mine[3] > 0)) continue;
          others.clear();
          for (std::size_t b = objects.offsets[i]; b < objects.offsets[i + 1]; ++b) {
            if (a == b) continue;
            const double* other = box.data() + 4 * static_cast<std::size_t>(objects.rows[b]);
            const Rectangle part{std::fmax(mine[0], other[0]), std::fmax(mine[1], other[1]),
                                 std::fmin(mine[0] + mine[2], other[0] + other[2]),
                                 std::fmin(mine[1] + mine[3], other[1] + other[3])};
            if (part.left < part.right && part.top < part.bottom) others.push_back(part);
          }
          if (others.empty()) continue;
          std::sort(others.begin(), others.end(), [](const Rectangle& one, const Rectangle& two) { return one.top < two.top; });
          const double whole = ((mine[0] + mine[2]) - mine[0]) * ((mine[1] + mine[3]) - mine[1]);
          share[static_cast<std::size_t>(objects.rows[a])] = std::fmin(1.0, union_area(others, edges) / whole);
        }
      }
    });
  }
  return give(std::move(share), {annotations});
}

auto count_overlaps(Index1 image, Float2 box, Flag1 is_object, std::size_t images, double minimum_iou, int threads) {
  const std::size_t annotations = image.shape(0);
  std::vector<std::int32_t> overlaps(annotations, 0);
  {
    nb::gil_scoped_release released;
    check(image, box, is_object, images);
    const ByImage objects = objects_by_image(image, is_object, images);
    run_blocks(balanced_cuts(objects.offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        for (std::size_t a = objects.offsets[i]; a < objects.offsets[i + 1]; ++a) {
          for (std::size_t b = a + 1; b < objects.offsets[i + 1]; ++b) {
            const std::size_t one = static_cast<std::size_t>(objects.rows[a]);
            const std::size_t two = static_cast<std::size_t>(objects.rows[b]);
            if (!(box_iou(box.data() + 4 * one, box.data() + 4 * two, false) > minimum_iou)) continue;
            ++overlaps[one];
            ++overlaps[two];
          }
        }
      }
    });
  }
  return give(std::move(overlaps), {annotations});
}

}  // namespace

void add_coverage(nb::module_& module) {
  using namespace nb::literals;
  module.def("covered_share", &covered_share, "image"_a, "box"_a, "is_object"_a, "images"_a, "threads"_a = 0);
  module.def("count_overlaps", &count_overlaps, "image"_a, "box"_a, "is_object"_a, "images"_a, "minimum_iou"_a,
             "threads"_a = 0);
}

}  // namespace mapgap
