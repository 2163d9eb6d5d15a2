// The tables of the static page, kept up to date: slices, classes, images and the confusion matrix.

const NUMBER_OF_MATRIX_SHADES = 9;

/** What the static page says of a row, to say it again at the threshold of the report. */
function rememberRow(row) {
  return { row, told: [...row.cells].map((cell) => [...cell.childNodes]) };
}

function tellAsReported({ row, told }) {
  told.forEach((nodes, place) => row.cells[place].replaceChildren(...nodes));
  row.classList.remove("live");
}

/** One table row a value of an attribute. Its name becomes a button that filters by it. */
function mountSlices(page) {
  const { truth } = page;
  const lines = [];
  for (const row of document.querySelectorAll("#slices tr[data-where]")) {
    const [named] = Object.entries(codesOfWhere(truth, row.dataset.where).where);
    if (!named) continue;
    const [name, code] = named;
    const index = truth.attributes.findIndex((attribute) => attribute.name === name);
    const label = row.cells[0];
    label.replaceChildren(make("button", {
      type: "button", class: "as-text", onclick: () => page.change({ where: { ...page.state.where, [name]: code } }),
    }, ...label.childNodes));
    lines.push({ ...rememberRow(row), index, code, star: row.cells[5].textContent.endsWith("*") ? "*" : "" });
  }
  return {
    draw({ tally, whole, isAsReported, isFiltered }) {
      for (const line of lines) {
        if (isAsReported) {
          tellAsReported(line);
          continue;
        }
        const { cells } = line.row;
        const [tp, fp, fn] = ["tp", "fp", "fn"].map((key) => tally.attributes[line.index][key][line.code]);
        line.row.classList.add("live");
        cells[3].replaceChildren(missedBar(ratio(fn, tp + fn)), make("span", { class: "tally" }, count(fn)));
        say(cells[4], percent(ratio(tp, tp + fn)));
        say(cells[5], tp + fp ? `${percent(tp / (tp + fp))} of ${count(tp + fp)}${line.star}` : DASH);
        const f1 = f1Of(tp, fp, fn);
        say(cells[6], fraction(f1, 2) + (f1 === null ? "" : line.star));
        if (!isFiltered) {
          for (const place of [1, 2, 7, 8, 9]) cells[place].replaceChildren(...line.told[place]);
          continue;
        }
        const of = whole.attributes[line.index];
        say(cells[1], count(of.objects[line.code]));
        say(cells[2], count(of.images[line.code]));
        say(cells[7], DASH);
        say(cells[8], fraction(of.gap[line.code]));
        say(cells[9], DASH);
      }
    },
  };
}

function missedBar(share) {
  return draw("svg", { class: "mini", "aria-hidden": "true" },
    draw("rect", { width: "100%", height: "100%", class: "track" }),
    share === null ? null : draw("rect", { width: `${(share * 100).toFixed(3)}%`, height: "100%", class: "cause-missed" }));
}

function linesByClass(selector) {
  return [...document.querySelectorAll(selector)].map((row) => ({ ...rememberRow(row), place: Number(row.dataset.class) }));
}

/** One table row a class: precision by the predicted class, recall by that of the object. */
function mountClasses(page) {
  const lines = linesByClass("#classes tr[data-class]");
  return {
    draw({ tally, isAsReported }) {
      for (const line of lines) {
        if (isAsReported) {
          tellAsReported(line);
          continue;
        }
        const [tp, fp, fn] = [tally.classTp, tally.classFp, tally.classFn].map((column) => column[line.place]);
        line.row.classList.add("live");
        say(line.row.cells[8], tp + fp ? `${percent(tp / (tp + fp))} of ${count(tp + fp)}` : DASH);
        say(line.row.cells[9], percent(ratio(tp, tp + fn)));
        say(line.row.cells[10], fraction(f1Of(tp, fp, fn), 2));
      }
    },
  };
}

/** The confusion matrix by the lines of the static one. */
function mountMatrix(page) {
  const table = document.querySelector("#confusion table.matrix");
  if (!table) return { draw() {} };
  const shown = table.dataset.classes ? table.dataset.classes.split(" ").map(Number) : [];
  const classes = page.truth.classes.length;
  const lines = shown.length + (table.dataset.summed ? 1 : 0) + 1;
  const lineOf = new Uint32Array(classes + 1).fill(shown.length);
  shown.forEach((category, line) => { lineOf[category] = line; });
  lineOf[classes] = lines - 1;
  const mixed = table.dataset.summed ? shown.length : -1;
  let mode = "count";
  let drawn = null;
  const modes = make("div", { class: "modes", role: "group", "aria-label": "What the cells say" },
    [["count", "count"], ["truth", "% of truth"], ["prediction", "% of predictions"]].map(([key, word]) => make("button", {
      type: "button", "data-mode": key, "aria-pressed": String(key === mode), onclick: () => { mode = key; show(); },
    }, word)));
  table.parentElement.before(modes);
  makeWalkable(table, choose);

  /** The errors of a cell become the examples; the line of several classes has none of its own. */
  function choose(cell) {
    if (cell.cellIndex > lines) return;
    const chosen = [cell.parentElement.sectionRowIndex, cell.cellIndex - 1];
    if (chosen.includes(mixed) || chosen[0] === chosen[1]) return;
    page.showExamples({ cell: chosen.map((line) => (line === lines - 1 ? classes : shown[line])), cause: null, kind: null });
  }

  function show() {
    for (const button of modes.children) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    const counts = linesOf(drawn, lineOf, classes + 1, lines);
    const rowSums = counts.map((row) => row.reduce((sum, number) => sum + number, 0));
    const columnSums = rowSums.map((_, column) => counts.reduce((sum, row) => sum + row[column], 0));
    counts.forEach((row, place) => {
      row.forEach((number, column) => drawCell(place, column, number, rowSums[place], columnSums[column]));
      say(table.tBodies[0].rows[place].cells[lines + 1], count(rowSums[place]));
    });
    const foot = table.tFoot.rows[0].cells;
    columnSums.forEach((number, column) => say(foot[column + 1], count(number)));
    say(foot[lines + 1], count(rowSums.reduce((sum, number) => sum + number, 0)));
  }

  function drawCell(place, column, number, rowSum, columnSum) {
    const cell = table.tBodies[0].rows[place].cells[column + 1];
    const isRight = place === column && place < lines - 1;
    const isShaded = number > 0 && !(place === mixed && isRight);
    const shade = Math.max(1, Math.min(NUMBER_OF_MATRIX_SHADES, Number(fixed((NUMBER_OF_MATRIX_SHADES * number) / rowSum, 0))));
    cell.className = number === 0 ? "zero" : isShaded ? `${isRight ? "right" : "wrong"}-${shade}` : "";
    if (number) cell.setAttribute("title", `${percent(number / rowSum)} of ${count(rowSum)}`);
    else cell.removeAttribute("title");
    if (mode === "count") say(cell, count(number));
    else say(cell, number ? percent(number / (mode === "truth" ? rowSum : columnSum)) : "0");
  }

  return {
    draw({ tally }) {
      drawn = tally.cells;
      show();
    },
  };
}

/** Counts by line from cells by label. */
function linesOf(cells, lineOf, labels, lines) {
  const counts = Array.from({ length: lines }, () => new Array(lines).fill(0));
  const add = (number, cell) => {
    if (number) counts[lineOf[Math.floor(cell / labels)]][lineOf[cell % labels]] += number;
  };
  cells.forEach(add); // of a typed array and of a Map alike: value, then place
  return counts;
}

/** Is the class in the image at all, by class. */
function mountImages(page) {
  const lines = linesByClass("#image-level tr[data-class]");
  return {
    draw({ position, isAsReported }) {
      const levels = isAsReported ? null : imageLevelAt(page.truth, page.presence(), position);
      for (const line of lines) {
        if (isAsReported) {
          tellAsReported(line);
          continue;
        }
        const [tp, fp, fn, tn] = ["tp", "fp", "fn", "tn"].map((key) => levels[key][line.place]);
        line.row.classList.add("live");
        [tp, fp, fn, tn].forEach((number, column) => say(line.row.cells[column + 1], count(number)));
        const all = tp + fp + fn + tn;
        say(line.row.cells[5], all ? `${percent((tp + tn) / all)} of ${count(all)}` : DASH);
        say(line.row.cells[6], tn + fp ? `${percent(tn / (tn + fp))} of ${count(tn + fp)}` : DASH);
      }
    },
  };
}
