// Whether columns are those of a text, asked of the tree of slow_json.h: the twin of scan_records.h and scan_files.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "scan_files.h"
#include "slow_json.h"

namespace slow {

using mapgap::scan::AttributeColumns;
using mapgap::scan::DetectionColumns;
using mapgap::scan::GroundTruthColumns;
using mapgap::scan::Texts;
using Ids = std::vector<std::int64_t>;

inline bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b)); }

inline bool is_number(const Value* value, double expected) {
  return value != nullptr && value->kind == Kind::number && std::isfinite(value->number()) && same_bits(value->number(), expected);
}

// An id is written as a whole number, without point, exponent or the sign of zero.
inline bool is_integer(const Value* value, std::int64_t expected) {
  return value != nullptr && value->kind == Kind::number && value->raw == std::to_string(expected);
}

inline bool is_box(const Value* value, const double* expected) {
  if (value == nullptr || value->kind != Kind::list || value->items.size() != 4) return false;
  return std::equal(value->items.begin(), value->items.end(), expected, [](const Value& item, double number) { return is_number(&item, number); });
}

inline bool is_place(const Value* value, const Ids& ids, std::int32_t place) {
  return place >= 0 && static_cast<std::size_t>(place) < ids.size() && is_integer(value, ids[static_cast<std::size_t>(place)]);
}

inline bool is_size(const Value* value, double expected) {
  return value == nullptr ? std::isnan(expected) : is_number(value, expected) && expected >= 0;
}

inline bool is_text(const Value* value, const Texts& texts, std::size_t i) {
  return value == nullptr ? texts.is_missing(i) : value->kind == Kind::text && !texts.is_missing(i) && value->text == texts[i];
}

// No record has one of these fields twice.
inline bool are_single(const Value& record, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (std::count(record.names.begin(), record.names.end(), name) > 1) return false;
  }
  return record.kind == Kind::object;
}

inline bool are_detections(const Value& root, const DetectionColumns& columns, const Ids& images, const Ids& categories) {
  const std::size_t rows = root.items.size();
  if (root.kind != Kind::list || rows == 0) return false;
  if (columns.score.size() != rows || columns.image.size() != rows || columns.category.size() != rows || columns.box.size() != 4 * rows) return false;
  for (std::size_t i = 0; i < rows; ++i) {
    const Value& record = root.items[i];
    const double* const box = columns.box.data() + 4 * i;
    if (!are_single(record, {"image_id", "category_id", "bbox", "score"})) return false;
    if (!is_place(record.find("image_id"), images, columns.image[i]) || !is_place(record.find("category_id"), categories, columns.category[i])) return false;
    if (!is_box(record.find("bbox"), box) || !std::isfinite(box[2] * box[3]) || !is_number(record.find("score"), columns.score[i])) return false;
  }
  return true;
}

// The values of one column by record, as they are written; empty for what has none.
inline std::vector<std::string> texts_of(const mapgap::scan::AttributeColumn& column) {
  std::vector<std::string> by_code(column.code_of_text.size());
  for (const auto& [text, code] : column.code_of_text) by_code.at(static_cast<std::size_t>(code)) = text;
  std::vector<std::string> texts;
  for (const std::int32_t code : column.codes) texts.push_back(code < 0 ? "" : by_code.at(static_cast<std::size_t>(code)));
  return texts;
}

inline bool are_attributes(const std::vector<const Value*>& records, const std::set<std::string>& others, const AttributeColumns& columns) {
  std::vector<std::string> names;
  for (const Value* record : records) {
    for (const std::string& name : record->names) {
      if (!others.contains(name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  if (columns.names() != names || columns.columns().size() != names.size()) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::vector<std::string> texts;
    for (const Value* record : records) {
      const Value* const value = record->find(names[i]);
      const bool is_scalar = value != nullptr && value->kind != Kind::null && value->kind != Kind::list && value->kind != Kind::object;
      texts.emplace_back(is_scalar ? value->raw : "");
    }
    if (texts_of(columns.columns()[i]) != texts) return false;
  }
  return true;
}

inline bool are_annotated(const Value& list, const std::set<std::string>& known, const mapgap::scan::Annotated& annotated) {
  static const Value nothing;
  std::vector<const Value*> records, dicts;
  for (const Value& record : list.items) {
    const Value* const attributes = record.find("attributes");
    if (annotated.is_wanted && attributes != nullptr && attributes->kind != Kind::object && attributes->kind != Kind::null) return false;
    records.push_back(annotated.is_wanted ? &record : &nothing);
    dicts.push_back(annotated.is_wanted && attributes != nullptr ? attributes : &nothing);
  }
  return are_attributes(records, known, annotated.fields) && are_attributes(dicts, {}, annotated.attributes);
}

// Whether `order` are the places of the ids by rising id, no two of which are equal.
inline bool is_order(const Ids& ids, const Ids& order, const Ids& sorted) {
  if (order.size() != ids.size() || sorted.size() != ids.size()) return false;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids.at(static_cast<std::size_t>(order[i])) != sorted[i] || (i > 0 && sorted[i - 1] >= sorted[i])) return false;
  }
  return true;
}

inline bool are_images(const Value& list, const GroundTruthColumns& columns) {
  const mapgap::scan::ImageColumns& images = columns.images;
  if (images.ids.size() != list.items.size() || images.width.size() != images.ids.size() || images.height.size() != images.ids.size()) return false;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Value& record = list.items[i];
    if (!are_single(record, {"id", "width", "height", "file_name", "date_captured"})) return false;
    if (images.annotated.is_wanted && !are_single(record, {"attributes"})) return false;
    if (!is_integer(record.find("id"), images.ids[i])) return false;
    if (!is_size(record.find("width"), images.width[i]) || !is_size(record.find("height"), images.height[i])) return false;
    if (!is_text(record.find("file_name"), images.file_names, i) || !is_text(record.find("date_captured"), images.dates, i)) return false;
  }
  const std::set<std::string> known{"id", "width", "height", "file_name", "date_captured", "license", "coco_url", "flickr_url", "attributes"};
  return are_annotated(list, known, images.annotated) && is_order(images.ids, columns.image_order, columns.image_ids);
}

inline bool are_categories(const Value& list, const GroundTruthColumns& columns) {
  if (columns.categories.ids.size() != list.items.size()) return false;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Value& record = list.items[i];
    if (!are_single(record, {"id", "name"}) || !is_integer(record.find("id"), columns.categories.ids[i])) return false;
    if (!is_text(record.find("name"), columns.categories.names, i)) return false;
  }
  return is_order(columns.categories.ids, columns.category_order, columns.category_ids);
}

inline bool are_annotations(const Value& list, const GroundTruthColumns& columns) {
  const mapgap::scan::AnnotationColumns& annotations = columns.annotations;
  const std::size_t rows = list.items.size();
  if (annotations.ids.size() != rows || annotations.box.size() != 4 * rows || annotations.area.size() != rows || annotations.crowd.size() != rows) return false;
  if (std::set<std::int64_t>(annotations.ids.begin(), annotations.ids.end()).size() != rows) return false;
  for (std::size_t i = 0; i < rows; ++i) {
    const Value& record = list.items[i];
    const Value* const crowd = record.find("iscrowd");
    if (!are_single(record, {"id", "image_id", "category_id", "bbox", "area", "iscrowd"})) return false;
    if (annotations.annotated.is_wanted && !are_single(record, {"attributes"})) return false;
    if (!is_integer(record.find("id"), annotations.ids[i])) return false;
    if (!is_place(record.find("image_id"), columns.image_ids, columns.image[i])) return false;
    if (!is_place(record.find("category_id"), columns.category_ids, columns.category[i])) return false;
    if (!is_box(record.find("bbox"), annotations.box.data() + 4 * i) || !is_number(record.find("area"), annotations.area[i])) return false;
    if (annotations.crowd[i] > 1 || (crowd == nullptr ? annotations.crowd[i] != 0 : !is_integer(crowd, annotations.crowd[i]))) return false;
  }
  const std::set<std::string> known{"id",           "image_id", "category_id", "bbox",          "area",    "iscrowd",
                                    "segmentation", "ignore",   "keypoints",   "num_keypoints", "caption", "attributes"};
  return are_annotated(list, known, annotations.annotated);
}

inline bool is_ground_truth(const Value& root, const GroundTruthColumns& columns) {
  if (!are_single(root, {"images", "annotations", "categories"})) return false;
  const Value *const images = root.find("images"), *const annotations = root.find("annotations"), *const categories = root.find("categories");
  for (const Value* list : {images, annotations, categories}) {
    if (list == nullptr || list->kind != Kind::list || list->items.empty()) return false;
  }
  return are_images(*images, columns) && are_categories(*categories, columns) && are_annotations(*annotations, columns);
}

}  // namespace slow
