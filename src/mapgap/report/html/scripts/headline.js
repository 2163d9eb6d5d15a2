// The headline numbers at the operating point.

/** Takes over the figures of the static page that a threshold or a filter moves. */
function mountHeadline(page) {
  const figures = new Map([...document.querySelectorAll("#headline .figure[data-figure]")].map((figure) => [
    figure.dataset.figure,
    { value: figure.querySelector(".value"), note: figure.querySelector(".of"), element: figure },
  ]));
  const told = new Map([...figures].map(([name, { value, note }]) => [name, [value.textContent, note.textContent]]));
  const put = (name, value, note) => {
    const figure = figures.get(name);
    if (!figure) return;
    say(figure.value, value);
    say(figure.note, note);
  };
  return {
    draw({ tally, isAsReported }) {
      for (const [name, { element }] of figures) element.classList.toggle("whole-run", !isAsReported && !LIVE.has(name));
      if (isAsReported) {
        for (const [name, [value, note]] of told) put(name, value, note);
        return;
      }
      const { tp, fp, fn } = tally;
      put("precision", percent(ratio(tp, tp + fp)), `${count(tp)} of ${count(tp + fp)} detections`);
      put("recall", percent(ratio(tp, tp + fn)), `${count(tp)} of ${count(tp + fn)} objects`);
      put("F1", fraction(f1Of(tp, fp, fn)), thresholdNote(page));
    },
  };
}

function thresholdNote({ run, state }) {
  if (run.keptRows !== null) return `at ${ONE_A_CLASS}`;
  return state.threshold === null ? "every score counts" : `at score ≥ ${state.threshold}`;
}

const LIVE = new Set(["precision", "recall", "F1"]);
