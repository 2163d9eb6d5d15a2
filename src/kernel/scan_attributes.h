// Fields that somebody annotated: columns that come as they are met, each value kept once as its JSON text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scan_text.h"

namespace mapgap::scan {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

using CodeOfText = std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>>;

inline std::int32_t code_of(CodeOfText& codes, std::string_view text) {
  const auto found = codes.find(text);
  if (found != codes.end()) return found->second;
  return codes.emplace(text, static_cast<std::int32_t>(codes.size())).first->second;
}

// One row a record: the code of its value, -1 where there is none, null, or a list or object.
struct AttributeColumn {
  std::vector<std::int32_t> codes;
  CodeOfText code_of_text;
};

// A name that nearly every record has to itself would take room for all records; the careful reader tells what is wrong.
constexpr std::size_t kMostNames = 1000;

class AttributeColumns {
 public:
  // Reads a field from the quote before its name on. It becomes part of the records once `end_record` is called.
  bool read_field(const char*& at) {
    const char* const first = at + 1;
    if (!read_character(at, '"')) return false;
    const char* const name_end = end_of_name(at);
    if (name_end == nullptr) return false;
    const char* const value = at;
    if (!skip_value(at)) return false;
    const std::int32_t column = column_of({first, name_end});
    if (names_.size() > kMostNames) return false;
    const bool is_scalar = *value != 'n' && *value != '[' && *value != '{';
    read_.emplace_back(column, is_scalar ? code_of(columns_[static_cast<std::size_t>(column)].code_of_text, {value, at}) : -1);
    return true;
  }

  // Forgets the fields of a record that was not read to its end.
  void begin_record() { read_.clear(); }

  void end_record() {
    for (const auto& [column, code] : read_) {
      std::vector<std::int32_t>& codes = columns_[static_cast<std::size_t>(column)].codes;
      codes.resize(records_ + 1, -1);
      codes[records_] = code;
    }
    ++records_;
  }

  // Fills up the columns that the last records had no value for.
  void end_records() {
    for (AttributeColumn& column : columns_) column.codes.resize(records_, -1);
  }

  // By first appearance.
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<AttributeColumn>& columns() const { return columns_; }

 private:
  std::vector<std::string> names_;
  std::vector<AttributeColumn> columns_;
  CodeOfText column_of_name_;
  std::vector<std::pair<std::int32_t, std::int32_t>> read_;
  std::size_t records_ = 0;

  // Moves `at` from a name to its value and gives where the name ends.
  static const char* end_of_name(const char*& at) {
    const char* const first = at;
    if (!skip_name(at)) return nullptr;
    return static_cast<const char*>(std::memchr(first, '"', static_cast<std::size_t>(at - first)));
  }

  std::int32_t column_of(std::string_view name) {
    // Records mostly have the same fields in the same order.
    const std::size_t likely = read_.size();
    if (likely < names_.size() && names_[likely] == name) return static_cast<std::int32_t>(likely);
    const std::int32_t column = code_of(column_of_name_, name);
    if (static_cast<std::size_t>(column) == names_.size()) {
      names_.emplace_back(name);
      columns_.emplace_back();
    }
    return column;
  }
};

// What is annotated beside COCO's own fields: unknown fields of the records, and the entries of their `attributes`.
struct Annotated {
  bool is_wanted = false;
  AttributeColumns fields, attributes;

  void begin_record() {
    fields.begin_record();
    attributes.begin_record();
  }

  void end_record() {
    fields.end_record();
    attributes.end_record();
  }

  void end_records() {
    fields.end_records();
    attributes.end_records();
  }

  bool read_field(const char*& at) {
    return is_wanted ? fields.read_field(at) : read_character(at, '"') && skip_name(at) && skip_value(at);
  }

  // The value of `attributes`: an object or null.
  bool read_attributes(const char*& at) {
    if (!is_wanted) return skip_value(at);
    if (*at == 'n') return read_word(at, "null");
    return read_character(at, '{') && read_items(at, '}', [this](const char*& item) { return attributes.read_field(item); });
  }
};

}  // namespace mapgap::scan
