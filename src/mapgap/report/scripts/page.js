// Reads the data, keeps the state, and has every view drawn again when it changes.

const manifest = JSON.parse(document.getElementById("mapgap-manifest").textContent);

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
    tally: null,
    fixed: null,
    words: { percent, fraction },
    imageLevel: () => imageLevelAt(truth, presenceOf(truth, run), page.position),
    /** Takes new values for parts of the state and draws at the next frame. */
    change(patch) {
      Object.assign(state, patch);
      wanted ??= new Promise((resolve) => { requestAnimationFrame(() => { wanted = null; redraw(); resolve(); }); });
      return wanted;
    },
  };
  let wanted = null;
  let members = null;
  let membersOfWhere = null;
  const told = stateFromAddress(truth, [record]);
  state.where = told.where;
  state.cause = told.cause;
  state.cell = told.cell;
  state.threshold = told.threshold === undefined ? record.threshold : told.threshold;
  const needRows = [mountBar, mountHeadline, mountSlices, mountClasses, mountImages, mountMatrix];
  const views = [...(run.rows ? needRows : []), mountGallery].map((mount) => mount(page));
  mountHotSpots(page);

  function redraw() {
    const begun = performance.now();
    const where = JSON.stringify(state.where);
    if (where !== membersOfWhere) {
      members = membersOf(truth, run, state);
      membersOfWhere = where;
      page.fixed = fixedTally(truth, run, members);
    }
    const isFiltered = where !== "{}";
    const isAsReported = state.threshold === record.threshold && !isFiltered;
    if (!isAsReported) state.threshold = knownThreshold(run, state.threshold);
    page.position = positionOf(run, state.threshold);
    const pairs = leftOverPairs(truth, run, page.position);
    page.pairs = pairs;
    page.members = members;
    page.tally = tallyAt(truth, run, page.position, pairs, members);
    page.timings.tally = performance.now() - begun;
    const { tally, fixed, position } = page;
    for (const view of views) view.draw({ tally, fixed, position, isFiltered, isAsReported });
    const address = addressOfState(truth, [record], record.threshold);
    if (address !== location.hash.slice(1) && (address || location.hash.includes("="))) {
      history.replaceState(null, "", `#${address}`);
    }
    page.timings.redraw = performance.now() - begun;
  }
  redraw();
  window.addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return; // a link to a section
    const next = stateFromAddress(truth, [record]);
    page.change({ ...next, threshold: next.threshold === undefined ? record.threshold : next.threshold });
  });
  return page;
}

/** The threshold, or the lowest at which the file knows all detections. */
function knownThreshold(run, threshold) {
  if (!run.leftOut) return threshold;
  return Math.max(threshold ?? run.leftOut.below_score, run.leftOut.below_score);
}

window.mapgap = { ready: start() };
