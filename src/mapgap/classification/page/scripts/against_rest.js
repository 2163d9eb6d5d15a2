// Of more than two classes: what a threshold on the score of one of them would give, one against the rest.

function mountAgainstRest(page) {
  const section = document.getElementById("curves");
  const classes = manifest.scored.filter((place) => page.samples.truth.includes(place));
  if (!classes.length) return { draw() {} };
  let place = classes[0];
  let threshold = null;
  const choice = make("select", {
    "aria-label": "Class", onchange: () => { place = Number(choice.value); begin(); draw(); },
  }, ...classes.map((one) => make("option", { value: one }, manifest.labels[one].trim() || "(no name)")));
  const slider = make("input", {
    type: "range", step: "any", "aria-label": "Score threshold of the class",
    oninput: () => { threshold = nearest(known, Number(slider.value)); draw(); },
    onkeydown: (event) => {
      const at = stepFrom(known, threshold, event.key);
      if (at === null) return;
      event.preventDefault();
      threshold = known[at];
      draw();
    },
  });
  const exact = make("output", { class: "threshold" });
  const words = make("p", { class: "readout" });
  section.querySelector(".charts").before(make("div", { class: "slider against-rest", role: "group", "aria-label": "One class against the rest" },
    make("p", {}, make("span", { class: "label" }, "one against the rest: "), choice, make("span", { class: "label" }, " from score "), exact, " up"),
    slider, words));
  let known = [];
  let dot = null;

  /** Begins where the share of the class among what is taken for it is as in the truth, as near as there is a score. */
  function begin() {
    const score = scoresOf(page.samples, place);
    known = [...new Set(score)].sort((one, other) => one - other);
    const falling = Float64Array.from(score).sort().reverse();
    threshold = falling[page.samples.truth.reduce((sum, own) => sum + (own === place ? 1 : 0), 0) - 1];
    slider.min = known[0];
    slider.max = known[known.length - 1];
    dot?.remove();
    dot = pointOfThreshold();
    section.querySelector(`figure[data-chart="roc-${place}"] .drawn`)?.after(dot);
  }

  function draw() {
    const counts = countsAgainstRest(page.samples, place, threshold);
    const { tp, fp, fn, tn } = counts;
    slider.value = String(threshold);
    slider.setAttribute("aria-valuetext", `score at least ${threshold}`);
    say(exact, String(threshold));
    say(words, `TP ${count(tp)}, FP ${count(fp)}, FN ${count(fn)}, TN ${count(tn)}: precision ${shareOf(tp, tp + fp)}, `
      + `recall ${shareOf(tp, tp + fn)}, specificity ${shareOf(tn, tn + fp)}, F1 ${fraction(f1Of(tp, fp, fn))}`);
    move(dot, tp + fn && fp + tn ? [fp / (fp + tn), tp / (tp + fn)] : null);
  }

  begin();
  draw();
  return { draw() {} };
}

function countsAgainstRest(samples, place, threshold) {
  const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
  const score = scoresOf(samples, place);
  for (let row = 0; row < samples.rows; row += 1) {
    const is = samples.truth[row] === place;
    if (score[row] >= threshold) counts[is ? "tp" : "fp"] += 1;
    else counts[is ? "fn" : "tn"] += 1;
  }
  return counts;
}
