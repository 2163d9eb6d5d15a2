// Average precision of every slice of a partition, for many partitions of the same matches.
#include <algorithm>
#include <cmath>
#include <span>

#include "arrays.h"
#include "curve.h"
#include "hits.h"
#include "kernel.h"
#include "threads.h"

namespace mapgap {
namespace {

constexpr std::int32_t nowhere = -1;

// A detection that counts at some threshold. `place` is its address: an object, or number of annotations + detection.
// One whose address or counting depends on the threshold has place -1 - i instead: row i of `split_places`.
struct Row {
  std::int32_t place;
  std::uint32_t true_positive;
};

// What prepares the rows: the arrays (T, D) of the matches.
struct Outcomes {
  const std::int32_t* address;
  const std::uint8_t* status;
  std::size_t thresholds, detections, annotations;

  bool counts(std::size_t t, std::size_t detection) const { return status[t * detections + detection] != 0; }

  std::int32_t place(std::size_t t, std::size_t detection) const {
    if (!counts(t, detection)) return nowhere;
    const std::int32_t home = address[t * detections + detection];
    return home >= 0 ? home : static_cast<std::int32_t>(annotations + detection);
  }
};

// One word a detection and kind, bit t for threshold t. Filled threshold by threshold, which is how the arrays lie.
struct Bits {
  std::vector<std::uint32_t> counted, true_positive, differs;

  explicit Bits(const Outcomes& of) : counted(of.detections, 0), true_positive(of.detections, 0), differs(of.detections, 0) {
    for (std::size_t t = 0; t < of.thresholds; ++t) {
      const std::int32_t* address = of.address + t * of.detections;
      const std::uint8_t* status = of.status + t * of.detections;
      for (std::size_t d = 0; d < of.detections; ++d) {
        counted[d] |= static_cast<std::uint32_t>(status[d] != 0) << t;
        true_positive[d] |= static_cast<std::uint32_t>(status[d] == 1) << t;
        differs[d] |= static_cast<std::uint32_t>(address[d] != of.address[d]) << t;
      }
    }
  }
};

// The objects of one class that a walk has already seen matched: each may be matched once a threshold.
class MatchedOnce {
 public:
  MatchedOnce(const Index1& object_category, const Flag1& is_object)
      : category_(object_category.data()), is_object_(is_object.data()), seen_(object_category.shape(0), 0) {}

  void add(std::int32_t object, std::size_t k, std::size_t t) {
    require(object >= 0 && is_object_[object] != 0 && static_cast<std::size_t>(category_[object]) == k,
            "address out of range: a true positive is at an object of its class");
    std::uint32_t& seen = seen_[static_cast<std::size_t>(object)];
    require((seen >> t & 1U) == 0, "address out of range: two true positives at one object");
    seen |= std::uint32_t{1} << t;
  }

 private:
  const std::int32_t* category_;
  const std::uint8_t* is_object_;
  std::vector<std::uint32_t> seen_;
};

// The walk down one class: what it has seen so far of each slice. Cell 0 is for detections in no slice that has an
// object of the class.
class Tally {
 public:
  Tally(std::size_t codes, std::size_t thresholds, const std::vector<double>& recall_thresholds)
      : thresholds_(thresholds), average_(recall_thresholds.data(), recall_thresholds.size()), cell_of_code_(codes + 1, 0) {}

  void begin(std::span<const std::int32_t> objects, const std::int32_t* object_codes) {
    for (const std::int32_t code : code_) cell_of_code_[static_cast<std::size_t>(code + 1)] = 0;
    code_.assign(1, -1);
    positives_.assign(1, 0);
    for (const std::int32_t object : objects) {
      const std::int32_t code = object_codes[object];
      if (code < 0) continue;
      std::size_t& cell = cell_of_code_[static_cast<std::size_t>(code + 1)];
      if (cell == 0) {
        cell = code_.size();
        code_.push_back(code);
        positives_.push_back(0);
      }
      ++positives_[cell];
    }
    first_hit_.assign(code_.size(), 0);
    for (std::size_t cell = 1; cell < code_.size(); ++cell) {
      first_hit_[cell] = first_hit_[cell - 1] + thresholds_ * static_cast<std::size_t>(positives_[cell - 1]);
    }
    precision_.resize(first_hit_.back() + thresholds_ * static_cast<std::size_t>(positives_.back()));
    everywhere_.assign(code_.size(), 0);
    somewhere_.assign(code_.size() * thresholds_, 0);
    hits_.assign(code_.size() * thresholds_, 0);
  }

  std::size_t cells() const { return code_.size(); }
  std::int32_t code(std::size_t cell) const { return code_[cell]; }
  std::size_t cell_of(std::int32_t code) const { return cell_of_code_[static_cast<std::size_t>(std::max(code, -1) + 1)]; }

  void count(std::size_t cell) { ++everywhere_[cell]; }
  void count(std::size_t cell, std::size_t t) { ++somewhere_[cell * thresholds_ + t]; }

  void hit(std::size_t cell, std::size_t t) {
    if (cell == 0) return;
    const std::int64_t hits = ++hits_[cell * thresholds_ + t];
    precisions(cell, t)[hits - 1] = coco_precision(hits, everywhere_[cell] + somewhere_[cell * thresholds_ + t]);
  }

  // AP of a cell, summed over the thresholds.
  double sum_of_average_precision(std::size_t cell) {
    const std::int64_t* hits = hits_.data() + cell * thresholds_;
    average_.set_positives(positives_[cell], static_cast<std::size_t>(*std::max_element(hits, hits + thresholds_)));
    double sum = 0;
    for (std::size_t t = 0; t < thresholds_; ++t) sum += average_.average(precisions(cell, t), static_cast<std::size_t>(hits[t]));
    return sum;
  }

 private:
  double* precisions(std::size_t cell, std::size_t t) {
    return precision_.data() + first_hit_[cell] + t * static_cast<std::size_t>(positives_[cell]);
  }

  std::size_t thresholds_;
  AverageOfHits average_;
  std::vector<std::size_t> cell_of_code_;  // by code + 1
  std::vector<std::int32_t> code_;         // this and the next three by cell
  std::vector<std::int64_t> positives_;
  std::vector<std::int64_t> everywhere_;   // counted at all thresholds
  std::vector<std::size_t> first_hit_;     // where its precisions begin, `positives` of them a threshold
  std::vector<std::int64_t> somewhere_;    // by cell and threshold: counted there, not at all thresholds
  std::vector<std::int64_t> hits_;         // by cell and threshold: true positives
  std::vector<double> precision_;          // at each of them
};

// The value of every address under one partition.
struct Codes {
  const std::int32_t* of_object;
  const std::int32_t* of_detection;
  std::int32_t annotations;

  std::int32_t at(std::int32_t place) const {
    return place < annotations ? of_object[place] : of_detection[place - annotations];
  }
};

struct ClassPart {
  std::int32_t code;
  double sum;  // AP summed over the thresholds
};

void require_codes(const Index1& codes, std::size_t limit, const char* name) {
  std::int32_t highest = -1;
  for (std::size_t i = 0; i < codes.shape(0); ++i) highest = std::max(highest, codes.data()[i]);
  if (highest >= 0 && static_cast<std::size_t>(highest) >= limit) {
    throw std::invalid_argument(std::string(name) + ": index out of range");
  }
}

class SliceAveragePrecision {
 public:
  SliceAveragePrecision(Index1 class_order, Id1 class_offsets, Index2 address, Flag2 status, Index1 object_category,
                        Flag1 is_object, Float1 recall_thresholds)
      : thresholds_(address.shape(0)), detections_(class_order.shape(0)), annotations_(object_category.shape(0)) {
    nb::gil_scoped_release released;
    require(class_offsets.shape(0) > 0, "class_offsets: not offsets into the array they belong to");
    const std::size_t classes = class_offsets.shape(0) - 1;
    require(thresholds_ <= most_thresholds, "at most 32 IoU thresholds fit one call");
    require(address.shape(1) == detections_ && status.shape(0) == thresholds_ && status.shape(1) == detections_,
            "detection arrays differ in shape");
    require(is_object.shape(0) == annotations_, "annotation arrays differ in length");
    require(annotations_ + detections_ <= INT32_MAX, "annotations and detections together are out of range");
    require_offsets(class_offsets.data(), classes + 1, detections_, "class_offsets");
    require_below(class_order.data(), detections_, 0, static_cast<std::int64_t>(detections_), "class_order");
    require_below(address.data(), thresholds_ * detections_, -1, static_cast<std::int64_t>(annotations_), "address");
    require_below(object_category.data(), annotations_, 0, static_cast<std::int64_t>(classes), "object_category");
    recall_thresholds_.assign(recall_thresholds.data(), recall_thresholds.data() + recall_thresholds.shape(0));
    class_objects_.resize(classes);
    for (std::size_t object = 0; object < annotations_; ++object) {
      if (is_object.data()[object] == 0) continue;
      class_objects_[static_cast<std::size_t>(object_category.data()[object])].push_back(static_cast<std::int32_t>(object));
    }
    const Outcomes outcomes{address.data(), status.data(), thresholds_, detections_, annotations_};
    const Bits bits(outcomes);
    MatchedOnce matched(object_category, is_object);
    class_offsets_.assign(1, 0);
    for (std::size_t k = 0; k < classes; ++k) {
      add_class(k, {class_order.data() + class_offsets.data()[k], class_order.data() + class_offsets.data()[k + 1]},
                outcomes, bits, matched);
    }
    rows_.shrink_to_fit();
  }

  Out<double> average_precision(Index1 object_codes, Index1 detection_codes, std::size_t codes, int threads) const {
    std::vector<double> result(codes, std::nan(""));
    {
      nb::gil_scoped_release released;
      require(object_codes.shape(0) == annotations_, "object_codes differ in length from object_category");
      require(detection_codes.shape(0) == detections_, "detection_codes differ in length from class_order");
      require_codes(object_codes, codes, "object_codes");
      require_codes(detection_codes, codes, "detection_codes");
      const Codes code{object_codes.data(), detection_codes.data(), static_cast<std::int32_t>(annotations_)};
      std::vector<std::vector<ClassPart>> parts(class_objects_.size());
      run_blocks(balanced_cuts(class_offsets_, threads), [&](std::size_t, std::size_t begin, std::size_t end) {
        Tally tally(codes, thresholds_, recall_thresholds_);
        for (std::size_t k = begin; k < end; ++k) {
          tally.begin(class_objects_[k], object_codes.data());
          if (tally.cells() > 1) parts[k] = walk(k, code, tally);
        }
      });
      take_means(parts, result);
    }
    return give(std::move(result), {codes});
  }

 private:
  void add_class(std::size_t k, std::span<const std::int32_t> order, const Outcomes& outcomes, const Bits& bits,
                 MatchedOnce& matched) {
    for (const std::int32_t row : order) {
      const auto detection = static_cast<std::size_t>(row);
      if (bits.counted[detection] == 0) continue;
      for_thresholds(bits.true_positive[detection],
                     [&](std::size_t t) { matched.add(outcomes.address[t * detections_ + detection], k, t); });
      const bool is_split = bits.counted[detection] != every_threshold(thresholds_) || bits.differs[detection] != 0;
      rows_.push_back({is_split ? split(detection, outcomes) : outcomes.place(0, detection), bits.true_positive[detection]});
    }
    // AP does not see what comes behind the last true positive.
    while (rows_.size() > class_offsets_.back() && rows_.back().true_positive == 0) rows_.pop_back();
    class_offsets_.push_back(rows_.size());
  }

  std::int32_t split(std::size_t detection, const Outcomes& outcomes) {
    for (std::size_t t = 0; t < thresholds_; ++t) split_places_.push_back(outcomes.place(t, detection));
    return -static_cast<std::int32_t>(split_places_.size() / thresholds_);
  }

  std::vector<ClassPart> walk(std::size_t k, const Codes& code, Tally& tally) const {
    for (std::size_t i = class_offsets_[k]; i < class_offsets_[k + 1]; ++i) {
      const Row& row = rows_[i];
      if (row.place < 0) {
        walk_split(row, code, tally);
        continue;
      }
      const std::size_t cell = tally.cell_of(code.at(row.place));
      tally.count(cell);
      for_thresholds(row.true_positive, [&](std::size_t t) { tally.hit(cell, t); });
    }
    std::vector<ClassPart> parts;
    for (std::size_t cell = 1; cell < tally.cells(); ++cell) {
      parts.push_back({tally.code(cell), tally.sum_of_average_precision(cell)});
    }
    return parts;
  }

  void walk_split(const Row& row, const Codes& code, Tally& tally) const {
    const std::int32_t* places = split_places_.data() + static_cast<std::size_t>(-1 - row.place) * thresholds_;
    for (std::size_t t = 0; t < thresholds_; ++t) {
      if (places[t] == nowhere) continue;
      const std::size_t cell = tally.cell_of(code.at(places[t]));
      tally.count(cell, t);
      if ((row.true_positive >> t & 1U) != 0) tally.hit(cell, t);
    }
  }

  // Adds in class order, so that the bits do not depend on the number of threads.
  void take_means(const std::vector<std::vector<ClassPart>>& parts, std::vector<double>& result) const {
    std::vector<double> sum(result.size(), 0.0);
    std::vector<std::int64_t> class_count(result.size(), 0);
    for (const auto& part : parts) {
      for (const ClassPart& cell : part) {
        sum[static_cast<std::size_t>(cell.code)] += cell.sum;
        ++class_count[static_cast<std::size_t>(cell.code)];
      }
    }
    for (std::size_t code = 0; code < result.size(); ++code) {
      if (class_count[code] > 0) result[code] = sum[code] / static_cast<double>(class_count[code]) / static_cast<double>(thresholds_);
    }
  }

  std::size_t thresholds_, detections_, annotations_;
  std::vector<double> recall_thresholds_;
  std::vector<std::vector<std::int32_t>> class_objects_;
  std::vector<std::size_t> class_offsets_;   // where each class begins in rows_
  std::vector<Row> rows_;                    // in class order
  std::vector<std::int32_t> split_places_;   // (split rows, T): place at each threshold, nowhere where it does not count
};

}  // namespace

void add_slices(nb::module_& module) {
  using namespace nb::literals;
  nb::class_<SliceAveragePrecision>(module, "SliceAveragePrecision")
      .def(nb::init<Index1, Id1, Index2, Flag2, Index1, Flag1, Float1>(), "class_order"_a, "class_offsets"_a,
           "address"_a, "status"_a, "object_category"_a, "is_object"_a, "recall_thresholds"_a)
      .def("average_precision", &SliceAveragePrecision::average_precision, "object_codes"_a, "detection_codes"_a,
           "codes"_a, "threads"_a = 0);
}

}  // namespace mapgap
