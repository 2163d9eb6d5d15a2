// Orders of detections beside those of matching.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "arrays.h"
#include "kernel.h"

namespace mapgap {
namespace {

// A number that rises as the value falls; -0 and 0 are equal, NaN comes last.
std::uint64_t falling_key(double value) {
  if (std::isnan(value)) return std::numeric_limits<std::uint64_t>::max();
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  return (bits & sign) != 0 ? bits : ~(bits | sign);
}

// The first half of a row's key, and behind it the row: together one number to sort.
using Packed = std::uint64_t;

std::int32_t row_of(Packed packed) { return static_cast<std::int32_t>(packed & 0xFFFFFFFF); }

// Radix sort by the first halves, the lowest digits first, each pass stable. Digits that all rows share take no pass.
void sort_by_first_half(std::vector<Packed>& rows) {
  constexpr std::size_t digit_bits = 11;
  constexpr std::size_t digits = 3;
  constexpr std::uint64_t mask = (1U << digit_bits) - 1;
  const auto digit_of = [](Packed row, std::size_t digit) { return row >> (32 + digit * digit_bits) & mask; };
  std::array<std::vector<std::size_t>, digits> next;
  for (auto& counts : next) counts.assign(mask + 1, 0);
  for (const Packed row : rows) {
    for (std::size_t digit = 0; digit < digits; ++digit) ++next[digit][digit_of(row, digit)];
  }
  std::vector<Packed> sorted(rows.size());
  for (std::size_t digit = 0; digit < digits && !rows.empty(); ++digit) {
    if (next[digit][digit_of(rows[0], digit)] == rows.size()) continue;
    std::size_t start = 0;
    for (std::size_t& count : next[digit]) start += std::exchange(count, start);
    for (const Packed row : rows) sorted[next[digit][digit_of(row, digit)]++] = row;
    rows.swap(sorted);
  }
}

auto falling_order(Float1 values) {
  const std::size_t count = values.shape(0);
  std::vector<std::int32_t> order(count);
  {
    nb::gil_scoped_release released;
    require(count <= INT32_MAX, "values are out of range");
    std::vector<Packed> rows(count);
    for (std::size_t row = 0; row < count; ++row) rows[row] = falling_key(values.data()[row]) >> 32 << 32 | row;
    sort_by_first_half(rows);
    std::transform(rows.begin(), rows.end(), order.begin(), row_of);
    // Equal first halves are rare but for equal values, which stand right already.
    const auto before = [&](std::int32_t a, std::int32_t b) { return falling_key(values.data()[a]) < falling_key(values.data()[b]); };
    for (std::size_t first = 0; first < count;) {
      std::size_t last = first + 1;
      while (last < count && rows[last] >> 32 == rows[first] >> 32) ++last;
      const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end = order.begin() + static_cast<std::ptrdiff_t>(last);
      if (last - first > 1 && !std::is_sorted(begin, end, before)) std::stable_sort(begin, end, before);
      first = last;
    }
  }
  return give(std::move(order), {count});
}

// Rows by falling score, then rising turn.
struct Before {
  const double* score;
  const std::int64_t* turn;

  bool operator()(std::int32_t a, std::int32_t b) const { return score[a] != score[b] ? score[a] > score[b] : turn[a] < turn[b]; }
};

// Sorts rows that stand by falling score already: only equal ones change places.
void sort_equals(std::vector<std::int32_t>& rows, const Before& before) {
  for (auto first = rows.begin(); first != rows.end();) {
    auto last = first + 1;
    while (last != rows.end() && before.score[*last] == before.score[*first]) ++last;
    if (last - first > 1) std::sort(first, last, before);
    first = last;
  }
}

auto reorder_classes(Index1 class_order, Id1 class_offsets, Index1 category, Float1 score, Id1 turn) {
  const std::size_t detections = class_order.shape(0);
  std::vector<std::int32_t> order;
  std::vector<std::int64_t> offsets(class_offsets.shape(0), 0);
  {
    nb::gil_scoped_release released;
    require(class_offsets.shape(0) > 0, "class_offsets: not offsets into the array they belong to");
    const std::size_t classes = class_offsets.shape(0) - 1;
    require(category.shape(0) == detections && score.shape(0) == detections && turn.shape(0) == detections,
            "detection arrays differ in length");
    require_offsets(class_offsets.data(), classes + 1, detections, "class_offsets");
    require_below(class_order.data(), detections, 0, static_cast<std::int64_t>(detections), "class_order");
    require_below(category.data(), detections, 0, static_cast<std::int64_t>(classes), "category");
    const Before before{score.data(), turn.data()};
    std::vector<std::vector<std::int32_t>> arrived(classes);
    for (std::size_t k = 0; k < classes; ++k) {
      for (std::int64_t p = class_offsets.data()[k]; p < class_offsets.data()[k + 1]; ++p) {
        const std::int32_t row = class_order.data()[p];
        const auto now = static_cast<std::size_t>(category.data()[row]);
        if (now != k) arrived[now].push_back(row);
      }
    }
    order.reserve(detections);
    std::vector<std::int32_t> stayed;
    for (std::size_t k = 0; k < classes; ++k) {
      stayed.clear();
      for (std::int64_t p = class_offsets.data()[k]; p < class_offsets.data()[k + 1]; ++p) {
        const std::int32_t row = class_order.data()[p];
        if (static_cast<std::size_t>(category.data()[row]) == k) stayed.push_back(row);
      }
      sort_equals(stayed, before);
      std::sort(arrived[k].begin(), arrived[k].end(), before);
      std::merge(stayed.begin(), stayed.end(), arrived[k].begin(), arrived[k].end(), std::back_inserter(order), before);
      offsets[k + 1] = static_cast<std::int64_t>(order.size());
    }
  }
  const std::size_t length = offsets.size();
  return std::make_tuple(give(std::move(order), {detections}), give(std::move(offsets), {length}));
}

}  // namespace

void add_sorting(nb::module_& module) {
  using namespace nb::literals;
  module.def("falling_order", &falling_order, "values"_a);
  module.def("reorder_classes", &reorder_classes, "class_order"_a, "class_offsets"_a, "category"_a, "score"_a, "turn"_a);
}

}  // namespace mapgap
