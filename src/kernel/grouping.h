// Rows sorted by image, then category, then row number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mapgap {

struct ByImage {
  std::vector<std::int32_t> rows;     // row numbers, image after image
  std::vector<std::size_t> offsets;   // where each image starts in `rows`, and the end
};

// Stable counting sort of rows by image.
inline ByImage group_by_image(const std::int32_t* image, std::size_t rows, std::size_t images) {
  ByImage grouped;
  grouped.offsets.assign(images + 1, 0);
  for (std::size_t row = 0; row < rows; ++row) ++grouped.offsets[static_cast<std::size_t>(image[row]) + 1];
  for (std::size_t i = 0; i < images; ++i) grouped.offsets[i + 1] += grouped.offsets[i];
  std::vector<std::size_t> next(grouped.offsets.begin(), grouped.offsets.end() - 1);
  grouped.rows.resize(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    grouped.rows[next[static_cast<std::size_t>(image[row])]++] = static_cast<std::int32_t>(row);
  }
  return grouped;
}

// The same, with the rows of an image sorted by category, then row number.
inline ByImage group_by_image_and_category(const std::int32_t* image, const std::int32_t* category, std::size_t rows,
                                           std::size_t images) {
  ByImage grouped = group_by_image(image, rows, images);
  for (std::size_t i = 0; i < images; ++i) {
    const auto first = grouped.rows.begin() + static_cast<std::ptrdiff_t>(grouped.offsets[i]);
    const auto last = grouped.rows.begin() + static_cast<std::ptrdiff_t>(grouped.offsets[i + 1]);
    std::sort(first, last, [category](std::int32_t a, std::int32_t b) {
      return category[a] != category[b] ? category[a] < category[b] : a < b;
    });
  }
  return grouped;
}

}  // namespace mapgap
