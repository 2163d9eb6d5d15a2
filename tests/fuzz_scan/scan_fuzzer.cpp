// What libFuzzer runs on the scanner: any bytes, read as ground truth and as detections, must give the same columns for every
// window, stretch, number of threads and kind of source, and these columns must be what a slow parser finds in the text.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "scan_files.h"
#include "slow_columns.h"

namespace {

using mapgap::scan::DetectionColumns;
using mapgap::scan::GroundTruthColumns;
using mapgap::scan::Places;
using mapgap::scan::Source;
using slow::Ids;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

bool same_numbers(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), slow::same_bits);
}

bool same(const DetectionColumns& a, const DetectionColumns& b) {
  return a.image == b.image && a.category == b.category && same_numbers(a.box, b.box) && same_numbers(a.score, b.score);
}

bool same(const mapgap::scan::Texts& a, const mapgap::scan::Texts& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.is_missing(i) != b.is_missing(i) || a[i] != b[i]) return false;
  }
  return true;
}

// Codes may differ: a value that ended with a window leaves a code that no record has.
bool same(const mapgap::scan::AttributeColumns& a, const mapgap::scan::AttributeColumns& b) {
  return a.names() == b.names() && std::equal(a.columns().begin(), a.columns().end(), b.columns().begin(), b.columns().end(),
                                              [](const auto& one, const auto& other) { return slow::texts_of(one) == slow::texts_of(other); });
}

bool same(const mapgap::scan::Annotated& a, const mapgap::scan::Annotated& b) { return same(a.fields, b.fields) && same(a.attributes, b.attributes); }

// All but what is annotated.
bool same_fields(const GroundTruthColumns& a, const GroundTruthColumns& b) {
  return a.image_ids == b.image_ids && a.image_order == b.image_order && a.category_ids == b.category_ids && a.category_order == b.category_order &&
         a.image == b.image && a.category == b.category && same_numbers(a.images.width, b.images.width) && same_numbers(a.images.height, b.images.height) &&
         same(a.images.file_names, b.images.file_names) && same(a.images.dates, b.images.dates) && same(a.categories.names, b.categories.names) &&
         a.annotations.ids == b.annotations.ids && same_numbers(a.annotations.box, b.annotations.box) &&
         same_numbers(a.annotations.area, b.annotations.area) && a.annotations.crowd == b.annotations.crowd;
}

bool same(const GroundTruthColumns& a, const GroundTruthColumns& b) {
  return same_fields(a, b) && same(a.images.annotated, b.images.annotated) && same(a.annotations.annotated, b.annotations.annotated);
}

template <typename Columns>
bool same(const std::optional<Columns>& a, const std::optional<Columns>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

// The text in a file without a name.
class File {
 public:
  File() : file_(::memfd_create("text", 0)) { require(file_ >= 0, "memfd_create"); }

  int with(std::string_view text) const {
    require(::ftruncate(file_, 0) == 0 && ::pwrite(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()), "pwrite");
    return file_;
  }

 private:
  int file_;
};

const File file;
constexpr std::size_t windows[] = {1, 7, 100};

void check_ground_truth(std::string_view text, const std::optional<slow::Value>& tree) {
  std::optional<GroundTruthColumns> results[2];
  for (const bool with_attributes : {false, true}) {
    const Source source(text.data(), text.size());
    auto& result = results[with_attributes];
    result = mapgap::scan::scan_ground_truth(source, with_attributes, text.size() + 1);
    if (result) require(tree && slow::is_ground_truth(*tree, *result), "ground truth is what the slow reader finds");
    for (const std::size_t window : windows) {
      require(same(mapgap::scan::scan_ground_truth(source, with_attributes, window), result), "ground truth is the same for any window");
    }
  }
  if (results[1]) require(results[0] && same_fields(*results[0], *results[1]), "attributes change no other field");
  const int number = file.with(text);
  require(same(mapgap::scan::scan_ground_truth(Source(number, text.size()), true, 16), results[1]), "ground truth is the same in a file");
  require(!mapgap::scan::scan_ground_truth(Source(number, text.size() + 5), false, 16), "a file that became shorter is left alone");
}

void check_detections(std::string_view text, const std::optional<slow::Value>& tree) {
  // Ids close together are looked up in a table, with a far one among them they are searched for; places are the same.
  static const Ids near{-3, 0, 1, 2, 3, 7, 42, 1000}, far{-3, 0, 1, 2, 3, 7, 42, 1000, std::int64_t{1} << 50};
  static const Places near_places(near.data(), near.size()), far_places(far.data(), far.size());
  const Source source(text.data(), text.size());
  const auto scan = [](const Source& from, const Places& places, int threads, std::size_t window, std::size_t stretch) {
    return mapgap::scan::scan_detections(from, places, places, threads, window, stretch);
  };
  const std::optional<DetectionColumns> result = scan(source, near_places, 1, text.size() + 1, text.size() + 1);
  if (result) {
    require(tree && slow::are_detections(*tree, *result, near, near), "detections are what the slow reader finds");
    require(same(scan(source, far_places, 1, 30, 1), result), "detections are the same for sparse ids");
  }
  for (const std::size_t window : windows) require(same(scan(source, near_places, 1, window, 1), result), "detections are the same for any window");
  // To start threads takes long: one way of three for each text.
  const std::size_t way = std::hash<std::string_view>()(text) % 3;
  if (way == 0) require(same(scan(source, near_places, 2, 50, 1), result), "detections are the same for two threads");
  if (way == 1) require(same(scan(source, near_places, 5, 1, 1), result), "detections are the same for five threads");
  if (way == 2) require(same(scan(source, near_places, 3, 300, 40), result), "detections are the same for three threads");
  const int number = file.with(text);
  require(same(scan(Source(number, text.size()), near_places, 1, 16, 1), result), "detections are the same in a file");
  require(!scan(Source(number, text.size() + 5), near_places, 1, 16, 64), "a file that became shorter is left alone");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<slow::Value> tree = slow::Parser(text).whole();
  check_ground_truth(text, tree);
  check_detections(text, tree);
  return 0;
}
