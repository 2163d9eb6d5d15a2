// Which errors the examples show: those of a position, a filter, a cause and a cell, costliest first.

/**
 * All that may be an error at some position, costliest first; the order itself no position moves.
 *
 * An entry below `truth.objects` is a missed object, `truth.objects` + row a false positive. `cost` is the gap owed at
 * the error's object, or by the detection itself where it points at none; on equal cost the higher score comes first,
 * then missed objects, then their order in the page.
 */
function errorsByCost(truth, run) {
  const { objects } = truth;
  const cost = new Float64Array(objects + run.rows);
  const score = new Float64Array(objects + run.rows).fill(-Infinity);
  for (let object = 0; object < objects; object += 1) {
    for (let debt = run.debts.starts[object]; debt < run.debts.starts[object + 1]; debt += 1) cost[object] += run.debts.gap[debt];
    const row = rowBehind(run, object);
    if (row >= 0) score[object] = run.score[row];
  }
  const entries = new Uint32Array(objects + run.rows);
  for (let object = 0; object < objects; object += 1) entries[object] = object;
  let number = objects;
  for (let row = 0; row < run.rows; row += 1) {
    if (run.cause[row] >= NO_ERROR) continue;
    cost[objects + row] = run.target[row] >= 0 ? cost[run.target[row]] : run.ownGap[row];
    score[objects + row] = run.score[row];
    entries[number++] = objects + row;
  }
  const order = entries.subarray(0, number)
    .sort((one, other) => cost[other] - cost[one] || (score[other] === score[one] ? one - other : score[other] - score[one]));
  return { order, cost };
}

/** The detection that tells most about an object while it is missed: the one that would match it, else the one behind its cause; -1 for none. */
function rowBehind(run, object) {
  return run.foundRow[object] < run.rows ? run.foundRow[object] : run.objectDetection[object] - 1;
}

/**
 * The errors at a position under members, cause and cell; one an image until all images had their turn.
 *
 * `cause` is a code or null, `cell` [truth, predicted] as positions of classes with their number for the background, or
 * null, `kind` "missed" where only missed objects are wanted. A cell holds its missed objects, in the row of the background its false positives that take none.
 */
function selectErrors(truth, run, { order }, { position, members, pairs, cause = null, cell = null, kind = null }) {
  const { objects } = truth;
  const isWanted = cell === null ? null : inCell(truth, run, pairs, cell);
  const chosen = new Uint32Array(order.length);
  let number = 0;
  for (let at = 0; at < order.length; at += 1) {
    const entry = order[at];
    if (entry < objects) {
      if (!members.objects[entry] || run.foundRow[entry] < position) continue;
      if (cause !== null && objectCauseAt(run, entry) !== cause) continue;
    } else {
      const row = entry - objects;
      if (kind !== null || row >= position || !members.rows[row]) continue;
      if (cause !== null && run.cause[row] !== cause) continue;
    }
    if (isWanted !== null && !isWanted(entry)) continue;
    chosen[number++] = entry;
  }
  return inTurns(truth, run, chosen.subarray(0, number));
}

/** Whether an entry stands in a cell of the matrix. */
function inCell(truth, run, pairs, [actual, predicted]) {
  const { objects } = truth;
  const background = truth.classes.length;
  if (actual === background) {
    const takes = new Set();
    run.candidates.rows.forEach((row, at) => { if (pairs.takes[at] >= 0) takes.add(row); });
    return (entry) => entry >= objects && run.category[entry - objects] === predicted && !takes.has(entry - objects);
  }
  return (entry) => {
    if (entry >= objects || truth.category[entry] !== actual) return false;
    const row = pairs.takenBy[entry];
    return (row < 0 ? background : run.category[row]) === predicted;
  };
}

function imageOf(truth, run, entry) {
  return entry < truth.objects ? truth.image[entry] : run.image[entry - truth.objects];
}

/** The first of each image, then the second of each, and so on; otherwise in the order given. */
function inTurns(truth, run, entries) {
  const seen = new Uint32Array(truth.images);
  const turn = new Uint32Array(entries.length);
  let most = 0;
  for (let at = 0; at < entries.length; at += 1) {
    turn[at] = seen[imageOf(truth, run, entries[at])]++;
    if (turn[at] > most) most = turn[at];
  }
  const perTurn = new Uint32Array(most + 1);
  for (let at = 0; at < entries.length; at += 1) perTurn[turn[at]] += 1;
  const next = startsOf(perTurn);
  const ordered = new Uint32Array(entries.length);
  for (let at = 0; at < entries.length; at += 1) ordered[next[turn[at]]++] = entries[at];
  return ordered;
}

/** What an entry is: its cause, image, object and detection (-1 for none), class and what it costs. */
function describeError(truth, run, { cost }, pairs, cell, entry) {
  if (entry >= truth.objects) {
    const row = entry - truth.objects;
    const object = run.target[row];
    return {
      isMissed: false, cause: run.cause[row], image: run.image[row], object, row, cost: cost[entry],
      category: object >= 0 ? truth.category[object] : run.category[row],
    };
  }
  const taker = cell === null ? -1 : pairs.takenBy[entry];
  return {
    isMissed: true, cause: objectCauseAt(run, entry), image: truth.image[entry], object: entry,
    row: taker >= 0 ? taker : rowBehind(run, entry), cost: cost[entry], category: truth.category[entry],
  };
}
