// JSON read slowly, byte by byte with a check for the end at every step, into a tree: the twin of scan_text.h.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slow {

enum class Kind { null, boolean, number, text, list, object };

struct Value {
  Kind kind = Kind::null;
  std::string_view raw;     // as it is written
  std::string text;         // of a string, its meaning in UTF-8
  std::vector<Value> items;         // of a list, or the values of an object's fields
  std::vector<std::string> names;   // of an object's fields, in order

  // The last field of that name, as in Python.
  const Value* find(std::string_view name) const {
    const Value* found = nullptr;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) found = &items[i];
    }
    return found;
  }

  double number() const { return std::strtod(std::string(raw).c_str(), nullptr); }
  long long integer() const { return std::strtoll(std::string(raw).c_str(), nullptr, 10); }
};

// Strict: RFC 8259, well-formed UTF-8, no half of a surrogate pair.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<Value> whole() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
    Value value;
    space();
    if (!parse(value)) return std::nullopt;
    space();
    if (at_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;

  // The byte at a place, -1 behind the end.
  int byte(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? static_cast<unsigned char>(text_[at_ + ahead]) : -1; }

  bool take(char wanted) {
    if (byte() != static_cast<unsigned char>(wanted)) return false;
    ++at_;
    return true;
  }

  void space() {
    while (byte() == ' ' || byte() == '\n' || byte() == '\r' || byte() == '\t') ++at_;
  }

  bool parse(Value& value) {
    const std::size_t begin = at_;
    const bool is_right = parse_unknown(value);
    value.raw = text_.substr(begin, at_ - begin);
    return is_right;
  }

  bool parse_unknown(Value& value) {
    if (byte() == '"') return (value.kind = Kind::text, parse_text(value.text));
    if (byte() == '[') return (value.kind = Kind::list, parse_list(value));
    if (byte() == '{') return (value.kind = Kind::object, parse_object(value));
    if (byte() == 'n') return (value.kind = Kind::null, word("null"));
    if (byte() == 't') return (value.kind = Kind::boolean, word("true"));
    if (byte() == 'f') return (value.kind = Kind::boolean, word("false"));
    value.kind = Kind::number;
    return parse_number();
  }

  bool word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    return true;
  }

  bool digits() {
    const std::size_t begin = at_;
    while (byte() >= '0' && byte() <= '9') ++at_;
    return at_ > begin;
  }

  bool parse_number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    return true;
  }

  bool parse_list(Value& value) {
    take('[');
    space();
    if (take(']')) return true;
    do {
      space();
      if (!parse(value.items.emplace_back())) return false;
      space();
    } while (take(','));
    return take(']');
  }

  bool parse_object(Value& value) {
    take('{');
    space();
    if (take('}')) return true;
    do {
      space();
      if (byte() != '"' || !parse_text(value.names.emplace_back())) return false;
      space();
      if (!take(':')) return false;
      space();
      if (!parse(value.items.emplace_back())) return false;
      space();
    } while (take(','));
    return take('}');
  }

  bool parse_text(std::string& text) {
    take('"');
    while (byte() != '"') {
      if (byte() < 0x20) return false;
      const std::optional<unsigned> code = byte() == '\\' ? escaped() : plain();
      if (!code) return false;
      append(text, *code);
    }
    return take('"');
  }

  // One character as UTF-8 writes it: its bits are put together, then it is asked whether they need that many bytes.
  std::optional<unsigned> plain() {
    const unsigned lead = static_cast<unsigned>(byte());
    if (lead < 0x80) return (++at_, lead);
    const std::size_t length = lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0) return std::nullopt;
    unsigned code = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xBF) return std::nullopt;
      code = code << 6 | (static_cast<unsigned>(byte(i)) & 0x3F);
    }
    const unsigned least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
    at_ += length;
    return code;
  }

  std::optional<unsigned> escaped() {
    take('\\');
    const int letter = byte();
    ++at_;
    if (letter == 'u') return unit();
    if (letter == 'b') return '\b';
    if (letter == 'f') return '\f';
    if (letter == 'n') return '\n';
    if (letter == 'r') return '\r';
    if (letter == 't') return '\t';
    if (letter == '"' || letter == '\\' || letter == '/') return static_cast<unsigned>(letter);
    return std::nullopt;
  }

  // Surrogates are refused even in pairs, which the scanner leaves to others.
  std::optional<unsigned> unit() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(static_cast<char>(byte()));
      if (byte() <= 0 || digit == std::string_view::npos) return std::nullopt;
      code = code << 4 | static_cast<unsigned>(digit < 16 ? digit : digit - 6);
    }
    if (code >= 0xD800 && code < 0xE000) return std::nullopt;
    return code;
  }

  static void append(std::string& text, unsigned code) {
    const auto put = [&text](unsigned bits) { text.push_back(static_cast<char>(bits)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) return (put(0xC0 | code >> 6), put(0x80 | (code & 0x3F)));
    if (code < 0x10000) return (put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F)));
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
};

}  // namespace slow
