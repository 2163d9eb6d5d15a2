// What is odd about two tables, in one walk over each: how many rows, and the first of them.
#include <nanobind/stl/string.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "arrays.h"
#include "kernel.h"

namespace mapgap {
namespace {

using Boxes = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;

constexpr std::size_t shown = 3;

// How many rows share one oddity, and the first of them.
struct Oddity {
  std::int64_t count = 0;
  std::vector<std::int64_t> rows;

  void add(std::size_t row) {
    if (rows.size() < shown) rows.push_back(static_cast<std::int64_t>(row));
    ++count;
  }
};

struct Extents {
  const double* width;
  const double* height;
  const std::int64_t* place;  // of an image in the two

  // How far the box reaches beyond its image, in pixels; 0 where the size is not known.
  double beyond(std::int32_t image, const double* box) const {
    const std::int64_t at = place[image];
    const double right = width[at], bottom = height[at];
    if (!(right > 0 && bottom > 0)) return 0.0;
    return std::max({0.0, -box[0], -box[1], box[0] + box[2] - right, box[1] + box[3] - bottom});
  }
};

bool has_no_size(const double* box) { return box[2] <= 0 || box[3] <= 0; }

struct ObjectOddities {
  Oddity without_size, outside, area;
};

struct DetectionOddities {
  Oddity without_size, outside, repeated, classless, crowded, above_one, below_zero;
  bool are_equal = false;  // all scores, of two and more
  double lowest = std::numeric_limits<double>::infinity(), highest = -std::numeric_limits<double>::infinity();
};

struct Rows {
  const std::int32_t* image;
  const std::int32_t* category;
  const double* box;
  const double* score;
  std::size_t length;

  // One number that equal rows share and different ones hardly ever.
  std::uint64_t mark(std::size_t row) const {
    std::uint64_t mark = static_cast<std::uint64_t>(static_cast<std::uint32_t>(image[row])) << 32 | static_cast<std::uint32_t>(category[row]);
    for (const double value : {score[row], box[4 * row]}) {
      mark = (mark ^ std::bit_cast<std::uint64_t>(value + 0.0)) * 0x9E3779B97F4A7C15ULL;  // + 0.0: -0 is 0
      mark ^= mark >> 29;
    }
    return mark;
  }

  bool are_same(std::size_t one, std::size_t other) const {
    return image[one] == image[other] && category[one] == category[other] && score[one] == score[other] &&
           std::equal(box + 4 * one, box + 4 * one + 4, box + 4 * other);
  }
};

// A set of numbers that may also claim to have some it has not: one bit each, at a place in a table.
class Bits {
 public:
  explicit Bits(std::size_t rows) : words_(std::bit_ceil(std::max<std::size_t>(1, rows / 4)), 0) {}

  bool has(std::uint64_t mark) const { return (words_[word(mark)] >> (mark % 64) & 1) != 0; }
  void add(std::uint64_t mark) { words_[word(mark)] |= std::uint64_t{1} << (mark % 64); }

 private:
  std::size_t word(std::uint64_t mark) const { return mark / 64 & (words_.size() - 1); }

  std::vector<std::uint64_t> words_;
};

// Rows that an earlier one equals in image, class, box and score. Bits tell nearly all rows apart; the others are
// compared.
Oddity repeated_rows(const Rows& rows) {
  Bits met(rows.length), met_again(rows.length);
  bool is_any = false;
  for (std::size_t row = 0; row < rows.length; ++row) {
    const std::uint64_t mark = rows.mark(row), other = mark >> 32 | mark << 32;
    if (met.has(mark) && met.has(other)) {
      met_again.add(mark);
      is_any = true;
    }
    met.add(mark);
    met.add(other);
  }
  Oddity repeated;
  if (!is_any) return repeated;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> different;
  for (std::size_t row = 0; row < rows.length; ++row) {
    const std::uint64_t mark = rows.mark(row);
    if (!met_again.has(mark)) continue;
    std::vector<std::size_t>& alike = different[mark];
    const auto same = [&](std::size_t other) { return rows.are_same(row, other); };
    if (std::any_of(alike.begin(), alike.end(), same)) {
      repeated.add(row);
    } else {
      alike.push_back(row);
    }
  }
  return repeated;
}

// How many rows each class has in each image that has more than `limit` rows at all: others cannot have so many of one.
class ClassCounts {
 public:
  ClassCounts(const Rows& rows, std::size_t images, std::size_t categories, std::int64_t limit)
      : rows_(rows), limit_(limit), categories_(categories), place_(images, 0) {
    for (std::size_t row = 0; row < rows.length; ++row) ++place_[image_of(row)];
    std::int64_t candidates = 0;
    for (std::int64_t& place : place_) place = place > limit ? candidates++ : -1;
    is_dense_ = static_cast<std::size_t>(candidates) * categories <= most_cells;
    if (is_dense_) dense_.resize(static_cast<std::size_t>(candidates) * categories, 0);
    for (std::size_t row = 0; candidates > 0 && row < rows.length; ++row) {
      if (place_[image_of(row)] >= 0) ++(is_dense_ ? dense_[cell(row)] : sparse_[cell(row)]);
    }
  }

  bool is_crowded(std::size_t row) const {
    if (place_[image_of(row)] < 0) return false;
    return (is_dense_ ? dense_[cell(row)] : sparse_.at(cell(row))) > limit_;
  }

 private:
  static constexpr std::size_t most_cells = std::size_t{1} << 22;

  std::size_t image_of(std::size_t row) const { return static_cast<std::size_t>(rows_.image[row]); }
  std::size_t cell(std::size_t row) const {
    return static_cast<std::size_t>(place_[image_of(row)]) * categories_ + static_cast<std::size_t>(rows_.category[row]);
  }

  const Rows& rows_;
  std::int64_t limit_;
  std::size_t categories_;
  std::vector<std::int64_t> place_;  // of an image among the candidates, -1 for none
  bool is_dense_ = true;
  std::vector<std::int32_t> dense_;
  std::unordered_map<std::size_t, std::int32_t> sparse_;
};

nb::tuple given(const Oddity& oddity) {
  nb::list rows;
  for (const std::int64_t row : oddity.rows) rows.append(row);
  return nb::make_tuple(oddity.count, rows);
}

void put(nb::dict& all, const char* name, const Oddity& oddity) {
  if (oddity.count > 0) all[name] = given(oddity);
}

bool are_boxes(const Boxes& box, std::size_t rows) { return box.size() == 4 * rows; }

nb::dict examine_objects(Index1 image, Boxes box, Float1 area, Flag1 crowd, Float1 width, Float1 height, Id1 image_order,
                         double tolerance) {
  const std::size_t rows = image.shape(0);
  ObjectOddities odd;
  {
    nb::gil_scoped_release released;
    require(are_boxes(box, rows) && area.shape(0) == rows && crowd.shape(0) == rows, "annotation arrays differ in length");
    const std::size_t images = image_order.shape(0);
    require_below(image.data(), rows, 0, static_cast<std::int64_t>(images), "image");
    require(width.shape(0) == height.shape(0), "width and height differ in length");
    require_below(image_order.data(), images, 0, static_cast<std::int64_t>(width.shape(0)), "image_order");
    const Extents extents{width.data(), height.data(), image_order.data()};
    for (std::size_t row = 0; row < rows; ++row) {
      const double* sides = box.data() + 4 * row;
      const bool is_flat = has_no_size(sides);
      if (is_flat) odd.without_size.add(row);
      if (extents.beyond(image.data()[row], sides) > tolerance) odd.outside.add(row);
      const double of_box = sides[2] * sides[3], own = area.data()[row];
      if (!is_flat && crowd.data()[row] == 0 && (own <= 0 || own > 1.05 * of_box + 2.0 * (sides[2] + sides[3]) + 4.0)) odd.area.add(row);
    }
  }
  nb::dict all;
  put(all, "box_without_size", odd.without_size);
  put(all, "box_outside_image", odd.outside);
  put(all, "area_inconsistent", odd.area);
  return all;
}

nb::dict examine_detections(Index1 image, Index1 category, Boxes box, Float1 score, Index1 object_category, Flag1 crowd,
                            std::size_t categories, Float1 width, Float1 height, Id1 image_order, double overhang,
                            std::int64_t max_detections) {
  const std::size_t rows = image.shape(0);
  DetectionOddities odd;
  {
    nb::gil_scoped_release released;
    require(are_boxes(box, rows) && category.shape(0) == rows && score.shape(0) == rows, "detection arrays differ in length");
    const std::size_t images = image_order.shape(0);
    require_below(image.data(), rows, 0, static_cast<std::int64_t>(images), "image");
    require_below(category.data(), rows, 0, static_cast<std::int64_t>(categories), "category");
    require_below(object_category.data(), object_category.shape(0), 0, static_cast<std::int64_t>(categories), "object_category");
    require(crowd.shape(0) == object_category.shape(0), "annotation arrays differ in length");
    std::vector<std::uint8_t> has_objects(categories, 0);
    for (std::size_t row = 0; row < crowd.shape(0); ++row) {
      if (crowd.data()[row] == 0) has_objects[static_cast<std::size_t>(object_category.data()[row])] = 1;
    }
    require(width.shape(0) == height.shape(0), "width and height differ in length");
    require_below(image_order.data(), images, 0, static_cast<std::int64_t>(width.shape(0)), "image_order");
    const Extents extents{width.data(), height.data(), image_order.data()};
    for (std::size_t row = 0; row < rows; ++row) {
      const double* sides = box.data() + 4 * row;
      const bool is_flat = has_no_size(sides);
      if (is_flat) odd.without_size.add(row);
      const double beyond = extents.beyond(image.data()[row], sides);
      if (!is_flat && beyond > overhang * std::max(sides[2], sides[3])) odd.outside.add(row);
      const double own = score.data()[row];
      if (own > 1) odd.above_one.add(row);
      if (own < 0) odd.below_zero.add(row);
      odd.lowest = std::min(odd.lowest, own);
      odd.highest = std::max(odd.highest, own);
      if (has_objects[static_cast<std::size_t>(category.data()[row])] == 0) odd.classless.add(row);
    }
    odd.are_equal = rows > 1 && odd.lowest == odd.highest;
    const Rows all{image.data(), category.data(), box.data(), score.data(), rows};
    odd.repeated = repeated_rows(all);
    const ClassCounts counts(all, images, categories, max_detections);
    for (std::size_t row = 0; row < rows; ++row) {
      if (counts.is_crowded(row)) odd.crowded.add(row);
    }
  }
  nb::dict all;
  put(all, "box_without_size", odd.without_size);
  put(all, "box_outside_image", odd.outside);
  put(all, "repeated_detections", odd.repeated);
  put(all, "detections_without_ground_truth", odd.classless);
  put(all, "detections_cut", odd.crowded);
  put(all, "scores_above_one", odd.above_one);
  put(all, "scores_below_zero", odd.below_zero);
  if (odd.are_equal) {
    Oddity equal{static_cast<std::int64_t>(rows), {0}};
    put(all, "scores_equal", equal);
  }
  return all;
}

}  // namespace

void add_examine(nb::module_& module) {
  using namespace nb::literals;
  module.def("examine_objects", &examine_objects, "image"_a, "box"_a, "area"_a, "crowd"_a, "width"_a, "height"_a, "image_order"_a,
             "tolerance"_a);
  module.def("examine_detections", &examine_detections, "image"_a, "category"_a, "box"_a, "score"_a, "object_category"_a, "crowd"_a,
             "categories"_a, "width"_a, "height"_a, "image_order"_a, "overhang"_a, "max_detections"_a);
}

}  // namespace mapgap
