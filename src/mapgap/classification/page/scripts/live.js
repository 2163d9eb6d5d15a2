// The numbers that move with the threshold, in the words of the static page; without a slider nothing moves.

function mountFigures() {
  const figures = new Map([...document.querySelectorAll("#headline .figure")].map((figure) => [figure.dataset.figure, figure]));
  const told = document.querySelector("#headline .decision");
  const reported = told.textContent;
  const set = (name, value, note) => {
    say(figures.get(name).querySelector(".value"), value);
    if (note) say(figures.get(name).querySelector(".note-text"), note);
  };
  return {
    draw({ classes, rows, threshold }) {
      const positive = classes[manifest.positive];
      const { tp, fp, fn, tn } = positive;
      const rates = ratesOf(positive);
      set("accuracy", percent(ratio(tp + tn, rows)), `${count(tp + tn)} of ${count(rows)} samples`);
      set("precision", percent(rates.precision), `${count(tp)} of ${count(tp + fp)}`);
      set("recall", percent(rates.recall), `${count(tp)} of ${count(tp + fn)}`);
      set("specificity", percent(rates.specificity), `${count(tn)} of ${count(tn + fp)}`);
      set("F1", fraction(rates.f1));
      say(told, threshold === null ? reported : `${manifest.positive_text} from score ${threshold} up`);
    },
  };
}

function mountClasses() {
  const table = document.querySelector("#classes table");
  const body = [...table.tBodies[0].rows];
  return {
    draw({ classes }) {
      classes.forEach((counts, place) => {
        const { tp, fp, fn, tn } = counts;
        [tp + fn, tp + fp, tp, fp, fn, tn].forEach((number, at) => say(body[place].cells[at + 1], count(number)));
        setRates(body[place].cells, ratesOf(counts));
      });
      const { micro, macro, over } = meansOf(classes);
      const [microRow, macroRow] = table.tFoot.rows;
      setRates(microRow.cells, micro);
      setRates(macroRow.cells, macro);
      RATES.forEach((key, at) => say(macroRow.cells[7 + at].querySelector("small"), `over ${count(over[key])}`));
    },
  };
}

/** The first text of each cell; the small print behind it stays. */
function setRates(cells, rates) {
  RATES.forEach((key, at) => setFirst(cells[7 + at], key === "f1" ? fraction(rates[key]) : percent(rates[key])));
}

function setFirst(cell, text) {
  const [first] = cell.childNodes;
  if (first && first.nodeType === Node.TEXT_NODE) {
    if (first.data !== text) first.data = text;
  } else cell.prepend(text);
}

function mountSlices(page) {
  const rows = [...document.querySelectorAll("#slices tbody tr")].map((row) => ({ row, where: JSON.parse(row.dataset.where) }));
  return {
    draw({ prediction, rows: all, classes }) {
      const allRight = classes.reduce((sum, { tp }) => sum + tp, 0);
      for (const { row, where } of rows) {
        const counts = sliceCounts(page.samples, prediction, where);
        const number = counts.reduce((sum, own) => sum + own.number, 0);
        const right = counts.reduce((sum, own) => sum + own.right, 0);
        setFirst(row.cells[2], count(number - right));
        setFirst(row.cells[3], percent(ratio(right, number)));
        setFirst(row.cells[4], percent(ratio(allRight - right, all - number)));
        counts.forEach((own, place) => setFirst(row.cells[6 + place], own.number ? `${percent(own.right / own.number)} of ${count(own.number)}` : DASH));
      }
    },
  };
}

/** The point of the threshold on each curve. */
function mountPoints() {
  const roc = document.querySelector('figure[data-chart="roc"]');
  const other = document.querySelector('figure[data-chart="precision-recall"]');
  if (!roc || !other) return { draw() {} };
  const dots = [roc, other].map((figure) => {
    const dot = pointOfThreshold();
    figure.querySelector(".drawn").after(dot);
    return dot;
  });
  return {
    draw({ classes, threshold }) {
      const { tp, fp, fn, tn } = classes[manifest.positive];
      const [positives, negatives] = [tp + fn, fp + tn];
      move(dots[0], threshold === null ? null : [fp / negatives, tp / positives]);
      move(dots[1], threshold === null || !(tp + fp) ? null : [tp / positives, tp / (tp + fp)]);
      tell(roc, `recall ${shareOf(tp, positives)}, false positive rate ${shareOf(fp, negatives)}`);
      tell(other, `precision ${shareOf(tp, tp + fp)}, recall ${shareOf(tp, positives)}`);
    },
  };
}

function pointOfThreshold() {
  return draw("circle", { r: 5, class: "live", visibility: "hidden" });
}

const CHART = { left: 44, right: 330, top: 24, bottom: 192 }; // as in charts.py

function move(dot, point) {
  dot.setAttribute("visibility", point ? "visible" : "hidden");
  if (!point) return;
  dot.setAttribute("cx", CHART.left + point[0] * (CHART.right - CHART.left));
  dot.setAttribute("cy", CHART.bottom - point[1] * (CHART.bottom - CHART.top));
}

function tell(figure, words) {
  say(figure.querySelector(".readout"), words);
  figure.querySelector("svg").setAttribute("aria-label", `${figure.querySelector("b").textContent}: ${words}`);
}

function shareOf(part, whole) {
  return whole ? `${percent(part / whole)} of ${count(whole)}` : `${DASH} of 0`;
}
