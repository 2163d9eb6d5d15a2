// Skips lists of plain numbers, which is what polygons are: most of the bytes of a ground-truth file.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

namespace mapgap::scan {

#if defined(__SSE2__)

// One bit a byte of a stretch of 64, the lowest for the first byte.
struct NumberBytes {
  std::uint64_t digit = 0, zero = 0, point = 0, minus = 0, comma = 0, space = 0;
};

inline NumberBytes classify(const char* at) {
  NumberBytes bytes;
  for (int part = 0; part < 4; ++part) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * part));
    const auto bits = [part](__m128i matches) {
      return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(matches))) << (16 * part);
    };
    const __m128i above_zero = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    bytes.digit |= bits(_mm_cmpeq_epi8(_mm_min_epu8(above_zero, _mm_set1_epi8(9)), above_zero));
    bytes.zero |= bits(_mm_cmpeq_epi8(text, _mm_set1_epi8('0')));
    bytes.point |= bits(_mm_cmpeq_epi8(text, _mm_set1_epi8('.')));
    bytes.minus |= bits(_mm_cmpeq_epi8(text, _mm_set1_epi8('-')));
    bytes.comma |= bits(_mm_cmpeq_epi8(text, _mm_set1_epi8(',')));
    bytes.space |= bits(_mm_cmpeq_epi8(text, _mm_set1_epi8(' ')));
  }
  return bytes;
}

// Whether the bytes in `seen` are numbers without exponents as JSON writes them, each with a comma right behind it and
// blanks, if any, behind the comma. The first byte begins a number.
inline bool are_numbers(const NumberBytes& bytes, std::uint64_t seen) {
  const std::uint64_t starts = ~bytes.space & ((bytes.comma | bytes.space) << 1 | 1);
  const std::uint64_t first_digits = (starts & bytes.digit) | bytes.minus << 1;
  // The sum carries through the digits behind a point, to the byte where they end.
  const std::uint64_t behind_fraction = (bytes.digit + (bytes.point << 1)) & ~bytes.digit;
  const std::uint64_t wrong = (starts & ~(bytes.digit | bytes.minus)) |               // , or . where a number begins
                              (bytes.minus & ~starts) |                                // a sign inside a number
                              (first_digits & ~bytes.digit) |                          // a sign without a number
                              ((first_digits & bytes.zero) << 1 & bytes.digit) |       // 01
                              ((bytes.point | bytes.comma) & ~(bytes.digit << 1)) |    // no digit before . or ,
                              (bytes.point << 1 & ~bytes.digit) |                      // no digit behind .
                              (behind_fraction & bytes.point) |                        // 1.2.3
                              (bytes.space & ~((bytes.comma | bytes.space) << 1));     // a blank that follows no comma
  return (wrong & seen) == 0;
}

// Moves `at` from the start of a list's item to that of a later one, over numbers alone; as far as it likes, maybe not at all.
// Reads up to 64 bytes from `at` on.
inline void skip_numbers(const char*& at) {
  for (;;) {
    const NumberBytes bytes = classify(at);
    const std::uint64_t others = ~(bytes.digit | bytes.point | bytes.minus | bytes.comma | bytes.space);
    // All bits below the first byte that belongs to no list of numbers.
    const std::uint64_t usable = others == 0 ? ~std::uint64_t{0} : (others & (~others + 1)) - 1;
    const std::uint64_t commas = bytes.comma & usable;
    if (commas == 0) return;
    const int last = 63 - std::countl_zero(commas);
    if (!are_numbers(bytes, ~std::uint64_t{0} >> (63 - last))) return;
    at += last + 1;
    while (*at == ' ') ++at;
  }
}

#else

inline void skip_numbers(const char*&) {}

#endif

}  // namespace mapgap::scan
