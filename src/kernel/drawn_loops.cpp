// Loops of fixed length over the lanes, which the compiler turns into vector instructions.
#include "drawn_loops.h"

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "lanes.h"

namespace mapgap {
namespace {

struct CountArguments {
  const RankedRows& group;
  const std::uint16_t* drawn;
  std::uint32_t every;
  std::size_t rows_at_once;
  Walk& walk;
};

struct AverageArguments {
  const RankedRows& group;
  const RecallPoints& points;
  Walk& walk;
};

struct TallyArguments {
  const std::int32_t* cell;
  const std::uint8_t* kind;
  std::size_t kinds;
  const std::int32_t* image;
  std::size_t rows;
  const std::uint16_t* drawn;
  std::uint32_t* sums;
};

// COCO's np.spacing(1) in the denominator also keeps 0 / 0 away.
constexpr double spacing = std::numeric_limits<double>::epsilon();

MAPGAP_INLINE void count_rows(const CountArguments& of) {
  alignas(64) std::int32_t counted[lanes] = {};
  std::size_t row = 0;
  double* share = of.walk.share.data();
  for (const Stop& stop : of.group.stops) {
    add_rows(of.group.image + row, stop.row - row, of.drawn, of.rows_at_once, counted);
    row = stop.row + 1;
    const std::uint16_t* here = draws_of(of.drawn, of.group.image[stop.row]);
    if (stop.counted == of.every) {
      MAPGAP_FOR_LANES counted[lane] += here[lane];
    } else {
      for (std::uint32_t bits = stop.counted; bits != 0; bits &= bits - 1) {
        std::int32_t* apart = of.walk.apart.data() + static_cast<std::size_t>(std::countr_zero(bits)) * lanes;
        MAPGAP_FOR_LANES apart[lane] += here[lane];
      }
    }
    for (std::uint32_t bits = stop.shares; bits != 0; bits &= bits - 1) {
      const std::int32_t* apart = of.walk.apart.data() + static_cast<std::size_t>(std::countr_zero(bits)) * lanes;
      MAPGAP_FOR_LANES share[lane] = 1.0 / (static_cast<double>(counted[lane] + apart[lane]) + spacing);
      share += lanes;
    }
  }
  for (const Hit& hit : of.group.hits) {
    const std::uint16_t* here = draws_of(of.drawn, hit.image);
    std::int32_t* __restrict hits = of.walk.hits.data() + hit.threshold * lanes;
    std::int32_t* __restrict at_peak = of.walk.hits_at_peak.data() + std::size_t{hit.peak} * lanes;
    // The last of the rows of a peak leaves what stands there.
    MAPGAP_FOR_LANES {
      hits[lane] += here[lane];
      at_peak[lane] = hits[lane];
    }
  }
}

// Takes back the point that lanes with exactly that recall do not reach, and remembers the next such number of hits.
MAPGAP_INLINE void correct(const AverageArguments& of, std::size_t first, const std::int32_t* hits, double* points) {
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::int32_t& strict_hits = of.walk.strict_hits[first + lane];
    if (hits[lane] < strict_hits) strict_hits = of.points.strict_hits(hits[lane], of.walk.positives[first + lane]);
    if (hits[lane] == strict_hits) points[lane] -= 1;
  }
}

// Raises the envelope of one threshold to the precision here. What it gains holds for all recall points reached so far.
MAPGAP_INLINE void raise(const double* precision, const double* points, double* __restrict envelope, double* __restrict area) {
  MAPGAP_FOR_LANES {
    const double raised = precision[lane] > envelope[lane] ? precision[lane] : envelope[lane];
    area[lane] += (raised - envelope[lane]) * points[lane];
    envelope[lane] = raised;
  }
}

MAPGAP_INLINE void average_rows(const AverageArguments& of) {
  for (std::size_t i = of.group.peaks.size(); i-- > 0;) {
    const Peak& peak = of.group.peaks[i];
    const std::size_t first = peak.threshold * lanes;
    const std::int32_t* hits = of.walk.hits_at_peak.data() + i * lanes;
    const std::int32_t* strict_hits = of.walk.strict_hits.data() + first;
    const double* per_hit = of.walk.points_per_hit.data() + first;
    const double* share = of.walk.share.data() + std::size_t{peak.share} * lanes;
    alignas(64) double points[lanes];
    alignas(64) double precision[lanes];
    std::int32_t is_strict = 0;
    MAPGAP_FOR_LANES {
      is_strict |= hits[lane] <= strict_hits[lane] ? -1 : 0;
      const auto right = static_cast<double>(hits[lane]);
      points[lane] = static_cast<double>(static_cast<std::int32_t>(right * per_hit[lane])) + 1.0;
      precision[lane] = right * share[lane];
    }
    if (is_strict != 0) correct(of, first, hits, points);
    raise(precision, points, of.walk.envelope.data() + first, of.walk.area.data() + first);
  }
}

MAPGAP_INLINE void tally_rows(const TallyArguments& of) {
  for (std::size_t row = 0; row < of.rows; ++row) {
    const std::uint16_t* here = draws_of(of.drawn, of.image[row]);
    std::uint32_t* sums = of.sums + (static_cast<std::size_t>(of.cell[row]) * of.kinds + of.kind[row]) * lanes;
    MAPGAP_FOR_LANES sums[lane] += here[lane];
  }
}

#if MAPGAP_HAS_WIDE
MAPGAP_WIDE void add_rows_wide(const std::int32_t* image, std::size_t rows, const std::uint16_t* drawn,
                               std::size_t rows_at_once, std::int32_t* sums) {
  add_rows(image, rows, drawn, rows_at_once, sums);
}
MAPGAP_WIDE void count_rows_wide(const CountArguments& of) { count_rows(of); }
MAPGAP_WIDE void average_rows_wide(const AverageArguments& of) { average_rows(of); }
MAPGAP_WIDE void tally_rows_wide(const TallyArguments& of) { tally_rows(of); }
#else
constexpr auto add_rows_wide = add_rows;
constexpr auto count_rows_wide = count_rows;
constexpr auto average_rows_wide = average_rows;
constexpr auto tally_rows_wide = tally_rows;
#endif

}  // namespace

RecallPoints::RecallPoints(std::span<const double> points) : steps_(points.size() - 1) {
  require(points.size() >= 2, "recall_thresholds must be evenly spaced from 0 to 1");
  for (std::size_t point = 0; point < points.size(); ++point) {
    const double exact = static_cast<double>(point) / static_cast<double>(steps_);
    require(std::abs(points[point] - exact) < 1e-12, "recall_thresholds must be evenly spaced from 0 to 1");
    if (points[point] <= exact) continue;
    strict_.push_back(point);
    strict_divisor_ = std::gcd(strict_divisor_, steps_ / std::gcd(point, steps_));
  }
}

double RecallPoints::per_hit(std::int32_t positives) const {
  // A little more than the quotient, so that what is a whole number exactly does not come out below it.
  constexpr double more = 1 + 4 * std::numeric_limits<double>::epsilon();
  return positives > 0 ? static_cast<double>(steps_) / positives * more : 0.0;
}

std::int32_t RecallPoints::strict_hits(std::int32_t hits, std::int32_t positives) const {
  if (strict_.empty() || positives == 0 || positives % static_cast<std::int64_t>(strict_divisor_) != 0) return -1;
  const auto steps = static_cast<std::int64_t>(steps_);
  for (std::size_t i = strict_.size(); i-- > 0;) {
    const std::int64_t product = static_cast<std::int64_t>(strict_[i]) * positives;
    if (product % steps == 0 && product / steps <= hits) return static_cast<std::int32_t>(product / steps);
  }
  return -1;
}

DrawnLoops::DrawnLoops(std::uint16_t most, bool wide)
    : rows_at_once_(rows_in_16_bits(most)), wide_(wide && is_wide()) {}

void DrawnLoops::sum(const std::int32_t* image, std::size_t rows, const std::uint16_t* drawn, std::int32_t* sums) const {
  if (wide_) {
    add_rows_wide(image, rows, drawn, rows_at_once_, sums);
  } else {
    add_rows(image, rows, drawn, rows_at_once_, sums);
  }
}

void DrawnLoops::count(const RankedRows& group, const std::uint16_t* drawn, std::uint32_t every, Walk& walk) const {
  const CountArguments arguments{group, drawn, every, rows_at_once_, walk};
  if (wide_) {
    count_rows_wide(arguments);
  } else {
    count_rows(arguments);
  }
}

void DrawnLoops::average(const RankedRows& group, const RecallPoints& points, Walk& walk) const {
  const AverageArguments arguments{group, points, walk};
  if (wide_) {
    average_rows_wide(arguments);
  } else {
    average_rows(arguments);
  }
}

void DrawnLoops::tally(const std::int32_t* cell, const std::uint8_t* kind, std::size_t kinds, const std::int32_t* image,
                       std::size_t rows, const std::uint16_t* drawn, std::uint32_t* sums) const {
  const TallyArguments arguments{cell, kind, kinds, image, rows, drawn, sums};
  if (wide_) {
    tally_rows_wide(arguments);
  } else {
    tally_rows(arguments);
  }
}

}  // namespace mapgap
