// The innermost loops behind the gap of resamples, for sixteen resamples at once: who owes the recall points that are reached.
// AVX2 is used where the processor has it; it changes no bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drawn.h"
#include "drawn_loops.h"

namespace mapgap {

// Rows that are wrong for the same cause and have the same right rows before them, or right rows next to one another.
// In any resample precision is highest at the end of right ones.
struct Batch {
  std::uint32_t rows;
  std::uint32_t kind;  // a cause; as large as the number of causes for right rows
};

// The rows of one class that matter, up to its last right one: batch after batch, those of right ones closing a stretch.
struct RankedBatches {
  std::span<const std::int32_t> image;
  std::span<const Batch> batches;
  std::size_t peaks;  // as many as batches of right rows: the end of each
};

// What a walk over a class holds, by batch (or peak, or cause) and lane.
struct GapWalk {
  GapWalk(std::size_t causes, std::size_t batches, std::size_t peaks)
      : drawn(batches * lanes), hits(peaks * lanes), counted(peaks * lanes), on_envelope(peaks), positives(lanes),
        wrong(causes * lanes), missed((causes + 1) * lanes), reached(lanes), owed(causes * lanes) {}

  Lines<std::int32_t> drawn;          // rows of each batch
  Lines<std::int32_t> hits, counted;  // up to each peak; `counted` is 0 where others come later that are higher
  std::vector<std::uint8_t> on_envelope;  // peaks that are on the envelope in some lane
  Lines<std::int32_t> positives;
  Lines<std::int32_t> wrong;   // by cause, up to where the walk is
  Lines<std::int32_t> missed;  // objects by cause; those that were found come last
  Lines<double> reached;       // recall points up to where the walk is
  Lines<double> owed;          // in recall points
};

struct GapArguments {
  RankedBatches group;
  const std::uint16_t* drawn;
  std::size_t rows_at_once;
  std::size_t causes;
  const RecallPoints& points;
  GapWalk& walk;
};

// Adds to `owed` what the recall points cost that a right row reaches, and leaves in `reached` how many those are.
void divide_reached(const GapArguments& of, bool wide);

}  // namespace mapgap
