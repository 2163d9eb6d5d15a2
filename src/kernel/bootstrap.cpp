// Average precision and counts of many resamples of the images, from matches that were made once.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "arrays.h"
#include "drawn.h"
#include "drawn_loops.h"
#include "hits.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

// Rows in groups, as they come from Python.
struct Groups {
  const std::int64_t* offsets;
  const std::int32_t* image;
  const std::uint32_t* counted;
  const std::uint32_t* right;
  const std::int64_t* object_offsets;
  const std::int32_t* object_image;
  const std::uint32_t* object_at;
};

// ---------------------------------------------------------------- average precision

// The rows that matter of each group: those that count, up to the last that is right.
class Ranking {
 public:
  Ranking(const Groups& of, std::size_t groups, std::uint32_t every) : every_(every), ends_{{}} {
    for (std::size_t g = 0; g < groups; ++g) {
      take_rows(of, static_cast<std::size_t>(of.offsets[g]), static_cast<std::size_t>(of.offsets[g + 1]));
      add_group();
    }
  }

  RankedRows operator[](std::size_t group) const {
    const Ends& first = ends_[group];
    const Ends& last = ends_[group + 1];
    return {image_.data() + first.row,
            last.row - first.row,
            {stops_.data() + first.stop, last.stop - first.stop},
            {hits_.data() + first.hit, last.hit - first.hit},
            {peaks_.data() + first.peak, last.peak - first.peak}};
  }

  Walk make_walk(std::size_t thresholds) const {
    std::size_t most_peaks = 0, most_shares = 0;
    for (std::size_t g = 0; g + 1 < ends_.size(); ++g) {
      most_peaks = std::max(most_peaks, ends_[g + 1].peak - ends_[g].peak);
      most_shares = std::max(most_shares, ends_[g + 1].shares);
    }
    return Walk(thresholds, most_peaks, most_shares);
  }

 private:
  // Where a group ends, and how many shares it has.
  struct Ends {
    std::size_t row = 0, stop = 0, hit = 0, peak = 0, shares = 0;
  };

  struct Row {
    std::uint32_t counted, right;
  };

  // The rows of a group that matter: their images stay, their outcomes are looked at by `add_group`.
  void take_rows(const Groups& of, std::size_t begin, std::size_t end) {
    rows_.clear();
    std::size_t matter = 0;
    for (std::size_t row = begin; row < end; ++row) {
      const std::uint32_t counted = of.counted[row] & every_;
      if (counted == 0) continue;
      image_.push_back(of.image[row]);
      rows_.push_back({counted, of.right[row] & counted});
      if (rows_.back().right != 0) matter = rows_.size();
    }
    rows_.resize(matter);
    image_.resize(ends_.back().row + matter);
  }

  void add_group() {
    Ends end = ends_.back();
    const std::int32_t* image = image_.data() + end.row;
    end.shares = 0;
    std::array<std::uint32_t, most_thresholds> alike;  // by threshold those at which the same rows have counted so far
    std::array<std::uint32_t, most_thresholds> peak{};  // the next one
    alike.fill(every_);
    std::uint32_t is_open = 0;  // thresholds at which the row before is right and has its peak here or later
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const auto [counted, right] = rows_[row];
      if (right == 0 && counted == every_) continue;
      if (counted != every_) {
        for_thresholds(every_, [&](std::size_t t) { alike[t] &= (counted >> t & 1U) != 0 ? counted : ~counted; });
      }
      const std::uint32_t goes_on = row + 1 < rows_.size() ? right & rows_[row + 1].right : 0;
      for_thresholds(right & ~is_open, [&](std::size_t t) {
        peak[t] = static_cast<std::uint32_t>(peaks_.size() - ends_.back().peak);
        peaks_.push_back({static_cast<std::uint32_t>(t), 0});
      });
      for_thresholds(right, [&](std::size_t t) { hits_.push_back({image[row], static_cast<std::uint32_t>(t), peak[t]}); });
      stops_.push_back({static_cast<std::uint32_t>(row), counted, 0});
      for (std::uint32_t left = right & ~goes_on; left != 0; ++end.shares) {
        const auto speaker = static_cast<std::size_t>(std::countr_zero(left));
        stops_.back().shares |= std::uint32_t{1} << speaker;
        for_thresholds(left & alike[speaker], [&](std::size_t t) {
          peaks_[ends_.back().peak + peak[t]].share = static_cast<std::uint32_t>(end.shares);
        });
        left &= ~alike[speaker];
      }
      is_open = goes_on;
    }
    ends_.push_back({image_.size(), stops_.size(), hits_.size(), peaks_.size(), end.shares});
  }

  std::uint32_t every_;
  std::vector<Row> rows_;
  std::vector<std::int32_t> image_;
  std::vector<Stop> stops_;
  std::vector<Hit> hits_;
  std::vector<Peak> peaks_;
  std::vector<Ends> ends_;
};

// One group in the sixteen resamples of a block.
class GroupInBlock {
 public:
  GroupInBlock(const Groups& groups, const Ranking& ranking, const DrawnLoops& loops, std::size_t thresholds,
               const RecallPoints& points)
      : groups_(groups), ranking_(ranking), loops_(loops), thresholds_(thresholds), every_(every_threshold(thresholds)),
        points_(points), walk_(ranking.make_walk(thresholds)) {}

  // Adds AP, the mean over the thresholds, and 1 to the lanes where an object of the group is drawn.
  void add(std::size_t group, const DrawnBlock& block, double* sums, std::int32_t* groups_seen) {
    std::int32_t objects[lanes] = {};
    count_objects(group, block, objects);
    if (std::all_of(objects, objects + lanes, [](std::int32_t drawn) { return drawn == 0; })) return;
    const RankedRows rows = ranking_[group];
    std::fill(walk_.area.begin(), walk_.area.end(), 0.0);
    if (!rows.hits.empty()) walk(rows, block);
    for (std::size_t lane = 0; lane < block.used(); ++lane) {
      if (objects[lane] == 0) continue;
      double sum = 0;
      for (std::size_t t = 0; t < thresholds_; ++t) {
        sum += walk_.positives[t * lanes + lane] > 0 ? walk_.area[t * lanes + lane] / static_cast<double>(points_.size()) : without_objects(group, t, block, lane);
      }
      sums[lane] += sum / static_cast<double>(thresholds_);
      ++groups_seen[lane];
    }
  }

 private:
  // All objects, and those there are at each threshold.
  void count_objects(std::size_t group, const DrawnBlock& block, std::int32_t* objects) {
    const auto first = static_cast<std::size_t>(groups_.object_offsets[group]);
    const auto last = static_cast<std::size_t>(groups_.object_offsets[group + 1]);
    loops_.sum(groups_.object_image + first, last - first, block.data(), objects);
    for (std::size_t t = 0; t < thresholds_; ++t) {
      std::copy_n(objects, lanes, walk_.positives.begin() + static_cast<std::ptrdiff_t>(t * lanes));
    }
    for (std::size_t object = first; object < last; ++object) {
      const std::uint32_t gone = every_ & ~groups_.object_at[object];
      if (gone == 0) continue;
      const std::uint16_t* drawn = block.data() + static_cast<std::size_t>(groups_.object_image[object]) * lanes;
      for_thresholds(gone, [&](std::size_t t) {
        for (std::size_t lane = 0; lane < lanes; ++lane) walk_.positives[t * lanes + lane] -= drawn[lane];
      });
    }
  }

  void walk(const RankedRows& rows, const DrawnBlock& block) {
    for (auto* counts : {&walk_.hits, &walk_.apart}) std::fill(counts->begin(), counts->end(), 0);
    std::fill(walk_.envelope.begin(), walk_.envelope.end(), 0.0);
    loops_.count(rows, block.data(), every_, walk_);
    for (std::size_t place = 0; place < walk_.hits.size(); ++place) {
      require(walk_.hits[place] <= walk_.positives[place], "more true positives than objects");
      walk_.points_per_hit[place] = points_.per_hit(walk_.positives[place]);
      walk_.strict_hits[place] = points_.strict_hits(walk_.hits[place], walk_.positives[place]);
    }
    loops_.average(rows, points_, walk_);
  }

  // AP where all objects were taken out: 0 if a detection is left, else 1.
  double without_objects(std::size_t group, std::size_t t, const DrawnBlock& block, std::size_t lane) const {
    for (auto row = static_cast<std::size_t>(groups_.offsets[group]); row < static_cast<std::size_t>(groups_.offsets[group + 1]); ++row) {
      const bool is_counted = (groups_.counted[row] >> t & 1U) != 0;
      if (is_counted && block.data()[static_cast<std::size_t>(groups_.image[row]) * lanes + lane] > 0) return 0;
    }
    return 1;
  }

  const Groups& groups_;
  const Ranking& ranking_;
  const DrawnLoops& loops_;
  std::size_t thresholds_;
  std::uint32_t every_;
  const RecallPoints& points_;
  Walk walk_;
};

auto resampled_average_precision(Id1 group_offsets, Index1 image, Bits1 counted_at, Bits1 true_positive_at, Id1 object_offsets,
                                 Index1 object_image, Bits1 object_at, Index1 cell_of_group, std::size_t cells, Drawn2 drawn,
                                 std::size_t thresholds, Float1 recall_thresholds, int threads, bool wide) {
  const std::size_t groups = cell_of_group.shape(0);
  const std::size_t rows = image.shape(0);
  const std::size_t objects = object_image.shape(0);
  const auto images = static_cast<std::int64_t>(drawn.shape(0));
  const std::size_t resamples = drawn.shape(1);
  std::vector<double> result;
  {
    nb::gil_scoped_release released;
    require(counted_at.shape(0) == rows && true_positive_at.shape(0) == rows, "row arrays differ in length");
    require(object_at.shape(0) == objects, "object arrays differ in length");
    require(group_offsets.shape(0) == groups + 1, "group_offsets must have one entry more than cell_of_group");
    require(object_offsets.shape(0) == groups + 1, "object_offsets must have one entry more than cell_of_group");
    require(thresholds >= 1 && thresholds <= most_thresholds, "1 to 32 IoU thresholds fit one call");
    require_offsets(group_offsets.data(), groups + 1, rows, "group_offsets");
    require_offsets(object_offsets.data(), groups + 1, objects, "object_offsets");
    require_below(image.data(), rows, 0, images, "image");
    require_below(object_image.data(), objects, 0, images, "object_image");
    require_below(cell_of_group.data(), groups, 0, static_cast<std::int64_t>(cells), "cell_of_group");
    const std::uint16_t most = most_drawn(drawn);
    require_countable(std::max(most_between(group_offsets), most_between(object_offsets)), most);
    result.assign(cells * resamples, 0.0);
    const Groups of{group_offsets.data(), image.data(), counted_at.data(), true_positive_at.data(),
                    object_offsets.data(), object_image.data(), object_at.data()};
    const Ranking ranking(of, groups, every_threshold(thresholds));
    const DrawnLoops loops(most, wide);
    const RecallPoints points({recall_thresholds.data(), recall_thresholds.shape(0)});
    run_blocks(even_cuts(blocks_of_lanes(resamples), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      GroupInBlock in_block(of, ranking, loops, thresholds, points);
      std::vector<double> sums(cells * lanes);
      std::vector<std::int32_t> seen(cells * lanes);
      for (std::size_t b = begin; b < end; ++b) {
        const DrawnBlock block(drawn, b);
        std::fill(sums.begin(), sums.end(), 0.0);
        std::fill(seen.begin(), seen.end(), 0);
        for (std::size_t g = 0; g < groups; ++g) {
          const auto cell = static_cast<std::size_t>(cell_of_group.data()[g]) * lanes;
          in_block.add(g, block, sums.data() + cell, seen.data() + cell);
        }
        for (std::size_t cell = 0; cell < cells; ++cell) {
          for (std::size_t lane = 0; lane < block.used(); ++lane) {
            const std::size_t place = cell * lanes + lane;
            result[cell * resamples + block.begin() + lane] = seen[place] > 0 ? sums[place] / seen[place] : std::nan("");
          }
        }
      }
    });
  }
  return give(std::move(result), {cells, resamples});
}

// ---------------------------------------------------------------- counts

auto resampled_counts(const std::vector<Index1>& columns, Id1 sizes, Index1 image, Flag1 kind, std::size_t kinds, Drawn2 drawn,
                      int threads, bool wide) {
  const std::size_t rows = image.shape(0);
  const std::size_t resamples = drawn.shape(1);
  std::vector<std::uint32_t> counts;
  std::size_t cells = 0;
  {
    nb::gil_scoped_release released;
    require(sizes.shape(0) == columns.size(), "columns and sizes differ in length");
    require(kind.shape(0) == rows, "row arrays differ in length");
    require_below(image.data(), rows, 0, static_cast<std::int64_t>(drawn.shape(0)), "image");
    require_below(kind.data(), rows, 0, static_cast<std::int64_t>(kinds), "kind");
    std::vector<std::size_t> begins;
    std::size_t most_cells = 0;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      require(columns[c].shape(0) == rows, "columns differ in length from the rows");
      require(sizes.data()[c] >= 0, "sizes must not be negative");
      require_below(columns[c].data(), rows, 0, sizes.data()[c], "column");
      begins.push_back(cells);
      cells += static_cast<std::size_t>(sizes.data()[c]);
      most_cells = std::max(most_cells, static_cast<std::size_t>(sizes.data()[c]));
    }
    const std::uint16_t most = most_drawn(drawn);
    require_countable(rows, most);
    counts.assign(cells * kinds * resamples, 0);
    const DrawnLoops loops(most, wide);
    run_blocks(even_cuts(blocks_of_lanes(resamples), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      std::vector<std::uint32_t> sums(most_cells * kinds * lanes);
      for (std::size_t b = begin; b < end; ++b) {
        const DrawnBlock block(drawn, b);
        for (std::size_t c = 0; c < columns.size(); ++c) {
          const std::size_t places = static_cast<std::size_t>(sizes.data()[c]) * kinds;
          std::fill_n(sums.begin(), places * lanes, 0U);
          loops.tally(columns[c].data(), kind.data(), kinds, image.data(), rows, block.data(), sums.data());
          for (std::size_t place = 0; place < places; ++place) {
            std::copy_n(sums.begin() + static_cast<std::ptrdiff_t>(place * lanes), block.used(),
                        counts.begin() + static_cast<std::ptrdiff_t>((begins[c] * kinds + place) * resamples + block.begin()));
          }
        }
      }
    });
  }
  return give(std::move(counts), {cells, kinds, resamples});
}

}  // namespace

void add_bootstrap(nb::module_& module) {
  using namespace nb::literals;
  module.def("resampled_average_precision", &resampled_average_precision, "group_offsets"_a, "image"_a, "counted_at"_a,
             "true_positive_at"_a, "object_offsets"_a, "object_image"_a, "object_at"_a, "cell_of_group"_a, "cells"_a,
             "drawn"_a, "thresholds"_a, "recall_thresholds"_a, "threads"_a = 0, "wide"_a = true);
  module.def("resampled_counts", &resampled_counts, "columns"_a, "sizes"_a, "image"_a, "kind"_a, "kinds"_a, "drawn"_a,
             "threads"_a = 0, "wide"_a = true);
}

}  // namespace mapgap
