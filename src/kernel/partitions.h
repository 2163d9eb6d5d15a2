// Ways to cut the same places into cells: by one column of codes, or by two of them crossed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "arrays.h"

namespace mapgap {

struct Partition {
  const std::int32_t* first;
  const std::int32_t* second;
  std::int32_t second_size;
  std::size_t begin;  // its first cell among the cells of all partitions
  std::size_t cells;

  std::int32_t cell(std::size_t place) const { return first[place] * second_size + second[place]; }
};

// One column of codes of so many places each, all below the column's size.
inline void require_columns(const std::vector<Index1>& columns, const Id1& sizes, std::size_t places) {
  require(sizes.shape(0) == columns.size(), "columns and sizes differ in length");
  for (std::size_t column = 0; column < columns.size(); ++column) {
    require(columns[column].shape(0) == places, "columns differ in length from the places");
    require_below(columns[column].data(), places, 0, sizes.data()[column], "column");
  }
}

// Partitions of `places` places. `crosses` (P, 2) names the columns of each, the second -1 for a column alone; code of a
// cell is first code x size of the second column + second code.
class Partitions {
 public:
  Partitions(const std::vector<Index1>& columns, const Id1& sizes, const Index2& crosses, std::size_t places)
      : zeros_(places, 0) {
    require(crosses.shape(1) == 2, "crosses must have the shape (P, 2)");
    require_columns(columns, sizes, places);
    const auto count = static_cast<std::int64_t>(columns.size());
    for (std::size_t p = 0; p < crosses.shape(0); ++p) {
      const std::int32_t* names = crosses.data() + 2 * p;
      require_below(names, 1, 0, count, "crosses");
      require_below(names + 1, 1, -1, count, "crosses");
      const bool is_alone = names[1] < 0;
      const auto first = static_cast<std::size_t>(names[0]);
      const auto second = static_cast<std::size_t>(is_alone ? 0 : names[1]);
      const std::int64_t second_size = is_alone ? 1 : sizes.data()[second];
      require(second_size == 0 || sizes.data()[first] <= std::numeric_limits<std::int32_t>::max() / second_size,
              "cells of a partition are out of range");
      const auto cells = static_cast<std::size_t>(sizes.data()[first] * second_size);
      partitions_.push_back({columns[first].data(), is_alone ? zeros_.data() : columns[second].data(),
                             static_cast<std::int32_t>(second_size), cells_, cells});
      cells_ += cells;
    }
  }

  Partitions(const Partitions&) = delete;
  Partitions& operator=(const Partitions&) = delete;

  const Partition& operator[](std::size_t p) const { return partitions_[p]; }
  std::size_t size() const { return partitions_.size(); }

  // The cells of all partitions together.
  std::size_t cells() const { return cells_; }

  std::size_t most_cells() const {
    std::size_t most = 0;
    for (const Partition& partition : partitions_) most = std::max(most, partition.cells);
    return most;
  }

 private:
  std::vector<std::int32_t> zeros_;
  std::vector<Partition> partitions_;
  std::size_t cells_ = 0;
};

}  // namespace mapgap
