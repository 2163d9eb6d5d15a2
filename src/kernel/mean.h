// NumPy's mean.
#pragma once

#include <cstddef>

namespace mapgap {

// NumPy's pairwise summation of contiguous float64 (numpy/_core/src/umath/loops_utils.h.src, pairwise_sum).
inline double pairwise_sum(const double* values, std::size_t length) {
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

// The mean of at least one value, to the last bit.
inline double mean_of(const double* values, std::size_t length) {
  return (0.0 + pairwise_sum(values, length)) / static_cast<double>(length);
}

}  // namespace mapgap
