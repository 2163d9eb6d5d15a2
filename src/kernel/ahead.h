// Reading in an order that is not the memory's.
#pragma once

#include <cstddef>

namespace mapgap {

// How many rows ahead memory is asked for: enough to hide its latency, few enough to stay in the nearest cache.
inline constexpr std::size_t rows_ahead = 16;

inline void fetch_ahead([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#endif
}

}  // namespace mapgap
