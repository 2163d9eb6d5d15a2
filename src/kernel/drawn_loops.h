// The innermost loops over resampled rows, for sixteen resamples at once. AVX2 is used where the processor has it; it
// changes no bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drawn.h"

namespace mapgap {

// A row where the walk over a group stops: it is right somewhere, or does not count at all thresholds.
struct Stop {
  std::uint32_t row;
  std::uint32_t counted;  // thresholds
  std::uint32_t shares;   // thresholds that need a share here
};

// A row that is right at one threshold. If the next rows are right there too, precision is highest at the last of them:
// that is their peak.
struct Hit {
  std::int32_t image;
  std::uint32_t threshold;
  std::uint32_t peak;
};

// Precision is looked at here. The share is what one hit adds to it: 1 / counted rows so far, which is the same for
// thresholds at which the same rows have counted so far.
struct Peak {
  std::uint32_t threshold;
  std::uint32_t share;  // place among the shares of the group, which stand stop by stop
};

// One group in rank order, up to its last row that is right; all rows but stops are wrong at all thresholds.
struct RankedRows {
  const std::int32_t* image;
  std::size_t rows;
  std::span<const Stop> stops;
  std::span<const Hit> hits;    // by row
  std::span<const Peak> peaks;  // by row
};

// Evenly spaced recall points, the first 0 and the last 1, as NumPy's linspace gives them. A point is reached if
// hits / positives is not below it, both as float64. For whole numbers that is the same as in exact arithmetic, but for
// `strict` points that were rounded up: those are not reached by a recall that equals them exactly.
class RecallPoints {
 public:
  explicit RecallPoints(std::span<const double> points);

  std::size_t size() const { return steps_ + 1; }

  // hits times this, cut off, is the last point that is reached, unless the hits are at a strict one.
  double per_hit(std::int32_t positives) const;

  // The largest number of hits up to `hits` whose recall equals a strict point exactly, -1 if there is none.
  std::int32_t strict_hits(std::int32_t hits, std::int32_t positives) const;

 private:
  std::size_t steps_;
  std::vector<std::size_t> strict_;  // rising
  std::size_t strict_divisor_ = 0;   // of any number of objects that can have exactly such a recall; 0 if none can
};

// What a walk holds, by threshold (or peak, or share) and lane.
struct Walk {
  Walk(std::size_t thresholds, std::size_t most_peaks, std::size_t most_shares)
      : positives(thresholds * lanes), hits(thresholds * lanes), apart(thresholds * lanes), strict_hits(thresholds * lanes),
        hits_at_peak(most_peaks * lanes), points_per_hit(thresholds * lanes), envelope(thresholds * lanes),
        area(thresholds * lanes), share(most_shares * lanes) {}

  Lines<std::int32_t> positives, hits;
  Lines<std::int32_t> apart;  // counts rows that count at some thresholds only
  Lines<std::int32_t> strict_hits, hits_at_peak;
  Lines<double> points_per_hit, envelope;
  Lines<double> area;  // the envelope, added up over the recall points
  Lines<double> share;
};

class DrawnLoops {
 public:
  // `most` is the largest number of draws; without `wide` no AVX2 is used.
  DrawnLoops(std::uint16_t most, bool wide);

  // Adds up the draws of the images in rows.
  void sum(const std::int32_t* image, std::size_t rows, const std::uint16_t* drawn, std::int32_t* sums) const;

  // Counts the hits of a group up to each peak, and finds the shares; `every` is the word of all thresholds.
  void count(const RankedRows& group, const std::uint16_t* drawn, std::uint32_t every, Walk& walk) const;

  // Walks back from the last peak and adds up the envelope of precision over the recall points.
  void average(const RankedRows& group, const RecallPoints& points, Walk& walk) const;

  // Adds the draws of each row to the lanes of its cell and kind.
  void tally(const std::int32_t* cell, const std::uint8_t* kind, std::size_t kinds, const std::int32_t* image, std::size_t rows,
             const std::uint16_t* drawn, std::uint32_t* sums) const;

 private:
  std::size_t rows_at_once_;  // so many rows may be added up in 16 bits
  bool wide_;
};

}  // namespace mapgap
