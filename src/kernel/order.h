// Stable orders of detections: counting sorts by image and category, and one radix sort a class by score.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "ahead.h"
#include "grouping.h"
#include "threads.h"

namespace mapgap {

// Rises where the score falls. Equal for 0.0 and -0.0; NaN comes last.
inline std::uint64_t falling_key(double score) {
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  if (score != score) return ~std::uint64_t{0};
  const auto bits = std::bit_cast<std::uint64_t>(score + 0.0);
  return (bits & sign) != 0 ? bits : bits ^ (sign - 1);
}

// Sorts rows stably by falling score. Sorts the leading bits of the keys first, which tell nearly all scores apart,
// and then looks at the whole keys of those that are still equal.
class FallingScores {
 public:
  void sort(std::int32_t* rows, std::size_t count, const double* score) {
    if (count < 2 || !read_keys(rows, count, score)) return;
    const auto [low, high] = std::minmax_element(keys_.begin(), keys_.end());
    const int width = static_cast<int>(std::bit_width(*high - *low));
    const int leading = std::min(width, count < many ? 2 * digit_bits : 32);
    packed_.resize(count);
    for (std::size_t i = 0; i < count; ++i) packed_[i] = ((keys_[i] - *low) >> (width - leading)) << 32 | i;
    if (count < few) {
      std::sort(packed_.begin(), packed_.end());
    } else {
      sort_by_digits(leading);
    }
    if (leading < width) sort_equal_leading();
    sorted_.resize(count);
    for (std::size_t i = 0; i < count; ++i) sorted_[i] = rows[index_of(packed_[i])];
    std::copy(sorted_.begin(), sorted_.end(), rows);
  }

 private:
  static constexpr int digit_bits = 11;
  static constexpr std::size_t digits = std::size_t{1} << digit_bits;
  static constexpr std::size_t few = 512;               // below it, counting digits costs more than comparing
  static constexpr std::size_t many = std::size_t{1} << 20;  // from it on, two digits leave too many keys equal

  static std::size_t index_of(std::uint64_t packed) { return static_cast<std::uint32_t>(packed); }

  // False if the rows are in order already.
  bool read_keys(const std::int32_t* rows, std::size_t count, const double* score) {
    keys_.resize(count);
    bool rises = true;
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i + rows_ahead < count) fetch_ahead(score + rows[i + rows_ahead]);
      keys_[i] = falling_key(score[rows[i]]);
      rises &= last <= keys_[i];
      last = keys_[i];
    }
    return !rises;
  }

  void sort_by_digits(int leading) {
    const int passes = (leading + digit_bits - 1) / digit_bits;
    std::array<std::array<std::uint32_t, digits>, 3> places{};
    for (const std::uint64_t packed : packed_) {
      for (int pass = 0; pass < passes; ++pass) ++places[static_cast<std::size_t>(pass)][digit(packed, pass)];
    }
    spare_.resize(packed_.size());
    for (int pass = 0; pass < passes; ++pass) {
      auto& place = places[static_cast<std::size_t>(pass)];
      std::uint32_t start = 0;
      for (std::uint32_t& entry : place) start += std::exchange(entry, start);
      for (const std::uint64_t packed : packed_) spare_[place[digit(packed, pass)]++] = packed;
      packed_.swap(spare_);
    }
  }

  static std::size_t digit(std::uint64_t packed, int pass) {
    return static_cast<std::size_t>(packed >> (32 + pass * digit_bits)) & (digits - 1);
  }

  void sort_equal_leading() {
    const auto comes_before = [this](std::uint64_t a, std::uint64_t b) {
      const std::uint64_t key_a = keys_[index_of(a)], key_b = keys_[index_of(b)];
      return key_a != key_b ? key_a < key_b : a < b;
    };
    for (auto first = packed_.begin(); first != packed_.end();) {
      const std::uint64_t leading = *first >> 32;
      auto last = first + 1;
      while (last != packed_.end() && *last >> 32 == leading) ++last;
      if (last - first > 1) std::sort(first, last, comes_before);
      first = last;
    }
  }

  std::vector<std::uint64_t> keys_, packed_, spare_;
  std::vector<std::int32_t> sorted_;
};

struct DetectionOrder {
  std::vector<std::int32_t> by_image;      // sorted by image, category, falling score, row
  std::vector<std::size_t> image_offsets;  // where each image starts, and the end
  std::vector<std::int32_t> by_class;      // sorted by category, falling score, image, row
  std::vector<std::size_t> class_offsets;
};

// Indices must lie in range.
inline DetectionOrder order_rows(const std::int32_t* image, const std::int32_t* category, const double* score,
                                 std::size_t detections, std::size_t images, std::size_t categories, int threads) {
  DetectionOrder order;
  order.image_offsets = group_offsets(image, detections, images);
  order.class_offsets = group_offsets(category, detections, categories);
  const auto in_file_order = [](std::size_t place) { return static_cast<std::int32_t>(place); };
  if (std::is_sorted(image, image + detections)) {
    sort_by_group(order.class_offsets, category, in_file_order, order.by_class);
  } else {
    sort_by_group(order.image_offsets, image, in_file_order, order.by_image);
    sort_by_group(order.class_offsets, category, [&](std::size_t place) { return order.by_image[place]; }, order.by_class);
  }
  run_blocks(balanced_cuts(order.class_offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
    FallingScores sorter;
    for (std::size_t k = begin; k < end; ++k) {
      sorter.sort(order.by_class.data() + order.class_offsets[k], order.class_offsets[k + 1] - order.class_offsets[k], score);
    }
  });
  // Dealing a class order out to images, stably, sorts each image by category, falling score and row.
  sort_by_group(order.image_offsets, image, [&](std::size_t place) { return order.by_class[place]; }, order.by_image);
  return order;
}

}  // namespace mapgap
