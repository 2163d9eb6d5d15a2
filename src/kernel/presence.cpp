// Whether a class is in an image at all, from one walk down the ranking of each class.
#include "arrays.h"
#include "kernel.h"

namespace mapgap {
namespace {

// What one class is to each image.
enum Truth : std::uint8_t { kAbsent, kLeftOut, kPresent };

// Images of one class: how many of each kind are told right and wrong, and the pairs that the ranking wins.
struct Outcome {
  std::int64_t present = 0, left_out = 0;
  std::int64_t true_positives = 0, false_positives = 0;  // predicted present
  std::int64_t ranked_present = 0, ranked_absent = 0;    // with a counted detection
  std::int64_t won = 0;  // twice the pairs of a ranked positive and a ranked negative image in the right order, ties half
};

auto image_presence(Index1 class_order, Id1 class_offsets, Index1 image, Float1 score, Flag1 counted, Flag1 kept,
                    Index1 object_image, Index1 object_category, Flag1 is_object, std::size_t images) {
  const std::size_t detections = class_order.shape(0);
  const std::size_t annotations = object_image.shape(0);
  std::vector<std::int64_t> result;
  std::size_t classes = 0;
  {
    nb::gil_scoped_release released;
    require(class_offsets.shape(0) > 0, "class_offsets: not offsets into the array they belong to");
    classes = class_offsets.shape(0) - 1;
    require(image.shape(0) == detections && score.shape(0) == detections && counted.shape(0) == detections && kept.shape(0) == detections,
            "detection arrays differ in length");
    require(object_category.shape(0) == annotations && is_object.shape(0) == annotations, "annotation arrays differ in length");
    require_offsets(class_offsets.data(), classes + 1, detections, "class_offsets");
    require_below(class_order.data(), detections, 0, static_cast<std::int64_t>(detections), "class_order");
    require_below(image.data(), detections, 0, static_cast<std::int64_t>(images), "image");
    require_below(object_image.data(), annotations, 0, static_cast<std::int64_t>(images), "object_image");
    require_below(object_category.data(), annotations, 0, static_cast<std::int64_t>(classes), "object_category");
    std::vector<std::vector<std::int32_t>> of_class(classes);
    for (std::size_t object = 0; object < annotations; ++object) {
      of_class[static_cast<std::size_t>(object_category.data()[object])].push_back(static_cast<std::int32_t>(object));
    }
    result.assign(7 * classes, 0);
    std::vector<std::uint8_t> truth(images, kAbsent);
    std::vector<std::size_t> ranked_in(images, classes);     // the last class that has ranked the image,
    std::vector<std::size_t> predicted_in(images, classes);  // and that has predicted it
    for (std::size_t k = 0; k < classes; ++k) {
      Outcome outcome;
      for (const std::int32_t object : of_class[k]) {
        std::uint8_t& here = truth[static_cast<std::size_t>(object_image.data()[object])];
        here = std::max<std::uint8_t>(here, is_object.data()[object] != 0 ? kPresent : kLeftOut);
      }
      for (const std::int32_t object : of_class[k]) {
        std::uint8_t& here = truth[static_cast<std::size_t>(object_image.data()[object])];
        if (here == kPresent) ++outcome.present;
        if (here == kLeftOut) ++outcome.left_out;
        here |= 4;  // counted
      }
      std::int64_t absent_at_score = 0, present_at_score = 0;
      double last_score = 0;
      const auto close_score = [&] {
        // Every negative image of this score has the positive ones before it in the right order, those beside it half.
        outcome.won += absent_at_score * (2 * outcome.ranked_present + present_at_score);
        outcome.ranked_present += present_at_score;
        outcome.ranked_absent += absent_at_score;
        absent_at_score = present_at_score = 0;
      };
      for (std::int64_t p = class_offsets.data()[k]; p < class_offsets.data()[k + 1]; ++p) {
        const auto detection = static_cast<std::size_t>(class_order.data()[p]);
        const auto place = static_cast<std::size_t>(image.data()[detection]);
        const std::uint8_t here = truth[place] & 3;
        if (here == kLeftOut) continue;
        if (kept.data()[detection] != 0 && predicted_in[place] != k) {
          predicted_in[place] = k;
          ++(here == kPresent ? outcome.true_positives : outcome.false_positives);
        }
        if (counted.data()[detection] == 0 || ranked_in[place] == k) continue;
        ranked_in[place] = k;
        if (score.data()[detection] != last_score) close_score();
        last_score = score.data()[detection];
        ++(here == kPresent ? present_at_score : absent_at_score);
      }
      close_score();
      for (const std::int32_t object : of_class[k]) truth[static_cast<std::size_t>(object_image.data()[object])] = kAbsent;
      const std::int64_t row[7] = {outcome.present,         outcome.left_out,       outcome.true_positives, outcome.false_positives,
                                   outcome.ranked_present, outcome.ranked_absent, outcome.won};
      for (std::size_t column = 0; column < 7; ++column) result[column * classes + k] = row[column];
    }
  }
  return give(std::move(result), {7, classes});
}

}  // namespace

void add_presence(nb::module_& module) {
  using namespace nb::literals;
  module.def("image_presence", &image_presence, "class_order"_a, "class_offsets"_a, "image"_a, "score"_a, "counted"_a,
             "kept"_a, "object_image"_a, "object_category"_a, "is_object"_a, "images"_a);
}

}  // namespace mapgap
