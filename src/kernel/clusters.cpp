// Sums over images of the members and errors in each cell: what a test needs that takes images for its clusters.
#include <nanobind/stl/vector.h>

#include <span>

#include "arrays.h"
#include "kernel.h"
#include "partitions.h"
#include "threads.h"

namespace mapgap {
namespace {

// A number for a row that looks like chance (splitmix64, Steele et al. 2014), so that sums of them tell sets of rows apart.
std::uint64_t mark(std::uint64_t row) {
  std::uint64_t z = (row + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

// Rows of places with their members and errors, by image; M and N are an image's errors of a kind and its members.
struct Population {
  struct Present {
    std::size_t kind;
    std::int64_t errors;
  };
  struct Error {
    std::size_t row, kind;
  };

  std::size_t kinds;
  std::span<const std::int64_t> members;
  std::vector<std::size_t> image_of_row;  // numbered from 0 in their order
  std::vector<std::int64_t> members_of_image;
  std::vector<Present> present;             // the kinds of error that an image has
  std::vector<std::size_t> present_offsets;
  std::vector<Error> errors;
  std::int64_t all_members = 0, images_with_members = 0;

  Population(const Index1& image, const Id1& of_members, const Id1& error_row, const Index1& error_kind, std::int64_t count)
      : kinds(static_cast<std::size_t>(count)), members(of_members.data(), of_members.shape(0)) {
    require(image.shape(0) == members.size(), "image and members differ in length");
    require(error_row.shape(0) == error_kind.shape(0), "error_row and error_kind differ in length");
    require_below(members.data(), members.size(), 0, std::int64_t{1} << 31U, "members");
    require_below(error_row.data(), error_row.shape(0), 0, static_cast<std::int64_t>(members.size()), "error_row");
    require_below(error_kind.data(), error_kind.shape(0), 0, count, "error_kind");
    for (std::size_t row = 0; row < members.size(); ++row) {
      require(row == 0 || image.data()[row - 1] <= image.data()[row], "image must not fall");
      if (row == 0 || image.data()[row - 1] != image.data()[row]) members_of_image.push_back(0);
      image_of_row.push_back(members_of_image.size() - 1);
      members_of_image.back() += members[row];
      all_members += members[row];
    }
    for (const std::int64_t of_image : members_of_image) images_with_members += of_image > 0 ? 1 : 0;
    add_errors(error_row, error_kind);
  }

  std::span<const Present> present_in(std::size_t image) const {
    return {present.data() + present_offsets[image], present.data() + present_offsets[image + 1]};
  }

 private:
  void add_errors(const Id1& error_row, const Index1& error_kind) {
    std::vector<std::int64_t> counts(kinds, 0);
    present_offsets.assign(1, 0);
    std::size_t e = 0;
    for (std::size_t image = 0; image < members_of_image.size(); ++image) {
      for (; e < error_row.shape(0); ++e) {
        const auto row = static_cast<std::size_t>(error_row.data()[e]);
        require(e == 0 || error_row.data()[e - 1] <= error_row.data()[e], "error_row must not fall");
        if (image_of_row[row] != image) break;
        errors.push_back({row, static_cast<std::size_t>(error_kind.data()[e])});
        ++counts[errors.back().kind];
      }
      for (std::size_t kind = 0; kind < kinds; ++kind) {
        if (counts[kind] > 0) present.push_back({kind, counts[kind]});
        counts[kind] = 0;
      }
      present_offsets.push_back(present.size());
    }
  }
};

// n and m are what a cell holds of an image's members and of its errors of one kind.
struct MemberSums {
  std::int64_t members, images, whole_images, squares /* n n */, with_total /* n N */;
  std::uint64_t mark;
};
struct ErrorSums {
  std::int64_t errors, squares /* m m */, with_members /* m n */, with_total /* m M */, mixed /* m N + n M */;
};
constexpr std::size_t member_columns = 5, error_columns = 5;

struct Least {
  std::int64_t members, images;
};

// The sums of the cells of one partition, filled image by image: first an image's members, then its errors.
class Sums {
 public:
  explicit Sums(const Population& population) : population_(population) {}

  void begin(std::size_t cells, std::size_t kinds) {
    kinds_ = kinds;
    of_members.assign(cells, MemberSums{});
    of_errors.assign(cells * kinds, ErrorSums{});
    last_image_.assign(cells, population_.members_of_image.size());
    members_now_.assign(cells, 0);
    errors_now_.assign(cells * kinds, 0);
  }

  void enter(std::size_t cell, std::size_t image) {
    if (last_image_[cell] == image) return;
    last_image_[cell] = image;
    members_now_[cell] = 0;
    std::fill_n(errors_now_.begin() + static_cast<std::ptrdiff_t>(cell * kinds_), kinds_, 0);
  }

  void add_members(std::size_t cell, std::size_t row, std::size_t image) {
    const std::int64_t count = population_.members[row];
    if (count == 0) return;
    const std::int64_t total = population_.members_of_image[image];
    std::int64_t& now = members_now_[cell];
    MemberSums& sums = of_members[cell];
    sums.members += count;
    sums.images += now == 0 ? 1 : 0;
    sums.squares += (2 * now + count) * count;
    sums.with_total += count * total;
    sums.mark += static_cast<std::uint64_t>(count) * mark(row);
    now += count;
    sums.whole_images += now == total ? 1 : 0;
  }

  // What members add where their image has errors of the kind.
  void add_mixed(std::size_t cell, std::size_t kind, std::size_t row, std::int64_t errors_of_image) {
    of_errors[cell * kinds_ + kind].mixed += population_.members[row] * errors_of_image;
  }

  void add_error(std::size_t cell, std::size_t kind, std::size_t image, std::int64_t errors_of_image) {
    std::int64_t& now = errors_now_[cell * kinds_ + kind];
    ErrorSums& sums = of_errors[cell * kinds_ + kind];
    ++sums.errors;
    sums.squares += 2 * now + 1;
    sums.with_members += members_now_[cell];
    sums.with_total += errors_of_image;
    sums.mixed += population_.members_of_image[image];
    ++now;
  }

  // Both the cell and the rest of the data have so many members, in so many images.
  bool suffices(std::size_t cell, const Least& least) const {
    const MemberSums& sums = of_members[cell];
    const std::int64_t rest_images = population_.images_with_members - sums.whole_images;
    return sums.members >= least.members && sums.images >= least.images &&
           population_.all_members - sums.members >= least.members && rest_images >= least.images;
  }

  std::vector<MemberSums> of_members;
  std::vector<ErrorSums> of_errors;

 private:
  const Population& population_;
  std::size_t kinds_ = 0;
  std::vector<std::size_t> last_image_;
  std::vector<std::int64_t> members_now_, errors_now_;
};

// The cells with enough members, one after another.
struct Found {
  std::vector<std::int64_t> place;  // what names the cell
  std::vector<std::int64_t> members;
  std::vector<std::uint64_t> marks;
  std::vector<std::int64_t> errors;
  std::vector<double> weights;

  void add(const Sums& sums, std::size_t cell, std::size_t kinds) {
    const MemberSums& of = sums.of_members[cell];
    members.insert(members.end(), {of.members, of.images, of.whole_images, of.squares, of.with_total});
    marks.push_back(of.mark);
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      const ErrorSums& in = sums.of_errors[cell * kinds + kind];
      errors.insert(errors.end(), {in.errors, in.squares, in.with_members, in.with_total, in.mixed});
    }
  }

  void append(const Found& other) {
    place.insert(place.end(), other.place.begin(), other.place.end());
    members.insert(members.end(), other.members.begin(), other.members.end());
    marks.insert(marks.end(), other.marks.begin(), other.marks.end());
    errors.insert(errors.end(), other.errors.begin(), other.errors.end());
    weights.insert(weights.end(), other.weights.begin(), other.weights.end());
  }
};

Found joined(const std::vector<Found>& blocks) {
  Found all;
  for (const Found& block : blocks) all.append(block);
  return all;
}

void fill(const Population& population, const Partition& partition, Sums& sums) {
  std::vector<std::int64_t> errors_of_image(population.kinds, 0);
  std::size_t row = 0, e = 0;
  const std::size_t rows = population.members.size();
  for (std::size_t image = 0; image < population.members_of_image.size(); ++image) {
    const auto present = population.present_in(image);
    for (const auto& [kind, errors] : present) errors_of_image[kind] = errors;
    for (; row < rows && population.image_of_row[row] == image; ++row) {
      const auto cell = static_cast<std::size_t>(partition.cell(row));
      sums.enter(cell, image);
      sums.add_members(cell, row, image);
      for (const auto& [kind, errors] : present) sums.add_mixed(cell, kind, row, errors);
    }
    for (; e < population.errors.size() && population.image_of_row[population.errors[e].row] == image; ++e) {
      const auto& [at, kind] = population.errors[e];
      sums.add_error(static_cast<std::size_t>(partition.cell(at)), kind, image, errors_of_image[kind]);
    }
  }
}

auto cluster_sums(const std::vector<Index1>& columns, Id1 sizes, Index2 crosses, Index1 image, Id1 members, Id1 error_row,
                  Index1 error_kind, int kinds, int least_members, int least_images, int threads) {
  Found all;
  {
    nb::gil_scoped_release released;
    require(kinds >= 0, "kinds must not be negative");
    const Partitions partitions(columns, sizes, crosses, members.shape(0));
    const Population population(image, members, error_row, error_kind, kinds);
    const auto cuts = even_cuts(partitions.size(), threads);
    std::vector<Found> blocks(cuts.size() - 1);
    run_blocks(cuts, [&](std::size_t block, std::size_t begin, std::size_t end) {
      Sums sums(population);
      for (std::size_t p = begin; p < end; ++p) {
        sums.begin(partitions[p].cells, population.kinds);
        fill(population, partitions[p], sums);
        for (std::size_t cell = 0; cell < partitions[p].cells; ++cell) {
          if (!sums.suffices(cell, {least_members, least_images})) continue;
          blocks[block].place.insert(blocks[block].place.end(), {static_cast<std::int64_t>(p), static_cast<std::int64_t>(cell)});
          blocks[block].add(sums, cell, population.kinds);
        }
      }
    });
    all = joined(blocks);
  }
  const std::size_t found = all.marks.size();
  return std::make_tuple(give(std::move(all.place), {found, 2}), give(std::move(all.marks), {found}),
                         give(std::move(all.members), {found, member_columns}),
                         give(std::move(all.errors), {found, static_cast<std::size_t>(kinds), error_columns}));
}

// One slice that others are grown from: the rows with both codes, and the kind of error it is about.
struct Parent {
  std::size_t first, second, kind;
  std::int32_t first_code, second_code;
};

class Growth {
 public:
  Growth(const Population& population, const std::vector<Index1>& columns, const Id1& sizes, const Float2& weights, Least least)
      : population_(population), columns_(columns), sizes_(sizes), weights_(weights), least_(least), sums_(population) {}

  void grow(std::size_t number, const Parent& parent, Found& found) {
    collect(parent);
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (column == parent.first || column == parent.second) continue;
      walk(columns_[column].data(), static_cast<std::size_t>(sizes_.data()[column]), parent.kind);
      for (std::size_t cell = 0; cell < sums_.of_members.size(); ++cell) {
        if (!sums_.suffices(cell, least_)) continue;
        found.place.insert(found.place.end(), {static_cast<std::int64_t>(number), static_cast<std::int64_t>(column),
                                               static_cast<std::int64_t>(cell)});
        found.add(sums_, cell, 1);
        found.weights.push_back(weight_[cell]);
      }
    }
  }

 private:
  void collect(const Parent& parent) {
    const std::int32_t* first = columns_[parent.first].data();
    const std::int32_t* second = columns_[parent.second].data();
    const auto is_inside = [&](std::size_t row) { return first[row] == parent.first_code && second[row] == parent.second_code; };
    rows_.clear();
    for (std::size_t row = 0; row < population_.members.size(); ++row) {
      if (is_inside(row)) rows_.push_back(row);
    }
    errors_.clear();
    for (const auto& [row, kind] : population_.errors) {
      if (kind == parent.kind && is_inside(row)) errors_.push_back(row);
    }
  }

  void walk(const std::int32_t* codes, std::size_t cells, std::size_t kind) {
    sums_.begin(cells, 1);
    weight_.assign(cells, 0.0);
    std::size_t e = 0;
    for (std::size_t i = 0; i < rows_.size();) {
      const std::size_t image = population_.image_of_row[rows_[i]];
      std::int64_t errors_of_image = 0;
      for (const auto& [of_kind, errors] : population_.present_in(image)) errors_of_image += of_kind == kind ? errors : 0;
      for (; i < rows_.size() && population_.image_of_row[rows_[i]] == image; ++i) {
        const auto cell = static_cast<std::size_t>(codes[rows_[i]]);
        sums_.enter(cell, image);
        sums_.add_members(cell, rows_[i], image);
        sums_.add_mixed(cell, 0, rows_[i], errors_of_image);
        weight_[cell] += weights_.data()[kind * population_.members.size() + rows_[i]];
      }
      for (; e < errors_.size() && population_.image_of_row[errors_[e]] == image; ++e) {
        sums_.add_error(static_cast<std::size_t>(codes[errors_[e]]), 0, image, errors_of_image);
      }
    }
  }

  const Population& population_;
  const std::vector<Index1>& columns_;
  const Id1& sizes_;
  const Float2& weights_;
  Least least_;
  Sums sums_;
  std::vector<std::size_t> rows_, errors_;
  std::vector<double> weight_;
};

auto grow_cluster_sums(const std::vector<Index1>& columns, Id1 sizes, Index2 parents, Index1 image, Id1 members,
                       Id1 error_row, Index1 error_kind, Float2 weights, int least_members, int least_images, int threads) {
  Found all;
  {
    nb::gil_scoped_release released;
    require_columns(columns, sizes, members.shape(0));
    const auto kinds = static_cast<std::int64_t>(weights.shape(0));
    const Population population(image, members, error_row, error_kind, kinds);
    require(weights.shape(1) == members.shape(0), "weights and members differ in length");
    require(parents.shape(1) == 5, "parents must have the shape (P, 5)");
    for (std::size_t p = 0; p < parents.shape(0); ++p) {
      require_below(parents.data() + 5 * p, 2, 0, static_cast<std::int64_t>(columns.size()), "parents");
      require_below(parents.data() + 5 * p + 4, 1, 0, kinds, "parents");
    }
    const auto cuts = even_cuts(parents.shape(0), threads);
    std::vector<Found> blocks(cuts.size() - 1);
    run_blocks(cuts, [&](std::size_t block, std::size_t begin, std::size_t end) {
      Growth growth(population, columns, sizes, weights, {least_members, least_images});
      for (std::size_t p = begin; p < end; ++p) {
        const std::int32_t* of = parents.data() + 5 * p;
        growth.grow(p, {static_cast<std::size_t>(of[0]), static_cast<std::size_t>(of[1]), static_cast<std::size_t>(of[4]), of[2], of[3]},
                    blocks[block]);
      }
    });
    all = joined(blocks);
  }
  const std::size_t found = all.marks.size();
  return std::make_tuple(give(std::move(all.place), {found, 3}), give(std::move(all.marks), {found}),
                         give(std::move(all.members), {found, member_columns}),
                         give(std::move(all.errors), {found, 1, error_columns}), give(std::move(all.weights), {found}));
}

}  // namespace

void add_clusters(nb::module_& module) {
  using namespace nb::literals;
  module.def("cluster_sums", &cluster_sums, "columns"_a, "sizes"_a, "crosses"_a, "image"_a, "members"_a, "error_row"_a,
             "error_kind"_a, "kinds"_a, "least_members"_a, "least_images"_a, "threads"_a = 0);
  module.def("grow_cluster_sums", &grow_cluster_sums, "columns"_a, "sizes"_a, "parents"_a, "image"_a, "members"_a,
             "error_row"_a, "error_kind"_a, "weights"_a, "least_members"_a, "least_images"_a, "threads"_a = 0);
}

}  // namespace mapgap
