// The score threshold: a slider over a histogram of the scores.

const HISTOGRAM_BINS = 60;

/** The slider with what stands around it; `draw` brings it up to date. There must be a detection. */
function thresholdSlider(page) {
  const { run } = page;
  const [low, high] = [run.leftOut?.below_score ?? run.score[run.rows - 1], run.score[0]];
  const known = positionOf(run, low);
  const slider = make("input", {
    type: "range",
    min: low,
    max: high,
    step: "any",
    "aria-label": "Score threshold",
    oninput: () => page.change({ threshold: nearestScore(run, Number(slider.value)) }),
    onkeydown: (event) => {
      const rows = { ArrowRight: -1, ArrowUp: -1, ArrowLeft: 1, ArrowDown: 1 }[event.key];
      if (rows === undefined) return;
      event.preventDefault();
      page.change({ threshold: neighbour(run, known, page.position, rows) });
    },
  });
  const exact = make("output", { class: "threshold" });
  const reset = make("button", { type: "button", onclick: () => page.change({ threshold: page.ownThreshold }) }, "as reported");
  const picture = histogram(run, known, low, high, page.ownThreshold);
  const best = bestMark(page, picture, low, high);
  return {
    element: make("div", { class: "slider" },
      make("p", {}, make("span", { class: "label" }, "score ≥ "), exact, " ", reset),
      picture, slider, legend(page, best), leftOutNote(run)),
    draw(position) {
      const text = page.state.threshold === null ? "any" : String(page.state.threshold);
      slider.value = String(position ? run.score[position - 1] : high);
      slider.setAttribute("aria-valuetext", `score at least ${text}`);
      say(exact, text);
      reset.disabled = page.state.threshold === page.ownThreshold;
      best.draw();
    },
  };
}

/** The lowest score that is at least as high as a value; the highest of all where none is. */
function nearestScore(run, value) {
  return run.score[Math.max(1, positionOf(run, value)) - 1];
}

/** The next score above (-1) or below (1) those at a position. */
function neighbour(run, known, position, direction) {
  if (direction > 0) return run.score[Math.min(position, known - 1)];
  const lowest = run.score[Math.max(0, position - 1)];
  let row = position - 1;
  while (row > 0 && run.score[row] === lowest) row -= 1;
  return run.score[Math.max(0, row)];
}

/** How many detections score how much, from low to high, with a mark at the threshold of the report. */
function histogram(run, known, low, high, own) {
  const bins = new Uint32Array(HISTOGRAM_BINS);
  const width = high - low || 1;
  for (let row = 0; row < known; row += 1) {
    bins[Math.min(HISTOGRAM_BINS - 1, Math.floor(((run.score[row] - low) / width) * HISTOGRAM_BINS))] += 1;
  }
  const most = Math.max(1, ...bins.map((number) => Math.log1p(number)));
  const bars = [...bins].map((number, bin) => {
    const tall = (Math.log1p(number) / most) * 100;
    return draw("rect", { x: bin, y: 100 - tall, width: 0.9, height: tall });
  });
  const mark = own === null ? null : draw("line", {
    x1: ((own - low) / width) * HISTOGRAM_BINS, x2: ((own - low) / width) * HISTOGRAM_BINS, y1: 0, y2: 100,
  });
  return draw("svg", { class: "histogram", viewBox: `0 0 ${HISTOGRAM_BINS} 100`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Histogram of ${count(known)} scores, from ${low} to ${high}, counts on a logarithmic scale` }, bars, mark);
}

/** The threshold with the best F1 under the filter: a mark over the histogram, and a button that goes there. */
function bestMark(page, picture, low, high) {
  const { run } = page;
  const line = draw("line", { class: "best", y1: 0, y2: 100 });
  picture.append(line);
  const words = make("span");
  let threshold = null;
  const button = make("button", { type: "button", class: "as-text", onclick: () => page.change({ threshold }) },
    legendMark("best"), words);
  return {
    button,
    draw() {
      const { best, tp, fp, end, objects } = page.curve();
      button.hidden = best < 0;
      if (best < 0) {
        line.setAttribute("visibility", "hidden");
        return;
      }
      threshold = run.score[end[best] - 1];
      const x = ((threshold - low) / (high - low || 1)) * HISTOGRAM_BINS;
      for (const [name, value] of [["x1", x], ["x2", x], ["visibility", "visible"]]) line.setAttribute(name, value);
      say(words, `best F1 ${fraction(f1Of(tp[best], fp[best], objects - tp[best]))} at ${threshold}`);
    },
  };
}

/** What the two marks over the histogram mean. */
function legend(page, best) {
  const own = page.ownThreshold === null ? null : make("span", {}, legendMark("own"), `as reported ${page.ownThreshold}`);
  return make("p", { class: "legend" }, own, best.button);
}

function legendMark(name) {
  return draw("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, draw("line", { class: name, x1: 5, x2: 5, y1: 0, y2: 10 }));
}

/** What the file left out, for those who wonder why the slider ends there. */
function leftOutNote(run) {
  if (!run.leftOut) return null;
  const { detections, below_score: below } = run.leftOut;
  return make("p", { class: "note" }, `${plural(detections, "false positive")} below ${below} are not in this file.`);
}
