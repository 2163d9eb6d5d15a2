// How often each image was drawn in each resample, sixteen resamples side by side.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <vector>

#include "arrays.h"

namespace mapgap {

using Drawn2 = In<std::uint16_t, 2>;

inline constexpr std::size_t lanes = 16;

// Memory that begins with a cache line, so that the lanes of one thing never lie across two.
template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  LineAllocator() = default;
  template <typename U>
  explicit LineAllocator(const LineAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, line); }
  friend bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};

template <typename T>
using Lines = std::vector<T, LineAllocator<T>>;

inline std::size_t blocks_of_lanes(std::size_t resamples) { return (resamples + lanes - 1) / lanes; }

inline std::uint16_t most_drawn(const Drawn2& drawn) {
  const std::uint16_t* end = drawn.data() + drawn.shape(0) * drawn.shape(1);
  return drawn.data() == end ? std::uint16_t{0} : *std::max_element(drawn.data(), end);
}

// Sums over that many rows are kept in 32 bits.
inline void require_countable(std::size_t rows, std::uint16_t most) {
  require(most == 0 || rows <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()) / most,
          "too many rows for resampled counts");
}

// The largest number of things behind one of the offsets.
inline std::size_t most_between(const Id1& offsets) {
  std::int64_t most = 0;
  for (std::size_t g = 0; g + 1 < offsets.shape(0); ++g) most = std::max(most, offsets.data()[g + 1] - offsets.data()[g]);
  return static_cast<std::size_t>(most);
}

// The draws of sixteen resamples, those of one image next to each other. Lanes beyond the last resample draw nothing.
class DrawnBlock {
 public:
  DrawnBlock(const Drawn2& drawn, std::size_t block)
      : begin_(block * lanes), used_(std::min(lanes, drawn.shape(1) - begin_)), values_(drawn.shape(0) * lanes, 0) {
    for (std::size_t image = 0; image < drawn.shape(0); ++image) {
      std::copy_n(drawn.data() + image * drawn.shape(1) + begin_, used_, values_.begin() + static_cast<std::ptrdiff_t>(image * lanes));
    }
  }

  const std::uint16_t* data() const { return values_.data(); }
  std::size_t begin() const { return begin_; }  // the resample in lane 0
  std::size_t used() const { return used_; }

 private:
  std::size_t begin_, used_;
  Lines<std::uint16_t> values_;
};

}  // namespace mapgap
