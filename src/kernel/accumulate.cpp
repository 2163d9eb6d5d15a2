// From outcomes in rank order to precision, recall and average precision.
#include <span>

#include "arrays.h"
#include "curve.h"
#include "hits.h"
#include "kernel.h"
#include "mean.h"
#include "threads.h"

namespace mapgap {
namespace {

// Whole numbers (T, K).
using Id2 = In<std::int64_t, 2>;

std::vector<std::size_t> as_sizes(const Id1& offsets) {
  return std::vector<std::size_t>(offsets.data(), offsets.data() + offsets.shape(0));
}

// ---------------------------------------------------------------- COCO's precision, recall and scores

struct Curves {
  std::vector<double> precision, recall, scores;
};

struct Outcomes {
  const double* score;
  const std::int32_t* rank;
  const std::uint32_t* true_positive;
  const std::uint32_t* ignored;
};

// The true positives of one class in rank order, by threshold.
struct Hits {
  PrecisionAtHits precision;
  std::vector<std::vector<double>> score;  // empty if nobody asks
  std::int32_t first;                      // the first detection that is not cut by max_detections, or -1
};

// One walk over the detections of a class fills the hits of every threshold.
void collect_hits(std::span<const std::int32_t> rows, const Outcomes& outcomes, std::int64_t max_detections, Hits& hits) {
  const std::uint32_t every = every_threshold(hits.precision.thresholds());
  hits.precision.clear();
  for (auto& score : hits.score) score.clear();
  hits.first = -1;
  for (const std::int32_t row : rows) {
    if (outcomes.rank[row] >= max_detections) continue;
    if (hits.first < 0) hits.first = row;
    const std::uint32_t right = outcomes.true_positive[row] & every;
    hits.precision.add((right | ~outcomes.ignored[row]) & every, right);
    if (!hits.score.empty()) {
      for_thresholds(right, [&](std::size_t t) { hits.score[t].push_back(outcomes.score[row]); });
    }
  }
}

// The cells of one class in arrays (T, R, K) and (T, K).
struct CurvesOfClass {
  Curves& curves;
  const Float1& recall_thresholds;
  std::size_t classes, k;

  void write(std::size_t t, Hits& hits, std::int64_t positives, const ReachedPoints& reached, const double* score) {
    const std::size_t points = recall_thresholds.shape(0);
    const std::size_t start = t * points * classes + k;
    std::vector<double>& precision = hits.precision.at(t);
    curves.recall[t * classes + k] = static_cast<double>(precision.size()) / static_cast<double>(positives);
    if (!curves.precision.empty()) {
      take_envelope(precision);
      reached.write(precision, curves.precision.data() + start, classes);
    }
    if (!curves.scores.empty()) {
      reached.write(hits.score[t], curves.scores.data() + start, classes);
      // The very first detection already has recall 0 or more, whatever it is.
      for (std::size_t point = 0; hits.first >= 0 && point < points && recall_thresholds.data()[point] <= 0; ++point) {
        curves.scores[start + point * classes] = score[hits.first];
      }
    }
  }
};

auto precision_recall(Index1 class_order, Id1 class_offsets, Float1 score, Index1 rank, Bits1 true_positive,
                      Bits1 ignored, Id1 positives, std::size_t thresholds, Float1 recall_thresholds,
                      std::int64_t max_detections, bool with_precision, bool with_scores, int threads) {
  const std::size_t detections = score.shape(0);
  const std::size_t classes = positives.shape(0);
  const std::size_t points = recall_thresholds.shape(0);
  const std::size_t precision_thresholds = with_precision ? thresholds : 0;
  const std::size_t score_thresholds = with_scores ? thresholds : 0;
  Curves curves;
  {
    nb::gil_scoped_release released;
    require(class_offsets.shape(0) == classes + 1, "class_offsets must have one entry more than positives");
    require(rank.shape(0) == detections && true_positive.shape(0) == detections && ignored.shape(0) == detections,
            "detection arrays differ in length");
    require(thresholds <= most_thresholds, "at most 32 IoU thresholds fit one call");
    require_offsets(class_offsets.data(), classes + 1, class_order.shape(0), "class_offsets");
    require_below(class_order.data(), class_order.shape(0), 0, static_cast<std::int64_t>(detections), "class_order");
    curves.precision.assign(precision_thresholds * points * classes, -1.0);
    curves.scores.assign(score_thresholds * points * classes, -1.0);
    curves.recall.assign(thresholds * classes, -1.0);
    const Outcomes outcomes{score.data(), rank.data(), true_positive.data(), ignored.data()};
    run_blocks(balanced_cuts(as_sizes(class_offsets), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      Hits hits{PrecisionAtHits(thresholds), std::vector<std::vector<double>>(score_thresholds), -1};
      ReachedPoints reached(recall_thresholds.data(), points);
      for (std::size_t k = begin; k < end; ++k) {
        if (positives.data()[k] == 0) continue;
        const auto start = static_cast<std::size_t>(class_offsets.data()[k]);
        const auto stop = static_cast<std::size_t>(class_offsets.data()[k + 1]);
        collect_hits({class_order.data() + start, stop - start}, outcomes, max_detections, hits);
        reached.set_positives(positives.data()[k], hits.precision.most());
        CurvesOfClass here{curves, recall_thresholds, classes, k};
        for (std::size_t t = 0; t < thresholds; ++t) here.write(t, hits, positives.data()[k], reached, score.data());
      }
    });
  }
  return std::make_tuple(give(std::move(curves.precision), {precision_thresholds, points, classes}),
                         give(std::move(curves.recall), {thresholds, classes}),
                         give(std::move(curves.scores), {score_thresholds, points, classes}));
}

// ---------------------------------------------------------------- NumPy's mean

double pairwise_mean(Float1 values) {
  require(values.shape(0) > 0, "the mean of nothing is not defined");
  return mean_of(values.data(), values.shape(0));
}

// ---------------------------------------------------------------- average precision of statuses

// AP over the recall points from the precision at each true positive, in rank order.
double average_of(std::vector<double>& precision_at, std::int64_t positives, const double* recall_thresholds,
                  std::size_t points) {
  take_envelope(precision_at);
  double sum = 0;
  for_reached(recall_thresholds, points, precision_at.size(), positives,
              [&](std::size_t, std::size_t event) { sum += precision_at[event]; });
  return sum / static_cast<double>(points);
}

auto average_precision(Index1 class_order, Id1 class_offsets, Flag1 status, Id1 positives, Float1 recall_thresholds) {
  const std::size_t classes = positives.shape(0);
  const std::size_t rows = class_order.shape(0);
  std::vector<double> result(classes, 0.0);
  {
    nb::gil_scoped_release released;
    require(class_offsets.shape(0) == classes + 1, "class_offsets must have one entry more than positives");
    require_offsets(class_offsets.data(), classes + 1, rows, "class_offsets");
    require_below(class_order.data(), rows, 0, static_cast<std::int64_t>(status.shape(0)), "class_order");
    std::vector<double> precision_at;
    for (std::size_t k = 0; k < classes; ++k) {
      if (positives.data()[k] == 0) continue;
      precision_at.clear();
      std::int64_t counted = 0;
      for (std::int64_t p = class_offsets.data()[k]; p < class_offsets.data()[k + 1]; ++p) {
        const std::uint8_t outcome = status.data()[class_order.data()[p]];
        if (outcome == 0) continue;
        ++counted;
        if (outcome == 1) precision_at.push_back(static_cast<double>(precision_at.size() + 1) / static_cast<double>(counted));
      }
      result[k] = average_of(precision_at, positives.data()[k], recall_thresholds.data(), recall_thresholds.shape(0));
    }
  }
  return give(std::move(result), {classes});
}

std::size_t most_hits(const std::vector<std::vector<double>>& precision_at) {
  std::size_t most = 0;
  for (const auto& precision : precision_at) most = std::max(most, precision.size());
  return most;
}

// One walk over the rows of a class: the precision at each true positive, by threshold.
void collect_precisions(std::span<const std::uint32_t> counted_at, std::span<const std::uint32_t> true_positive_at,
                        CountedByThreshold& counted, std::vector<std::vector<double>>& precision_at) {
  const std::uint32_t every = every_threshold(precision_at.size());
  counted.clear();
  for (auto& precision : precision_at) precision.clear();
  for (std::size_t row = 0; row < counted_at.size(); ++row) {
    // Nearly all rows are false positives at all thresholds, in long runs.
    const std::size_t run_start = row;
    while (row < counted_at.size() && (counted_at[row] & every) == every && true_positive_at[row] == 0) ++row;
    counted.add_everywhere(static_cast<std::int64_t>(row - run_start));
    if (row == counted_at.size()) break;
    counted.add(counted_at[row] & every);
    for_thresholds(true_positive_at[row] & counted_at[row] & every, [&](std::size_t t) {
      precision_at[t].push_back(static_cast<double>(precision_at[t].size() + 1) / static_cast<double>(counted.at(t)));
    });
  }
}

// The same for many thresholds, from the thresholds at which each row counts and at which it is right.
auto average_precision_by_threshold(Id1 class_offsets, Bits1 counted_at, Bits1 true_positive_at, Id2 positives,
                                    Float1 recall_thresholds, int threads) {
  const std::size_t thresholds = positives.shape(0);
  const std::size_t classes = positives.shape(1);
  const std::size_t rows = counted_at.shape(0);
  std::vector<double> result(thresholds * classes, 0.0);
  std::vector<std::int64_t> counts(thresholds * classes, 0);
  {
    nb::gil_scoped_release released;
    require(thresholds <= most_thresholds, "at most 32 IoU thresholds fit one call");
    require(true_positive_at.shape(0) == rows, "counted_at and true_positive_at differ in length");
    require(class_offsets.shape(0) == classes + 1, "class_offsets must have one entry more than positives has classes");
    require_offsets(class_offsets.data(), classes + 1, rows, "class_offsets");
    run_blocks(balanced_cuts(as_sizes(class_offsets), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      CountedByThreshold counted(thresholds);
      AverageOfHits average(recall_thresholds.data(), recall_thresholds.shape(0));
      std::vector<std::vector<double>> precision_at(thresholds);
      for (std::size_t k = begin; k < end; ++k) {
        const auto first = static_cast<std::size_t>(class_offsets.data()[k]);
        const auto length = static_cast<std::size_t>(class_offsets.data()[k + 1]) - first;
        collect_precisions({counted_at.data() + first, length}, {true_positive_at.data() + first, length}, counted, precision_at);
        for (std::size_t t = 0; t < thresholds; ++t) {
          const std::size_t cell = t * classes + k;
          counts[cell] = counted.at(t);
          if (positives.data()[cell] == 0) continue;
          average.set_positives(positives.data()[cell], most_hits(precision_at));
          result[cell] = average.average(precision_at[t].data(), precision_at[t].size());
        }
      }
    });
  }
  return std::make_tuple(give(std::move(result), {thresholds, classes}), give(std::move(counts), {thresholds, classes}));
}

}  // namespace

void add_accumulate(nb::module_& module) {
  using namespace nb::literals;
  module.def("precision_recall", &precision_recall, "class_order"_a, "class_offsets"_a, "score"_a, "rank"_a,
             "true_positive"_a, "ignored"_a, "positives"_a, "thresholds"_a, "recall_thresholds"_a, "max_detections"_a,
             "with_precision"_a = true, "with_scores"_a = true,
             "threads"_a = 0);
  module.def("pairwise_mean", &pairwise_mean, "values"_a);
  module.def("average_precision", &average_precision, "class_order"_a, "class_offsets"_a, "status"_a, "positives"_a,
             "recall_thresholds"_a);
  module.def("average_precision_by_threshold", &average_precision_by_threshold, "class_offsets"_a, "counted_at"_a,
             "true_positive_at"_a, "positives"_a, "recall_thresholds"_a, "threads"_a = 0);
}

}  // namespace mapgap
