// The tokens of JSON, read strictly: whatever is unusual, right or wrong, is not recognised and left to a slower reader.
//
// Every function moves `at` behind what it recognised and gives true, or leaves `at` at the byte that it could not use and
// gives false. The text ends with zeros (see Window), at which every function stops.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>

#include "scan_polygons.h"

namespace mapgap::scan {

inline constexpr int deepest = 16;
inline constexpr std::ptrdiff_t longest_number = 40;

inline bool is_digit(char character) { return static_cast<unsigned char>(character - '0') < 10; }

inline void skip_space(const char*& at) {
  while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') ++at;
}

inline bool read_character(const char*& at, char wanted) {
  if (*at != wanted) return false;
  ++at;
  return true;
}

// One character with white space around it.
inline bool read_separator(const char*& at, char wanted) {
  skip_space(at);
  if (!read_character(at, wanted)) return false;
  skip_space(at);
  return true;
}

inline bool read_word(const char*& at, const char* word) {
  for (; *word != '\0'; ++word) {
    if (!read_character(at, *word)) return false;
  }
  return true;
}

// A whole number of at most 18 digits, which 64 bits hold.
inline bool read_integer(const char*& at, std::int64_t& value) {
  const bool is_negative = *at == '-';
  if (is_negative) ++at;
  const char* const first = at;
  std::int64_t magnitude = 0;
  for (; is_digit(*at); ++at) {
    if (at - first == 18) return false;
    magnitude = 10 * magnitude + (*at - '0');
  }
  if (at == first || (*first == '0' && (at - first > 1 || is_negative))) return false;
  value = is_negative ? -magnitude : magnitude;
  return true;
}

inline constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                           1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// The digits of a number before its exponent.
struct Mantissa {
  std::uint64_t digits = 0;  // without the point; wraps around beyond 19 digits
  std::ptrdiff_t length = 0;
  std::ptrdiff_t fraction = 0;  // how many of them stand behind the point
  bool has_point = false;
};

inline bool read_mantissa(const char*& at, Mantissa& mantissa) {
  const char* const first = at;
  for (; is_digit(*at); ++at) mantissa.digits = 10 * mantissa.digits + static_cast<std::uint64_t>(*at - '0');
  const std::ptrdiff_t whole = at - first;
  if (whole == 0 || (*first == '0' && whole > 1)) return false;
  if (*at == '.') {
    mantissa.has_point = true;
    const char* const point = at++;
    for (; is_digit(*at); ++at) mantissa.digits = 10 * mantissa.digits + static_cast<std::uint64_t>(*at - '0');
    mantissa.fraction = at - point - 1;
    if (mantissa.fraction == 0) return false;
  }
  mantissa.length = whole + mantissa.fraction;
  return mantissa.length <= longest_number;
}

inline bool read_exponent(const char*& at) {
  ++at;
  if (*at == '+' || *at == '-') ++at;
  const char* const first = at;
  while (is_digit(*at)) ++at;
  return at > first;
}

// A number as the nearest float64. The zero that has neither point nor exponent, but a sign, is not recognised.
inline bool read_number(const char*& at, double& value) {
  const char* const first = at;
  const bool is_negative = *at == '-';
  if (is_negative) ++at;
  Mantissa mantissa;
  if (!read_mantissa(at, mantissa)) return false;
  const bool has_exponent = *at == 'e' || *at == 'E';
  if (!has_exponent && mantissa.length <= 19 && mantissa.digits <= (std::uint64_t{1} << 53)) {
    if (is_negative && mantissa.digits == 0 && !mantissa.has_point) return false;
    // Both operands are exact, so that one division rounds once (Clinger 1990, "How to read floating point numbers accurately").
    const double magnitude = static_cast<double>(mantissa.digits) / powers_of_ten[mantissa.fraction];
    value = is_negative ? -magnitude : magnitude;
    return true;
  }
  if (has_exponent && !read_exponent(at)) return false;
  const std::from_chars_result read = std::from_chars(first, at, value);
  if (read.ec == std::errc{} && read.ptr == at) return true;
  at = first;
  return false;
}

// A number whose value nobody asks for; small enough not to overflow.
inline bool skip_number(const char*& at) {
  if (*at == '-') ++at;
  Mantissa mantissa;
  if (!read_mantissa(at, mantissa)) return false;
  if (*at != 'e' && *at != 'E') return true;
  const char* const exponent = at;
  if (!read_exponent(at)) return false;
  if (at - exponent <= 4) return true;
  at = exponent;
  return false;
}

inline int hexadecimal(char character) {
  if (is_digit(character)) return character - '0';
  const char lower = static_cast<char>(character | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// One character of UTF-8 beyond ASCII, by the table of well-formed byte sequences (Unicode 15, table 3-7).
inline bool read_beyond_ascii(const char*& at) {
  const auto byte = [&at](std::ptrdiff_t i) { return static_cast<unsigned char>(at[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0xC2 || lead > 0xF4) return false;
  const std::ptrdiff_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::ptrdiff_t i = 1; i < length; ++i) {
    const bool fits = i == 1 ? byte(i) >= lowest && byte(i) <= highest : (byte(i) & 0xC0) == 0x80;
    if (!fits) {
      at += i;
      return false;
    }
  }
  at += length;
  return true;
}

inline void append_utf8(std::string& text, unsigned code) {
  if (code < 0x80) {
    text.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    text.push_back(static_cast<char>(0xC0 | code >> 6));
    text.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    text.push_back(static_cast<char>(0xE0 | code >> 12));
    text.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    text.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// What a backslash stands before. Surrogates, single or in pairs, are not recognised.
inline bool read_escape(const char*& at, std::string* text) {
  constexpr char letters[] = "\"\\/bfnrt";
  constexpr char meanings[] = "\"\\/\b\f\n\r\t";
  ++at;
  if (*at == 'u') {
    ++at;
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at) {
      const int digit = hexadecimal(*at);
      if (digit < 0) return false;
      code = 16 * code + static_cast<unsigned>(digit);
    }
    if (code >= 0xD800 && code <= 0xDFFF) {
      --at;
      return false;
    }
    if (text != nullptr) append_utf8(*text, code);
    return true;
  }
  const char* const found = *at == '\0' ? nullptr : std::strchr(letters, *at);
  if (found == nullptr) return false;
  if (text != nullptr) text->push_back(meanings[found - letters]);
  ++at;
  return true;
}

// The rest of a string behind its opening quote; appended to `text` if that is wanted.
inline bool read_string_rest(const char*& at, std::string* text) {
  for (;;) {
    const char* const first = at;
    while (static_cast<unsigned char>(*at) >= 0x20 && static_cast<unsigned char>(*at) < 0x80 && *at != '"' && *at != '\\') ++at;
    if (static_cast<unsigned char>(*at) >= 0x80 && !read_beyond_ascii(at)) return false;
    if (text != nullptr) text->append(first, at);
    if (*at == '"') {
      ++at;
      return true;
    }
    if (*at == '\\') {
      if (!read_escape(at, text)) return false;
    } else if (static_cast<unsigned char>(*at) < 0x20) {
      return false;
    }
  }
}

inline bool read_string(const char*& at, std::string& text) {
  text.clear();
  return read_character(at, '"') && read_string_rest(at, &text);
}

// The name of a field and the colon behind it. A name with a backslash is not recognised: it may be one that counts.
inline bool skip_name(const char*& at) {
  const char* const first = at;
  if (!read_string_rest(at, nullptr)) return false;
  if (std::memchr(first, '\\', static_cast<std::size_t>(at - first)) != nullptr) {
    at = first;
    return false;
  }
  return read_separator(at, ':');
}

// Behind an opening bracket or brace: the items up to the closing one, each read by `item`.
template <typename Item>
bool read_items(const char*& at, char close, Item item) {
  skip_space(at);
  if (*at == close) {
    ++at;
    return true;
  }
  for (;;) {
    if (!item(at)) return false;
    skip_space(at);
    if (*at == close) {
      ++at;
      return true;
    }
    if (!read_character(at, ',')) return false;
    skip_space(at);
  }
}

// Behind an opening bracket: moves on to an item of the list, over numbers alone. Not over the comma before a closing bracket.
inline bool skip_first_numbers(const char*& at) {
  skip_space(at);
  const char* const first = at;
  skip_numbers(at);
  if (at == first) return true;
  skip_space(at);
  return *at != ']';
}

// Any value, checked as strictly as the ones that count.
inline bool skip_value(const char*& at, int depth = 0) {
  switch (*at) {
    case '"':
      ++at;
      return read_string_rest(at, nullptr);
    case '[':
      ++at;
      return depth < deepest && skip_first_numbers(at) &&
             read_items(at, ']', [depth](const char*& item) { return skip_value(item, depth + 1); });
    case '{':
      ++at;
      return depth < deepest && read_items(at, '}', [depth](const char*& item) {
               return read_character(item, '"') && skip_name(item) && skip_value(item, depth + 1);
             });
    case 't':
      return read_word(at, "true");
    case 'f':
      return read_word(at, "false");
    case 'n':
      return read_word(at, "null");
    default:
      return skip_number(at);
  }
}

}  // namespace mapgap::scan
