// Large arrays of zeros that are touched here and there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace mapgap {

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};

using ZeroedDoubles = std::unique_ptr<double[], FreeMemory>;

// Zeros; parts that nobody touches take no memory. Asks for large pages, as NumPy does for its arrays: half the time
// of filling such an array goes into fetching its 4 KiB pages one by one.
inline ZeroedDoubles zeroed_doubles(std::size_t length) {
  auto* memory = static_cast<double*>(std::calloc(length == 0 ? 1 : length, sizeof(double)));
  if (memory == nullptr) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t page = 4096;
  const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const std::uintptr_t last = reinterpret_cast<std::uintptr_t>(memory + length) / page * page;
  // It may be refused; the zeros are there either way.
  if (last > first + (std::size_t{1} << 22)) (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
  return ZeroedDoubles(memory);
}

}  // namespace mapgap
