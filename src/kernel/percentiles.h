// Percentiles of a sample, by NumPy's default rule.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace mapgap {

// The share-th part of the way through sorted values: straight between the two nearest (Hyndman and Fan's definition 7).
inline double percentile(const std::vector<double>& sorted, double share) {
  const double place = static_cast<double>(sorted.size() - 1) * share;
  const double below = std::floor(place);
  const auto first = static_cast<std::size_t>(below);
  if (first + 1 >= sorted.size()) return sorted.back();
  const double part = place - below;
  const double step = sorted[first + 1] - sorted[first];
  return part < 0.5 ? sorted[first] + step * part : sorted[first + 1] - step * (1 - part);
}

}  // namespace mapgap
