// Sums over strata of the two-by-two tables (inside or outside a cell, error or none) behind a Mantel-Haenszel odds ratio.
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "kernel.h"
#include "partitions.h"
#include "threads.h"

namespace mapgap {
namespace {

// Members and errors of one stratum, in each cell.
class Stratum {
 public:
  explicit Stratum(std::size_t cells) : members_(cells, 0), errors_(cells, 0) {}

  void add(std::size_t cell, std::int64_t members, std::int64_t errors) {
    if (members == 0) return;
    if (members_[cell] == 0) touched_.push_back(cell);
    members_[cell] += members;
    errors_[cell] += errors;
    all_members_ += members;
    all_errors_ += errors;
  }

  // Adds both sums of every cell and forgets the stratum.
  void close(double* sums, std::size_t stride) {
    const auto total = static_cast<double>(all_members_);
    for (const std::size_t cell : touched_) {
      const auto a = static_cast<double>(errors_[cell]), b = static_cast<double>(members_[cell] - errors_[cell]);
      const auto c = static_cast<double>(all_errors_ - errors_[cell]);
      const auto d = static_cast<double>(all_members_ - members_[cell] - (all_errors_ - errors_[cell]));
      sums[cell] += a * d / total;
      sums[stride + cell] += b * c / total;
      members_[cell] = errors_[cell] = 0;
    }
    touched_.clear();
    all_members_ = all_errors_ = 0;
  }

 private:
  std::vector<std::int64_t> members_, errors_;
  std::vector<std::size_t> touched_;
  std::int64_t all_members_ = 0, all_errors_ = 0;
};

auto stratified_sums(const std::vector<Index1>& columns, Id1 sizes, Index2 crosses, Index1 stratum, Id1 members, Id1 errors,
                     int threads) {
  std::vector<double> sums;
  std::size_t cells = 0;
  {
    nb::gil_scoped_release released;
    const std::size_t places = stratum.shape(0);
    const Partitions partitions(columns, sizes, crosses, places);
    require(members.shape(0) == places && errors.shape(0) == places, "stratum, members and errors differ in length");
    for (std::size_t place = 0; place < places; ++place) {
      require(place == 0 || stratum.data()[place - 1] <= stratum.data()[place], "stratum must not fall");
      require(0 <= errors.data()[place] && errors.data()[place] <= members.data()[place], "more errors than members");
    }
    cells = partitions.cells();
    sums.assign(2 * cells, 0.0);
    run_blocks(even_cuts(partitions.size(), threads), [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t p = begin; p < end; ++p) {
        Stratum now(partitions[p].cells);
        for (std::size_t place = 0; place < places; ++place) {
          now.add(static_cast<std::size_t>(partitions[p].cell(place)), members.data()[place], errors.data()[place]);
          if (place + 1 == places || stratum.data()[place] != stratum.data()[place + 1]) now.close(sums.data() + partitions[p].begin, cells);
        }
      }
    });
  }
  return give(std::move(sums), {2, cells});
}

}  // namespace

void add_strata(nb::module_& module) {
  using namespace nb::literals;
  module.def("stratified_sums", &stratified_sums, "columns"_a, "sizes"_a, "crosses"_a, "stratum"_a, "members"_a, "errors"_a,
             "threads"_a = 0);
}

}  // namespace mapgap
