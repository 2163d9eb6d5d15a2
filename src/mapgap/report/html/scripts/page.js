// Reads the data, keeps the state, and has every view drawn again when it changes.

async function start() {
  const begun = performance.now();
  const names = ["truth", "run"];
  const inflated = await Promise.all(names.map(inflate));
  const chunks = Object.fromEntries(names.map((name, place) => [name, inflated[place]]));
  const truth = readTruth(manifest.truth, chunks);
  const run = readRun(manifest.run, chunks, truth);
  const page = makePage(truth, run, manifest.run);
  page.timings.ready = performance.now() - begun;
  return page;
}

function makePage(truth, run, record) {
  const page = {
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
  Object.assign(state, stateFromAddress(truth, record.threshold));
  const needRows = [mountBar, mountHeadline, mountSlices, mountClasses, mountImages, mountMatrix];
  const views = [...(run.rows ? needRows : []), mountGallery].map((mount) => mount(page));
  mountHotSpots(page);

  function redraw() {
    const begun = performance.now();
    const where = JSON.stringify(state.where);
    if (where !== membersOfWhere) {
      page.members = membersOf(truth, run, state);
      membersOfWhere = where;
      page.whole = wholeTally(truth, run, page.members);
    }
    const isFiltered = where !== "{}";
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
      history.replaceState(null, "", `#${address}`);
    }
    page.timings.redraw = performance.now() - begun;
  }
  redraw();
  window.addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return; // a link to a section
    page.change(stateFromAddress(truth, record.threshold));
  });
  return page;
}

/** The threshold, or the lowest at which the file knows all detections. */
function knownThreshold(run, threshold) {
  if (!run.leftOut) return threshold;
  return Math.max(threshold ?? run.leftOut.below_score, run.leftOut.below_score);
}

window.mapgap = { ready: start() };
