// How the gap divides among its causes in many resamples of the images, from matches that were made once.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "arrays.h"
#include "drawn.h"
#include "drawn_gap.h"
#include "drawn_loops.h"
#include "hits.h"
#include "kernel.h"
#include "lanes.h"
#include "threads.h"

namespace mapgap {
namespace {

using Causes2 = In<std::int8_t, 2>;

// Arrays as they come from Python, at one threshold.
struct Rows {
  std::span<const std::int32_t> detections;  // by class, in rank order
  const std::int64_t* class_offsets;
  const std::int32_t* image;
  const std::uint32_t* counted;
  const std::uint32_t* right;
  const std::int8_t* cause;
  const std::int64_t* object_offsets;
  const std::int32_t* object_image;
  const std::int8_t* object_cause;
  std::size_t causes;
  std::size_t threshold;

  bool counts(std::int32_t detection) const { return (counted[detection] >> threshold & 1U) != 0; }
  bool is_right(std::int32_t detection) const { return counts(detection) && (right[detection] >> threshold & 1U) != 0; }

  std::size_t cause_of(std::int32_t detection) const {
    const auto code = static_cast<std::int64_t>(cause[detection]);
    require(code >= 0 && code < static_cast<std::int64_t>(causes), "detection_cause: index out of range at a false positive");
    return static_cast<std::size_t>(code);
  }

  std::span<const std::int32_t> of_class(std::size_t k) const {
    const auto first = static_cast<std::size_t>(class_offsets[k]);
    return detections.subspan(first, static_cast<std::size_t>(class_offsets[k + 1]) - first);
  }
};

// The batches of all classes at one threshold.
class BatchesByClass {
 public:
  BatchesByClass(const Rows& rows, std::size_t classes)
      : right_(static_cast<std::uint32_t>(rows.causes)), waiting_(rows.causes), ends_{{}} {
    for (std::size_t k = 0; k < classes; ++k) {
      if (rows.object_offsets[k] < rows.object_offsets[k + 1]) take(rows, k);
      ends_.push_back({image_.size(), batches_.size(), peaks_});
    }
  }

  RankedBatches operator[](std::size_t k) const {
    const Ends& first = ends_[k];
    const Ends& last = ends_[k + 1];
    return {std::span(image_).subspan(first.row, last.row - first.row),
            std::span(batches_).subspan(first.batch, last.batch - first.batch), last.peak - first.peak};
  }

  std::size_t most_batches() const { return most(&Ends::batch); }
  std::size_t most_peaks() const { return most(&Ends::peak); }

 private:
  struct Ends {
    std::size_t row = 0, batch = 0, peak = 0;
  };

  void take(const Rows& rows, std::size_t k) {
    for (auto& images : waiting_) images.clear();
    bool goes_on = false;  // the row before is right
    for (const std::int32_t detection : rows.of_class(k)) {
      if (!rows.counts(detection)) continue;
      if (!rows.is_right(detection)) {
        waiting_[rows.cause_of(detection)].push_back(rows.image[detection]);
        goes_on = false;
        continue;
      }
      if (!goes_on) {
        add_waiting();
        batches_.push_back({0, right_});
        ++peaks_;
      }
      image_.push_back(rows.image[detection]);
      ++batches_.back().rows;
      goes_on = true;
    }
  }

  // The wrong rows before a right one, by cause.
  void add_waiting() {
    for (std::size_t cause = 0; cause < waiting_.size(); ++cause) {
      if (waiting_[cause].empty()) continue;
      batches_.push_back({static_cast<std::uint32_t>(waiting_[cause].size()), static_cast<std::uint32_t>(cause)});
      image_.insert(image_.end(), waiting_[cause].begin(), waiting_[cause].end());
      waiting_[cause].clear();
    }
  }

  std::size_t most(std::size_t Ends::* of) const {
    std::size_t result = 0;
    for (std::size_t k = 0; k + 1 < ends_.size(); ++k) result = std::max(result, ends_[k + 1].*of - ends_[k].*of);
    return result;
  }

  std::uint32_t right_;
  std::vector<std::vector<std::int32_t>> waiting_;  // images of wrong rows that no right one has followed yet
  std::vector<std::int32_t> image_;
  std::vector<Batch> batches_;
  std::size_t peaks_ = 0;
  std::vector<Ends> ends_;
};

// One class at one threshold in the sixteen resamples of a block.
class ClassInBlock {
 public:
  ClassInBlock(const Rows& rows, const BatchesByClass& batches, const RecallPoints& points, std::uint16_t most, bool wide)
      : rows_(rows), batches_(batches), points_(points), rows_at_once_(rows_in_16_bits(most)), wide_(wide),
        walk_(rows.causes, batches.most_batches(), batches.most_peaks()) {}

  // Adds the debts by cause, in recall points, and 1 to the lanes where an object of the class is drawn.
  void add(std::size_t k, const DrawnBlock& block, double* sums, std::int32_t* classes_seen) {
    count_objects(k, block);
    if (std::all_of(walk_.positives.begin(), walk_.positives.end(), [](std::int32_t drawn) { return drawn == 0; })) return;
    std::fill(walk_.wrong.begin(), walk_.wrong.end(), 0);
    std::fill(walk_.reached.begin(), walk_.reached.end(), 0.0);
    std::fill(walk_.owed.begin(), walk_.owed.end(), 0.0);
    divide_reached({batches_[k], block.data(), rows_at_once_, rows_.causes, points_, walk_}, wide_);
    reach_by_wrong_rows(k, block);
    for (std::size_t lane = 0; lane < block.used(); ++lane) {
      if (walk_.positives[lane] == 0) continue;
      share_unreached(lane);
      for (std::size_t cause = 0; cause < rows_.causes; ++cause) sums[cause * lanes + lane] += walk_.owed[cause * lanes + lane];
      ++classes_seen[lane];
    }
  }

 private:
  void count_objects(std::size_t k, const DrawnBlock& block) {
    std::fill(walk_.missed.begin(), walk_.missed.end(), 0);
    std::fill(walk_.positives.begin(), walk_.positives.end(), 0);
    const auto last = static_cast<std::size_t>(rows_.object_offsets[k + 1]);
    for (auto object = static_cast<std::size_t>(rows_.object_offsets[k]); object < last; ++object) {
      const std::int8_t cause = rows_.object_cause[object];
      const std::uint16_t* drawn = draws_of(block.data(), rows_.object_image[object]);
      std::int32_t* __restrict missed = walk_.missed.data() + (cause < 0 ? rows_.causes : static_cast<std::size_t>(cause)) * lanes;
      MAPGAP_FOR_LANES missed[lane] += drawn[lane];
    }
    for (std::size_t cause = 0; cause <= rows_.causes; ++cause) {
      MAPGAP_FOR_LANES walk_.positives[lane] += walk_.missed[cause * lanes + lane];
    }
  }

  // Recall 0 is reached by the first counted row even if no right one ever comes; that row owes it all.
  void reach_by_wrong_rows(std::size_t k, const DrawnBlock& block) {
    std::size_t waiting = 0;
    for (std::size_t lane = 0; lane < block.used(); ++lane) {
      if (walk_.positives[lane] > 0 && walk_.reached[lane] == 0) ++waiting;
    }
    for (const std::int32_t detection : rows_.of_class(k)) {
      if (waiting == 0) return;
      if (!rows_.counts(detection)) continue;
      const std::uint16_t* drawn = draws_of(block.data(), rows_.image[detection]);
      for (std::size_t lane = 0; lane < block.used(); ++lane) {
        if (drawn[lane] == 0 || walk_.positives[lane] == 0 || walk_.reached[lane] != 0) continue;
        walk_.reached[lane] = 1;
        walk_.owed[rows_.cause_of(detection) * lanes + lane] += 1;
        --waiting;
      }
    }
  }

  // Points that are not reached are owed by the missed objects in equal parts.
  void share_unreached(std::size_t lane) {
    const double unreached = static_cast<double>(points_.size()) - walk_.reached[lane];
    const std::int32_t missed = walk_.positives[lane] - walk_.missed[rows_.causes * lanes + lane];
    if (missed == 0) return;  // with every object found every point is reached
    for (std::size_t cause = 0; cause < rows_.causes; ++cause) {
      walk_.owed[cause * lanes + lane] += unreached * walk_.missed[cause * lanes + lane] / missed;
    }
  }

  const Rows& rows_;
  const BatchesByClass& batches_;
  const RecallPoints& points_;
  std::size_t rows_at_once_;
  bool wide_;
  GapWalk walk_;
};

// Adds the debts at one threshold to `debts` (causes, B), and those who have them to `cells` (B,).
void add_threshold(const Rows& rows, std::size_t classes, const Drawn2& drawn, const RecallPoints& points, int threads, bool wide,
                   std::vector<double>& debts, std::vector<std::int32_t>& cells) {
  const std::size_t resamples = drawn.shape(1);
  const BatchesByClass batches(rows, classes);
  const std::uint16_t most = most_drawn(drawn);
  run_blocks(even_cuts(blocks_of_lanes(resamples), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
    ClassInBlock in_block(rows, batches, points, most, wide);
    std::vector<double> sums(rows.causes * lanes);
    for (std::size_t b = begin; b < end; ++b) {
      const DrawnBlock block(drawn, b);
      std::fill(sums.begin(), sums.end(), 0.0);
      std::int32_t seen[lanes] = {};
      for (std::size_t k = 0; k < classes; ++k) in_block.add(k, block, sums.data(), seen);
      for (std::size_t lane = 0; lane < block.used(); ++lane) {
        const std::size_t resample = block.begin() + lane;
        cells[resample] += seen[lane];
        for (std::size_t cause = 0; cause < rows.causes; ++cause) debts[cause * resamples + resample] += sums[cause * lanes + lane];
      }
    }
  });
}

auto resampled_gap(Index1 class_order, Id1 class_offsets, Index1 image, Bits1 counted_at, Bits1 true_positive_at,
                   Causes2 detection_cause, Id1 object_offsets, Index1 object_image, Causes2 object_cause, Drawn2 drawn,
                   Float1 recall_thresholds, std::size_t causes, int threads, bool wide) {
  const std::size_t detections = class_order.shape(0);
  const std::size_t objects = object_image.shape(0);
  const std::size_t thresholds = detection_cause.shape(0);
  const std::size_t resamples = drawn.shape(1);
  std::vector<double> debts;
  {
    nb::gil_scoped_release released;
    require(thresholds > 0 && thresholds <= most_thresholds, "at least 1 and at most 32 IoU thresholds fit one call");
    require(causes > 0 && causes <= std::numeric_limits<std::int8_t>::max(), "1 to 127 causes fit one call");
    require(image.shape(0) == detections && counted_at.shape(0) == detections && true_positive_at.shape(0) == detections &&
                detection_cause.shape(1) == detections,
            "detection arrays differ in length");
    require(object_cause.shape(0) == thresholds && object_cause.shape(1) == objects, "object arrays differ in shape");
    require(class_offsets.shape(0) > 0 && object_offsets.shape(0) == class_offsets.shape(0),
            "class_offsets and object_offsets differ in length");
    require_offsets(class_offsets.data(), class_offsets.shape(0), detections, "class_offsets");
    require_offsets(object_offsets.data(), object_offsets.shape(0), objects, "object_offsets");
    require_below(class_order.data(), detections, 0, static_cast<std::int64_t>(detections), "class_order");
    const auto images = static_cast<std::int64_t>(drawn.shape(0));
    require_below(image.data(), detections, 0, images, "image");
    require_below(object_image.data(), objects, 0, images, "object_image");
    require_below(object_cause.data(), thresholds * objects, -1, static_cast<std::int64_t>(causes), "object_cause");
    require_countable(std::max(most_between(class_offsets), most_between(object_offsets)), most_drawn(drawn));
    const RecallPoints points({recall_thresholds.data(), recall_thresholds.shape(0)});
    debts.assign(causes * resamples, 0.0);
    std::vector<std::int32_t> cells(resamples, 0);  // classes with an object drawn, at all thresholds
    for (std::size_t t = 0; t < thresholds; ++t) {
      const Rows rows{{class_order.data(), detections}, class_offsets.data(), image.data(), counted_at.data(),
                      true_positive_at.data(), detection_cause.data() + t * detections, object_offsets.data(),
                      object_image.data(), object_cause.data() + t * objects, causes, t};
      add_threshold(rows, class_offsets.shape(0) - 1, drawn, points, threads, wide, debts, cells);
    }
    for (std::size_t place = 0; place < debts.size(); ++place) {
      const double shared_by = static_cast<double>(points.size()) * cells[place % resamples];
      debts[place] = shared_by > 0 ? debts[place] / shared_by : std::nan("");
    }
  }
  return give(std::move(debts), {causes, resamples});
}

}  // namespace

void add_resampled_gap(nb::module_& module) {
  using namespace nb::literals;
  module.def("resampled_gap", &resampled_gap, "class_order"_a, "class_offsets"_a, "image"_a, "counted_at"_a,
             "true_positive_at"_a, "detection_cause"_a, "object_offsets"_a, "object_image"_a, "object_cause"_a, "drawn"_a,
             "recall_thresholds"_a, "causes"_a, "threads"_a = 0, "wide"_a = true);
}

}  // namespace mapgap
