// What lies in every slice of many partitions: objects, images, outcomes and gap.
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "kernel.h"
#include "partitions.h"
#include "threads.h"

namespace mapgap {
namespace {

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
  std::vector<std::int64_t> occurring, object_count, image_count, true_positives, wrong;
  std::vector<double> owed;
  {
    nb::gil_scoped_release released;
    const Partitions partitions(columns, sizes, crosses, places);
    require(image.shape(0) == objects.shape(0), "objects and image differ in length");
    require_rows(objects, places, "objects");
    require_rows(found, places, "found");
    require_rows(false_positives, places, "false_positives");
    for (auto* counts : {&occurring, &object_count, &image_count, &true_positives, &wrong}) counts->assign(partitions.cells(), 0);
    owed.assign(partitions.cells(), 0.0);
    run_blocks(even_cuts(partitions.size(), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      std::vector<std::int32_t> last_image(partitions.most_cells());
      for (std::size_t p = begin; p < end; ++p) {
        const Partition& partition = partitions[p];
        for (std::size_t place = 0; place < places; ++place) {
          const std::size_t cell = partition.begin + static_cast<std::size_t>(partition.cell(place));
          ++occurring[cell];
          owed[cell] += gap.data()[place];
        }
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
  return std::make_tuple(give(std::move(occurring), {cells}), give(std::move(object_count), {cells}),
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
      for (std::size_t p = begin; p < end; ++p) {
        for (std::size_t place = 0; place < places; ++place) {
          const std::size_t cell = partitions[p].begin + static_cast<std::size_t>(partitions[p].cell(place));
          for (std::size_t w = 0; w < sums_wanted; ++w) sums[w * cells + cell] += weights.data()[w * places + place];
        }
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
