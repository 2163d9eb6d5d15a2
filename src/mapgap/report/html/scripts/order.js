// The rows as the page counts them, by falling score, from the rows as they are stored, by image.

const DIGITS = 1 << 16;

/** The stored places by falling score; equal scores stay by record. `readRecords` gives those, null where they rise. */
function fallingOrder(score, readRecords) {
  const keys = fallingKeys(score);
  let order = counted(score.length);
  if (readRecords !== null) {
    const records = readRecords();
    order.sort((one, other) => records[one] - records[other]);
  }
  let spare = new Uint32Array(order.length);
  for (const [half, shift] of [[0, 0], [0, 16], [1, 0], [1, 16]]) {
    if (sortByDigit(order, spare, keys, half, shift)) [order, spare] = [spare, order];
  }
  return order;
}

/**
 * An order with the rows first that reach the threshold of their class, and how many those are; otherwise as it was.
 *
 * Of a class they are those that come first anyway, so that rows of one class keep their order.
 */
function keptFirst(order, score, category, thresholds) {
  const kept = order.filter((place) => score[place] >= thresholds[category[place]]);
  const others = order.filter((place) => !(score[place] >= thresholds[category[place]]));
  const both = new Uint32Array(order.length);
  both.set(kept);
  both.set(others, kept.length);
  return { order: both, keptRows: kept.length };
}

/** The low and high half of a number for each score, which is the smaller the higher the score is. */
function fallingKeys(score) {
  const floats = new Float64Array(score);
  for (let place = 0; place < floats.length; place += 1) floats[place] += 0; // no -0
  const halves = new Uint32Array(floats.buffer);
  for (let at = 0; at < halves.length; at += 2) {
    if (halves[at + 1] >>> 31) continue; // negative: the bits rise while the number falls
    halves[at] = ~halves[at];
    halves[at + 1] ^= 0x7fffffff;
  }
  return halves;
}

/** Puts the order by one digit of its keys into `sorted`, equal ones as they were; false where all are equal. */
function sortByDigit(order, sorted, keys, half, shift) {
  const next = new Uint32Array(DIGITS + 1);
  for (let at = half; at < keys.length; at += 2) next[((keys[at] >>> shift) & (DIGITS - 1)) + 1] += 1;
  if (order.length === 0 || next[((keys[half] >>> shift) & (DIGITS - 1)) + 1] === order.length) return false;
  for (let digit = 0; digit < DIGITS; digit += 1) next[digit + 1] += next[digit];
  for (let at = 0; at < order.length; at += 1) {
    const place = order[at];
    sorted[next[(keys[2 * place + half] >>> shift) & (DIGITS - 1)]++] = place;
  }
  return true;
}

/** 0, 1, 2 and so on. */
function counted(length) {
  const numbers = new Uint32Array(length);
  for (let at = 0; at < length; at += 1) numbers[at] = at;
  return numbers;
}

// Loops over arrays of more than four types are many times slower: values move as these, whatever they mean.
const MOVED_AS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: Float64Array };

/** Values put in an order. */
function inOrder(values, order) {
  const ordered = new values.constructor(order.length);
  const [from, to] = [asMoved(values), asMoved(ordered)];
  for (let at = 0; at < order.length; at += 1) to[at] = from[order[at]];
  return ordered;
}

function asMoved(values) {
  return new MOVED_AS[values.BYTES_PER_ELEMENT](values.buffer, values.byteOffset, values.length);
}

/** Where each place went in an order. */
function placesOf(order) {
  const places = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at += 1) places[order[at]] = at;
  return places;
}

/** Values of those rows that point at an object, or of those that point at none, one a row; 0 elsewhere. */
function spread(values, pointsAt, isOfPointing) {
  const wide = new values.constructor(pointsAt.length);
  let at = 0;
  for (let row = 0; row < wide.length; row += 1) if ((pointsAt[row] > 0) === isOfPointing) wide[row] = values[at++];
  return wide;
}
