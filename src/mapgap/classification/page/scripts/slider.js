// The threshold: a slider over a histogram of the scores, and the samples that are positive in a colour of their own.

const HISTOGRAM_BINS = 60;

function mountSlider(page) {
  const score = scoresOf(page.samples, manifest.positive);
  const known = [...new Set(score)].sort((one, other) => one - other);
  const [low, high] = [known[0], known[known.length - 1]];
  const slider = make("input", {
    type: "range", min: low, max: high, step: "any", "aria-label": "Score threshold",
    oninput: () => page.change({ threshold: nearest(known, Number(slider.value)) }),
    onkeydown: (event) => {
      const at = stepFrom(known, page.state.threshold ?? manifest.threshold ?? low, event.key);
      if (at === null) return;
      event.preventDefault();
      page.change({ threshold: known[at] });
    },
  });
  const exact = make("output", { class: "threshold" });
  const reset = make("button", { type: "button", onclick: () => page.change({ threshold: null }) }, "as reported");
  const bar = make("div", { class: "controls", role: "region", "aria-label": "Threshold" },
    make("div", { class: "slider" },
      make("p", {}, make("span", { class: "label" }, "score ≥ "), exact, " ", reset),
      histogramOf(page, score, low, high), slider,
      make("p", { class: "label moved-only" }, "Intervals, q and the list of blind spots are those of the report.")));
  document.querySelector("main").before(bar);
  return {
    draw({ threshold }) {
      const shown = threshold ?? manifest.threshold;
      const text = shown === null ? "as predicted" : String(shown);
      slider.value = String(shown ?? high);
      slider.setAttribute("aria-valuetext", shown === null ? "as predicted" : `score at least ${text}`);
      say(exact, text);
      reset.disabled = threshold === null;
    },
  };
}

/** Where a key leads from a threshold, among the known scores; null for a key that leads nowhere. */
function stepFrom(known, here, key) {
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -known.length, End: known.length }[key];
  if (step === undefined) return null;
  const above = firstFrom(known, here);
  const isBetween = known[above] !== here; // from between two scores to the next one that way
  return Math.max(0, Math.min(known.length - 1, above + step - (isBetween && step > 0 ? 1 : 0)));
}

/** The place of the first score that is at least a number; beyond the last where none is. */
function firstFrom(known, number) {
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nearest(known, number) {
  const above = Math.min(firstFrom(known, number), known.length - 1);
  const below = Math.max(0, above - 1);
  return number - known[below] < known[above] - number ? known[below] : known[above];
}

/** How many samples score how much: the positive ones below, the others stacked on them. */
function histogramOf(page, score, low, high) {
  const width = high - low || 1;
  const bins = Array.from({ length: HISTOGRAM_BINS }, () => [0, 0]);
  score.forEach((value, row) => {
    const bin = Math.min(HISTOGRAM_BINS - 1, Math.floor(((value - low) / width) * HISTOGRAM_BINS));
    bins[bin][page.samples.truth[row] === manifest.positive ? 0 : 1] += 1;
  });
  const most = Math.max(1, ...bins.map(([is, others]) => is + others));
  const bars = bins.flatMap(([is, others], x) => {
    const [tall, more] = [(is / most) * 100, (others / most) * 100];
    return [
      draw("rect", { x, y: 100 - tall, width: 0.9, height: tall, class: "is-positive" }),
      draw("rect", { x, y: 100 - tall - more, width: 0.9, height: more }),
    ];
  });
  return draw("svg", { class: "histogram", viewBox: `0 0 ${HISTOGRAM_BINS} 100`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Histogram of ${count(score.length)} scores, from ${low} to ${high}; the positive samples in a colour of their own` }, bars);
}
