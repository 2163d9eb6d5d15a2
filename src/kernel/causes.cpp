// Why each false positive and each object that is not found is one, at every IoU threshold in one walk.
#include <algorithm>

#include "arrays.h"
#include "geometry.h"
#include "hits.h"
#include "kernel.h"

namespace mapgap {
namespace {

// The codes, which are positions in the table of causes.
enum Cause : std::int8_t {
  kNone = -1,
  kMissed,
  kLocalization,
  kClassification,
  kBoth,
  kCrowdedOut,
  kDuplicate,
  kBackground,
};

// The best object of a class for one detection.
struct Candidate {
  std::int32_t object;
  double iou;

  bool is_reached(double threshold) const { return object >= 0 && iou >= threshold; }
};

// The first of the table that holds for a false positive.
Cause cause_of(const Candidate& same, const Candidate& other, double threshold, double background_iou) {
  if (same.iou >= background_iou && same.iou < threshold) return kLocalization;
  if (other.is_reached(threshold)) return kClassification;
  if (same.is_reached(threshold)) return kDuplicate;
  return std::fmax(same.iou, other.iou) < background_iou ? kBackground : kBoth;
}

// The thresholds at which an object is matched, or an error of a kind points at it.
struct AtObject {
  std::uint32_t found = 0, localization = 0, classification = 0, both = 0;
};

auto error_causes(Index1 rank, Bits1 true_positive, Bits1 ignored, Index2 matched, Index1 same_object, Float1 same_iou,
                  Index1 other_object, Float1 other_iou, Float1 kept_iou, Flag1 is_object, Float1 thresholds,
                  double background_iou, std::int64_t max_detections) {
  const std::size_t detections = rank.shape(0);
  const std::size_t annotations = is_object.shape(0);
  const std::size_t count = thresholds.shape(0);
  std::vector<std::int8_t> of_detection;
  std::vector<std::int8_t> of_object;
  {
    nb::gil_scoped_release released;
    require(count <= most_thresholds, "at most 32 IoU thresholds fit one call");
    require(true_positive.shape(0) == detections && ignored.shape(0) == detections && same_object.shape(0) == detections &&
                same_iou.shape(0) == detections && other_object.shape(0) == detections && other_iou.shape(0) == detections,
            "detection arrays differ in length");
    require(matched.shape(0) == count && matched.shape(1) == detections, "matched differs in shape from the thresholds and detections");
    require(kept_iou.shape(0) == annotations, "annotation arrays differ in length");
    const auto limit = static_cast<std::int64_t>(annotations);
    require_below(same_object.data(), detections, -1, limit, "same_object");
    require_below(other_object.data(), detections, -1, limit, "other_object");
    of_detection.assign(count * detections, kNone);
    of_object.assign(count * annotations, kNone);
    std::vector<double> reached(count);
    for (std::size_t t = 0; t < count; ++t) reached[t] = reachable(thresholds.data()[t]);
    const double lowest = std::min(background_iou, count == 0 ? 0.0 : *std::min_element(reached.begin(), reached.end()));
    std::vector<AtObject> at(annotations);
    const std::uint32_t every = every_threshold(count);
    for (std::size_t d = 0; d < detections; ++d) {
      if (rank.data()[d] >= max_detections) continue;
      const std::uint32_t right = true_positive.data()[d] & every;
      const Candidate same{same_object.data()[d], same_iou.data()[d]};
      const Candidate other{other_object.data()[d], other_iou.data()[d]};
      for_thresholds(right, [&](std::size_t t) {
        const std::int32_t object = matched.data()[t * detections + d];
        require(object >= 0 && object < limit, "matched: index out of range");
        at[static_cast<std::size_t>(object)].found |= std::uint32_t{1} << t;
      });
      if (right == 0 && ignored.data()[d] == 0 && same.iou < lowest && other.iou < lowest) {
        for (std::size_t t = 0; t < count; ++t) of_detection[t * detections + d] = kBackground;
        continue;
      }
      for_thresholds(every & ~right & ~ignored.data()[d], [&](std::size_t t) {
        const Cause cause = cause_of(same, other, reached[t], background_iou);
        of_detection[t * detections + d] = cause;
        const std::uint32_t bit = std::uint32_t{1} << t;
        if (cause == kLocalization && same.object >= 0) at[static_cast<std::size_t>(same.object)].localization |= bit;
        if (cause == kClassification) at[static_cast<std::size_t>(other.object)].classification |= bit;
        if (cause == kBoth && other.object >= 0) at[static_cast<std::size_t>(other.object)].both |= bit;
      });
    }
    for (std::size_t object = 0; object < annotations; ++object) {
      if (is_object.data()[object] == 0) continue;
      for_thresholds(every & ~at[object].found, [&](std::size_t t) {
        const auto points = [t](std::uint32_t at_thresholds) { return (at_thresholds >> t & 1U) != 0; };
        of_object[t * annotations + object] = points(at[object].localization)       ? kLocalization
                                              : points(at[object].classification)   ? kClassification
                                              : kept_iou.data()[object] >= reached[t] ? kCrowdedOut
                                              : points(at[object].both)             ? kBoth
                                                                                    : kMissed;
      });
    }
  }
  return std::make_tuple(give(std::move(of_detection), {count, detections}), give(std::move(of_object), {count, annotations}));
}

// The rows that have each cause somewhere, cause after cause, and the thresholds where they have it.
auto thresholds_by_cause(In<std::int8_t, 2> cause, std::size_t causes) {
  const std::size_t count = cause.shape(0);
  const std::size_t rows = cause.shape(1);
  std::vector<std::int64_t> offsets(causes + 1, 0);
  std::vector<std::int64_t> row;
  std::vector<std::uint32_t> thresholds;
  {
    nb::gil_scoped_release released;
    require(count <= most_thresholds, "at most 32 IoU thresholds fit one call");
    require_below(cause.data(), count * rows, -1, static_cast<std::int64_t>(causes), "cause");
    std::vector<std::vector<std::int64_t>> row_of(causes);
    std::vector<std::vector<std::uint32_t>> thresholds_of(causes);
    for (std::size_t code = 0; code < causes; ++code) {
      row_of[code].reserve(rows);
      thresholds_of[code].reserve(rows);
    }
    constexpr std::size_t chunk = 4096;
    std::vector<std::uint32_t> has((causes + 1) * chunk);  // by cause, none first, and row of the chunk
    for (std::size_t first = 0; first < rows; first += chunk) {
      const std::size_t here = std::min(chunk, rows - first);
      std::fill(has.begin(), has.end(), 0);
      for (std::size_t t = 0; t < count; ++t) {
        const std::int8_t* code = cause.data() + t * rows + first;
        for (std::size_t r = 0; r < here; ++r) has[static_cast<std::size_t>(code[r] + 1) * chunk + r] |= std::uint32_t{1} << t;
      }
      for (std::size_t code = 0; code < causes; ++code) {
        const std::uint32_t* at = has.data() + (code + 1) * chunk;
        for (std::size_t r = 0; r < here; ++r) {
          if (at[r] == 0) continue;
          row_of[code].push_back(static_cast<std::int64_t>(first + r));
          thresholds_of[code].push_back(at[r]);
        }
      }
    }
    for (std::size_t code = 0; code < causes; ++code) {
      row.insert(row.end(), row_of[code].begin(), row_of[code].end());
      thresholds.insert(thresholds.end(), thresholds_of[code].begin(), thresholds_of[code].end());
      offsets[code + 1] = static_cast<std::int64_t>(row.size());
    }
  }
  const std::size_t found = row.size();
  return std::make_tuple(give(std::move(offsets), {causes + 1}), give(std::move(row), {found}), give(std::move(thresholds), {found}));
}

}  // namespace

void add_causes(nb::module_& module) {
  using namespace nb::literals;
  module.def("error_causes", &error_causes, "rank"_a, "true_positive"_a, "ignored"_a, "matched"_a, "same_object"_a,
             "same_iou"_a, "other_object"_a, "other_iou"_a, "kept_iou"_a, "is_object"_a, "thresholds"_a, "background_iou"_a,
             "max_detections"_a);
  module.def("thresholds_by_cause", &thresholds_by_cause, "cause"_a, "causes"_a);
}

}  // namespace mapgap
