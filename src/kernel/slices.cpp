// Average precision of every slice of many partitions of the same matches.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "arrays.h"
#include "curve.h"
#include "hits.h"
#include "kernel.h"
#include "partitions.h"
#include "threads.h"

namespace mapgap {
namespace {

using Causes2 = In<std::int8_t, 2>;

// A row where the walk down a class stops: a true positive, or one that does not count alike at all thresholds.
struct Stop {
  std::size_t row;
  std::uint32_t counted, true_positive;
  std::size_t split_places;  // where its place at each threshold stands in `places`, 0 if it has the same everywhere
};

// What tells where a detection is at home: the arrays (T, D) of the matches and causes, and each cause's target.
struct Outcomes {
  std::size_t thresholds, detections, annotations;
  const std::uint32_t* counted_at;
  const std::uint32_t* true_positive_at;
  const std::int32_t* matched;
  const std::int8_t* cause;
  const std::int32_t* same_object;
  const std::int32_t* other_object;
  std::array<std::uint8_t, 256> target_of_cause;  // -1 is 255 and has none
  std::vector<std::uint32_t> at_same{}, at_other{};  // the thresholds at which a false positive points at each object

  // Threshold by threshold, which is how the causes lie.
  void find_targets() {
    at_same.assign(detections, 0);
    at_other.assign(detections, 0);
    for (std::size_t t = 0; t < thresholds; ++t) {
      for (std::size_t d = 0; d < detections; ++d) {
        const std::uint8_t target = target_of_cause[static_cast<std::uint8_t>(cause[t * detections + d])];
        at_same[d] |= static_cast<std::uint32_t>(target == 1) << t;
        at_other[d] |= static_cast<std::uint32_t>(target == 2) << t;
      }
    }
  }

  std::uint32_t counted(std::size_t detection) const { return counted_at[detection] & every_threshold(thresholds); }
  std::uint32_t true_positive(std::size_t detection) const { return true_positive_at[detection] & counted(detection); }
  std::int32_t matched_object(std::size_t t, std::size_t detection) const { return matched[t * detections + detection]; }

  // Whether it is at one place at all thresholds; only true positives need a closer look.
  bool stays(std::size_t detection) const {
    const std::uint32_t every = every_threshold(thresholds);
    const auto all_or_none = [every](std::uint32_t at) { return at == 0 || at == every; };
    if (true_positive(detection) == 0) return all_or_none(at_same[detection]) && all_or_none(at_other[detection]);
    for (std::size_t t = 1; t < thresholds; ++t) {
      if (place(t, detection) != place(0, detection)) return false;
    }
    return true;
  }

  // Its address: an object, or number of annotations + detection.
  std::int32_t place(std::size_t t, std::size_t detection) const {
    const std::int32_t home = object(t, detection);
    return home >= 0 ? home : static_cast<std::int32_t>(annotations + detection);
  }

 private:
  std::int32_t object(std::size_t t, std::size_t detection) const {
    if ((true_positive(detection) >> t & 1U) != 0) return matched_object(t, detection);
    if ((at_same[detection] >> t & 1U) != 0) return same_object[detection];
    return (at_other[detection] >> t & 1U) != 0 ? other_object[detection] : -1;
  }
};

// The objects of one class that a walk has already seen matched: each may be matched once a threshold.
class MatchedOnce {
 public:
  MatchedOnce(const Index1& object_category, const Flag1& is_object)
      : category_(object_category.data()), is_object_(is_object.data()), seen_(object_category.shape(0), 0) {}

  void add(std::int32_t object, std::size_t k, std::size_t t) {
    require(object >= 0 && static_cast<std::size_t>(object) < seen_.size() && is_object_[object] != 0 && static_cast<std::size_t>(category_[object]) == k,
            "matched out of range: a true positive is at an object of its class");
    std::uint32_t& seen = seen_[static_cast<std::size_t>(object)];
    require((seen >> t & 1U) == 0, "matched out of range: two true positives at one object");
    seen |= std::uint32_t{1} << t;
  }

 private:
  const std::int32_t* category_;
  const std::uint8_t* is_object_;
  std::vector<std::uint32_t> seen_;
};

// AP from the precision at each true positive; what depends on the number of objects alone is kept for small numbers.
class AverageByPositives {
 public:
  explicit AverageByPositives(const std::vector<double>& recall_thresholds)
      : other_(recall_thresholds.data(), recall_thresholds.size()), small_(most_kept + 1, other_) {}

  const AverageOfHits& of(std::int64_t positives) {
    AverageOfHits& average = positives <= most_kept ? small_[static_cast<std::size_t>(positives)] : other_;
    average.set_positives(positives, static_cast<std::size_t>(positives));
    return average;
  }

 private:
  static constexpr std::int64_t most_kept = 512;
  AverageOfHits other_;
  std::vector<AverageOfHits> small_;
};

// The walk down one class: what it has seen so far of each cell of a partition. Seat 0 is for all cells without an
// object of the class.
class Tally {
 public:
  Tally(std::size_t cells, std::size_t thresholds, const std::vector<double>& recall_thresholds)
      : thresholds_(thresholds), average_(recall_thresholds), seat_of_cell_(cells, 0) {}

  void begin(std::size_t first_object, std::size_t last_object, const Partition& partition) {
    for (std::size_t seat = 1; seat < cell_.size(); ++seat) seat_of_cell_[static_cast<std::size_t>(cell_[seat])] = 0;
    cell_.assign(1, -1);
    positives_.assign(1, 0);
    for (std::size_t place = first_object; place < last_object; ++place) {
      const std::int32_t cell = partition.cell(place);
      std::uint32_t& seat = seat_of_cell_[static_cast<std::size_t>(cell)];
      if (seat == 0) {
        seat = static_cast<std::uint32_t>(cell_.size());
        cell_.push_back(cell);
        positives_.push_back(0);
      }
      ++positives_[seat];
    }
    first_hit_.assign(cell_.size(), 0);
    for (std::size_t seat = 1; seat < cell_.size(); ++seat) {
      first_hit_[seat] = first_hit_[seat - 1] + thresholds_ * static_cast<std::size_t>(positives_[seat - 1]);
    }
    precision_.resize(first_hit_.back() + thresholds_ * static_cast<std::size_t>(positives_.back()));
    everywhere_.assign(cell_.size(), 0);
    somewhere_.assign(cell_.size() * thresholds_, 0);
    hits_.assign(cell_.size() * thresholds_, 0);
  }

  std::size_t seats() const { return cell_.size(); }
  std::size_t cell(std::size_t seat) const { return static_cast<std::size_t>(cell_[seat]); }
  std::size_t seat_of(std::int32_t cell) const { return seat_of_cell_[static_cast<std::size_t>(cell)]; }

  void count(std::size_t seat) { ++everywhere_[seat]; }
  void count(std::size_t seat, std::size_t t) { ++somewhere_[seat * thresholds_ + t]; }

  void hit(std::size_t seat, std::size_t t) {
    if (seat == 0) return;
    const std::int64_t hits = ++hits_[seat * thresholds_ + t];
    precisions(seat, t)[hits - 1] = coco_precision(hits, everywhere_[seat] + somewhere_[seat * thresholds_ + t]);
  }

  // AP of a seat, summed over the thresholds.
  double sum_of_average_precision(std::size_t seat) {
    const AverageOfHits& average = average_.of(positives_[seat]);
    double sum = 0;
    for (std::size_t t = 0; t < thresholds_; ++t) {
      sum += average.average(precisions(seat, t), static_cast<std::size_t>(hits_[seat * thresholds_ + t]));
    }
    return sum;
  }

 private:
  double* precisions(std::size_t seat, std::size_t t) {
    return precision_.data() + first_hit_[seat] + t * static_cast<std::size_t>(positives_[seat]);
  }

  std::size_t thresholds_;
  AverageByPositives average_;
  std::vector<std::uint32_t> seat_of_cell_;
  std::vector<std::int32_t> cell_;         // this and the next three by seat
  std::vector<std::int64_t> positives_;
  std::vector<std::int64_t> everywhere_;   // counted at all thresholds
  std::vector<std::size_t> first_hit_;     // where its precisions begin, `positives` of them a threshold
  std::vector<std::int64_t> somewhere_;    // by seat and threshold: counted there, not at all thresholds
  std::vector<std::int64_t> hits_;         // by seat and threshold: true positives
  std::vector<double> precision_;          // at each of them
};

class SliceAveragePrecision {
 public:
  SliceAveragePrecision(Index1 class_order, Id1 class_offsets, Bits1 counted_at, Bits1 true_positive_at, Index2 matched,
                        Causes2 cause, Index1 same_object, Index1 other_object, Flag1 target_of_cause,
                        Index1 object_category, Flag1 is_object, Float1 recall_thresholds)
      : thresholds_(cause.shape(0)) {
    nb::gil_scoped_release released;
    const std::size_t detections = class_order.shape(0);
    const std::size_t annotations = object_category.shape(0);
    require(class_offsets.shape(0) > 0, "class_offsets: not offsets into the array they belong to");
    const std::size_t classes = class_offsets.shape(0) - 1;
    require(thresholds_ <= most_thresholds, "at most 32 IoU thresholds fit one call");
    require(counted_at.shape(0) == detections && true_positive_at.shape(0) == detections &&
                same_object.shape(0) == detections && other_object.shape(0) == detections && cause.shape(1) == detections &&
                matched.shape(0) == thresholds_ && matched.shape(1) == detections,
            "detection arrays differ in shape");
    require(is_object.shape(0) == annotations, "annotation arrays differ in length");
    require(annotations + detections <= INT32_MAX, "annotations and detections together are out of range");
    require_offsets(class_offsets.data(), classes + 1, detections, "class_offsets");
    require_below(class_order.data(), detections, 0, static_cast<std::int64_t>(detections), "class_order");
    require(target_of_cause.shape(0) < 128, "target_of_cause has more entries than there are codes");
    require_below(same_object.data(), detections, -1, static_cast<std::int64_t>(annotations), "same_object");
    require_below(other_object.data(), detections, -1, static_cast<std::int64_t>(annotations), "other_object");
    require_below(object_category.data(), annotations, 0, static_cast<std::int64_t>(classes), "object_category");
    recall_thresholds_.assign(recall_thresholds.data(), recall_thresholds.data() + recall_thresholds.shape(0));
    add_objects(object_category, is_object, classes);
    Outcomes outcomes{thresholds_, detections, annotations, counted_at.data(), true_positive_at.data(), matched.data(),
                      cause.data(), same_object.data(), other_object.data(), {}};
    std::copy_n(target_of_cause.data(), target_of_cause.shape(0), outcomes.target_of_cause.begin());
    outcomes.find_targets();
    MatchedOnce matched_once(object_category, is_object);
    row_offsets_.assign(1, places_.size());
    stop_offsets_.assign(1, 0);
    std::vector<std::size_t> split;  // detections whose address depends on the threshold
    for (std::size_t k = 0; k < classes; ++k) {
      add_class(k, {class_order.data() + class_offsets.data()[k], class_order.data() + class_offsets.data()[k + 1]},
                outcomes, matched_once, split);
    }
    add_split_places(split, outcomes);
  }

  Out<std::int32_t> places() const { return give(std::vector<std::int32_t>(places_), {places_.size()}); }

  Out<double> average_precision(const std::vector<Index1>& columns, Id1 sizes, Index2 crosses, int threads) const {
    std::vector<double> result;
    {
      nb::gil_scoped_release released;
      const Partitions partitions(columns, sizes, crosses, places_.size());
      result.assign(partitions.cells(), std::nan(""));
      run_blocks(even_cuts(partitions.size(), threads),
                 [&](std::size_t, std::size_t begin, std::size_t end) { take_means(partitions, begin, end, result); });
    }
    const std::size_t cells = result.size();
    return give(std::move(result), {cells});
  }

  auto grouped(Index1 column, std::int64_t size) const {
    Groups groups;
    {
      nb::gil_scoped_release released;
      require(column.shape(0) == places_.size(), "columns differ in length from the places");
      require_below(column.data(), column.shape(0), 0, size, "column");
      groups.fill(*this, column.data(), static_cast<std::size_t>(size));
    }
    const std::size_t count = groups.cell.size(), rows = groups.row.place.size(), objects = groups.object.size();
    return std::make_tuple(give(std::move(groups.cell), {count}), give(std::move(groups.row_offsets), {count + 1}),
                           give(std::move(groups.row.place), {rows}), give(std::move(groups.row.counted), {rows}),
                           give(std::move(groups.row.true_positive), {rows}),
                           give(std::move(groups.object_offsets), {count + 1}), give(std::move(groups.object), {objects}));
  }

 private:
  // One row a class and cell of a partition that has an object of it, with its objects and its rows in class order.
  struct Groups {
    struct Rows {
      std::vector<std::int32_t> place;
      std::vector<std::uint32_t> counted, true_positive;
    };

    std::vector<std::int32_t> cell;
    std::vector<std::int64_t> row_offsets{0}, object_offsets{0};
    std::vector<std::int32_t> object;  // a row of `places`, like `row.place`
    Rows row;

    void fill(const SliceAveragePrecision& of, const std::int32_t* code, std::size_t cells) {
      constexpr std::size_t none = SIZE_MAX;
      std::vector<std::size_t> group_of(cells, none);
      for (std::size_t k = 0; k + 1 < of.object_offsets_.size(); ++k) {
        const std::size_t first = cell.size();
        for (std::size_t place = of.object_offsets_[k]; place < of.object_offsets_[k + 1]; ++place) {
          std::size_t& group = group_of[static_cast<std::size_t>(code[place])];
          if (group == none) {
            group = cell.size();
            cell.push_back(code[place]);
            object_offsets.push_back(0);
            row_offsets.push_back(0);
          }
          ++object_offsets[group + 1];
        }
        // Rows of cells without an object of the class belong to nothing.
        of.for_rows(k, code, [&](std::size_t, std::uint32_t, std::uint32_t, std::size_t at) {
          if (group_of[at] != none) ++row_offsets[group_of[at] + 1];
        });
        for (std::size_t group = first; group < cell.size(); ++group) {
          object_offsets[group + 1] += object_offsets[group];
          row_offsets[group + 1] += row_offsets[group];
        }
        place_class(of, k, first, code, group_of);
        for (std::size_t group = first; group < cell.size(); ++group) group_of[static_cast<std::size_t>(cell[group])] = none;
      }
    }

    void place_class(const SliceAveragePrecision& of, std::size_t k, std::size_t first, const std::int32_t* code,
                     const std::vector<std::size_t>& group_of) {
      std::vector<std::size_t> next_object(object_offsets.begin() + static_cast<std::ptrdiff_t>(first), object_offsets.end());
      std::vector<std::size_t> next_row(row_offsets.begin() + static_cast<std::ptrdiff_t>(first), row_offsets.end());
      object.resize(static_cast<std::size_t>(object_offsets.back()));
      row.place.resize(static_cast<std::size_t>(row_offsets.back()));
      row.counted.resize(row.place.size());
      row.true_positive.resize(row.place.size());
      for (std::size_t place = of.object_offsets_[k]; place < of.object_offsets_[k + 1]; ++place) {
        object[next_object[group_of[static_cast<std::size_t>(code[place])] - first]++] = static_cast<std::int32_t>(place);
      }
      of.for_rows(k, code, [&](std::size_t place, std::uint32_t counted, std::uint32_t true_positive, std::size_t at) {
        if (group_of[at] >= first + next_row.size()) return;
        const std::size_t here = next_row[group_of[at] - first]++;
        row.place[here] = static_cast<std::int32_t>(place);
        row.counted[here] = counted;
        row.true_positive[here] = true_positive;
      });
    }
  };

  // Calls visit(place, counted, true positive, cell) for each row of a class in its order, once for each cell that it is in.
  template <typename Visit>
  void for_rows(std::size_t k, const std::int32_t* code, Visit visit) const {
    const std::uint32_t every = every_threshold(thresholds_);
    std::size_t row = row_offsets_[k];
    const auto cell = [code](std::size_t place) { return static_cast<std::size_t>(code[place]); };
    for (std::size_t s = stop_offsets_[k]; s < stop_offsets_[k + 1]; ++s) {
      const Stop& stop = stops_[s];
      for (; row < stop.row; ++row) visit(row, every, 0U, cell(row));
      ++row;
      if (stop.split_places == 0) {
        visit(stop.row, stop.counted, stop.true_positive, cell(stop.row));
        continue;
      }
      for (std::uint32_t left = stop.counted; left != 0;) {
        const std::size_t at = cell(stop.split_places + static_cast<std::size_t>(std::countr_zero(left)));
        std::uint32_t here = 0;
        for_thresholds(left, [&](std::size_t t) {
          here |= static_cast<std::uint32_t>(cell(stop.split_places + t) == at) << t;
        });
        visit(stop.row, here, stop.true_positive & here, at);
        left &= ~here;
      }
    }
  }

  void add_objects(const Index1& object_category, const Flag1& is_object, std::size_t classes) {
    object_offsets_.assign(classes + 1, 0);
    for (std::size_t object = 0; object < is_object.shape(0); ++object) {
      if (is_object.data()[object] != 0) ++object_offsets_[static_cast<std::size_t>(object_category.data()[object]) + 1];
    }
    for (std::size_t k = 0; k < classes; ++k) object_offsets_[k + 1] += object_offsets_[k];
    std::vector<std::size_t> next(object_offsets_.begin(), object_offsets_.end() - 1);
    places_.resize(object_offsets_[classes]);
    for (std::size_t object = 0; object < is_object.shape(0); ++object) {
      if (is_object.data()[object] == 0) continue;
      places_[next[static_cast<std::size_t>(object_category.data()[object])]++] = static_cast<std::int32_t>(object);
    }
  }

  void add_class(std::size_t k, std::span<const std::int32_t> order, const Outcomes& outcomes, MatchedOnce& matched,
                 std::vector<std::size_t>& split) {
    std::size_t last_hit = places_.size();
    for (const std::int32_t row : order) {
      const auto detection = static_cast<std::size_t>(row);
      const std::uint32_t counted = outcomes.counted(detection);
      const std::uint32_t true_positive = outcomes.true_positive(detection);
      if (counted == 0) continue;
      for_thresholds(true_positive, [&](std::size_t t) { matched.add(outcomes.matched_object(t, detection), k, t); });
      const bool is_split = counted != every_threshold(thresholds_) || !outcomes.stays(detection);
      if (is_split) split.push_back(detection);
      if (is_split || true_positive != 0) stops_.push_back({places_.size(), counted, true_positive, is_split ? split.size() : 0});
      places_.push_back(outcomes.place(0, detection));
      if (true_positive != 0) last_hit = places_.size();
    }
    // AP does not see what comes behind the last true positive.
    places_.resize(last_hit);
    while (stops_.size() > stop_offsets_.back() && stops_.back().row >= last_hit) stops_.pop_back();
    row_offsets_.push_back(places_.size());
    stop_offsets_.push_back(stops_.size());
  }

  // Turns the numbers of split detections, which count from 1, into places.
  void add_split_places(const std::vector<std::size_t>& split, const Outcomes& outcomes) {
    for (Stop& stop : stops_) {
      if (stop.split_places == 0) continue;
      const std::size_t detection = split[stop.split_places - 1];
      stop.split_places = places_.size();
      for (std::size_t t = 0; t < thresholds_; ++t) places_.push_back(outcomes.place(t, detection));
    }
  }

  // AP of each cell of some partitions; adds in class order. All of them look at one class before the next: its rows
  // stay near the processor.
  void take_means(const Partitions& partitions, std::size_t begin, std::size_t end, std::vector<double>& result) const {
    Tally tally(partitions.most_cells(), thresholds_, recall_thresholds_);
    std::vector<double> sum(result.size(), 0.0);
    std::vector<std::int64_t> classes(result.size(), 0);
    for (std::size_t k = 0; k + 1 < object_offsets_.size(); ++k) {
      if (object_offsets_[k] == object_offsets_[k + 1]) continue;
      for (std::size_t p = begin; p < end; ++p) {
        tally.begin(object_offsets_[k], object_offsets_[k + 1], partitions[p]);
        walk(k, partitions[p], tally);
        for (std::size_t seat = 1; seat < tally.seats(); ++seat) {
          sum[partitions[p].begin + tally.cell(seat)] += tally.sum_of_average_precision(seat);
          ++classes[partitions[p].begin + tally.cell(seat)];
        }
      }
    }
    for (std::size_t cell = 0; cell < result.size(); ++cell) {
      if (classes[cell] > 0) result[cell] = sum[cell] / static_cast<double>(classes[cell]) / static_cast<double>(thresholds_);
    }
  }

  void walk(std::size_t k, const Partition& partition, Tally& tally) const {
    std::size_t row = row_offsets_[k];
    for (std::size_t s = stop_offsets_[k]; s < stop_offsets_[k + 1]; ++s) {
      const Stop& stop = stops_[s];
      for (; row < stop.row; ++row) tally.count(tally.seat_of(partition.cell(row)));
      ++row;
      if (stop.split_places != 0) {
        walk_split(stop, partition, tally);
        continue;
      }
      const std::size_t seat = tally.seat_of(partition.cell(stop.row));
      tally.count(seat);
      for_thresholds(stop.true_positive, [&](std::size_t t) { tally.hit(seat, t); });
    }
  }

  void walk_split(const Stop& stop, const Partition& partition, Tally& tally) const {
    for_thresholds(stop.counted, [&](std::size_t t) {
      const std::size_t seat = tally.seat_of(partition.cell(stop.split_places + t));
      tally.count(seat, t);
      if ((stop.true_positive >> t & 1U) != 0) tally.hit(seat, t);
    });
  }

  std::size_t thresholds_;
  std::vector<double> recall_thresholds_;
  std::vector<std::int32_t> places_;         // the objects by class, the rows in class order, then split rows by threshold
  std::vector<std::size_t> object_offsets_;  // where the objects of each class begin in places_
  std::vector<std::size_t> row_offsets_;     // where its rows begin there
  std::vector<Stop> stops_;                  // in class order
  std::vector<std::size_t> stop_offsets_;    // where those of each class begin
};

}  // namespace

void add_slices(nb::module_& module) {
  using namespace nb::literals;
  nb::class_<SliceAveragePrecision>(module, "SliceAveragePrecision")
      .def(nb::init<Index1, Id1, Bits1, Bits1, Index2, Causes2, Index1, Index1, Flag1, Index1, Flag1, Float1>(),
           "class_order"_a, "class_offsets"_a, "counted_at"_a, "true_positive_at"_a, "matched"_a, "cause"_a,
           "same_object"_a, "other_object"_a, "target_of_cause"_a, "object_category"_a, "is_object"_a,
           "recall_thresholds"_a)
      .def("places", &SliceAveragePrecision::places)
      .def("average_precision", &SliceAveragePrecision::average_precision, "columns"_a, "sizes"_a, "crosses"_a,
           "threads"_a = 0)
      .def("grouped", &SliceAveragePrecision::grouped, "column"_a, "size"_a);
}

}  // namespace mapgap
