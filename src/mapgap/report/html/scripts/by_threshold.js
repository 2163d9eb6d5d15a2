// What every score threshold would give: counts, cost and F1 within a filter, images by class, shares right by score.

const RELIABILITY_BINS = 20;
const CHART_COLUMNS = 100;
const curvesOfMembers = new WeakMap();

/** The curve of a filtered population, counted when it is first asked for. */
function curveOf(truth, run, members) {
  if (!curvesOfMembers.has(members)) curvesOfMembers.set(members, thresholdCurve(truth, run, members));
  return curvesOfMembers.get(members);
}

/** How many rows the page knows without a gap: beyond them it has true positives only. */
function knownRows(run) {
  return run.leftOut ? positionOf(run, run.leftOut.below_score) : run.rows;
}

/**
 * One entry a score of the detections that count and belong, falling: the counts where all from it up are kept.
 *
 * `end` is the position. `cost` is what all errors cost, each 1 where no costs were given; `costOfNothing` with no
 * detection kept. `best` is the highest entry with the best F1, -1 without a true positive.
 */
function thresholdCurve(truth, run, members) {
  const { score, cause, target, category } = run;
  const known = knownRows(run);
  const table = costTable(truth.classes.length);
  const [end, tp, fp] = [new Uint32Array(known), new Uint32Array(known), new Uint32Array(known)];
  const cost = new Float64Array(known);
  const { objects, costOfNothing } = objectsAndCost(truth, run, members, table);
  const classes = truth.classes.length;
  let [entries, right, wrong, spent, isNew, best] = [0, 0, 0, costOfNothing, false, -1];
  for (let row = 0; row < known; row += 1) {
    const code = cause[row];
    if (members.rows[row] && code !== NOT_COUNTED) {
      isNew = true;
      const home = table && (target[row] >= 0 ? truth.category[target[row]] : category[row]);
      if (code === NO_ERROR) {
        right += 1;
        spent -= table ? table[BELOW_THRESHOLD * classes + home] : 1;
      } else {
        wrong += 1;
        spent += table ? table[code * classes + home] : 1;
      }
    }
    if (!isNew || (row + 1 < known && score[row + 1] === score[row])) continue;
    isNew = false;
    end[entries] = row + 1;
    tp[entries] = right;
    fp[entries] = wrong;
    cost[entries] = spent;
    // 2 TP / (kept + objects), compared as whole numbers.
    if (right && (best < 0 || right * (tp[best] + fp[best] + objects) > tp[best] * (right + wrong + objects))) best = entries;
    entries += 1;
  }
  const part = (column) => column.subarray(0, entries);
  return { entries, end: part(end), tp: part(tp), fp: part(fp), cost: part(cost), objects, costOfNothing, best };
}

function objectsAndCost(truth, run, members, table) {
  const classes = truth.classes.length;
  let [objects, costOfNothing] = [0, 0];
  for (let object = 0; object < truth.objects; object += 1) {
    if (!members.objects[object]) continue;
    objects += 1;
    costOfNothing += table ? table[objectCauseAt(run, object) * classes + truth.category[object]] : 1;
  }
  return { objects, costOfNothing };
}

/** What an error of each cause costs at each class, by cause * classes + class; null where no costs were given. */
function costTable(classes) {
  if (!manifest.costs) return null;
  const table = new Float64Array(CAUSES.length * classes);
  CAUSES.forEach((name, cause) => {
    const costs = manifest.costs[name];
    for (let place = 0; place < classes; place += 1) {
      table[cause * classes + place] = typeof costs === "number" ? costs : costs[place];
    }
  });
  return table;
}

/** The last entry whose rows all lie before a position, -1 for none. */
function entryAt(end, position) {
  return before(end, position + 1) - 1;
}

/**
 * Pairs of a class and an image, or the images of one class: predicted present from each score up.
 *
 * `auc`: ties count half, pairs without a detection rank last; null if a side is empty or not all detections are known.
 */
function rocCurve(truth, run, presence, category) {
  const known = knownRows(run);
  const [end, tp, fp] = [[], [], []];
  const { positives, negatives } = sidesOf(truth, presence, category);
  let [right, wrong, rightBefore, wrongBefore, twiceWon] = [0, 0, 0, 0, 0];
  const close = (row) => {
    twiceWon += (wrong - wrongBefore) * (rightBefore + right);
    [rightBefore, wrongBefore] = [right, wrong];
    end.push(row + 1);
    tp.push(right);
    fp.push(wrong);
  };
  let last = -1;
  for (let at = 0; at < presence.rows.length && presence.rows[at] < known; at += 1) {
    if (category !== null && presence.category[at] !== category) continue;
    const row = presence.rows[at];
    if (last >= 0 && run.score[row] !== run.score[last]) close(last);
    last = row;
    if (presence.isPresent[at]) right += 1;
    else wrong += 1;
  }
  if (last >= 0) close(last);
  twiceWon += (negatives - wrong) * (right + positives);
  const isKnown = positives > 0 && negatives > 0 && !run.leftOut;
  return { end, tp, fp, positives, negatives, auc: isKnown ? twiceWon / (2 * positives * negatives) : null };
}

function sidesOf(truth, presence, category) {
  const chosen = category === null ? truth.classes.map((_, place) => place) : [category];
  const positives = chosen.reduce((sum, place) => sum + presence.positives[place], 0);
  const leftOut = chosen.reduce((sum, place) => sum + presence.leftOut[place], 0);
  return { positives, negatives: chosen.length * truth.images - positives - leftOut };
}

/**
 * How many detections of a score are right, by bins of equal width; the bins that hold any, by rising score.
 *
 * `error` is D-ECE: null for scores outside 0 to 1, without detections, and where not all of them are known.
 */
function reliabilityOf(run, members) {
  const { score, cause } = run;
  const belongs = (row) => members.rows[row] && cause[row] !== NOT_COUNTED;
  let [first, last] = [0, knownRows(run) - 1];
  while (first <= last && !belongs(first)) first += 1;
  while (last >= first && !belongs(last)) last -= 1;
  if (first > last) return { bins: [], isProbability: true, error: null, number: 0, right: 0 };
  const isProbability = score[last] >= 0 && score[first] <= 1;
  const edges = isProbability ? edgesOf(0, 1) : edgesOf(score[last], score[first]);
  const bins = Array.from({ length: RELIABILITY_BINS }, (_, at) => ({ low: edges[at], high: edges[at + 1], number: 0, right: 0, total: 0 }));
  let place = RELIABILITY_BINS - 1;
  for (let row = first; row <= last; row += 1) {
    if (!belongs(row)) continue;
    while (place > 0 && edges[place] > score[row]) place -= 1; // scores fall
    const bin = bins[place];
    bin.number += 1;
    bin.total += score[row];
    if (cause[row] === NO_ERROR) bin.right += 1;
  }
  const sum = (value) => bins.reduce((before, bin) => before + value(bin), 0);
  const number = sum((bin) => bin.number);
  const off = sum((bin) => Math.abs(bin.right - bin.total));
  const isWhole = (bin) => !run.leftOut || bin.low >= run.leftOut.below_score;
  return {
    bins: bins.filter((bin) => bin.number && isWhole(bin)),
    isProbability,
    error: isProbability && !run.leftOut ? off / number : null,
    number,
    right: sum((bin) => bin.right),
  };
}

function edgesOf(low, high) {
  const width = (high - low) / RELIABILITY_BINS;
  const edges = Array.from({ length: RELIABILITY_BINS + 1 }, (_, at) => (low === 0 && high === 1 ? at / RELIABILITY_BINS : at * width + low));
  edges[RELIABILITY_BINS] = high;
  return edges;
}

/**
 * Which points of a long curve to draw, rising: of each column of the picture the first, the last, and the first of the
 * lowest and of the highest, so that no extreme is lost. x never turns back.
 */
function decimated(xs, ys, low, high) {
  const points = xs.length;
  if (points <= 4 * CHART_COLUMNS) return Array.from({ length: points }, (_, at) => at);
  const columnOf = (at) => Math.max(0, Math.min(CHART_COLUMNS - 1, Math.floor(((xs[at] - low) / (high - low)) * CHART_COLUMNS)));
  const shown = [];
  let start = 0;
  let [lowest, highest, column] = [0, 0, columnOf(0)];
  const close = (end) => {
    const places = [start, lowest, highest, end].sort((one, other) => one - other);
    places.forEach((place, at) => { if (at === 0 || place !== places[at - 1]) shown.push(place); });
  };
  for (let at = 1; at < points; at += 1) {
    const here = columnOf(at);
    if (here !== column) {
      close(at - 1);
      [start, lowest, highest, column] = [at, at, at, here];
    } else if (ys[at] < ys[lowest]) lowest = at;
    else if (ys[at] > ys[highest]) highest = at;
  }
  close(points - 1);
  return shown;
}
