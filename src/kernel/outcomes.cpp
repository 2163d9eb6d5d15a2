// Matching for the 12 numbers: candidates are found while matching and forgotten with their image.
#include "outcomes.h"

#include "ahead.h"
#include "greedy.h"
#include "threads.h"

namespace mapgap {
namespace {

// The annotations of one image, by category; `taken` has a bit a threshold for each of them and each area range.
class ImageObjects {
 public:
  void load(const ObjectColumns& objects, const std::int32_t* rows, std::size_t count, const SummaryRules& rules) {
    category_.clear();
    box_.clear();
    ignored_.clear();
    crowd_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::size_t>(rows[i]);
      category_.push_back(objects.category[row]);
      box_.insert(box_.end(), objects.box + 4 * row, objects.box + 4 * row + 4);
      crowd_.push_back(objects.crowd[row] != 0);
      ignored_.push_back(objects.crowd[row] != 0 ? every_area : rules.ranges_excluding(objects.area[row]));
    }
    taken_.assign(summary_areas * count, 0);
    first_ = last_ = 0;
  }

  // Moves on to the annotations of a category; categories must be asked for in rising order. False if there are none.
  bool move_to(std::int32_t category) {
    for (first_ = last_; first_ < category_.size() && category_[first_] < category;) ++first_;
    for (last_ = first_; last_ < category_.size() && category_[last_] == category;) ++last_;
    return first_ < last_;
  }

  void find(const double* detection_box, double minimum_iou, Candidates& candidates) const {
    for (std::size_t i = first_; i < last_; ++i) {
      const double iou = box_iou(detection_box, box_.data() + 4 * i, crowd_[i] != 0);
      // Written so that an undefined IoU (0 / 0 of vanishing boxes) passes, as it does in pycocotools.
      if (iou < minimum_iou) continue;
      candidates.add(i, iou);
    }
  }

  Choice choose(const Candidates& candidates, std::size_t area) {
    return candidates.choose([&](std::size_t i) { return (ignored_[i] >> area & 1) != 0; },
                             [&](std::size_t i) { return crowd_[i] != 0; },
                             [&](std::size_t i) -> std::uint32_t& { return taken_[i * summary_areas + area]; },
                             [](std::size_t, std::uint32_t) {});
  }

 private:
  std::vector<std::int32_t> category_;
  std::vector<double> box_;
  std::vector<std::uint32_t> ignored_, taken_;
  std::vector<std::uint8_t> crowd_;
  std::size_t first_ = 0, last_ = 0;
};

// Matches images one after the other and writes what became of their detections.
class ImageMatcher {
 public:
  // The matcher writes fates from `next_fate` on, at most one a detection.
  ImageMatcher(const DetectionColumns& detections, const SummaryRules& rules, const Thresholds& thresholds, Outcomes& outcomes,
               std::size_t next_fate)
      : detections_(detections), rules_(rules), thresholds_(thresholds), lowest_(thresholds.lowest()), candidates_(thresholds),
        outcomes_(outcomes), next_fate_(next_fate) {}

  void match(const std::int32_t* rows, const std::int32_t* end, ImageObjects& objects) {
    while (rows != end) {
      const std::int32_t category = detections_.category[static_cast<std::size_t>(*rows)];
      const bool has_objects = objects.move_to(category);
      for (std::int64_t place = 0; rows != end; ++rows, ++place) {
        const auto row = static_cast<std::size_t>(*rows);
        if (static_cast<std::size_t>(end - rows) > rows_ahead) fetch_ahead(detections_.box + 4 * static_cast<std::size_t>(rows[rows_ahead]));
        if (detections_.category[row] != category) break;
        const bool is_cut = place >= rules_.max_detections.back();
        outcomes_.words[row] = is_cut ? every_area : outcome(row, place, has_objects ? &objects : nullptr);
      }
    }
  }

 private:
  std::uint32_t outcome(std::size_t row, std::int64_t place, ImageObjects* objects) {
    const std::uint32_t outside = rules_.ranges_excluding(detections_.area(row));
    if (objects == nullptr) return outside;
    candidates_.clear();
    objects->find(detections_.box + 4 * row, lowest_, candidates_);
    candidates_.sort();
    if (candidates_.empty()) return outside;
    Fate& fate = outcomes_.fates[next_fate_];
    for (std::size_t area = 0; area < summary_areas; ++area) {
      const Choice choice = objects->choose(candidates_, area);
      const bool is_outside = (outside >> area & 1) != 0;
      fate.right[area] = choice.counted;
      fate.counted[area] = is_outside ? choice.counted : thresholds_.every() & ~choice.absorbed;
    }
    fate.place = static_cast<std::uint32_t>(place);
    return Outcomes::has_fate | static_cast<std::uint32_t>(next_fate_++);
  }

  const DetectionColumns& detections_;
  const SummaryRules& rules_;
  const Thresholds& thresholds_;
  double lowest_;
  Candidates candidates_;
  Outcomes& outcomes_;
  std::size_t next_fate_;
};

}  // namespace

Outcomes match_images(const DetectionColumns& detections, const DetectionOrder& order, const ObjectColumns& objects,
                      std::size_t categories, const SummaryRules& rules, int threads) {
  const std::size_t images = order.image_offsets.size() - 1;
  const ByImage by_image =
      group_by_image_and_category(objects.image.data(), objects.category.data(), objects.size(), images, categories);
  const Thresholds thresholds(rules.iou_thresholds.data(), rules.iou_thresholds.size());
  Outcomes outcomes;
  outcomes.words.resize(detections.size());
  outcomes.fates = std::make_unique_for_overwrite<Fate[]>(detections.size());
  run_blocks(balanced_cuts(order.image_offsets, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
    ImageMatcher matcher(detections, rules, thresholds, outcomes, order.image_offsets[begin]);
    ImageObjects here;
    for (std::size_t i = begin; i < end; ++i) {
      here.load(objects, by_image.rows.data() + by_image.offsets[i], by_image.offsets[i + 1] - by_image.offsets[i], rules);
      matcher.match(order.by_image.data() + order.image_offsets[i], order.by_image.data() + order.image_offsets[i + 1], here);
    }
  });
  return outcomes;
}

}  // namespace mapgap
