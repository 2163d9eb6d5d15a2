// Every number of every view: from the matches and candidate pairs of a run, the threshold's position and a filter.

/**
 * How many rows are kept at a score threshold: those whose score is at least as high; all where it is null.
 *
 * Where each class has a threshold of its own, the rows come in that order and nothing moves them.
 */
function positionOf(run, threshold) {
  if (run.keptRows !== null) return run.keptRows;
  if (threshold === null) return run.rows;
  let low = 0;
  let high = run.rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (run.score[middle] >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Who is taken for whom among those left over at a position: one to one across classes, by falling score.
 *
 * `takenBy[object]` is the row that takes it or -1, `takes[row]` for the rows with candidates likewise.
 */
function leftOverPairs(truth, run, position) {
  const takenBy = new Int32Array(truth.objects).fill(-1);
  const { rows, starts, object } = run.candidates;
  const takes = new Int32Array(rows.length).fill(-1);
  for (let at = 0; at < rows.length && rows[at] < position; at += 1) {
    const row = rows[at];
    for (let place = starts[row]; place < starts[row + 1]; place += 1) {
      const candidate = object[place];
      if (run.foundRow[candidate] < position || takenBy[candidate] >= 0) continue;
      takenBy[candidate] = row;
      takes[at] = candidate;
      break;
    }
  }
  return { takenBy, takes };
}

/** The cause of a missed object at a position. */
function objectCauseAt(run, object) {
  return run.foundRow[object] < run.rows ? BELOW_THRESHOLD : run.objectCause[object];
}

/**
 * Which objects and rows belong to a filter by class and attributes: an error belongs where it is at home.
 *
 * A row belongs with its object; one that points at none by its own values. `wrong` are the false positives of any
 * score, `alone` those of them that point at nothing, and `aloneKeys` the keys of what these are by themselves.
 */
function membersOf(truth, run, filter) {
  const wanted = wantedCodes(truth, filter);
  const objects = new Uint8Array(truth.objects).fill(1);
  for (const { attribute, code } of wanted) keepWhere(objects, attribute.ofObject, code);
  const allowed = allowedKeys(run, wanted);
  const rows = new Uint8Array(run.rows);
  const wrong = new Uint32Array(run.rows);
  const alone = new Uint32Array(run.rows);
  let wrongs = 0;
  let alones = 0;
  for (let row = 0; row < run.rows; row += 1) {
    const target = run.target[row];
    const belongs = target >= 0 ? objects[target] : hasOwn(allowed, row);
    if (!belongs) continue;
    rows[row] = 1;
    if (run.cause[row] >= NO_ERROR) continue;
    wrong[wrongs++] = row;
    if (target < 0) alone[alones++] = row;
  }
  const aloneRows = alone.subarray(0, alones);
  return {
    objects,
    rows,
    wrong: wrong.subarray(0, wrongs),
    alone: aloneRows,
    aloneKeys: run.own.keys.map((keys) => inOrder(keys, aloneRows)),
  };
}

function keepWhere(objects, codes, code) {
  for (let object = 0; object < objects.length; object += 1) if (codes[object] !== code) objects[object] = 0;
}

/** For each wanted value the keys of the rows, and which of them are of rows that have it by themselves. */
function allowedKeys(run, wanted) {
  return wanted.map(({ index, code }) => {
    const own = run.own.ofAttribute[index];
    if (typeof own === "number") return { keys: run.category, isAllowed: new Uint8Array(run.own.sizes[0]).fill(own === code ? 1 : 0) };
    return { keys: run.own.keys[own.key], isAllowed: Uint8Array.from(own.codes, (value) => (value === code ? 1 : 0)) };
  });
}

function hasOwn(allowed, row) {
  for (let at = 0; at < allowed.length; at += 1) if (!allowed[at].isAllowed[allowed[at].keys[row]]) return false;
  return true;
}

/** How many of rising rows lie before a position. */
function before(rows, position) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The code of an attribute that a row which points at nothing has itself. */
function ownCode(truth, run, index, row) {
  const own = run.own.ofAttribute[index];
  return typeof own === "number" ? own : own.codes[run.own.keys[own.key][row]];
}

/** Sums by the codes of an attribute from sums by the keys of rows that point at nothing; `all` is that of all rows. */
function addOwn(sums, own, byKey, all) {
  if (typeof own === "number") sums[own] += all;
  else {
    const ofKey = byKey[own.key];
    for (let key = 0; key < ofKey.length; key += 1) if (ofKey[key]) sums[own.codes[key]] += ofKey[key];
  }
}

function wantedCodes(truth, filter) {
  return Object.entries(filter.where).map(([name, code]) => {
    const index = truth.attributes.findIndex((attribute) => attribute.name === name);
    return { attribute: truth.attributes[index], index, code };
  });
}

/** What no threshold moves: objects, images and gap of each cause and each value of each attribute. */
function wholeTally(truth, run, members) {
  const byCause = new Float64Array(CAUSES.length);
  const byCauseAt50 = new Float64Array(CAUSES.length);
  const gapAtObject = new Float64Array(truth.objects);
  const { debts } = run;
  for (let object = 0; object < truth.objects; object += 1) {
    if (!members.objects[object]) continue;
    for (let debt = debts.starts[object]; debt < debts.starts[object + 1]; debt += 1) {
      byCause[debts.cause[debt]] += debts.gap[debt];
      byCauseAt50[debts.cause[debt]] += debts.gapAt50[debt];
      gapAtObject[object] += debts.gap[debt];
    }
  }
  // What is owed at no object is background: it overlaps none, at any IoU.
  const ownGap = { all: 0, byKey: run.own.sizes.map((size) => new Float64Array(size)) };
  for (let at = 0; at < run.owing.length; at += 1) {
    const row = run.owing[at];
    if (!members.rows[row]) continue;
    const gap = run.ownGap[row];
    ownGap.all += gap;
    byCauseAt50[BACKGROUND] += run.ownGapAt50[row];
    for (let key = 0; key < ownGap.byKey.length; key += 1) ownGap.byKey[key][run.own.keys[key][row]] += gap;
  }
  byCause[BACKGROUND] += ownGap.all;
  const attributes = truth.attributes.map((attribute, index) => {
    const gap = new Float64Array(attribute.values.length);
    addOwn(gap, run.own.ofAttribute[index], ownGap.byKey, ownGap.all);
    return ofAttribute(truth, attribute, members, gapAtObject, gap);
  });
  return { byCause, byCauseAt50, gapAtObject, attributes };
}

function ofAttribute(truth, attribute, members, gapAtObject, gap) {
  const objects = new Uint32Array(attribute.values.length);
  const images = new Uint32Array(attribute.values.length);
  const lastImage = new Int32Array(attribute.values.length).fill(-1);
  for (let object = 0; object < truth.objects; object += 1) {
    if (!members.objects[object]) continue;
    const code = attribute.ofObject[object];
    objects[code] += 1;
    gap[code] += gapAtObject[object];
    if (lastImage[code] !== truth.image[object]) images[code] += 1; // objects come by image
    lastImage[code] = truth.image[object];
  }
  return { objects, images, gap };
}

/**
 * All counts at a position: outcomes, causes, classes, attributes and the cells of the matrix.
 *
 * Rates of a class: true positives and missed objects by the object's class, false positives by the predicted one.
 */
function tallyAt(truth, run, position, pairs, members) {
  const falsePositives = falsePositivesAt(truth, run, position, members);
  const missed = missedAt(truth, run, position, members);
  const tp = missed.classTp.reduce((sum, number) => sum + number, 0);
  const fn = missed.classFn.reduce((sum, number) => sum + number, 0);
  const aloneByKey = members.aloneKeys.map((keys, key) => counts(keys, falsePositives.alone, run.own.sizes[key]));
  const errors = CAUSES.map((_, cause) => falsePositives.byCause[cause] + missed.byCause[cause]);
  return {
    position,
    threshold: position > 0 ? run.score[position - 1] : null,
    tp,
    fp: falsePositives.total,
    fn,
    classTp: missed.classTp,
    classFp: falsePositives.classFp,
    classFn: missed.classFn,
    errors,
    falsePositivesOfCause: falsePositives.byCause,
    imagesOfCause: imagesOfCauses(truth, falsePositives.seen, missed.seen),
    attributes: truth.attributes.map((attribute, index) =>
      outcomesOfAttribute(run, attribute, run.own.ofAttribute[index], members, position, falsePositives, aloneByKey)),
    cells: matrixCells(truth, run, pairs, position, members, falsePositives.classFp),
  };
}

/** How often each of the first keys occurs. */
function counts(keys, number, size) {
  const found = new Uint32Array(size);
  for (let at = 0; at < number; at += 1) found[keys[at]] += 1;
  return found;
}

function falsePositivesAt(truth, run, position, members) {
  const byCause = new Uint32Array(CAUSES.length);
  const classFp = new Uint32Array(truth.classes.length);
  const atObject = new Uint32Array(truth.objects);
  const seen = new Uint8Array(CAUSES.length * truth.images);
  const { cause, category, image, target } = run;
  const { images } = truth;
  const rows = members.wrong.subarray(0, before(members.wrong, position));
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    byCause[cause[row]] += 1;
    classFp[category[row]] += 1;
    seen[cause[row] * images + image[row]] = 1;
    if (target[row] >= 0) atObject[target[row]] += 1;
  }
  return { total: rows.length, byCause, classFp, atObject, alone: before(members.alone, position), seen };
}

function missedAt(truth, run, position, members) {
  const byCause = new Uint32Array(CAUSES.length);
  const classTp = new Uint32Array(truth.classes.length);
  const classFn = new Uint32Array(truth.classes.length);
  const seen = new Uint8Array(CAUSES.length * truth.images);
  for (let object = 0; object < truth.objects; object += 1) {
    if (!members.objects[object]) continue;
    if (run.foundRow[object] < position) {
      classTp[truth.category[object]] += 1;
      continue;
    }
    const cause = objectCauseAt(run, object);
    classFn[truth.category[object]] += 1;
    byCause[cause] += 1;
    seen[cause * truth.images + truth.image[object]] = 1;
  }
  return { byCause, classTp, classFn, seen };
}

function imagesOfCauses(truth, first, second) {
  return CAUSES.map((_, cause) => {
    let images = 0;
    for (let at = cause * truth.images; at < (cause + 1) * truth.images; at += 1) images += first[at] | second[at];
    return images;
  });
}

/** True positives, false positives and misses of each value of an attribute. */
function outcomesOfAttribute(run, attribute, own, members, position, falsePositives, aloneByKey) {
  const values = attribute.values.length;
  const [tp, fp, fn] = [new Uint32Array(values), new Uint32Array(values), new Uint32Array(values)];
  const codes = attribute.ofObject;
  const { objects } = members;
  const { foundRow } = run;
  const { atObject, alone } = falsePositives;
  for (let object = 0; object < objects.length; object += 1) {
    if (!objects[object]) continue;
    const code = codes[object];
    if (foundRow[object] < position) tp[code] += 1;
    else fn[code] += 1;
    fp[code] += atObject[object];
  }
  addOwn(fp, own, aloneByKey, alone);
  return { tp, fp, fn };
}

/** The confusion matrix: counts by truth * labels + prediction, background the last label; a Map where it is large. */
function matrixCells(truth, run, pairs, position, members, classFp) {
  const labels = truth.classes.length + 1;
  const background = labels - 1;
  const cells = labels * labels <= 1 << 22 ? new Uint32Array(labels * labels) : new Map();
  const add = cells instanceof Map
    ? (cell, number) => cells.set(cell, (cells.get(cell) ?? 0) + number)
    : (cell, number) => { cells[cell] += number; };
  for (let object = 0; object < truth.objects; object += 1) {
    if (!members.objects[object]) continue;
    const category = truth.category[object];
    if (run.foundRow[object] < position) add(category * labels + category, 1);
    else if (pairs.takenBy[object] >= 0) add(category * labels + run.category[pairs.takenBy[object]], 1);
    else add(category * labels + background, 1);
  }
  // False positives that take an object stand in its row, the others in that of the background.
  const left = Int32Array.from(classFp);
  const { rows } = run.candidates;
  for (let at = 0; at < rows.length && rows[at] < position; at += 1) {
    if (pairs.takes[at] >= 0 && members.rows[rows[at]]) left[run.category[rows[at]]] -= 1;
  }
  left.forEach((number, category) => { if (number) add(background * labels + category, number); });
  return cells;
}
