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

// Where each group starts when rows are sorted by group, and the end; keys lie in [0, groups).
inline std::vector<std::size_t> group_offsets(const std::int32_t* key, std::size_t rows, std::size_t groups) {
  std::vector<std::size_t> offsets(groups + 1, 0);
  for (std::size_t row = 0; row < rows; ++row) ++offsets[static_cast<std::size_t>(key[row]) + 1];
  for (std::size_t group = 0; group < groups; ++group) offsets[group + 1] += offsets[group];
  return offsets;
}

// Stable counting sort: writes the rows `row_at(0)`, `row_at(1)`, ... to `sorted`, by their keys.
template <typename RowAt>
void sort_by_group(const std::vector<std::size_t>& offsets, const std::int32_t* key, RowAt row_at,
                   std::vector<std::int32_t>& sorted) {
  std::vector<std::size_t> next(offsets.begin(), offsets.end() - 1);
  const std::size_t rows = offsets.back();
  sorted.resize(rows);
  for (std::size_t place = 0; place < rows; ++place) {
    const std::int32_t row = row_at(place);
    sorted[next[static_cast<std::size_t>(key[row])]++] = row;
  }
}

// Stable counting sort of rows by image.
inline ByImage group_by_image(const std::int32_t* image, std::size_t rows, std::size_t images) {
  ByImage grouped{{}, group_offsets(image, rows, images)};
  sort_by_group(grouped.offsets, image, [](std::size_t place) { return static_cast<std::int32_t>(place); }, grouped.rows);
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

// The same by counting, where the categories are known to lie in [0, categories).
inline ByImage group_by_image_and_category(const std::int32_t* image, const std::int32_t* category, std::size_t rows,
                                           std::size_t images, std::size_t categories) {
  const auto in_order = [](std::size_t place) { return static_cast<std::int32_t>(place); };
  std::vector<std::int32_t> by_category;
  sort_by_group(group_offsets(category, rows, categories), category, in_order, by_category);
  ByImage grouped{{}, group_offsets(image, rows, images)};
  sort_by_group(grouped.offsets, image, [&](std::size_t place) { return by_category[place]; }, grouped.rows);
  return grouped;
}

}  // namespace mapgap
