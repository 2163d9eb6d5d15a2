// Loops of fixed length over the lanes, which the compiler turns into vector instructions.
#include "drawn_gap.h"

#include <bit>

#include "arrays.h"
#include "lanes.h"

namespace mapgap {
namespace {

MAPGAP_INLINE void count_batches(const GapArguments& of) {
  alignas(64) std::int32_t all_hits[lanes] = {};
  alignas(64) std::int32_t all_counted[lanes] = {};
  const std::int32_t* image = of.group.image.data();
  std::int32_t* __restrict here = of.walk.drawn.data();
  std::int32_t* __restrict hits = of.walk.hits.data();
  std::int32_t* __restrict counted = of.walk.counted.data();
  for (const Batch& batch : of.group.batches) {
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
MAPGAP_INLINE void find_envelope(const GapArguments& of) {
  alignas(64) std::int32_t best_hits[lanes] = {};
  alignas(64) std::int32_t best_counted[lanes];
  MAPGAP_FOR_LANES best_counted[lane] = 1;
  for (std::size_t peak = of.group.peaks; peak-- > 0;) {
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
MAPGAP_INLINE void take_back_strict(const GapArguments& of, std::uint32_t may_be_strict, const std::int32_t* hits,
                                    const std::int32_t* counted, double* points) {
  for (; may_be_strict != 0; may_be_strict &= may_be_strict - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(may_be_strict));
    if (counted[lane] > 0 && of.points.strict_hits(hits[lane], of.walk.positives[lane]) == hits[lane]) points[lane] -= 1;
  }
}

// What the recall points since the peak before cost: each is owed by all wrong rows so far.
MAPGAP_INLINE void owe(const GapArguments& of, std::size_t peak, const Reaching& reaching) {
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

// What follows takes for granted that there are no more true positives than objects.
void require_found(const GapArguments& of) {
  const std::int32_t* found = of.walk.missed.data() + of.causes * lanes;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const std::int32_t hits = of.group.peaks > 0 ? of.walk.hits[(of.group.peaks - 1) * lanes + lane] : 0;
    require(hits == found[lane], "as many objects must have no cause as there are true positives");
  }
}

MAPGAP_INLINE void divide(const GapArguments& of) {
  count_batches(of);
  require_found(of);
  find_envelope(of);
  const Reaching reaching(of.points, of.walk.positives);
  const std::int32_t* here = of.walk.drawn.data();
  std::size_t peak = 0;
  for (const Batch& batch : of.group.batches) {
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
MAPGAP_WIDE void divide_wide(const GapArguments& of) { divide(of); }
#else
constexpr auto divide_wide = divide;
#endif

}  // namespace

void divide_reached(const GapArguments& of, bool wide) {
  if (wide && is_wide()) {
    divide_wide(of);
  } else {
    divide(of);
  }
}

}  // namespace mapgap
