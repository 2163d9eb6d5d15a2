// The 12 numbers of COCO from columns.
#pragma once

#include <array>
#include <cstddef>

#include "columns.h"

namespace mapgap {

// AP, AP50, AP75, AP of the three sizes, AR at the three limits, AR of the three sizes; NaN where not defined. All but the
// first two AR are taken at the last limit. Images and categories must lie in range, and thresholds fit a word.
std::array<double, 12> coco_numbers(const DetectionColumns& detections, const ObjectColumns& objects, std::size_t images,
                                    std::size_t categories, const SummaryRules& rules, int threads);

}  // namespace mapgap
