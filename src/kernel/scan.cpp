// From the text of COCO's files to columns.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "arrays.h"
#include "kernel.h"
#include "scan_files.h"

namespace mapgap {
namespace {

// A column as a memoryview: who reads it need not import NumPy.
template <typename T>
using Column = nb::ndarray<nb::memview, const T, nb::c_contig>;

using ScannedGroundTruth = scan::GroundTruthColumns;
using ScannedDetections = scan::DetectionColumns;

template <typename T>
Column<T> view(const std::vector<T>& values, nb::handle owner) {
  return Column<T>(values.data(), {values.size()}, owner);
}

Column<double> boxes(const std::vector<double>& values, nb::handle owner) {
  return Column<double>(values.data(), {values.size() / 4, 4}, owner);
}

nb::list texts(const scan::Texts& values, const std::vector<std::int64_t>& order) {
  nb::list result;
  for (const std::int64_t place : order) {
    const auto i = static_cast<std::size_t>(place);
    const std::string_view text = values[i];
    if (values.is_missing(i)) {
      result.append(nb::none());
    } else {
      result.append(nb::str(text.data(), text.size()));
    }
  }
  return result;
}

// The JSON texts of a column's values by their codes, as one JSON list.
nb::bytes values_of(const scan::AttributeColumn& column) {
  std::vector<std::string_view> by_code(column.code_of_text.size());
  for (const auto& [text, code] : column.code_of_text) by_code[static_cast<std::size_t>(code)] = text;
  std::string list = "[";
  for (const std::string_view text : by_code) list.append(list.size() > 1 ? "," : "").append(text);
  list += "]";
  return nb::bytes(list.data(), list.size());
}

nb::list attributes(const scan::AttributeColumns& columns, nb::handle owner) {
  nb::list result;
  for (std::size_t i = 0; i < columns.names().size(); ++i) {
    const std::string& name = columns.names()[i];
    const scan::AttributeColumn& column = columns.columns()[i];
    result.append(nb::make_tuple(nb::str(name.data(), name.size()), view(column.codes, owner), values_of(column)));
  }
  return result;
}

bool has_zero(const std::vector<std::int64_t>& ids) { return std::find(ids.begin(), ids.end(), 0) != ids.end(); }

std::size_t count_objects(const ScannedGroundTruth& columns, double lowest_area, double highest_area) {
  const scan::AnnotationColumns& annotations = columns.annotations;
  std::size_t objects = 0;
  for (std::size_t i = 0; i < annotations.area.size(); ++i) {
    const bool is_inside = annotations.area[i] >= lowest_area && annotations.area[i] <= highest_area;
    objects += is_inside && annotations.crowd[i] == 0;
  }
  return objects;
}

scan::Source source_of(nb::object source, std::int64_t size) {
  if (nb::isinstance<nb::bytes>(source)) {
    const auto text = nb::borrow<nb::bytes>(source);
    return scan::Source(text.c_str(), text.size());
  }
  require(size >= 0, "size must be that of the file");
  return scan::Source(nb::cast<int>(source), static_cast<std::size_t>(size));
}

// What is asked for, or if that is 0 what is usual.
std::size_t or_usual(std::int64_t asked, std::size_t usual) {
  require(asked >= 0, "window and least_stretch count bytes");
  return asked == 0 ? usual : static_cast<std::size_t>(asked);
}

std::optional<ScannedGroundTruth> scan_ground_truth(nb::object source, std::int64_t size, bool with_attributes, std::int64_t window) {
  const std::size_t capacity = or_usual(window, scan::Window::usual_capacity);
  const scan::Source text = source_of(source, size);
  std::optional<ScannedGroundTruth> columns;
  {
    nb::gil_scoped_release released;
    columns = scan::scan_ground_truth(text, with_attributes, capacity);
  }
  return columns;
}

std::optional<ScannedDetections> scan_detections(nb::object source, std::int64_t size, Id1 image_ids, Id1 category_ids, int threads,
                                                 std::int64_t window, std::int64_t least_stretch) {
  const std::size_t capacity = or_usual(window, scan::Window::usual_capacity);
  const std::size_t stretch = or_usual(least_stretch, scan::usual_stretch);
  const scan::Source text = source_of(source, size);
  require(scan::rises(image_ids.data(), image_ids.shape(0)) && scan::rises(category_ids.data(), category_ids.shape(0)), "ids must rise");
  std::optional<ScannedDetections> columns;
  {
    nb::gil_scoped_release released;
    const scan::Places images(image_ids.data(), image_ids.shape(0));
    const scan::Places categories(category_ids.data(), category_ids.shape(0));
    columns = scan::scan_detections(text, images, categories, threads, capacity, stretch);
  }
  return columns;
}

}  // namespace

void add_scan(nb::module_& module) {
  using namespace nb::literals;
  const auto column = [](auto member) {
    return [member](nb::handle_t<ScannedGroundTruth> self) { return view(member(*nb::inst_ptr<ScannedGroundTruth>(self)), self); };
  };
  nb::class_<ScannedGroundTruth>(module, "ScannedGroundTruth")
      .def_prop_ro("ids", column([](const ScannedGroundTruth& of) -> auto& { return of.annotations.ids; }))
      .def_prop_ro("image", column([](const ScannedGroundTruth& of) -> auto& { return of.image; }))
      .def_prop_ro("category", column([](const ScannedGroundTruth& of) -> auto& { return of.category; }))
      .def_prop_ro("area", column([](const ScannedGroundTruth& of) -> auto& { return of.annotations.area; }))
      .def_prop_ro("crowd", column([](const ScannedGroundTruth& of) -> auto& { return of.annotations.crowd; }))
      .def_prop_ro("box", [](nb::handle_t<ScannedGroundTruth> self) { return boxes(nb::inst_ptr<ScannedGroundTruth>(self)->annotations.box, self); })
      .def_prop_ro("image_ids", column([](const ScannedGroundTruth& of) -> auto& { return of.image_ids; }))
      .def_prop_ro("image_order", column([](const ScannedGroundTruth& of) -> auto& { return of.image_order; }))
      .def_prop_ro("width", column([](const ScannedGroundTruth& of) -> auto& { return of.images.width; }))
      .def_prop_ro("height", column([](const ScannedGroundTruth& of) -> auto& { return of.images.height; }))
      .def_prop_ro("category_ids", column([](const ScannedGroundTruth& of) -> auto& { return of.category_ids; }))
      .def_prop_ro("file_names", [](const ScannedGroundTruth& of) { return texts(of.images.file_names, of.image_order); })
      .def_prop_ro("dates_captured", [](const ScannedGroundTruth& of) { return texts(of.images.dates, of.image_order); })
      .def_prop_ro("category_names", [](const ScannedGroundTruth& of) { return texts(of.categories.names, of.category_order); })
      .def_prop_ro("has_id_zero", [](const ScannedGroundTruth& of) { return has_zero(of.annotations.ids); })
      .def("count_objects", &count_objects, "lowest_area"_a, "highest_area"_a)
      .def_prop_ro("image_fields", [](nb::handle_t<ScannedGroundTruth> self) { return attributes(nb::inst_ptr<ScannedGroundTruth>(self)->images.annotated.fields, self); })
      .def_prop_ro("image_attributes", [](nb::handle_t<ScannedGroundTruth> self) { return attributes(nb::inst_ptr<ScannedGroundTruth>(self)->images.annotated.attributes, self); })
      .def_prop_ro("annotation_fields", [](nb::handle_t<ScannedGroundTruth> self) { return attributes(nb::inst_ptr<ScannedGroundTruth>(self)->annotations.annotated.fields, self); })
      .def_prop_ro("annotation_attributes", [](nb::handle_t<ScannedGroundTruth> self) { return attributes(nb::inst_ptr<ScannedGroundTruth>(self)->annotations.annotated.attributes, self); });
  nb::class_<ScannedDetections>(module, "ScannedDetections")
      .def_prop_ro("image", [](nb::handle_t<ScannedDetections> self) { return view(nb::inst_ptr<ScannedDetections>(self)->image, self); })
      .def_prop_ro("category", [](nb::handle_t<ScannedDetections> self) { return view(nb::inst_ptr<ScannedDetections>(self)->category, self); })
      .def_prop_ro("score", [](nb::handle_t<ScannedDetections> self) { return view(nb::inst_ptr<ScannedDetections>(self)->score, self); })
      .def_prop_ro("box", [](nb::handle_t<ScannedDetections> self) { return boxes(nb::inst_ptr<ScannedDetections>(self)->box, self); });
  module.def("scan_ground_truth", &scan_ground_truth, "source"_a, "size"_a, "with_attributes"_a, "window"_a = 0);
  module.def("scan_detections", &scan_detections, "source"_a, "size"_a, "image_ids"_a, "category_ids"_a, "threads"_a = 0,
             "window"_a = 0, "least_stretch"_a = 0);
}

}  // namespace mapgap
