// Sixteen resamples side by side: loops of fixed length over them, which the compiler turns into vector instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "drawn.h"

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
#define MAPGAP_AS_VECTOR _Pragma("GCC unroll 1")
#else
#define MAPGAP_AS_VECTOR
#endif
#define MAPGAP_FOR_LANES MAPGAP_AS_VECTOR for (std::size_t lane = 0; lane < lanes; ++lane)

namespace mapgap {

// Draws in all lanes. GCC's vectors, because it does not keep an array of sums in registers.
#if defined(__GNUC__)
using Draws [[gnu::vector_size(lanes * sizeof(std::uint16_t))]] = std::uint16_t;
#else
struct Draws {
  std::uint16_t of_lane[lanes];

  Draws& operator+=(const Draws& other) {
    for (std::size_t lane = 0; lane < lanes; ++lane) of_lane[lane] = static_cast<std::uint16_t>(of_lane[lane] + other.of_lane[lane]);
    return *this;
  }
};
#endif

MAPGAP_INLINE const std::uint16_t* draws_of(const std::uint16_t* drawn, std::int32_t image) {
  return drawn + static_cast<std::size_t>(image) * lanes;
}

// The draws of few enough rows to add them up in 16 bits.
MAPGAP_INLINE void sum_few_rows(const std::int32_t* image, std::size_t rows, const std::uint16_t* drawn, std::uint16_t* sums) {
  Draws part{};
  for (std::size_t row = 0; row < rows; ++row) {
    Draws here;
    std::memcpy(&here, draws_of(drawn, image[row]), sizeof here);
    part += here;
  }
  // Only a copy has an address: what is added up in the loop stays in a register.
  const Draws sum = part;
  std::memcpy(sums, &sum, sizeof sum);
}

MAPGAP_INLINE void add_rows(const std::int32_t* image, std::size_t rows, const std::uint16_t* drawn, std::size_t rows_at_once,
                            std::int32_t* sums) {
  for (std::size_t row = 0; row < rows;) {
    const std::size_t few = rows - row < rows_at_once ? rows - row : rows_at_once;
    std::uint16_t sixteen[lanes];
    sum_few_rows(image + row, few, drawn, sixteen);
    MAPGAP_FOR_LANES sums[lane] += sixteen[lane];
    row += few;
  }
}

// So many rows may be added up in 16 bits if none is drawn more often than `most`.
inline std::size_t rows_in_16_bits(std::uint16_t most) {
  return std::numeric_limits<std::uint16_t>::max() / (most == 0 ? std::size_t{1} : most);
}

// Whether the processor runs functions marked MAPGAP_WIDE.
inline bool is_wide() {
#if MAPGAP_HAS_WIDE
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

}  // namespace mapgap
