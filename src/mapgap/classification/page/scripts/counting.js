// Counts at a threshold: the same whole numbers as Python's, and the same divisions.

/** The class each sample is taken for: as reported, or positive from a threshold up. */
function predictionsAt(samples, threshold) {
  if (threshold === null) return samples.reported;
  const { positive } = manifest;
  const score = scoresOf(samples, positive);
  return Int32Array.from(score, (value) => (value >= threshold ? positive : 1 - positive));
}

/** How many samples of each line were taken for each line of the matrix. */
function matrixOf(samples, prediction) {
  const lines = Math.max(...manifest.line_of) + 1;
  const counts = Array.from({ length: lines }, () => new Array(lines).fill(0));
  for (let row = 0; row < samples.rows; row += 1) {
    counts[manifest.line_of[samples.truth[row]]][manifest.line_of[prediction[row]]] += 1;
  }
  return counts;
}

/** TP, FP, FN and TN of each of two classes. */
function countsByClass(matrix) {
  const all = matrix.flat().reduce((sum, number) => sum + number, 0);
  return matrix.map((row, place) => {
    const tp = row[place];
    const fn = row.reduce((sum, number) => sum + number, 0) - tp;
    const fp = matrix.reduce((sum, other) => sum + other[place], 0) - tp;
    return { tp, fp, fn, tn: all - tp - fp - fn };
  });
}

function ratesOf({ tp, fp, fn, tn }) {
  return { precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), specificity: ratio(tn, tn + fp), f1: f1Of(tp, fp, fn) };
}

/** The rates of all classes' counts together, the means of what is defined, and over how many classes. */
function meansOf(classes) {
  const together = { tp: 0, fp: 0, fn: 0, tn: 0 };
  for (const counts of classes) for (const key of Object.keys(together)) together[key] += counts[key];
  const rates = classes.map(ratesOf);
  const [macro, over] = [{}, {}];
  for (const key of RATES) {
    const defined = rates.map((own) => own[key]).filter((value) => value !== null);
    over[key] = defined.length;
    macro[key] = ratio(defined.reduce((sum, value) => sum + value, 0), defined.length);
  }
  return { micro: ratesOf(together), macro, over };
}

const RATES = ["precision", "recall", "specificity", "f1"];

/** How many samples of each class a slice has, and how many of them are right. */
function sliceCounts(samples, prediction, where) {
  const counts = manifest.labels.map(() => ({ number: 0, right: 0 }));
  for (const row of rowsWhere(samples, where)) {
    const own = counts[samples.truth[row]];
    own.number += 1;
    if (samples.truth[row] === prediction[row]) own.right += 1;
  }
  return counts;
}

/** The samples with certain values: [[attribute, value], ...] as places. */
function rowsWhere(samples, where) {
  const rows = [];
  for (let row = 0; row < samples.rows; row += 1) {
    if (where.every(([attribute, code]) => samples.codes[attribute][row] === code)) rows.push(row);
  }
  return rows;
}
