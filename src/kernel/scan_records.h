// The records of COCO's files as columns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "scan_attributes.h"
#include "scan_text.h"

namespace mapgap::scan {

// From ids to their places in a rising list.
class Places {
 public:
  Places(const std::int64_t* ids, std::size_t length) : ids_(ids), length_(length) {
    if (length == 0) return;
    const std::uint64_t extent = static_cast<std::uint64_t>(ids[length - 1]) - static_cast<std::uint64_t>(ids[0]);
    // Ids that lie close together are looked up in a table.
    if (extent >= table_limit + 16 * static_cast<std::uint64_t>(length)) return;
    table_.assign(extent + 1, -1);
    for (std::size_t i = 0; i < length; ++i) table_[index(ids[i])] = static_cast<std::int32_t>(i);
  }

  // The place, or -1 for an id that is not in the list.
  std::int32_t of(std::int64_t id) const {
    if (!table_.empty()) return index(id) < table_.size() ? table_[index(id)] : -1;
    const std::int64_t* const found = std::lower_bound(ids_, ids_ + length_, id);
    return found != ids_ + length_ && *found == id ? static_cast<std::int32_t>(found - ids_) : -1;
  }

 private:
  static constexpr std::uint64_t table_limit = std::uint64_t{1} << 20;

  std::size_t index(std::int64_t id) const { return static_cast<std::uint64_t>(id) - static_cast<std::uint64_t>(ids_[0]); }

  const std::int64_t* ids_;
  std::size_t length_;
  std::vector<std::int32_t> table_;
};

// Text after text in one piece of memory; a text may be missing.
class Texts {
 public:
  void add(const std::string& text) {
    characters_ += text;
    ends_.push_back(characters_.size());
    is_missing_.push_back(false);
  }

  void add_missing() {
    ends_.push_back(characters_.size());
    is_missing_.push_back(true);
  }

  std::size_t size() const { return ends_.size(); }
  bool is_missing(std::size_t i) const { return is_missing_[i]; }

  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(characters_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string characters_;
  std::vector<std::size_t> ends_;
  std::vector<bool> is_missing_;
};

// Reads the name of a field, which stands in quotes before a colon, if it is this one.
inline bool read_name(const char*& at, const char* quoted, std::size_t length) {
  if (std::strncmp(at, quoted, length) != 0) return false;
  const char* behind = at + length;
  if (!read_separator(behind, ':')) return false;
  at = behind;
  return true;
}

template <std::size_t Length>
bool read_name(const char*& at, const char (&quoted)[Length]) {
  return read_name(at, quoted, Length - 1);
}

// The same for any of some names.
inline bool read_any_name(const char*& at, std::initializer_list<std::string_view> quoted) {
  for (const std::string_view name : quoted) {
    if (read_name(at, name.data(), name.size())) return true;
  }
  return false;
}

// Which of a record's fields have been read. A field that comes twice is not recognised.
class Seen {
 public:
  bool add(unsigned field) {
    const bool is_new = (fields_ & field) == 0;
    fields_ |= field;
    return is_new;
  }
  bool has(unsigned fields) const { return (fields_ & fields) == fields; }

 private:
  unsigned fields_ = 0;
};

inline bool read_box(const char*& at, double* box) {
  if (!read_character(at, '[')) return false;
  skip_space(at);
  for (int i = 0; i < 4; ++i) {
    if ((i > 0 && !read_separator(at, ',')) || !read_number(at, box[i])) return false;
  }
  skip_space(at);
  return read_character(at, ']');
}

// An object with its fields, each read by `field`.
template <typename Field>
bool read_record(const char*& at, Field field) {
  return read_character(at, '{') && read_items(at, '}', field);
}

// One row a detection, in file order.
struct DetectionColumns {
  std::vector<std::int32_t> image, category;
  std::vector<double> box, score;  // boxes are xywh, four numbers a row

  void reserve(std::size_t rows) {
    image.reserve(rows);
    category.reserve(rows);
    box.reserve(4 * rows);
    score.reserve(rows);
  }

  bool read(const char*& at, const Places& images, const Places& categories) {
    enum : unsigned { image_id = 1, category_id = 2, bbox = 4, confidence = 8 };
    Seen seen;
    std::int64_t identifier;
    std::int32_t image_place = -1, category_place = -1;
    double row[4], row_score = 0;
    const bool is_read = read_record(at, [&](const char*& field) {
      if (read_name(field, "\"image_id\"")) {
        return seen.add(image_id) && read_integer(field, identifier) && (image_place = images.of(identifier)) >= 0;
      }
      if (read_name(field, "\"category_id\"")) {
        return seen.add(category_id) && read_integer(field, identifier) && (category_place = categories.of(identifier)) >= 0;
      }
      if (read_name(field, "\"bbox\"")) return seen.add(bbox) && read_box(field, row);
      if (read_name(field, "\"score\"")) return seen.add(confidence) && read_number(field, row_score);
      return read_character(field, '"') && skip_name(field) && skip_value(field);
    });
    if (!is_read || !seen.has(image_id | category_id | bbox | confidence)) return false;
    if (!(std::abs(row[2] * row[3]) <= std::numeric_limits<double>::max())) return false;
    image.push_back(image_place);
    category.push_back(category_place);
    box.insert(box.end(), row, row + 4);
    score.push_back(row_score);
    return true;
  }

  void append(DetectionColumns& other) {
    move_behind(image, other.image);
    move_behind(category, other.category);
    move_behind(box, other.box);
    move_behind(score, other.score);
  }

 private:
  template <typename T>
  static void move_behind(std::vector<T>& column, std::vector<T>& other) {
    column.insert(column.end(), other.begin(), other.end());
    std::vector<T>().swap(other);
  }
};

// One row an image, in file order.
struct ImageColumns {
  std::vector<std::int64_t> ids;
  std::vector<double> width, height;  // NaN where missing
  Texts file_names, dates;
  Annotated annotated;

  bool read(const char*& at) {
    enum : unsigned { id = 1, width_field = 2, height_field = 4, name = 8, date = 16, attributes = 32 };
    Seen seen;
    std::int64_t identifier = 0;
    double row_width = std::numeric_limits<double>::quiet_NaN(), row_height = row_width;
    annotated.begin_record();
    const auto read_size = [](const char*& field, double& value) { return read_number(field, value) && value >= 0; };
    const bool is_read = read_record(at, [&](const char*& field) {
      if (read_name(field, "\"id\"")) return seen.add(id) && read_integer(field, identifier);
      if (read_name(field, "\"width\"")) return seen.add(width_field) && read_size(field, row_width);
      if (read_name(field, "\"height\"")) return seen.add(height_field) && read_size(field, row_height);
      if (read_name(field, "\"file_name\"")) return seen.add(name) && read_string(field, name_);
      if (read_name(field, "\"date_captured\"")) return seen.add(date) && read_string(field, date_);
      if (read_name(field, "\"attributes\"")) return seen.add(attributes) && annotated.read_attributes(field);
      if (read_any_name(field, {"\"license\"", "\"coco_url\"", "\"flickr_url\""})) return skip_value(field);
      return annotated.read_field(field);
    });
    if (!is_read || !seen.has(id)) return false;
    ids.push_back(identifier);
    width.push_back(row_width);
    height.push_back(row_height);
    seen.has(name) ? file_names.add(name_) : file_names.add_missing();
    seen.has(date) ? dates.add(date_) : dates.add_missing();
    annotated.end_record();
    return true;
  }

 private:
  std::string name_, date_;
};

// One row a category, in file order.
struct CategoryColumns {
  std::vector<std::int64_t> ids;
  Texts names;

  bool read(const char*& at) {
    enum : unsigned { id = 1, name = 2 };
    Seen seen;
    std::int64_t identifier = 0;
    const bool is_read = read_record(at, [&](const char*& field) {
      if (read_name(field, "\"id\"")) return seen.add(id) && read_integer(field, identifier);
      if (read_name(field, "\"name\"")) return seen.add(name) && read_string(field, name_);
      return read_character(field, '"') && skip_name(field) && skip_value(field);
    });
    if (!is_read || !seen.has(id)) return false;
    ids.push_back(identifier);
    seen.has(name) ? names.add(name_) : names.add_missing();
    return true;
  }

 private:
  std::string name_;
};

// One row an annotation, in file order.
struct AnnotationColumns {
  std::vector<std::int64_t> ids, image_ids, category_ids;
  std::vector<double> box, area;
  std::vector<std::uint8_t> crowd;
  Annotated annotated;

  bool read(const char*& at) {
    enum : unsigned { id = 1, image_id = 2, category_id = 4, bbox = 8, area_field = 16, iscrowd = 32, attributes = 64 };
    Seen seen;
    std::int64_t identifier = 0, image = 0, category = 0, row_crowd = 0;
    double row[4], row_area = 0;
    annotated.begin_record();
    const auto read_flag = [](const char*& field, std::int64_t& value) { return read_integer(field, value) && (value == 0 || value == 1); };
    const bool is_read = read_record(at, [&](const char*& field) {
      if (read_name(field, "\"segmentation\"")) return skip_value(field);
      if (read_name(field, "\"id\"")) return seen.add(id) && read_integer(field, identifier);
      if (read_name(field, "\"image_id\"")) return seen.add(image_id) && read_integer(field, image);
      if (read_name(field, "\"category_id\"")) return seen.add(category_id) && read_integer(field, category);
      if (read_name(field, "\"bbox\"")) return seen.add(bbox) && read_box(field, row);
      if (read_name(field, "\"area\"")) return seen.add(area_field) && read_number(field, row_area);
      if (read_name(field, "\"iscrowd\"")) return seen.add(iscrowd) && read_flag(field, row_crowd);
      if (read_name(field, "\"attributes\"")) return seen.add(attributes) && annotated.read_attributes(field);
      if (read_any_name(field, {"\"ignore\"", "\"keypoints\"", "\"num_keypoints\"", "\"caption\""})) return skip_value(field);
      return annotated.read_field(field);
    });
    if (!is_read || !seen.has(id | image_id | category_id | bbox | area_field)) return false;
    ids.push_back(identifier);
    image_ids.push_back(image);
    category_ids.push_back(category);
    box.insert(box.end(), row, row + 4);
    area.push_back(row_area);
    crowd.push_back(static_cast<std::uint8_t>(row_crowd));
    annotated.end_record();
    return true;
  }
};

}  // namespace mapgap::scan
