// The one IoU formula of the kernel.
#pragma once

#include <cmath>

namespace mapgap {

// C's fmin and fmax (a NaN loses against a number), in line; the sign of zero, which C leaves open, does not matter here.
inline double minimum(double a, double b) {
  const double known = a < b ? a : b;
  return b != b ? a : known;
}

inline double maximum(double a, double b) {
  const double known = a > b ? a : b;
  return b != b ? a : known;
}

// IoU of two xywh boxes exactly as pycocotools' mask code computes it: from xywh, without fused multiply-add
// (common/maskApi.c, bbIou). For a crowd the denominator is the detection's area alone.
inline double box_iou(const double* detection, const double* object, bool is_crowd) {
  const double width = minimum(detection[2] + detection[0], object[2] + object[0]) - maximum(detection[0], object[0]);
  if (width <= 0) return 0;
  const double height = minimum(detection[3] + detection[1], object[3] + object[1]) - maximum(detection[1], object[1]);
  if (height <= 0) return 0;
  const double intersection = width * height;
  const double detection_area = detection[2] * detection[3];
  const double object_area = object[2] * object[3];
  return intersection / (is_crowd ? detection_area : detection_area + object_area - intersection);
}

// The largest IoU threshold that still accepts equal boxes (cocoeval.py, evaluateImg).
inline double reachable(double threshold) { return std::fmin(threshold, 1 - 1e-10); }

}  // namespace mapgap
