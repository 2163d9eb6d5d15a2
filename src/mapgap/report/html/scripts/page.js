// Reads the data, keeps the state, and has every view drawn again when it changes.

/** The page of the run that the address names; those of the others are made when they are chosen. */
async function start() {
  const begun = performance.now();
  const place = runOfAddress();
  const [ofTruth, ofRun] = await Promise.all(["truth", `run-${place}`].map(inflate));
  const truth = readTruth(manifest.truth, { truth: ofTruth });
  const pages = runPages(truth);
  const page = await pages.show(place, ofRun, (own) => stateFromAddress(truth, own));
  page.timings.ready = performance.now() - begun;
  window.addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return; // a link to a section
    pages.show(runOfAddress(), null, (own) => stateFromAddress(truth, own));
  });
  window.mapgap.page = () => pages.shown();
  return page;
}

/** One page a run, each with a `main` of its own, of which one is shown. */
function runPages(truth) {
  const mains = manifest.runs.map((_, place) =>
    (place === 0 ? document : document.getElementById(`mapgap-run-${place}`).content).querySelector("main"));
  const runs = manifest.runs.map((record, place) => once(async (bytes) => {
    const chunk = `run-${place}`;
    return readRun(record, { [chunk]: bytes ?? await inflate(chunk) }, truth);
  }));
  const pages = [];
  let shown = null;
  let wanted = null;

  /** Shows a run in a state that depends on its own threshold. */
  async function show(place, bytes, stateOf) {
    wanted = place;
    const run = await runs[place](bytes);
    if (wanted !== place) return shown; // another was chosen meanwhile
    Object.assign(state, stateOf(manifest.runs[place].threshold), { run: place });
    if (shown && shown === pages[place]) {
      await shown.change({});
      return shown;
    }
    shown?.bar.remove();
    document.querySelector("main").replaceWith(mains[place]);
    pages[place] ??= makePage(truth, run, place, choose);
    shown = pages[place];
    mains[place].before(shown.bar);
    shown.redraw();
    return shown;
  }

  /** Another run under the same filter, at the threshold of its own: scores of two detectors do not mean the same. */
  async function choose(place) {
    const page = await show(place, null, (own) => ({ threshold: own }));
    page.runSelect.focus({ preventScroll: true }); // what had the focus is gone
    return page;
  }

  return { show, shown: () => shown };
}

function makePage(truth, run, place, chooseRun) {
  const record = manifest.runs[place];
  const page = {
    place,
    chooseRun,
    truth,
    run,
    state,
    ownThreshold: record.threshold,
    position: 0,
    timings: {},
    members: null,
    pairs: null,
    tally: null,
    whole: null,
    words: { percent, fraction },
    presence: once(() => presenceOf(truth, run)),
    curve: () => curveOf(truth, run, page.members),
    roc: (category) => rocCurve(truth, run, page.presence(), category),
    reliability: () => reliabilityOf(run, page.members),
    imageLevel: () => imageLevelAt(truth, page.presence(), page.position),
    /** Takes new values for parts of the state and draws at the next frame. */
    change(patch) {
      Object.assign(state, patch);
      wanted ??= new Promise((resolve) => { requestAnimationFrame(() => { wanted = null; redraw(); resolve(); }); });
      return wanted;
    },
  };
  let wanted = null;
  let membersOfWhere = null;
  const needRows = [mountHeadline, mountSlices, mountClasses, mountImages, mountMatrix, mountCurves, mountSorting];
  const always = [mountGallery, mountHotSpots, mountGap, mountMissed, mountHeatMap, mountComparison];
  const views = [mountBar, ...(run.rows ? needRows : []), ...always].map((mount) => mount(page));
  mountRuns(page);

  function redraw() {
    const begun = performance.now();
    const where = JSON.stringify(state.where);
    if (where !== membersOfWhere) {
      page.members = membersOf(truth, run, state);
      membersOfWhere = where;
      page.whole = wholeTally(truth, run, page.members);
    }
    const isFiltered = where !== "{}";
    if (run.keptRows !== null) state.threshold = null; // each class has its own, which no address moves
    const isAsReported = state.threshold === record.threshold && !isFiltered;
    if (!isAsReported) state.threshold = knownThreshold(run, state.threshold);
    page.position = positionOf(run, state.threshold);
    page.pairs = leftOverPairs(truth, run, page.position);
    page.tally = tallyAt(truth, run, page.position, page.pairs, page.members);
    page.timings.tally = performance.now() - begun;
    document.body.classList.toggle("moved", !isAsReported); // what is not counted again turns grey
    const { tally, whole, position } = page;
    for (const view of views) view.draw({ tally, whole, position, isFiltered, isAsReported });
    const address = addressOfState(truth, record.threshold);
    if (address !== location.hash.slice(1) && (address || location.hash.includes("="))) {
      keepAddress(address);
    }
    page.timings.redraw = performance.now() - begun;
  }
  page.redraw = redraw;
  return page;
}

/** The threshold, or the lowest at which the file knows all detections. */
function knownThreshold(run, threshold) {
  if (!run.leftOut || run.keptRows !== null) return threshold;
  return Math.max(threshold ?? run.leftOut.below_score, run.leftOut.below_score);
}

mountFrame();
window.mapgap = {};
window.mapgap.ready = start();
