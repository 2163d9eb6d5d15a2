// Brightness, contrast, sharpness, noise and local contrast of windows of a grey picture, from whole numbers.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "arrays.h"
#include "kernel.h"

namespace mapgap {
namespace {

using Grey2 = In<std::uint8_t, 2>;
using Tones = std::array<std::int64_t, 256>;

constexpr std::int64_t most_pixels = 1 << 23;  // tone sums times pixels stay below 2^63
constexpr std::int64_t longest_side = 1 << 16;  // the steepness of a line stays below 2^32
constexpr std::size_t measures = 5;
constexpr int reach = 2;                // a mean slope is taken over 2 * reach + 1 steps
constexpr int steps = 2 * reach + 1;
constexpr std::int64_t least_side = 8;  // shorter windows have no sharpness and no noise
constexpr int responses = 8 * 255 + 1;
constexpr double response_of_noise = 6 * 0.6745;  // median of |response| to Gaussian noise of deviation 1
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

struct Window {
  std::int64_t left, top, right, bottom;
  std::int64_t width() const { return right - left; }
  std::int64_t height() const { return bottom - top; }
  bool is_empty() const { return width() <= 0 || height() <= 0; }
};

struct Picture {
  const std::uint8_t* tones;
  std::int64_t width, height;
  const std::uint8_t* row(std::int64_t y) const { return tones + y * width; }
};

Window window_at(const std::int32_t* corners) { return {corners[0], corners[1], corners[2], corners[3]}; }

// How many pixels have each tone. Four counters take turns, because equal neighbours would wait for one another.
Tones count_tones(const Picture& picture, const Window& window) {
  Tones counts{};
  if (window.is_empty()) return counts;
  std::array<std::array<std::uint32_t, 256>, 4> turns{};
  for (std::int64_t y = window.top; y < window.bottom; ++y) {
    const std::uint8_t* row = picture.row(y);
    std::int64_t x = window.left;
    for (; x + 4 <= window.right; x += 4) {
      ++turns[0][row[x]];
      ++turns[1][row[x + 1]];
      ++turns[2][row[x + 2]];
      ++turns[3][row[x + 3]];
    }
    for (; x < window.right; ++x) ++turns[0][row[x]];
  }
  for (std::size_t tone = 0; tone < 256; ++tone) {
    for (const auto& turn : turns) counts[tone] += turn[tone];
  }
  return counts;
}

std::int64_t total(const Tones& counts) {
  std::int64_t sum = 0;
  for (const std::int64_t count : counts) sum += count;
  return sum;
}

// Mean and standard deviation of the tones, as shares of the whole range.
std::pair<double, double> brightness_and_contrast(const Tones& counts) {
  const std::int64_t pixels = total(counts);
  if (pixels == 0) return {undefined, undefined};
  std::int64_t sum = 0;
  std::int64_t squares = 0;
  for (std::int64_t tone = 0; tone < 256; ++tone) {
    sum += tone * counts[static_cast<std::size_t>(tone)];
    squares += tone * tone * counts[static_cast<std::size_t>(tone)];
  }
  const double whole = static_cast<double>(pixels) * 255.0;
  return {static_cast<double>(sum) / whole, std::sqrt(static_cast<double>(pixels * squares - sum * sum)) / whole};
}

// Area between the two cumulated shares of tones: how far the tones of one would have to move to be the other's.
double tone_distance(const Tones& one, const Tones& other) {
  const std::int64_t pixels = total(one);
  const std::int64_t other_pixels = total(other);
  if (pixels == 0 || other_pixels == 0) return undefined;
  std::int64_t below = 0;
  std::int64_t other_below = 0;
  std::int64_t area = 0;
  for (std::size_t tone = 0; tone < 255; ++tone) {
    below += one[tone];
    other_below += other[tone];
    area += std::abs(below * other_pixels - other_below * pixels);
  }
  return static_cast<double>(area) / (static_cast<double>(pixels) * static_cast<double>(other_pixels) * 255.0);
}

struct Steepness {
  std::int64_t beyond_mean = 0;
  std::int64_t all = 0;
};

// One line of differences: `steps` times each step between neighbours, and by how much that exceeds the wide step.
Steepness steepness_of_line(const std::uint8_t* line, std::int64_t places, std::int64_t stride) {
  std::uint32_t beyond_mean = 0;
  std::uint32_t all = 0;
  for (std::int64_t place = 0; place < places; ++place) {
    const std::uint8_t* at = line + place;
    const int step = steps * std::abs(at[(reach + 1) * stride] - at[reach * stride]);
    const int wide_step = std::abs(at[steps * stride] - at[0]);
    beyond_mean += static_cast<std::uint32_t>(std::max(0, step - wide_step));
    all += static_cast<std::uint32_t>(step);
  }
  return {beyond_mean, all};
}

double share(const Steepness& steepness) {
  if (steepness.all == 0) return undefined;
  return static_cast<double>(steepness.beyond_mean) / static_cast<double>(steepness.all);
}

// The smaller of both directions, so that motion blur shows; NaN where no neighbours differ.
double sharpness(const Picture& picture, const Window& window) {
  if (window.width() < least_side || window.height() < least_side) return undefined;
  Steepness across;
  Steepness down;
  for (std::int64_t y = window.top; y < window.bottom; ++y) {
    const Steepness line = steepness_of_line(picture.row(y) + window.left, window.width() - steps, 1);
    across.beyond_mean += line.beyond_mean;
    across.all += line.all;
  }
  for (std::int64_t y = window.top; y + steps < window.bottom; ++y) {
    const Steepness line = steepness_of_line(picture.row(y) + window.left, window.width(), picture.width);
    down.beyond_mean += line.beyond_mean;
    down.all += line.all;
  }
  return std::fmin(share(across), share(down));  // fmin passes over a NaN
}

// From the median of the responses to a mask that edges hardly move (Immerkaer 1996).
double noise(const Picture& picture, const Window& window) {
  if (window.width() < least_side || window.height() < least_side) return undefined;
  std::array<std::int64_t, responses> counts{};
  std::vector<std::int16_t> line(static_cast<std::size_t>(window.width()));
  const std::int64_t places = window.width() - 2;
  for (std::int64_t y = window.top + 1; y + 1 < window.bottom; ++y) {
    const std::uint8_t* above = picture.row(y - 1) + window.left;
    const std::uint8_t* here = picture.row(y) + window.left;
    const std::uint8_t* below = picture.row(y + 1) + window.left;
    for (std::int64_t x = 0; x < window.width(); ++x) {
      line[static_cast<std::size_t>(x)] = static_cast<std::int16_t>(above[x] - 2 * here[x] + below[x]);
    }
    for (std::int64_t x = 0; x < places; ++x) {
      const std::int16_t* at = line.data() + x;
      ++counts[static_cast<std::size_t>(std::abs(at[0] - 2 * at[1] + at[2]))];
    }
  }
  const std::int64_t half = (places * (window.height() - 2) + 1) / 2;
  std::int64_t reached = 0;
  std::size_t median = 0;
  while ((reached += counts[median]) < half) ++median;
  return static_cast<double>(median) / (response_of_noise * 255.0);
}

void require_windows(const Index2& windows, const Picture& picture, const char* complaint) {
  require(windows.shape(1) == 4, complaint);
  for (std::size_t i = 0; i < windows.shape(0); ++i) {
    const Window window = window_at(windows.data() + 4 * i);
    require(window.left >= 0 && window.top >= 0 && window.right <= picture.width && window.bottom <= picture.height,
            complaint);
  }
}

auto measure_windows(Grey2 luma, Index2 window, Index2 inside, Index2 around) {
  const std::size_t windows = window.shape(0);
  std::vector<double> found(windows * measures, undefined);
  {
    nb::gil_scoped_release released;
    const Picture picture{luma.data(), static_cast<std::int64_t>(luma.shape(1)),
                          static_cast<std::int64_t>(luma.shape(0))};
    require(picture.width <= longest_side && picture.height <= longest_side &&
                picture.width * picture.height <= most_pixels,
            "luma: too many pixels");
    require(inside.shape(0) == windows && around.shape(0) == windows, "windows differ in number");
    require_windows(window, picture, "window: shape is not (n, 4), or corners out of range");
    require_windows(inside, picture, "inside: shape is not (n, 4), or corners out of range");
    require_windows(around, picture, "around: shape is not (n, 4), or corners out of range");
    for (std::size_t i = 0; i < windows; ++i) {
      const Window crop = window_at(window.data() + 4 * i);
      const Window object = window_at(inside.data() + 4 * i);
      double* row = found.data() + measures * i;
      if (crop.is_empty()) continue;
      const auto [brightness, contrast] = brightness_and_contrast(count_tones(picture, crop));
      row[0] = brightness;
      row[1] = contrast;
      row[2] = sharpness(picture, crop);
      row[3] = noise(picture, crop);
      if (object.is_empty()) continue;
      const Window whole = window_at(around.data() + 4 * i);
      require(whole.left <= object.left && whole.top <= object.top && whole.right >= object.right &&
                  whole.bottom >= object.bottom,
              "around: does not hold what is inside");
      const Tones own = count_tones(picture, object);
      Tones others = count_tones(picture, whole);
      for (std::size_t tone = 0; tone < own.size(); ++tone) others[tone] -= own[tone];
      row[4] = tone_distance(own, others);
    }
  }
  return give(std::move(found), {windows, measures});
}

}  // namespace

void add_pixels(nb::module_& module) {
  using namespace nb::literals;
  module.def("measure_windows", &measure_windows, "luma"_a, "window"_a, "inside"_a, "around"_a);
}

}  // namespace mapgap
