// What lies in every slice of many partitions: objects, images, outcomes and gap.
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "arrays.h"
#include "kernel.h"
#include "partitions.h"
#include "threads.h"

namespace mapgap {
namespace {

// Adds the weights of the places to the cells of some partitions. A sum waits for the one before it in its cell, so two
// partitions take turns; chunks of places stay near the processor while all partitions look at them.
void add_weights(const Partitions& partitions, std::size_t begin, std::size_t end, const double* weight, std::size_t places,
                 double* sums) {
  constexpr std::size_t chunk = 8192;
  std::vector<double> nowhere(partitions.most_cells());
  for (std::size_t first = 0; first < places; first += chunk) {
    const std::size_t last = std::min(places, first + chunk);
    for (std::size_t p = begin; p < end; p += 2) {
      const bool has_two = p + 1 < end;
      const Partition one = partitions[p];
      const Partition two = partitions[has_two ? p + 1 : p];
      double* of_one = sums + one.begin;
      double* of_two = has_two ? sums + two.begin : nowhere.data();
      for (std::size_t place = first; place < last; ++place) {
        of_one[one.cell(place)] += weight[place];
        of_two[two.cell(place)] += weight[place];
      }
    }
  }
}

void require_rows(const Id1& rows, std::size_t places, const char* name) {
  require_below(rows.data(), rows.shape(0), 0, static_cast<std::int64_t>(places), name);
}

void count(const Partition& partition, const Id1& rows, std::vector<std::int64_t>& counts) {
  for (std::size_t i = 0; i < rows.shape(0); ++i) {
    ++counts[partition.begin + static_cast<std::size_t>(partition.cell(static_cast<std::size_t>(rows.data()[i])))];
  }
}

auto count_slices(const std::vector<Index1>& columns, Id1 sizes, Index2 crosses, Float1 gap, Id1 objects, Index1 image,
                  Id1 found, Id1 false_positives, int threads) {
  const std::size_t places = gap.shape(0);
  std::vector<std::int64_t> object_count, image_count, true_positives, wrong;
  std::vector<double> owed;
  {
    nb::gil_scoped_release released;
    const Partitions partitions(columns, sizes, crosses, places);
    require(image.shape(0) == objects.shape(0), "objects and image differ in length");
    require_rows(objects, places, "objects");
    require_rows(found, places, "found");
    require_rows(false_positives, places, "false_positives");
    for (auto* counts : {&object_count, &image_count, &true_positives, &wrong}) counts->assign(partitions.cells(), 0);
    owed.assign(partitions.cells(), 0.0);
    run_blocks(even_cuts(partitions.size(), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      add_weights(partitions, begin, end, gap.data(), places, owed.data());
      std::vector<std::int32_t> last_image(partitions.most_cells());
      for (std::size_t p = begin; p < end; ++p) {
        const Partition& partition = partitions[p];
        std::fill_n(last_image.begin(), partition.cells, -1);
        for (std::size_t i = 0; i < objects.shape(0); ++i) {
          const auto cell = static_cast<std::size_t>(partition.cell(static_cast<std::size_t>(objects.data()[i])));
          ++object_count[partition.begin + cell];
          if (last_image[cell] != image.data()[i]) ++image_count[partition.begin + cell];
          last_image[cell] = image.data()[i];
        }
        count(partition, found, true_positives);
        count(partition, false_positives, wrong);
      }
    });
  }
  const std::size_t cells = owed.size();
  return std::make_tuple(give(std::move(object_count), {cells}),
                         give(std::move(image_count), {cells}), give(std::move(true_positives), {cells}),
                         give(std::move(wrong), {cells}), give(std::move(owed), {cells}));
}

auto sum_cells(const std::vector<Index1>& columns, Id1 sizes, Index2 crosses, Float2 weights, int threads) {
  const std::size_t places = weights.shape(1);
  const std::size_t sums_wanted = weights.shape(0);
  std::vector<double> sums;
  std::size_t cells = 0;
  {
    nb::gil_scoped_release released;
    const Partitions partitions(columns, sizes, crosses, places);
    cells = partitions.cells();
    sums.assign(sums_wanted * cells, 0.0);
    run_blocks(even_cuts(partitions.size(), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t w = 0; w < sums_wanted; ++w) {
        add_weights(partitions, begin, end, weights.data() + w * places, places, sums.data() + w * cells);
      }
    });
  }
  return give(std::move(sums), {sums_wanted, cells});
}

}  // namespace

void add_slice_counts(nb::module_& module) {
  using namespace nb::literals;
  module.def("count_slices", &count_slices, "columns"_a, "sizes"_a, "crosses"_a, "gap"_a, "objects"_a, "image"_a,
             "found"_a, "false_positives"_a, "threads"_a = 0);
  module.def("sum_cells", &sum_cells, "columns"_a, "sizes"_a, "crosses"_a, "weights"_a, "threads"_a = 0);
}

}  // namespace mapgap
