// Is a class in an image at all: the view of the detector in which true negatives exist.

const PRESENT = 1;
const LEFT_OUT = 2;
const SEEN = 4;
const LARGEST_TABLE = 1 << 26;

/**
 * The best-scoring row of each class and image, by falling score, and whether the class is in the image.
 *
 * Images whose annotations of a class are all ignored are neither present nor absent and have no row.
 */
function presenceOf(truth, run) {
  const cells = cellTable(truth.classes.length * truth.images);
  const positives = new Uint32Array(truth.classes.length);
  const leftOut = new Uint32Array(truth.classes.length);
  for (let object = 0; object < truth.objects; object += 1) {
    const cell = truth.category[object] * truth.images + truth.image[object];
    if (cells.get(cell)) continue;
    cells.set(cell, PRESENT);
    positives[truth.category[object]] += 1;
  }
  truth.leftOut.category.forEach((category, at) => {
    cells.set(category * truth.images + truth.leftOut.image[at], LEFT_OUT);
    leftOut[category] += 1;
  });
  const rows = [];
  const isPresent = [];
  for (let row = 0; row < run.rows; row += 1) {
    if (run.cause[row] === NOT_COUNTED) continue;
    const cell = run.category[row] * truth.images + run.image[row];
    const known = cells.get(cell);
    if (known & SEEN || known === LEFT_OUT) continue;
    cells.set(cell, known | SEEN);
    rows.push(row);
    isPresent.push(known === PRESENT);
  }
  return { rows: Uint32Array.from(rows), category: rows.map((row) => run.category[row]), isPresent, positives, leftOut };
}

function cellTable(size) {
  if (size <= LARGEST_TABLE) {
    const cells = new Uint8Array(size);
    return { get: (cell) => cells[cell], set: (cell, value) => { cells[cell] = value; } };
  }
  const cells = new Map();
  return { get: (cell) => cells.get(cell) ?? 0, set: (cell, value) => cells.set(cell, value) };
}

/** Images by truth and prediction of each class at a position. */
function imageLevelAt(truth, presence, position) {
  const classes = truth.classes.length;
  const [tp, fp, fn, tn] = [0, 0, 0, 0].map(() => new Uint32Array(classes));
  for (let at = 0; at < presence.rows.length && presence.rows[at] < position; at += 1) {
    if (presence.isPresent[at]) tp[presence.category[at]] += 1;
    else fp[presence.category[at]] += 1;
  }
  for (let category = 0; category < classes; category += 1) {
    fn[category] = presence.positives[category] - tp[category];
    tn[category] = truth.images - presence.positives[category] - presence.leftOut[category] - fp[category];
  }
  return { tp, fp, fn, tn };
}
