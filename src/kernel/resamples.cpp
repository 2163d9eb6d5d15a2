// Which images a bootstrap draws, and intervals from what it found.
#include <cmath>
#include <limits>

#include "arrays.h"
#include "drawn.h"
#include "kernel.h"
#include "percentiles.h"
#include "threads.h"

namespace mapgap {
namespace {

// SplitMix64 (Steele, Lea and Flood 2014, https://prng.di.unimi.it/splitmix64.c): turns a seed into well-mixed words.
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t state) : state_(state) {}

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }

 private:
  std::uint64_t state_;
};

// xoshiro256++ 1.0 (Blackman and Vigna 2019, https://prng.di.unimi.it/xoshiro256plusplus.c).
class Chance {
 public:
  // Every resample has a stream of its own, so that more resamples begin with the same ones.
  Chance(std::uint64_t seed, std::uint64_t resample) {
    SplitMix words(SplitMix(seed).next() ^ SplitMix(~resample).next());
    for (std::uint64_t& word : state_) word = words.next();
  }

  // A whole number below `limit`, each as likely (Lemire 2019, "Fast random integer generation in an interval").
  std::uint32_t below(std::uint32_t limit) {
    std::uint64_t product = half() * limit;
    if (static_cast<std::uint32_t>(product) < limit) {
      const std::uint32_t unfair = static_cast<std::uint32_t>(-limit) % limit;
      while (static_cast<std::uint32_t>(product) < unfair) product = half() * limit;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  // The upper 32 bits of the next word.
  std::uint64_t half() {
    const std::uint64_t result = rotated(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotated(state_[3], 45);
    return result >> 32;
  }

  static std::uint64_t rotated(std::uint64_t word, int bits) { return (word << bits) | (word >> (64 - bits)); }

  std::uint64_t state_[4];
};

auto resample_images(std::size_t images, std::size_t resamples, std::uint64_t seed) {
  std::vector<std::uint16_t> drawn;
  {
    nb::gil_scoped_release released;
    require(images <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()), "too many images");
    drawn.assign(images * resamples, 0);
    std::vector<std::uint32_t> times;
    for (std::size_t resample = 0; resample < resamples; ++resample) {
      Chance chance(seed, resample);
      times.assign(images, 0);
      for (std::size_t draw = 0; draw < images; ++draw) ++times[chance.below(static_cast<std::uint32_t>(images))];
      for (std::size_t image = 0; image < images; ++image) {
        require(times[image] <= std::numeric_limits<std::uint16_t>::max(), "an image was drawn more often than fits");
        drawn[image * resamples + resample] = static_cast<std::uint16_t>(times[image]);
      }
    }
  }
  return give(std::move(drawn), {images, resamples});
}

auto percentile_intervals(Float2 samples, double low, double high, int threads) {
  const std::size_t rows = samples.shape(0);
  const std::size_t length = samples.shape(1);
  std::vector<double> intervals;
  {
    nb::gil_scoped_release released;
    require(low >= 0 && low <= high && high <= 1, "percentiles must be shares of 1, the lower one first");
    intervals.assign(rows * 2, std::nan(""));
    run_blocks(even_cuts(rows, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      std::vector<double> defined;
      for (std::size_t row = begin; row < end; ++row) {
        defined.clear();
        for (const double* value = samples.data() + row * length; value != samples.data() + (row + 1) * length; ++value) {
          if (!std::isnan(*value)) defined.push_back(*value);
        }
        if (defined.size() < 2) continue;
        std::sort(defined.begin(), defined.end());
        intervals[2 * row] = percentile(defined, low);
        intervals[2 * row + 1] = percentile(defined, high);
      }
    });
  }
  return give(std::move(intervals), {rows, std::size_t{2}});
}

}  // namespace

void add_resamples(nb::module_& module) {
  using namespace nb::literals;
  module.def("resample_images", &resample_images, "images"_a, "resamples"_a, "seed"_a);
  module.def("percentile_intervals", &percentile_intervals, "samples"_a, "low"_a, "high"_a, "threads"_a = 0);
}

}  // namespace mapgap
