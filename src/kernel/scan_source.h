// Bytes of a file or of memory, seen through a window that moves forward.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace mapgap::scan {

// Where the text is: an open file, read at any place, or memory.
class Source {
 public:
  Source(int file, std::size_t size) : file_(file), size_(size) {}
  Source(const char* memory, std::size_t size) : memory_(memory), size_(size) {}

  std::size_t size() const { return size_; }

  // How many bytes from `offset` on were put to `target`; fewer than asked for at the end or when reading fails.
  std::size_t read(std::size_t offset, char* target, std::size_t length) const {
    const std::size_t wanted = std::min(length, size_ - std::min(offset, size_));
    if (memory_ != nullptr) {
      if (wanted > 0) std::memcpy(target, memory_ + offset, wanted);
      return wanted;
    }
    std::size_t done = 0;
    while (done < wanted) {
      const ssize_t part = ::pread(file_, target + done, wanted - done, static_cast<off_t>(offset + done));
      if (part > 0) {
        done += static_cast<std::size_t>(part);
      } else if (part == 0 || errno != EINTR) {
        break;
      }
    }
    return done;
  }

 private:
  int file_ = -1;
  const char* memory_ = nullptr;
  std::size_t size_;
};

// A stretch of the source in memory. Behind its last byte stand zeros, which no JSON token can hold: whoever parses
// runs into them and needs no check for the end.
class Window {
 public:
  static constexpr std::size_t padding = 64;
  static constexpr std::size_t usual_capacity = std::size_t{1} << 18;

  Window(const Source& source, std::size_t offset, std::size_t capacity = usual_capacity)
      : source_(source), offset_(offset), buffer_(std::max<std::size_t>(capacity, 1) + padding, '\0') {
    at = end_ = buffer_.data();
  }

  const char* at;  // the next byte to parse

  // Behind the last byte that is in memory.
  const char* end() const { return end_; }

  // Place of `at` in the source.
  std::size_t position() const { return offset_ - static_cast<std::size_t>(end_ - at); }

  // Whether all of the source has been parsed. It has not where reading failed, or where the file has become shorter.
  bool is_used_up() const { return position() == source_.size(); }

  // Moves the window so that it begins at `at` and reaches further than before; false where there is no more.
  bool more() {
    const auto kept = static_cast<std::size_t>(end_ - at);
    const auto before = static_cast<std::size_t>(at - buffer_.data());
    if (kept + padding == buffer_.size()) {
      buffer_.resize(2 * kept + padding);
    }
    std::memmove(buffer_.data(), buffer_.data() + before, kept);
    const std::size_t read = source_.read(offset_, buffer_.data() + kept, buffer_.size() - padding - kept);
    offset_ += read;
    at = buffer_.data();
    end_ = buffer_.data() + kept + read;
    std::memset(buffer_.data() + kept + read, 0, padding);
    return read > 0;
  }

 private:
  const Source& source_;
  std::size_t offset_;
  std::vector<char> buffer_;
  const char* end_;
};

// Parses at the window's place and moves it behind what was parsed. `parse(at)` stops at the byte it cannot use; where
// that is the end of the window, it is tried again from the start with a longer one.
template <typename Parse>
bool attempt(Window& window, Parse parse) {
  for (;;) {
    const char* at = window.at;
    if (parse(at)) {
      window.at = at;
      return true;
    }
    if (at < window.end() || !window.more()) return false;
  }
}

}  // namespace mapgap::scan
