// Average precision and counts of many resamples of the images, from matches that were made once.
#include <nanobind/stl/vector.h>

#include <cmath>
#include <memory>
#include <span>
#include <unordered_map>

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

// ---------------------------------------------------------------- recall points by number of hits

class ReachedTable {
 public:
  ReachedTable(std::int64_t positives, std::span<const double> recall_thresholds) : least_hits_(recall_thresholds.size() + 1) {
    for (std::size_t point = 0; point < recall_thresholds.size(); ++point) {
      least_hits_[point] = static_cast<std::uint32_t>(least_hits(recall_thresholds[point], positives));
    }
    least_hits_.back() = std::numeric_limits<std::uint32_t>::max();
    const auto most = static_cast<std::uint64_t>(positives);
    while (most >> shift_ > most_exact) ++shift_;
    at_bucket_.resize((most >> shift_) + 1);
    std::uint32_t points = 0;
    for (std::size_t bucket = 0; bucket < at_bucket_.size(); ++bucket) {
      while ((static_cast<std::uint64_t>(bucket) << shift_) >= least_hits_[points]) ++points;
      at_bucket_[bucket] = static_cast<std::uint8_t>(points);
    }
  }

  static constexpr std::uint64_t most_exact = 8192;

  Reached view() const { return {at_bucket_.data(), least_hits_.data(), shift_}; }
  bool is_exact() const { return shift_ == 0; }

 private:
  // The least number of hits whose recall, as a float64, is not below the threshold; one more than all if none is.
  static std::int64_t least_hits(double threshold, std::int64_t positives) {
    const auto all = static_cast<double>(positives);
    if (!(threshold <= 1)) return positives + 1;
    if (threshold <= 0) return 0;
    const double hits = threshold * all;
    const double nearest = std::nearbyint(hits);
    // Away from whole numbers rounding cannot change the comparison.
    if (std::abs(hits - nearest) > 1e-6 * std::max(1.0, hits)) return static_cast<std::int64_t>(std::ceil(hits));
    auto least = std::max<std::int64_t>(0, static_cast<std::int64_t>(nearest) - 2);
    while (static_cast<double>(least) / all < threshold) ++least;
    return least;
  }

  std::vector<std::uint32_t> least_hits_;
  std::vector<std::uint8_t> at_bucket_;
  unsigned shift_ = 0;
};

// The tables of all numbers of objects that came up.
class ReachedTables {
 public:
  explicit ReachedTables(std::span<const double> recall_thresholds) : recall_thresholds_(recall_thresholds) {}

  // Not while a group is walked.
  void make_room() {
    if (tables_.size() > most_kept) tables_.clear();
  }

  const ReachedTable& of(std::int64_t positives) {
    std::unique_ptr<ReachedTable>& table = tables_[positives];
    if (!table) table = std::make_unique<ReachedTable>(positives, recall_thresholds_);
    return *table;
  }

 private:
  static constexpr std::size_t most_kept = 4096;
  std::span<const double> recall_thresholds_;
  std::unordered_map<std::int64_t, std::unique_ptr<ReachedTable>> tables_;
};

// ---------------------------------------------------------------- average precision

// The rows that matter of each group: those that count, up to the last that is right.
class Ranking {
 public:
  Ranking(const Groups& of, std::size_t groups, std::uint32_t every) : row_offsets_{0}, stop_offsets_{0} {
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t first = image_.size();
      std::size_t last = first;
      std::uint32_t apart = 0;
      for (auto row = static_cast<std::size_t>(of.offsets[g]); row < static_cast<std::size_t>(of.offsets[g + 1]); ++row) {
        const std::uint32_t counted = of.counted[row] & every;
        const std::uint32_t right = of.right[row] & counted;
        if (counted == 0) continue;
        if (right != 0 || counted != every) {
          const auto place = static_cast<std::uint32_t>(image_.size() - first);
          if (counted != every) apart |= counted;
          if (stops_.size() > stop_offsets_.back() && stops_.back().row + 1 == place) stops_.back().peak &= ~right;
          stops_.push_back({place, counted, right, right, apart});
        }
        image_.push_back(of.image[row]);
        if (right != 0) last = image_.size();
      }
      image_.resize(last);
      while (stops_.size() > stop_offsets_.back() && first + stops_.back().row >= last) stops_.pop_back();
      row_offsets_.push_back(image_.size());
      stop_offsets_.push_back(stops_.size());
    }
  }

  RankedRows operator[](std::size_t group) const {
    return {image_.data() + row_offsets_[group], row_offsets_[group + 1] - row_offsets_[group],
            stops_.data() + stop_offsets_[group], stop_offsets_[group + 1] - stop_offsets_[group]};
  }

  std::size_t most_stops() const {
    std::size_t most = 0;
    for (std::size_t g = 0; g + 1 < stop_offsets_.size(); ++g) most = std::max(most, stop_offsets_[g + 1] - stop_offsets_[g]);
    return most;
  }

 private:
  std::vector<std::int32_t> image_;
  std::vector<Stop> stops_;
  std::vector<std::size_t> row_offsets_, stop_offsets_;
};

// One group in the sixteen resamples of a block.
class GroupInBlock {
 public:
  GroupInBlock(const Groups& groups, const Ranking& ranking, const DrawnLoops& loops, std::size_t thresholds,
               std::span<const double> recall_thresholds)
      : groups_(groups), ranking_(ranking), loops_(loops), thresholds_(thresholds), every_(every_threshold(thresholds)),
        points_(static_cast<double>(recall_thresholds.size())), walk_(thresholds, ranking.most_stops()),
        tables_(recall_thresholds), reached_(thresholds * lanes), positives_(thresholds * lanes) {}

  // Adds AP, the mean over the thresholds, and 1 to the lanes where an object of the group is drawn.
  void add(std::size_t group, const DrawnBlock& block, double* sums, std::int32_t* groups_seen) {
    std::int32_t objects[lanes] = {};
    count_objects(group, block, objects);
    if (std::all_of(objects, objects + lanes, [](std::int32_t drawn) { return drawn == 0; })) return;
    const RankedRows rows = ranking_[group];
    std::fill(walk_.area.begin(), walk_.area.end(), 0.0);
    if (rows.stop_count > 0) walk(rows, block);
    for (std::size_t lane = 0; lane < block.used(); ++lane) {
      if (objects[lane] == 0) continue;
      double sum = 0;
      for (std::size_t t = 0; t < thresholds_; ++t) {
        sum += positives_[t * lanes + lane] > 0 ? walk_.area[t * lanes + lane] / points_ : without_objects(group, t, block, lane);
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
    for (std::size_t t = 0; t < thresholds_; ++t) std::copy_n(objects, lanes, positives_.begin() + static_cast<std::ptrdiff_t>(t * lanes));
    is_alike_ = true;
    for (std::size_t object = first; object < last; ++object) {
      const std::uint32_t gone = every_ & ~groups_.object_at[object];
      if (gone == 0) continue;
      is_alike_ = false;
      const std::uint16_t* drawn = block.data() + static_cast<std::size_t>(groups_.object_image[object]) * lanes;
      for_thresholds(gone, [&](std::size_t t) {
        for (std::size_t lane = 0; lane < lanes; ++lane) positives_[t * lanes + lane] -= drawn[lane];
      });
    }
  }

  void walk(const RankedRows& rows, const DrawnBlock& block) {
    for (auto* counts : {&walk_.hits, &walk_.apart}) std::fill(counts->begin(), counts->end(), 0);
    std::fill(walk_.envelope.begin(), walk_.envelope.end(), 0.0);
    loops_.count(rows, block.data(), every_, walk_);
    tables_.make_room();
    bool is_exact = true;
    for (std::size_t t = 0; t < thresholds_; ++t) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t place = t * lanes + lane;
        require(walk_.hits[place] <= positives_[place], "more true positives than objects");
        if (t > 0 && is_alike_) {
          reached_[place] = reached_[lane];
        } else {
          const ReachedTable& table = tables_.of(positives_[place]);
          reached_[place] = table.view();
          is_exact = is_exact && table.is_exact();
        }
      }
    }
    loops_.average(rows, block.data(), every_, reached_.data(), is_exact, walk_);
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
  double points_;
  Walk walk_;
  ReachedTables tables_;
  std::vector<Reached> reached_;         // by threshold and lane, like the next
  std::vector<std::int32_t> positives_;
  bool is_alike_ = true;                 // the same objects at all thresholds
};

std::size_t most_between(const Id1& offsets) {
  std::int64_t most = 0;
  for (std::size_t g = 0; g + 1 < offsets.shape(0); ++g) most = std::max(most, offsets.data()[g + 1] - offsets.data()[g]);
  return static_cast<std::size_t>(most);
}

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
    require(recall_thresholds.shape(0) >= 1 && recall_thresholds.shape(0) <= 255, "1 to 255 recall points fit one call");
    for (std::size_t point = 1; point < recall_thresholds.shape(0); ++point) {
      require(recall_thresholds.data()[point - 1] <= recall_thresholds.data()[point], "recall_thresholds must not fall");
    }
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
    const std::span<const double> points(recall_thresholds.data(), recall_thresholds.shape(0));
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
