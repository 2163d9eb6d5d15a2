// How every detection fared at all thresholds and in all area ranges, in four bytes for the many without a candidate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "columns.h"
#include "order.h"

namespace mapgap {

// A detection with a candidate; a bit a threshold.
struct Fate {
  std::uint32_t counted[summary_areas];
  std::uint32_t right[summary_areas];
  std::uint32_t place;  // among those of its image and category, from 0
};

// One word a detection. With the highest bit the rest is its row in `fates`; without, it has no candidate, and the low
// bits say in which area ranges it is not counted, all of them if it is cut by max_detections.
struct Outcomes {
  static constexpr std::uint32_t has_fate = std::uint32_t{1} << 31;

  std::vector<std::uint32_t> words;
  // As long as there are detections, but written only as far as needed: pages never touched take no memory.
  std::unique_ptr<Fate[]> fates;
};

// Matches the detections of every image with the annotations of their class, as COCO does.
Outcomes match_images(const DetectionColumns& detections, const DetectionOrder& order, const ObjectColumns& objects,
                      std::size_t categories, const SummaryRules& rules, int threads);

}  // namespace mapgap
