// Loops of fixed length over the lanes, which the compiler turns into vector instructions.
#include "drawn_loops.h"

#include <bit>
#include <cstring>
#include <limits>

#if defined(__x86_64__) && defined(__GNUC__)
#define MAPGAP_HAS_WIDE 1
#define MAPGAP_WIDE __attribute__((target("avx2")))
#define MAPGAP_INLINE inline __attribute__((always_inline))
#else
#define MAPGAP_HAS_WIDE 0
#define MAPGAP_INLINE inline
#endif

// Unrolled loops would not become vector instructions.
#if defined(__GNUC__)
#define MAPGAP_FOR_LANES _Pragma("GCC unroll 1") for (std::size_t lane = 0; lane < lanes; ++lane)
#else
#define MAPGAP_FOR_LANES for (std::size_t lane = 0; lane < lanes; ++lane)
#endif

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
  const std::uint16_t* drawn;
  std::uint32_t every;
  const Reached* reached;
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

MAPGAP_INLINE const std::uint16_t* draws_of(const std::uint16_t* drawn, std::int32_t image) {
  return drawn + static_cast<std::size_t>(image) * lanes;
}

MAPGAP_INLINE void add_rows(const std::int32_t* image, std::size_t rows, const std::uint16_t* drawn, std::size_t rows_at_once,
                            std::int32_t* sums) {
  for (std::size_t row = 0; row < rows;) {
    const std::size_t end = rows - row < rows_at_once ? rows : row + rows_at_once;
    // Four lanes in one word: none of them runs over into the next.
    std::uint64_t part[lanes / 4] = {};
    for (; row < end; ++row) {
      const std::uint16_t* here = draws_of(drawn, image[row]);
      for (std::size_t word = 0; word < lanes / 4; ++word) {
        std::uint64_t four;
        std::memcpy(&four, here + 4 * word, sizeof four);
        part[word] += four;
      }
    }
    std::uint16_t sixteen[lanes];
    std::memcpy(sixteen, part, sizeof sixteen);
    MAPGAP_FOR_LANES sums[lane] += sixteen[lane];
  }
}

MAPGAP_INLINE void count_rows(const CountArguments& of) {
  std::int32_t counted[lanes] = {};
  std::size_t row = 0;
  for (std::size_t s = 0; s < of.group.stop_count; ++s) {
    const Stop& stop = of.group.stops[s];
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
    for (std::uint32_t bits = stop.right; bits != 0; bits &= bits - 1) {
      std::int32_t* hits = of.walk.hits.data() + static_cast<std::size_t>(std::countr_zero(bits)) * lanes;
      MAPGAP_FOR_LANES hits[lane] += here[lane];
    }
    std::int32_t* everywhere = of.walk.everywhere.data() + s * lanes;
    MAPGAP_FOR_LANES everywhere[lane] = counted[lane];
  }
}

// Raises the envelope of one threshold to the precision here. What it gains holds for all recall points reached so far.
MAPGAP_INLINE void raise(const double* precision, const std::int32_t* points, double* __restrict envelope, double* __restrict area) {
  MAPGAP_FOR_LANES {
    const double raised = precision[lane] > envelope[lane] ? precision[lane] : envelope[lane];
    area[lane] += (raised - envelope[lane]) * static_cast<double>(points[lane]);
    envelope[lane] = raised;
  }
}

template <bool exact>
MAPGAP_INLINE void average_rows(const AverageArguments& of) {
  // COCO's np.spacing(1), which also keeps 0 / 0 away.
  constexpr double spacing = std::numeric_limits<double>::epsilon();
  double share[lanes] = {};  // of one counted row in precision, where rows count at all thresholds alike
  for (std::size_t s = of.group.stop_count; s-- > 0;) {
    const Stop& stop = of.group.stops[s];
    const std::uint16_t* drawn_here = draws_of(of.drawn, of.group.image[stop.row]);
    const std::int32_t* everywhere = of.walk.everywhere.data() + s * lanes;
    std::int32_t here[lanes];
    MAPGAP_FOR_LANES here[lane] = drawn_here[lane];
    if ((stop.peak & ~stop.apart) != 0) {
      MAPGAP_FOR_LANES share[lane] = 1.0 / (static_cast<double>(everywhere[lane]) + spacing);
    }
    for (std::uint32_t bits = stop.right; bits != 0; bits &= bits - 1) {
      const auto t = static_cast<std::size_t>(std::countr_zero(bits));
      std::int32_t* hits = of.walk.hits.data() + t * lanes;
      if ((stop.peak >> t & 1U) != 0) {
        const Reached* reached = of.reached + t * lanes;
        std::int32_t points[lanes];
        double precision[lanes];
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          const auto so_far = static_cast<std::uint32_t>(hits[lane]);
          points[lane] = static_cast<std::int32_t>(exact ? reached[lane].at_bucket[so_far] : reached[lane].by(so_far));
        }
        if ((stop.apart >> t & 1U) != 0) {
          const std::int32_t* apart = of.walk.apart.data() + t * lanes;
          MAPGAP_FOR_LANES {
            precision[lane] = static_cast<double>(hits[lane]) / (static_cast<double>(everywhere[lane] + apart[lane]) + spacing);
          }
        } else {
          MAPGAP_FOR_LANES precision[lane] = static_cast<double>(hits[lane]) * share[lane];
        }
        raise(precision, points, of.walk.envelope.data() + t * lanes, of.walk.area.data() + t * lanes);
      }
      MAPGAP_FOR_LANES hits[lane] -= here[lane];
    }
    if (stop.counted == of.every) continue;
    for (std::uint32_t bits = stop.counted; bits != 0; bits &= bits - 1) {
      std::int32_t* apart = of.walk.apart.data() + static_cast<std::size_t>(std::countr_zero(bits)) * lanes;
      MAPGAP_FOR_LANES apart[lane] -= here[lane];
    }
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
MAPGAP_WIDE void average_exact_wide(const AverageArguments& of) { average_rows<true>(of); }
MAPGAP_WIDE void average_wide(const AverageArguments& of) { average_rows<false>(of); }
MAPGAP_WIDE void tally_rows_wide(const TallyArguments& of) { tally_rows(of); }
#else
constexpr auto add_rows_wide = add_rows;
constexpr auto count_rows_wide = count_rows;
constexpr auto average_exact_wide = average_rows<true>;
constexpr auto average_wide = average_rows<false>;
constexpr auto tally_rows_wide = tally_rows;
#endif

bool is_wide() {
#if MAPGAP_HAS_WIDE
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

}  // namespace

DrawnLoops::DrawnLoops(std::uint16_t most, bool wide)
    : rows_at_once_(std::numeric_limits<std::uint16_t>::max() / (most == 0 ? std::size_t{1} : most)), wide_(wide && is_wide()) {}

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

void DrawnLoops::average(const RankedRows& group, const std::uint16_t* drawn, std::uint32_t every, const Reached* reached,
                         bool exact, Walk& walk) const {
  const AverageArguments arguments{group, drawn, every, reached, walk};
  if (exact) {
    wide_ ? average_exact_wide(arguments) : average_rows<true>(arguments);
  } else {
    wide_ ? average_wide(arguments) : average_rows<false>(arguments);
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
