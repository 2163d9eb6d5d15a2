// Whole files of COCO's format as columns. Nothing here explains what is wrong with a file: what is not recognised at once is left to
// a slower reader, which does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>
#include <vector>

#include "scan_records.h"
#include "scan_source.h"
#include "threads.h"

namespace mapgap::scan {

inline constexpr std::size_t never = ~std::size_t{0};
inline constexpr std::size_t usual_stretch = std::size_t{1} << 20;

// Behind a byte order mark, if there is one.
inline std::size_t text_begin(const Source& source) {
  char mark[3];
  return source.read(0, mark, 3) == 3 && std::memcmp(mark, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

// Whether nothing but white space follows.
inline bool at_end(Window& window) {
  do {
    skip_space(window.at);
    if (window.at < window.end()) return false;
  } while (window.more());
  return window.is_used_up();
}

// An opening bracket or brace and the white space before what comes next, which must begin with `next`: only then is it known that the
// white space ends there, and not the window.
inline bool read_opening(Window& window, char mark, char next) {
  return attempt(window, [mark, next](const char*& at) { return read_separator(at, mark) && *at == next; });
}

// The records of a list from its first one on, up to behind the closing bracket or to the record that begins at the byte
// `stop`. Gives how it ended: 1 at the bracket, 0 at `stop`, -1 at what is not recognised.
template <typename Record>
int read_records(Window& window, std::size_t stop, Record record) {
  for (;;) {
    if (window.position() >= stop) return window.position() == stop ? 0 : -1;
    if (!attempt(window, record)) return -1;
    char mark = '\0';
    const bool is_marked = attempt(window, [&mark](const char*& at) {
      skip_space(at);
      if (*at != ',' && *at != ']') return false;
      mark = *at++;
      skip_space(at);
      return mark == ']' || *at == '{';
    });
    if (!is_marked) return -1;
    if (mark == ']') return 1;
  }
}

// ---------------------------------------------------------------- detections

// Where a record seems to begin at or behind `offset`: at the brace behind `},`. `never` if there is no such place near.
// It may be wrong, inside a text; then the records before it do not end there, which the caller sees.
inline std::size_t likely_record(const Source& source, std::size_t offset) {
  constexpr std::size_t reach = std::size_t{1} << 16;
  Window window(source, offset, reach);
  if (!window.more()) return never;
  for (const char* brace = window.at; brace < window.end(); ++brace) {
    if (*brace != '}') continue;
    const char* at = brace + 1;
    if (!read_separator(at, ',') || *at != '{') continue;
    return offset + static_cast<std::size_t>(at - window.at);
  }
  return never;
}

// The records from `window.at` to `stop`; room is made from the length of the first ones.
inline int read_detections(Window& window, std::size_t stop, std::size_t bytes_to_come, const Places& images,
                           const Places& categories, DetectionColumns& columns) {
  constexpr std::size_t sample = 256;
  const std::size_t begin = window.position();
  return read_records(window, stop, [&](const char*& at) {
    if (columns.score.size() == sample) {
      const std::size_t read = std::max<std::size_t>(window.position() - begin, 1);
      columns.reserve(static_cast<std::size_t>(1.02 * static_cast<double>(sample) * static_cast<double>(bytes_to_come) / static_cast<double>(read)) + sample);
    }
    return columns.read(at, images, categories);
  });
}

// Where the stretches of a list begin, each but the first at a likely record; the first at `begin`.
inline std::vector<std::size_t> stretch_begins(const Source& source, std::size_t begin, std::size_t stretches) {
  std::vector<std::size_t> begins{begin};
  for (std::size_t i = 1; i < stretches; ++i) {
    const std::size_t next = likely_record(source, source.size() / stretches * i);
    if (next != never && next > begins.back()) begins.push_back(next);
  }
  return begins;
}

// The detections of a list's stretches, each read by a thread of its own; nothing if one does not end where the next begins.
inline std::optional<DetectionColumns> read_stretches(const Source& source, const std::vector<std::size_t>& begins, std::size_t capacity,
                                                      const Places& images, const Places& categories) {
  std::vector<DetectionColumns> parts(begins.size());
  std::vector<char> is_read(begins.size(), 0);
  std::vector<std::size_t> cuts(begins.size() + 1);
  std::iota(cuts.begin(), cuts.end(), std::size_t{0});
  run_blocks(cuts, [&](std::size_t i, std::size_t, std::size_t) {
    const bool is_last = i + 1 == begins.size();
    const std::size_t stop = is_last ? never : begins[i + 1];
    // The first stretch takes in the others at the end.
    const std::size_t bytes_to_come = i == 0 || is_last ? source.size() - begins[i] : stop - begins[i];
    Window window(source, begins[i], capacity);
    const int ending = read_detections(window, stop, bytes_to_come, images, categories, parts[i]);
    is_read[i] = is_last ? ending == 1 && at_end(window) : ending == 0;
  });
  if (std::find(is_read.begin(), is_read.end(), 0) != is_read.end()) return std::nullopt;
  for (std::size_t i = 1; i < parts.size(); ++i) parts[0].append(parts[i]);
  return std::move(parts[0]);
}

// A list of detections, read by several threads, each its stretch of the source; nothing if it is not recognised.
inline std::optional<DetectionColumns> scan_detections(const Source& source, const Places& images, const Places& categories,
                                                       int threads, std::size_t capacity = Window::usual_capacity,
                                                       std::size_t least_stretch = usual_stretch) {
  Window front(source, text_begin(source), capacity);
  if (!read_opening(front, '[', '{')) return std::nullopt;
  const std::size_t stretches = worker_count(threads, source.size() / least_stretch);
  const std::vector<std::size_t> begins = stretch_begins(source, front.position(), stretches);
  std::optional<DetectionColumns> columns = read_stretches(source, begins, capacity, images, categories);
  // A likely record may have been none: what is recognised must not depend on where the stretches are.
  if (!columns && begins.size() > 1) columns = read_stretches(source, {begins.front()}, capacity, images, categories);
  return columns;
}

// ---------------------------------------------------------------- ground truth

// The three lists of a file; images and categories in rising order of their ids.
struct GroundTruthColumns {
  ImageColumns images;
  CategoryColumns categories;
  AnnotationColumns annotations;
  std::vector<std::int64_t> image_order, category_order;  // places in the file, by rising id
  std::vector<std::int64_t> image_ids, category_ids;      // the ids, rising
  std::vector<std::int32_t> image, category;              // of each annotation, places among the ids
};

inline bool rises(const std::int64_t* ids, std::size_t length) {
  return std::adjacent_find(ids, ids + length, std::greater_equal<std::int64_t>()) == ids + length;
}

inline bool rises(const std::vector<std::int64_t>& ids) { return rises(ids.data(), ids.size()); }

// Sorts ids; false where two are equal.
inline bool order_ids(const std::vector<std::int64_t>& ids, std::vector<std::int64_t>& order, std::vector<std::int64_t>& sorted) {
  order.resize(ids.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  sorted = ids;
  if (rises(ids)) return true;
  std::sort(order.begin(), order.end(), [&ids](std::int64_t a, std::int64_t b) { return ids[static_cast<std::size_t>(a)] < ids[static_cast<std::size_t>(b)]; });
  std::sort(sorted.begin(), sorted.end());
  return rises(sorted);
}

inline bool have_equals(const std::vector<std::int64_t>& ids) {
  if (rises(ids)) return false;
  std::vector<std::int64_t> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  return !rises(sorted);
}

inline bool find_places(std::vector<std::int64_t>& ids, const std::vector<std::int64_t>& known, std::vector<std::int32_t>& places) {
  const Places place(known.data(), known.size());
  places.reserve(ids.size());
  for (const std::int64_t id : ids) {
    places.push_back(place.of(id));
    if (places.back() < 0) return false;
  }
  std::vector<std::int64_t>().swap(ids);
  return true;
}

// Whether a field ends at `at` or behind white space there; a number may go on behind the window.
inline bool is_followed(const char*& at) {
  skip_space(at);
  return *at == ',' || *at == '}';
}

template <typename Record>
bool read_list(Window& window, Record record) {
  return read_opening(window, '[', '{') && read_records(window, never, record) == 1;
}

inline bool read_lists(Window& window, GroundTruthColumns& columns) {
  enum : unsigned { images = 1, annotations = 2, categories = 4 };
  Seen seen;
  if (!read_opening(window, '{', '"')) return false;
  for (;;) {
    const auto is_next = [&window](auto name) { return attempt(window, name); };
    unsigned list = 0;
    const bool is_named = is_next([&list](const char*& at) {
      list = 0;
      if (read_name(at, "\"images\"")) list = images;
      else if (read_name(at, "\"annotations\"")) list = annotations;
      else if (read_name(at, "\"categories\"")) list = categories;
      else return read_character(at, '"') && skip_name(at) && skip_value(at) && is_followed(at);
      return true;
    });
    if (!is_named || (list != 0 && !seen.add(list))) return false;
    if (list == images && !read_list(window, [&](const char*& at) { return columns.images.read(at); })) return false;
    if (list == annotations && !read_list(window, [&](const char*& at) { return columns.annotations.read(at); })) return false;
    if (list == categories && !read_list(window, [&](const char*& at) { return columns.categories.read(at); })) return false;
    char mark = '\0';
    const bool is_marked = attempt(window, [&mark](const char*& at) {
      skip_space(at);
      if (*at != ',' && *at != '}') return false;
      mark = *at++;
      skip_space(at);
      return mark == '}' || *at == '"';
    });
    if (!is_marked) return false;
    if (mark == '}') return seen.has(images | annotations | categories) && at_end(window);
  }
}

// Ground truth with at least one entry in each of its three lists and without ids that come twice; nothing if it is not recognised.
// Fields beyond COCO's are read only if they are wanted.
inline std::optional<GroundTruthColumns> scan_ground_truth(const Source& source, bool with_attributes, std::size_t capacity = Window::usual_capacity) {
  GroundTruthColumns columns;
  columns.images.annotated.is_wanted = columns.annotations.annotated.is_wanted = with_attributes;
  Window window(source, text_begin(source), capacity);
  if (!read_lists(window, columns)) return std::nullopt;
  columns.images.annotated.end_records();
  columns.annotations.annotated.end_records();
  if (!order_ids(columns.images.ids, columns.image_order, columns.image_ids)) return std::nullopt;
  if (!order_ids(columns.categories.ids, columns.category_order, columns.category_ids)) return std::nullopt;
  if (have_equals(columns.annotations.ids)) return std::nullopt;
  if (!find_places(columns.annotations.image_ids, columns.image_ids, columns.image)) return std::nullopt;
  if (!find_places(columns.annotations.category_ids, columns.category_ids, columns.category)) return std::nullopt;
  return columns;
}

}  // namespace mapgap::scan
