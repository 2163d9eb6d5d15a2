// Work split into contiguous blocks, one a thread. Blocks write to places of their own, so that the result is the
// same for any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace mapgap {

inline std::size_t worker_count(int asked, std::size_t items) {
  const std::size_t wanted = asked > 0 ? static_cast<std::size_t>(asked) : std::max(1U, std::thread::hardware_concurrency());
  return std::max<std::size_t>(1, std::min(wanted, items));
}

// Calls work(block, begin, end) for each block of [0, cuts.back()), blocks being [cuts[i], cuts[i + 1]).
template <typename Work>
void run_blocks(const std::vector<std::size_t>& cuts, Work work) {
  const std::size_t blocks = cuts.size() - 1;
  std::vector<std::exception_ptr> failures(blocks);
  const auto guarded = [&](std::size_t block) {
    try {
      work(block, cuts[block], cuts[block + 1]);
    } catch (...) {
      failures[block] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve(blocks);
  for (std::size_t block = 1; block < blocks; ++block) {
    try {
      others.emplace_back(guarded, block);
    } catch (const std::system_error&) {
      guarded(block);  // no thread to be had: the work is done all the same
    }
  }
  guarded(0);
  for (auto& other : others) other.join();
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

// Cuts [0, items) into one block a thread, of about equal length.
inline std::vector<std::size_t> even_cuts(std::size_t items, int threads) {
  const std::size_t blocks = worker_count(threads, items);
  std::vector<std::size_t> cuts(blocks + 1);
  for (std::size_t block = 0; block <= blocks; ++block) cuts[block] = items * block / blocks;
  return cuts;
}

// Cuts the items behind `offsets` (one entry a group and the end) at group borders, about equally; cuts are group numbers.
inline std::vector<std::size_t> balanced_cuts(const std::vector<std::size_t>& offsets, int threads) {
  const std::size_t groups = offsets.size() - 1;
  const std::size_t blocks = worker_count(threads, groups);
  std::vector<std::size_t> cuts(blocks + 1, groups);
  cuts[0] = 0;
  for (std::size_t block = 1; block < blocks; ++block) {
    const std::size_t target = offsets[groups] * block / blocks;
    const auto found = std::lower_bound(offsets.begin(), offsets.end(), target);
    cuts[block] = std::min(groups, static_cast<std::size_t>(found - offsets.begin()));
    cuts[block] = std::max(cuts[block], cuts[block - 1]);
  }
  return cuts;
}

}  // namespace mapgap
