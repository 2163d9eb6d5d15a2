// Arrays that cross the border between Python and the kernel, and the checks made there.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace mapgap {

namespace nb = nanobind;

template <typename T, std::size_t Dimensions>
using In = nb::ndarray<const T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;

using Float1 = In<double, 1>;
using Float2 = In<double, 2>;
using Index1 = In<std::int32_t, 1>;
using Index2 = In<std::int32_t, 2>;
using Id1 = In<std::int64_t, 1>;
using Bits1 = In<std::uint32_t, 1>;
using Flag1 = In<std::uint8_t, 1>;
using Flag2 = In<std::uint8_t, 2>;

template <typename T>
using Out = nb::ndarray<nb::numpy, T, nb::c_contig>;

// Hands a vector's memory over to a NumPy array of the given shape. Needs the interpreter lock.
template <typename T>
Out<T> give(std::vector<T>&& values, std::initializer_list<std::size_t> shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* memory) noexcept { delete static_cast<std::vector<T>*>(memory); });
  return Out<T>(kept->data(), shape, owner);
}

inline void require(bool holds, const char* complaint) {
  if (!holds) throw std::invalid_argument(complaint);
}

// Every index lies in [lowest, limit).
template <typename T>
void require_below(const T* indices, std::size_t length, std::int64_t lowest, std::int64_t limit, const char* name) {
  for (std::size_t i = 0; i < length; ++i) {
    if (indices[i] < lowest || indices[i] >= limit) {
      throw std::invalid_argument(std::string(name) + ": index out of range");
    }
  }
}

// Offsets start at 0, never fall and end at `total`.
inline void require_offsets(const std::int64_t* offsets, std::size_t length, std::size_t total, const char* name) {
  bool holds = length > 0 && offsets[0] == 0 && offsets[length - 1] == static_cast<std::int64_t>(total);
  for (std::size_t i = 1; holds && i < length; ++i) holds = offsets[i - 1] <= offsets[i];
  if (!holds) throw std::invalid_argument(std::string(name) + ": not offsets into the array they belong to");
}

}  // namespace mapgap
