// Sums over images of the members and errors in each cell: what a test needs that takes images for its clusters.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <iterator>

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

// A place with members: its image, numbered from 0 in their order, and the members of it and of the whole image (N).
struct MemberEntry {
  std::uint32_t row, image;
  std::int32_t members, of_image;
  std::uint64_t mark;
};

// A place in an image that has errors of the kind: members and errors there, and in the whole image (N and M).
struct ErrorEntry {
  std::uint32_t row, image;
  std::int32_t members, errors, members_of_image, errors_of_image;
};

// What can fail and what did, by image.
struct Population {
  std::vector<MemberEntry> members;
  std::vector<std::vector<ErrorEntry>> errors;  // by kind
  std::int64_t all_members = 0, images_with_members = 0;

  Population(const Index1& image, const Id1& of_row, const Id1& error_row, const Index1& error_kind, std::int64_t kinds)
      : errors(static_cast<std::size_t>(kinds)) {
    const std::size_t rows = of_row.shape(0);
    require(image.shape(0) == rows, "image and members differ in length");
    require(error_row.shape(0) == error_kind.shape(0), "error_row and error_kind differ in length");
    require(rows < most && error_row.shape(0) < most, "too many places or errors");
    require_below(of_row.data(), rows, 0, most, "members");
    require_below(error_row.data(), error_row.shape(0), 0, static_cast<std::int64_t>(rows), "error_row");
    require_below(error_kind.data(), error_kind.shape(0), 0, kinds, "error_kind");
    for (std::size_t e = 1; e < error_row.shape(0); ++e) {
      require(error_row.data()[e - 1] <= error_row.data()[e], "error_row must not fall");
    }
    std::size_t e = 0;
    std::uint32_t number = 0;
    for (std::size_t row = 0; row < rows; ++number) {
      std::size_t end = row + 1;
      for (; end < rows && image.data()[end] == image.data()[row]; ++end) {
      }
      require(end == rows || image.data()[row] < image.data()[end], "image must not fall");
      const std::size_t first = e;
      for (; e < error_row.shape(0) && static_cast<std::size_t>(error_row.data()[e]) < end; ++e) {
      }
      add_image(number, of_row, row, end, error_row.data() + first, error_kind.data() + first, e - first);
      row = end;
    }
  }

 private:
  static constexpr std::int64_t most = INT32_MAX;

  void add_image(std::uint32_t number, const Id1& of_row, std::size_t begin, std::size_t end, const std::int64_t* error_row,
                 const std::int32_t* error_kind, std::size_t error_count) {
    std::int64_t total = 0;
    for (std::size_t row = begin; row < end; ++row) total += of_row.data()[row];
    require(total < most, "too many members in an image");
    all_members += total;
    images_with_members += total > 0 ? 1 : 0;
    const auto members_of = [&](std::size_t row) { return static_cast<std::int32_t>(of_row.data()[row]); };
    for (std::size_t row = begin; row < end; ++row) {
      if (members_of(row) == 0) continue;
      members.push_back({static_cast<std::uint32_t>(row), number, members_of(row), static_cast<std::int32_t>(total),
                         static_cast<std::uint64_t>(members_of(row)) * mark(row)});
    }
    for (std::size_t kind = 0; kind < errors.size(); ++kind) {
      const auto of_image = static_cast<std::int32_t>(std::count(error_kind, error_kind + error_count, static_cast<std::int32_t>(kind)));
      if (of_image == 0) continue;
      const std::size_t first = errors[kind].size();
      for (std::size_t row = begin; row < end; ++row) {
        errors[kind].push_back({static_cast<std::uint32_t>(row), number, members_of(row), 0, static_cast<std::int32_t>(total), of_image});
      }
      for (std::size_t e = 0; e < error_count; ++e) {
        if (static_cast<std::size_t>(error_kind[e]) == kind) ++errors[kind][first + static_cast<std::size_t>(error_row[e]) - begin].errors;
      }
    }
  }
};

// n and m are what a cell holds of an image's members and of its errors of one kind; `now` is that of `last_image`.
struct MemberSums {
  std::int64_t now = 0, members = 0, squares /* n n */ = 0, with_total /* n N */ = 0;
  std::uint64_t mark = 0;
  std::uint32_t last_image = UINT32_MAX, images = 0, whole_images = 0;

  // Without branches: whether an image is new to a cell cannot be foretold.
  void add(const MemberEntry& entry) {
    const std::int64_t before = last_image == entry.image ? now : 0, count = entry.members;
    last_image = entry.image;
    now = before + count;
    members += count;
    images += static_cast<std::uint32_t>(before == 0);
    whole_images += static_cast<std::uint32_t>(now == entry.of_image);
    squares += (2 * before + count) * count;
    with_total += count * entry.of_image;
    mark += entry.mark;
  }
};

struct ErrorSums {
  std::int64_t members_now = 0, errors_now = 0;
  std::int64_t errors = 0, squares /* m m */ = 0, with_members /* m n */ = 0, with_total /* m M */ = 0, mixed /* m N + n M */ = 0;
  std::uint32_t last_image = UINT32_MAX;

  void add(const ErrorEntry& entry) {
    const bool is_new = last_image != entry.image;
    const std::int64_t n = is_new ? 0 : members_now, m = is_new ? 0 : errors_now;
    const std::int64_t more_n = entry.members, more_m = entry.errors;
    last_image = entry.image;
    members_now = n + more_n;
    errors_now = m + more_m;
    errors += more_m;
    squares += (2 * m + more_m) * more_m;
    with_members += (m + more_m) * (n + more_n) - m * n;
    with_total += more_m * entry.errors_of_image;
    mixed += more_m * entry.members_of_image + more_n * entry.errors_of_image;
  }
};
constexpr std::size_t member_columns = 5, error_columns = 5;

struct Least {
  std::int64_t members, images;
};

// Both the cell and the rest of the data have so many members, in so many images.
bool suffices(const MemberSums& sums, const Population& population, const Least& least) {
  return sums.members >= least.members && sums.images >= least.images && population.all_members - sums.members >= least.members &&
         population.images_with_members - sums.whole_images >= least.images;
}

// The cells with enough members, one after another.
struct Found {
  std::vector<std::int64_t> place;  // what names the cell
  std::vector<std::int64_t> members;
  std::vector<std::uint64_t> marks;
  std::vector<std::int64_t> errors;

  void add(const MemberSums& of) {
    members.insert(members.end(), {of.members, of.images, of.whole_images, of.squares, of.with_total});
    marks.push_back(of.mark);
  }

  void add(const ErrorSums& of) { errors.insert(errors.end(), {of.errors, of.squares, of.with_members, of.with_total, of.mixed}); }

  void append(const Found& other) {
    place.insert(place.end(), other.place.begin(), other.place.end());
    members.insert(members.end(), other.members.begin(), other.members.end());
    marks.insert(marks.end(), other.marks.begin(), other.marks.end());
    errors.insert(errors.end(), other.errors.begin(), other.errors.end());
  }
};

Found joined(const std::vector<Found>& blocks) {
  Found all;
  for (const Found& block : blocks) all.append(block);
  return all;
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
      std::vector<MemberSums> members_in;
      std::vector<ErrorSums> errors_in;
      for (std::size_t p = begin; p < end; ++p) {
        const Partition& partition = partitions[p];
        const auto cell_of = [&](const auto& entry) { return static_cast<std::size_t>(partition.cell(entry.row)); };
        members_in.assign(partition.cells, {});
        for (const MemberEntry& entry : population.members) members_in[cell_of(entry)].add(entry);
        errors_in.assign(partition.cells * population.errors.size(), {});
        for (std::size_t kind = 0; kind < population.errors.size(); ++kind) {
          ErrorSums* of_kind = errors_in.data() + kind * partition.cells;
          for (const ErrorEntry& entry : population.errors[kind]) of_kind[cell_of(entry)].add(entry);
        }
        for (std::size_t cell = 0; cell < partition.cells; ++cell) {
          if (!suffices(members_in[cell], population, {least_members, least_images})) continue;
          blocks[block].place.insert(blocks[block].place.end(), {static_cast<std::int64_t>(p), static_cast<std::int64_t>(cell)});
          blocks[block].add(members_in[cell]);
          for (std::size_t kind = 0; kind < population.errors.size(); ++kind) {
            blocks[block].add(errors_in[kind * partition.cells + cell]);
          }
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
  Growth(const Population& population, const std::vector<Index1>& columns, const Id1& sizes, Least least)
      : population_(population), columns_(columns), sizes_(sizes), least_(least) {}

  void grow(std::size_t number, const Parent& parent, Found& found) {
    collect(parent);
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (column == parent.first || column == parent.second) continue;
      const std::int32_t* codes = columns_[column].data();
      const auto cells = static_cast<std::size_t>(sizes_.data()[column]);
      members_in_.assign(cells, {});
      errors_in_.assign(cells, {});
      for (const MemberEntry& entry : members_) members_in_[static_cast<std::size_t>(codes[entry.row])].add(entry);
      for (const ErrorEntry& entry : errors_) errors_in_[static_cast<std::size_t>(codes[entry.row])].add(entry);
      for (std::size_t cell = 0; cell < cells; ++cell) {
        if (!suffices(members_in_[cell], population_, least_)) continue;
        found.place.insert(found.place.end(), {static_cast<std::int64_t>(number), static_cast<std::int64_t>(column),
                                               static_cast<std::int64_t>(cell)});
        found.add(members_in_[cell]);
        found.add(errors_in_[cell]);
      }
    }
  }

 private:
  void collect(const Parent& parent) {
    const std::int32_t* first = columns_[parent.first].data();
    const std::int32_t* second = columns_[parent.second].data();
    const auto is_inside = [&](std::size_t row) { return first[row] == parent.first_code && second[row] == parent.second_code; };
    const auto keep = [&](const auto& entry) { return is_inside(entry.row); };
    members_.clear();
    std::copy_if(population_.members.begin(), population_.members.end(), std::back_inserter(members_), keep);
    errors_.clear();
    const auto& errors = population_.errors[parent.kind];
    std::copy_if(errors.begin(), errors.end(), std::back_inserter(errors_), keep);
  }

  const Population& population_;
  const std::vector<Index1>& columns_;
  const Id1& sizes_;
  Least least_;
  std::vector<MemberEntry> members_;  // inside the parent
  std::vector<ErrorEntry> errors_;
  std::vector<MemberSums> members_in_;  // by cell
  std::vector<ErrorSums> errors_in_;
};

auto grow_cluster_sums(const std::vector<Index1>& columns, Id1 sizes, Index2 parents, Index1 image, Id1 members,
                       Id1 error_row, Index1 error_kind, int kinds, int least_members, int least_images, int threads) {
  Found all;
  {
    nb::gil_scoped_release released;
    require_columns(columns, sizes, members.shape(0));
    require(kinds >= 0, "kinds must not be negative");
    const Population population(image, members, error_row, error_kind, kinds);
    require(parents.shape(1) == 5, "parents must have the shape (P, 5)");
    for (std::size_t p = 0; p < parents.shape(0); ++p) {
      require_below(parents.data() + 5 * p, 2, 0, static_cast<std::int64_t>(columns.size()), "parents");
      require_below(parents.data() + 5 * p + 4, 1, 0, kinds, "parents");
    }
    const auto cuts = even_cuts(parents.shape(0), threads);
    std::vector<Found> blocks(cuts.size() - 1);
    run_blocks(cuts, [&](std::size_t block, std::size_t begin, std::size_t end) {
      Growth growth(population, columns, sizes, {least_members, least_images});
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
                         give(std::move(all.errors), {found, 1, error_columns}));
}

}  // namespace

void add_clusters(nb::module_& module) {
  using namespace nb::literals;
  module.def("cluster_sums", &cluster_sums, "columns"_a, "sizes"_a, "crosses"_a, "image"_a, "members"_a, "error_row"_a,
             "error_kind"_a, "kinds"_a, "least_members"_a, "least_images"_a, "threads"_a = 0);
  module.def("grow_cluster_sums", &grow_cluster_sums, "columns"_a, "sizes"_a, "parents"_a, "image"_a, "members"_a,
             "error_row"_a, "error_kind"_a, "kinds"_a, "least_members"_a, "least_images"_a, "threads"_a = 0);
}

}  // namespace mapgap
