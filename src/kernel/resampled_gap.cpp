// How the gap divides among its causes in many resamples of the images, from matches that were made once.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include "arrays.h"
#include "drawn.h"
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

// Rows that are wrong for the same cause and have the same right rows before them, or right rows next to one another.
// In any resample precision is highest at the end of right ones.
struct Batch {
  std::uint32_t rows;
  std::uint32_t kind;  // a cause; as large as the number of causes for right rows
};

// The rows of one class that matter, up to its last right one: batch after batch, those of right ones closing a stretch.
struct Batches {
  std::span<const std::int32_t> image;
  std::span<const Batch> batches;
  std::size_t peaks;  // batches of right rows
};

class BatchesByClass {
 public:
  BatchesByClass(const Rows& rows, std::size_t classes) : right_(static_cast<std::uint32_t>(rows.causes)), waiting_(rows.causes), ends_{{}} {
    for (std::size_t k = 0; k < classes; ++k) {
      if (rows.object_offsets[k] < rows.object_offsets[k + 1]) take(rows, k);
      ends_.push_back({image_.size(), batches_.size(), peaks_});
    }
  }

  Batches operator[](std::size_t k) const {
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

// What a walk over a class holds, by batch (or peak, or cause) and lane.
struct GapWalk {
  GapWalk(std::size_t causes, std::size_t batches, std::size_t peaks)
      : drawn(batches * lanes), hits(peaks * lanes), counted(peaks * lanes), on_envelope(peaks), positives(lanes),
        wrong(causes * lanes), missed((causes + 1) * lanes), reached(lanes), owed(causes * lanes) {}

  Lines<std::int32_t> drawn;          // rows of each batch
  Lines<std::int32_t> hits, counted;  // up to each peak; `counted` is 0 where others come later that are higher
  std::vector<std::uint8_t> on_envelope;  // peaks that are on the envelope in some lane
  Lines<std::int32_t> positives;
  Lines<std::int32_t> wrong;   // by cause, up to where the walk is
  Lines<std::int32_t> missed;  // objects by cause; those that were found come last
  Lines<double> reached;       // recall points up to where the walk is
  Lines<double> owed;          // in recall points
};

struct WalkArguments {
  const Batches& of;
  const std::uint16_t* drawn;
  std::size_t rows_at_once;
  std::size_t causes;
  const RecallPoints& points;
  GapWalk& walk;
};

MAPGAP_INLINE void count_batches(const WalkArguments& of) {
  alignas(64) std::int32_t all_hits[lanes] = {};
  alignas(64) std::int32_t all_counted[lanes] = {};
  const std::int32_t* image = of.of.image.data();
  std::int32_t* __restrict here = of.walk.drawn.data();
  std::int32_t* __restrict hits = of.walk.hits.data();
  std::int32_t* __restrict counted = of.walk.counted.data();
  for (const Batch& batch : of.of.batches) {
    const std::size_t few = batch.rows < of.rows_at_once ? batch.rows : of.rows_at_once;
    std::uint16_t sixteen[lanes];
    sum_few_rows(image, few, of.drawn, sixteen);
    MAPGAP_FOR_LANES here[lane] = sixteen[lane];
    if (few < batch.rows) add_rows(image + few, batch.rows - few, of.drawn, of.rows_at_once, here);
    image += batch.rows;
    MAPGAP_FOR_LANES all_counted[lane] += here[lane];
    if (batch.kind == of.causes) {
      MAPGAP_FOR_LANES {
        all_hits[lane] += here[lane];
        hits[lane] = all_hits[lane];
        counted[lane] = all_counted[lane];
      }
      hits += lanes;
      counted += lanes;
    }
    here += lanes;
  }
}

// Back from the last peak: where precision is at least that of all later ones, as whole numbers. Elsewhere `counted` becomes 0.
MAPGAP_INLINE void find_envelope(const WalkArguments& of) {
  alignas(64) std::int32_t best_hits[lanes] = {};
  alignas(64) std::int32_t best_counted[lanes];
  MAPGAP_FOR_LANES best_counted[lane] = 1;
  for (std::size_t peak = of.of.peaks; peak-- > 0;) {
    const std::int32_t* hits = of.walk.hits.data() + peak * lanes;
    std::int32_t* __restrict counted = of.walk.counted.data() + peak * lanes;
    std::int32_t any = 0;
    MAPGAP_FOR_LANES {
      const std::int64_t here = static_cast<std::int64_t>(hits[lane]) * best_counted[lane];
      const std::int64_t later = static_cast<std::int64_t>(best_hits[lane]) * counted[lane];
      const std::int32_t is_on = (hits[lane] > 0 ? -1 : 0) & (here >= later ? -1 : 0);
      best_hits[lane] = is_on != 0 ? hits[lane] : best_hits[lane];
      best_counted[lane] = is_on != 0 ? counted[lane] : best_counted[lane];
      counted[lane] &= is_on;
      any |= is_on;
    }
    of.walk.on_envelope[peak] = any != 0 ? 1 : 0;
  }
}

// How many recall points are reached, in each lane.
struct Reaching {
  Reaching(const RecallPoints& recall_points, const Lines<std::int32_t>& positives) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      per_hit[lane] = recall_points.per_hit(positives[lane]);
      if (recall_points.strict_hits(positives[lane], positives[lane]) >= 0) may_be_strict |= 1U << lane;
    }
  }

  alignas(64) double per_hit[lanes];
  std::uint32_t may_be_strict = 0;  // lanes with a number of objects that can have exactly the recall of a strict point
};

// Where hits reach a strict point exactly, one point less than the quotient says.
MAPGAP_INLINE void take_back_strict(const WalkArguments& of, std::uint32_t may_be_strict, const std::int32_t* hits,
                                    const std::int32_t* counted, double* points) {
  for (; may_be_strict != 0; may_be_strict &= may_be_strict - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(may_be_strict));
    if (counted[lane] > 0 && of.points.strict_hits(hits[lane], of.walk.positives[lane]) == hits[lane]) points[lane] -= 1;
  }
}

// What the recall points since the peak before cost: each is owed by all wrong rows so far.
MAPGAP_INLINE void owe(const WalkArguments& of, std::size_t peak, const Reaching& reaching) {
  const std::int32_t* hits = of.walk.hits.data() + peak * lanes;
  const std::int32_t* counted = of.walk.counted.data() + peak * lanes;
  double* __restrict reached = of.walk.reached.data();
  alignas(64) double points[lanes];
  alignas(64) double share[lanes];
  MAPGAP_FOR_LANES {
    points[lane] = static_cast<double>(static_cast<std::int32_t>(static_cast<double>(hits[lane]) * reaching.per_hit[lane])) + 1.0;
  }
  if (reaching.may_be_strict != 0) take_back_strict(of, reaching.may_be_strict, hits, counted, points);
  // Products with 0 and 1, because a choice would not become a vector instruction.
  MAPGAP_FOR_LANES {
    const std::int32_t is_on = counted[lane] > 0 ? 1 : 0;
    const double more = (points[lane] - reached[lane]) * static_cast<double>(is_on);
    share[lane] = more / static_cast<double>(counted[lane] + 1 - is_on);
    reached[lane] += more;
  }
  for (std::size_t cause = 0; cause < of.causes; ++cause) {
    const std::int32_t* wrong = of.walk.wrong.data() + cause * lanes;
    double* __restrict owed = of.walk.owed.data() + cause * lanes;
    MAPGAP_FOR_LANES owed[lane] += share[lane] * static_cast<double>(wrong[lane]);
  }
}

MAPGAP_INLINE void divide_reached(const WalkArguments& of) {
  count_batches(of);
  find_envelope(of);
  const Reaching reaching(of.points, of.walk.positives);
  const std::int32_t* here = of.walk.drawn.data();
  std::size_t peak = 0;
  for (const Batch& batch : of.of.batches) {
    if (batch.kind != of.causes) {
      std::int32_t* __restrict wrong = of.walk.wrong.data() + batch.kind * lanes;
      MAPGAP_FOR_LANES wrong[lane] += here[lane];
    } else {
      if (of.walk.on_envelope[peak] != 0) owe(of, peak, reaching);
      ++peak;
    }
    here += lanes;
  }
}

#if MAPGAP_HAS_WIDE
MAPGAP_WIDE void divide_reached_wide(const WalkArguments& of) { divide_reached(of); }
#else
constexpr auto divide_reached_wide = divide_reached;
#endif

// One class at one threshold in the sixteen resamples of a block.
class ClassInBlock {
 public:
  ClassInBlock(const Rows& rows, const BatchesByClass& batches, const RecallPoints& points, std::uint16_t most, bool wide)
      : rows_(rows), batches_(batches), points_(points), rows_at_once_(rows_in_16_bits(most)), wide_(wide && is_wide()),
        walk_(rows.causes, batches.most_batches(), batches.most_peaks()) {}

  // Adds the debts by cause, in recall points, and 1 to the lanes where an object of the class is drawn.
  void add(std::size_t k, const DrawnBlock& block, double* sums, std::int32_t* classes_seen) {
    count_objects(k, block);
    if (std::all_of(walk_.positives.begin(), walk_.positives.end(), [](std::int32_t drawn) { return drawn == 0; })) return;
    std::fill(walk_.wrong.begin(), walk_.wrong.end(), 0);
    std::fill(walk_.reached.begin(), walk_.reached.end(), 0.0);
    std::fill(walk_.owed.begin(), walk_.owed.end(), 0.0);
    const Batches batches = batches_[k];
    const WalkArguments arguments{batches, block.data(), rows_at_once_, rows_.causes, points_, walk_};
    if (wide_) {
      divide_reached_wide(arguments);
    } else {
      divide_reached(arguments);
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const std::int32_t hits = batches.peaks > 0 ? walk_.hits[(batches.peaks - 1) * lanes + lane] : 0;
      require(hits == walk_.missed[rows_.causes * lanes + lane], "as many objects must have no cause as there are true positives");
    }
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
    for (std::size_t lane = 0; lane < block.used(); ++lane) waiting += walk_.positives[lane] > 0 && walk_.reached[lane] == 0 ? 1 : 0;
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

std::size_t most_between(const Id1& offsets) {
  std::int64_t most = 0;
  for (std::size_t k = 0; k + 1 < offsets.shape(0); ++k) most = std::max(most, offsets.data()[k + 1] - offsets.data()[k]);
  return static_cast<std::size_t>(most);
}

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
