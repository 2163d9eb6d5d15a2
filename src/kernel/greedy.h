// COCO's greedy choice of one detection among the annotations it overlaps, at all IoU thresholds at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "geometry.h"
#include "hits.h"

namespace mapgap {

// IoU thresholds as the bits of a word.
class Thresholds {
 public:
  Thresholds(const double* thresholds, std::size_t count) : every_(every_threshold(count)) {
    for (std::size_t t = 0; t < count; ++t) reachable_.push_back(reachable(thresholds[t]));
  }

  std::uint32_t every() const { return every_; }
  double reachable_at(std::size_t t) const { return reachable_[t]; }

  // The least IoU that any of them asks for; of no thresholds what none asks for.
  double lowest() const {
    double lowest = reachable(HUGE_VAL);
    for (const double threshold : reachable_) lowest = std::min(lowest, threshold);
    return lowest;
  }

  // Written so that an undefined IoU (0 / 0 of vanishing boxes) reaches all, as it does in pycocotools.
  std::uint32_t reached_by(double iou) const {
    std::uint32_t bits = 0;
    for (std::size_t t = 0; t < reachable_.size(); ++t) bits |= static_cast<std::uint32_t>(!(iou < reachable_[t])) << t;
    return bits;
  }

 private:
  std::uint32_t every_;
  std::vector<double> reachable_;
};

struct Candidate {
  std::size_t object;
  double iou;
  std::uint32_t reached;  // thresholds
};

// The thresholds at which a detection matched a counted annotation, and those at which an ignored one.
struct Choice {
  std::uint32_t counted = 0, absorbed = 0;
};

// The annotations of a detection's class that it overlaps.
class Candidates {
 public:
  explicit Candidates(const Thresholds& thresholds) : thresholds_(thresholds) {}

  void clear() {
    in_order_.clear();
    is_undefined_ = false;
  }

  void add(std::size_t object, double iou) {
    is_undefined_ |= iou != iou;
    in_order_.push_back({object, iou, thresholds_.reached_by(iou)});
  }

  // Call it once all candidates are added. The best comes first, on equal IoU the later one.
  void sort() {
    if (is_undefined_) return;
    std::erase_if(in_order_, [](const Candidate& candidate) { return candidate.reached == 0; });
    if (in_order_.size() < 2) return;
    std::reverse(in_order_.begin(), in_order_.end());
    const auto is_better = [](const Candidate& a, const Candidate& b) { return a.iou > b.iou; };
    if (in_order_.size() == 2) {
      if (is_better(in_order_[1], in_order_[0])) std::swap(in_order_[0], in_order_[1]);
    } else {
      std::stable_sort(in_order_.begin(), in_order_.end(), is_better);
    }
  }

  bool empty() const { return in_order_.empty(); }

  // Matches in one area range. `taken(object)` is a word with the thresholds at which an annotation is taken;
  // `took(object, thresholds)` hears of every match.
  template <typename IsIgnored, typename IsCrowd, typename Taken, typename Took>
  Choice choose(IsIgnored is_ignored, IsCrowd is_crowd, Taken taken, Took took) const {
    if (is_undefined_) return choose_undefined(is_ignored, is_crowd, taken, took);
    std::uint32_t open = thresholds_.every();
    const auto offer = [&](bool to_ignored) {
      for (const Candidate& candidate : in_order_) {
        if (is_ignored(candidate.object) != to_ignored) continue;
        std::uint32_t& taken_at = taken(candidate.object);
        const std::uint32_t is_free = is_crowd(candidate.object) ? ~std::uint32_t{0} : ~taken_at;
        const std::uint32_t matched = open & candidate.reached & is_free;
        if (matched == 0) continue;
        taken_at |= matched;
        open &= ~matched;
        took(candidate.object, matched);
      }
    };
    offer(false);
    const std::uint32_t counted = thresholds_.every() & ~open;
    offer(true);
    return {counted, thresholds_.every() & ~open & ~counted};
  }

 private:
  // With an undefined IoU there is no best: what comes next replaces it, whatever its IoU.
  template <typename IsIgnored, typename IsCrowd, typename Taken, typename Took>
  Choice choose_undefined(IsIgnored is_ignored, IsCrowd is_crowd, Taken taken, Took took) const {
    Choice choice;
    for_thresholds(thresholds_.every(), [&](std::size_t t) {
      const std::uint32_t bit = std::uint32_t{1} << t;
      for (const bool to_ignored : {false, true}) {
        const Candidate* best = nullptr;
        double best_iou = thresholds_.reachable_at(t);
        for (const Candidate& candidate : in_order_) {
          if (is_ignored(candidate.object) != to_ignored) continue;
          if ((taken(candidate.object) & bit) != 0 && !is_crowd(candidate.object)) continue;
          if (candidate.iou < best_iou) continue;
          best_iou = candidate.iou;
          best = &candidate;
        }
        if (best == nullptr) continue;
        taken(best->object) |= bit;
        took(best->object, bit);
        (to_ignored ? choice.absorbed : choice.counted) |= bit;
        break;
      }
    });
    return choice;
  }

  const Thresholds& thresholds_;
  std::vector<Candidate> in_order_;
  bool is_undefined_ = false;
};

}  // namespace mapgap
