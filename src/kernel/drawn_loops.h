// The innermost loops over resampled rows, for sixteen resamples at once. AVX2 is used where the processor has it; it
// changes no bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "drawn.h"

namespace mapgap {

// A row where the walk over a group stops: it is right somewhere, or does not count at all thresholds.
struct Stop {
  std::uint32_t row;
  std::uint32_t counted, right;  // thresholds
  std::uint32_t peak;            // of `right`, those where the next row is not right too: precision is highest there
  std::uint32_t apart;           // thresholds with a count of their own: of rows up to here that count at some only
};

// One group in rank order, up to its last row that is right; all rows but stops are wrong at all thresholds.
struct RankedRows {
  const std::int32_t* image;
  std::size_t rows;
  const Stop* stops;
  std::size_t stop_count;
};

// How many recall points are reached by that many hits.
struct Reached {
  const std::uint8_t* at_bucket;      // by hits >> shift, for the least hits of the bucket
  const std::uint32_t* least_hits;    // by recall point, then a last one that is never reached
  unsigned shift;

  std::uint32_t by(std::uint32_t hits) const {
    std::uint32_t points = at_bucket[hits >> shift];
    while (hits >= least_hits[points]) ++points;
    return points;
  }
};

// What a walk holds, by threshold (or stop) and lane.
struct Walk {
  Walk(std::size_t thresholds, std::size_t most_stops)
      : hits(thresholds * lanes), apart(thresholds * lanes), everywhere(most_stops * lanes), envelope(thresholds * lanes),
        area(thresholds * lanes) {}

  std::vector<std::int32_t> hits, apart, everywhere;
  std::vector<double> envelope, area;  // `area` adds up the envelope over the recall points
};

class DrawnLoops {
 public:
  // `most` is the largest number of draws; without `wide` no AVX2 is used.
  DrawnLoops(std::uint16_t most, bool wide);

  // Adds up the draws of the images in rows.
  void sum(const std::int32_t* image, std::size_t rows, const std::uint16_t* drawn, std::int32_t* sums) const;

  // Counts hits and counted rows of a group up to each stop; `every` is the word of all thresholds.
  void count(const RankedRows& group, const std::uint16_t* drawn, std::uint32_t every, Walk& walk) const;

  // Walks back from the last stop and adds up the envelope of precision over the recall points. `reached` is by
  // threshold and lane; `exact` promises that no bucket holds more than one number of hits.
  void average(const RankedRows& group, const std::uint16_t* drawn, std::uint32_t every, const Reached* reached, bool exact,
               Walk& walk) const;

  // Adds the draws of each row to the lanes of its cell and kind.
  void tally(const std::int32_t* cell, const std::uint8_t* kind, std::size_t kinds, const std::int32_t* image, std::size_t rows,
             const std::uint16_t* drawn, std::uint32_t* sums) const;

 private:
  std::size_t rows_at_once_;  // so many rows may be added up in 16 bits
  bool wide_;
};

}  // namespace mapgap
