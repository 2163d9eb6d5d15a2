// Columns of detections and annotations as the kernel sees them: views of memory that somebody else holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mapgap {

struct DetectionColumns {
  std::span<const std::int32_t> image, category;
  const double* box;  // xywh, four a row
  std::span<const double> score;

  std::size_t size() const { return image.size(); }
  double area(std::size_t row) const { return box[4 * row + 2] * box[4 * row + 3]; }
};

struct ObjectColumns {
  std::span<const std::int32_t> image, category;
  const double* box;
  std::span<const double> area;
  std::span<const std::uint8_t> crowd;

  std::size_t size() const { return image.size(); }
};

// COCO's four: all, small, medium, large.
inline constexpr std::size_t summary_areas = 4;

struct AreaRange {
  double low, high;

  // Closed at both ends.
  bool excludes(double area) const { return static_cast<bool>(static_cast<int>(area < low) | static_cast<int>(area > high)); }
};

// What the 12 numbers are taken at.
struct SummaryRules {
  std::span<const double> iou_thresholds, recall_thresholds;
  std::array<AreaRange, summary_areas> area_ranges;
  std::array<std::int64_t, 3> max_detections;  // rising

  // A bit for each area range that an area lies outside of.
  std::uint32_t ranges_excluding(double area) const {
    std::uint32_t bits = 0;
    for (std::size_t a = 0; a < summary_areas; ++a) bits |= static_cast<std::uint32_t>(area_ranges[a].excludes(area)) << a;
    return bits;
  }
};

inline constexpr std::uint32_t every_area = (1U << summary_areas) - 1;

}  // namespace mapgap
