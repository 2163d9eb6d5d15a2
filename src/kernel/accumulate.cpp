// From outcomes in rank order to precision, recall and average precision.
#include <cmath>

#include "arrays.h"
#include "curve.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

std::vector<std::size_t> as_sizes(const Id1& offsets) {
  return std::vector<std::size_t>(offsets.data(), offsets.data() + offsets.shape(0));
}

// ---------------------------------------------------------------- COCO's precision, recall and scores

struct Curves {
  std::vector<double> precision, recall, scores;
};

struct ClassRows {
  const std::int32_t* begin;
  const std::int32_t* end;
};

auto precision_recall(Index1 class_order, Id1 class_offsets, Float1 score, Index1 rank, Bits1 true_positive,
                      Bits1 ignored, Id1 positives, std::size_t thresholds, Float1 recall_thresholds,
                      std::int64_t max_detections, int threads) {
  const std::size_t detections = class_order.shape(0);
  const std::size_t classes = positives.shape(0);
  const std::size_t points = recall_thresholds.shape(0);
  Curves curves;
  {
    nb::gil_scoped_release released;
    require(class_offsets.shape(0) == classes + 1, "class_offsets must have one entry more than positives");
    require(score.shape(0) == detections && rank.shape(0) == detections && true_positive.shape(0) == detections &&
                ignored.shape(0) == detections,
            "detection arrays differ in length");
    require(thresholds <= 32, "at most 32 IoU thresholds fit one call");
    require_offsets(class_offsets.data(), classes + 1, detections, "class_offsets");
    require_below(class_order.data(), detections, 0, static_cast<std::int64_t>(detections), "class_order");
    curves.precision.assign(thresholds * points * classes, -1.0);
    curves.scores.assign(thresholds * points * classes, -1.0);
    curves.recall.assign(thresholds * classes, -1.0);
    run_blocks(balanced_cuts(as_sizes(class_offsets), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      std::vector<double> precision_at, score_at;
      for (std::size_t k = begin; k < end; ++k) {
        if (positives.data()[k] == 0) continue;
        const ClassRows rows{class_order.data() + class_offsets.data()[k], class_order.data() + class_offsets.data()[k + 1]};
        for (std::size_t t = 0; t < thresholds; ++t) {
          precision_at.clear();
          score_at.clear();
          std::int64_t counted = 0;
          const std::int32_t* first = nullptr;
          for (const std::int32_t* row = rows.begin; row != rows.end; ++row) {
            if (rank.data()[*row] >= max_detections) continue;
            if (first == nullptr) first = row;
            const bool is_true = (true_positive.data()[*row] >> t & 1U) != 0;
            if (!is_true && (ignored.data()[*row] >> t & 1U) != 0) continue;
            ++counted;
            if (!is_true) continue;
            precision_at.push_back(coco_precision(static_cast<std::int64_t>(precision_at.size()) + 1, counted));
            score_at.push_back(score.data()[*row]);
          }
          take_envelope(precision_at);
          const auto cell = [&](std::size_t point) { return (t * points + point) * classes + k; };
          for (std::size_t point = 0; point < points; ++point) curves.precision[cell(point)] = curves.scores[cell(point)] = 0.0;
          for_reached(recall_thresholds.data(), points, precision_at.size(), positives.data()[k],
                      [&](std::size_t point, std::size_t event) {
                        curves.precision[cell(point)] = precision_at[event];
                        curves.scores[cell(point)] = score_at[event];
                      });
          // The very first detection already has recall 0 or more, whatever it is.
          for (std::size_t point = 0; first != nullptr && point < points && recall_thresholds.data()[point] <= 0; ++point) {
            curves.scores[cell(point)] = score.data()[*first];
          }
          curves.recall[t * classes + k] =
              static_cast<double>(precision_at.size()) / static_cast<double>(positives.data()[k]);
        }
      }
    });
  }
  return std::make_tuple(give(std::move(curves.precision), {thresholds, points, classes}),
                         give(std::move(curves.recall), {thresholds, classes}),
                         give(std::move(curves.scores), {thresholds, points, classes}));
}

// ---------------------------------------------------------------- NumPy's mean

// NumPy's pairwise summation of contiguous float64 (numpy/_core/src/umath/loops_utils.h.src, pairwise_sum).
double pairwise_sum(const double* values, std::size_t length) {
  if (length < 8) {
    double sum = -0.0;
    for (std::size_t i = 0; i < length; ++i) sum += values[i];
    return sum;
  }
  if (length <= 128) {
    double lane[8];
    for (std::size_t j = 0; j < 8; ++j) lane[j] = values[j];
    std::size_t i = 8;
    for (; i < length - length % 8; i += 8) {
      for (std::size_t j = 0; j < 8; ++j) lane[j] += values[i + j];
    }
    double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < length; ++i) sum += values[i];
    return sum;
  }
  std::size_t half = length / 2;
  half -= half % 8;
  return pairwise_sum(values, half) + pairwise_sum(values + half, length - half);
}

double pairwise_mean(Float1 values) {
  require(values.shape(0) > 0, "the mean of nothing is not defined");
  return (0.0 + pairwise_sum(values.data(), values.shape(0))) / static_cast<double>(values.shape(0));
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

// ---------------------------------------------------------------- average precision of the slices of a partition

// One slice of one class: its number of objects, and what has been seen so far in rank order.
struct Cell {
  std::int32_t code;
  std::int64_t positives;
  std::int64_t counted;
  double sum;
  std::vector<double> precision_at;
};

struct ClassPart {
  std::int32_t code;
  double sum;  // AP summed over the thresholds
};

auto slice_average_precision(Index1 class_order, Id1 class_offsets, Index2 address, Flag2 status, Index1 object_codes,
                             Index1 detection_codes, Index1 object_category, Flag1 is_object, std::size_t codes,
                             Float1 recall_thresholds, int threads) {
  const std::size_t detections = class_order.shape(0);
  const std::size_t classes = class_offsets.shape(0) - 1;
  const std::size_t thresholds = address.shape(0);
  const std::size_t annotations = object_codes.shape(0);
  std::vector<double> result(codes, std::nan(""));
  {
    nb::gil_scoped_release released;
    require(address.shape(1) == detections && status.shape(0) == thresholds && status.shape(1) == detections &&
                detection_codes.shape(0) == detections,
            "detection arrays differ in shape");
    require(object_category.shape(0) == annotations && is_object.shape(0) == annotations, "annotation arrays differ in length");
    require_offsets(class_offsets.data(), classes + 1, detections, "class_offsets");
    require_below(class_order.data(), detections, 0, static_cast<std::int64_t>(detections), "class_order");
    require_below(address.data(), thresholds * detections, -1, static_cast<std::int64_t>(annotations), "address");
    require_below(object_codes.data(), annotations, INT32_MIN, static_cast<std::int64_t>(codes), "object_codes");
    require_below(detection_codes.data(), detections, INT32_MIN, static_cast<std::int64_t>(codes), "detection_codes");
    require_below(object_category.data(), annotations, 0, static_cast<std::int64_t>(classes), "object_category");

    std::vector<std::vector<std::int32_t>> class_objects(classes);
    for (std::size_t object = 0; object < annotations; ++object) {
      if (is_object.data()[object] == 0 || object_codes.data()[object] < 0) continue;
      class_objects[static_cast<std::size_t>(object_category.data()[object])].push_back(static_cast<std::int32_t>(object));
    }
    std::vector<std::vector<ClassPart>> parts(classes);
    run_blocks(balanced_cuts(as_sizes(class_offsets), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      std::vector<std::int32_t> cell_of_code(codes, -1);
      std::vector<Cell> cells;
      for (std::size_t k = begin; k < end; ++k) {
        cells.clear();
        for (const std::int32_t object : class_objects[k]) {
          const std::int32_t code = object_codes.data()[object];
          std::int32_t& cell = cell_of_code[static_cast<std::size_t>(code)];
          if (cell < 0) {
            cell = static_cast<std::int32_t>(cells.size());
            cells.push_back({code, 0, 0, 0.0, {}});
          }
          ++cells[static_cast<std::size_t>(cell)].positives;
        }
        for (std::size_t t = 0; t < thresholds && !cells.empty(); ++t) {
          for (std::int64_t p = class_offsets.data()[k]; p < class_offsets.data()[k + 1]; ++p) {
            const std::int32_t detection = class_order.data()[p];
            const std::size_t row = t * detections + static_cast<std::size_t>(detection);
            const std::uint8_t outcome = status.data()[row];
            if (outcome == 0) continue;
            const std::int32_t home = address.data()[row];
            const std::int32_t code = home >= 0 ? object_codes.data()[home] : detection_codes.data()[detection];
            if (code < 0 || cell_of_code[static_cast<std::size_t>(code)] < 0) continue;
            Cell& cell = cells[static_cast<std::size_t>(cell_of_code[static_cast<std::size_t>(code)])];
            ++cell.counted;
            if (outcome == 1) {
              cell.precision_at.push_back(coco_precision(static_cast<std::int64_t>(cell.precision_at.size()) + 1, cell.counted));
            }
          }
          for (Cell& cell : cells) {
            cell.sum += average_of(cell.precision_at, cell.positives, recall_thresholds.data(), recall_thresholds.shape(0));
            cell.precision_at.clear();
            cell.counted = 0;
          }
        }
        for (const Cell& cell : cells) {
          parts[k].push_back({cell.code, cell.sum});
          cell_of_code[static_cast<std::size_t>(cell.code)] = -1;
        }
      }
    });
    std::vector<double> sum(codes, 0.0);
    std::vector<std::int64_t> class_count(codes, 0);
    for (const auto& part : parts) {
      for (const ClassPart& cell : part) {
        sum[static_cast<std::size_t>(cell.code)] += cell.sum;
        ++class_count[static_cast<std::size_t>(cell.code)];
      }
    }
    for (std::size_t code = 0; code < codes; ++code) {
      if (class_count[code] > 0) result[code] = sum[code] / static_cast<double>(class_count[code]) / static_cast<double>(thresholds);
    }
  }
  return give(std::move(result), {codes});
}

}  // namespace

void add_accumulate(nb::module_& module) {
  using namespace nb::literals;
  module.def("precision_recall", &precision_recall, "class_order"_a, "class_offsets"_a, "score"_a, "rank"_a,
             "true_positive"_a, "ignored"_a, "positives"_a, "thresholds"_a, "recall_thresholds"_a, "max_detections"_a,
             "threads"_a = 0);
  module.def("pairwise_mean", &pairwise_mean, "values"_a);
  module.def("average_precision", &average_precision, "class_order"_a, "class_offsets"_a, "status"_a, "positives"_a,
             "recall_thresholds"_a);
  module.def("slice_average_precision", &slice_average_precision, "class_order"_a, "class_offsets"_a, "address"_a,
             "status"_a, "object_codes"_a, "detection_codes"_a, "object_category"_a, "is_object"_a, "codes"_a,
             "recall_thresholds"_a, "threads"_a = 0);
}

}  // namespace mapgap
