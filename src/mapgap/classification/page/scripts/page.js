// Reads the samples, keeps the state, and has every view drawn again when it changes.

async function start() {
  const samples = await readSamples();
  const page = {
    samples,
    state: { threshold: null },
    listed: null,
    summedLine: summedLine(),
    /** Takes a new threshold, null for what was reported, and draws at the next frame. */
    change(patch) {
      Object.assign(page.state, patch);
      return redrawSoon();
    },
    /** Lists the samples of a cell or a blind spot; the same once more, or null, closes the list. */
    list(chosen) {
      const isSame = chosen && page.listed && JSON.stringify(chosen) === JSON.stringify(page.listed);
      page.listed = isSame ? null : chosen;
      redraw();
    },
  };
  const views = [mountMatrix(page), mountSamples(page)];
  if (manifest.is_live) views.push(mountSlider(page), mountFigures(), mountClasses(), mountSlices(page), mountPoints());
  else if (manifest.scored.length && document.querySelector("#curves .charts")) views.push(mountAgainstRest(page));
  const tables = [...document.querySelectorAll("#classes table, .slice-table table")].map(sortable);
  let wanted = null;

  function redrawSoon() {
    wanted ??= new Promise((resolve) => { requestAnimationFrame(() => { wanted = null; redraw(); resolve(); }); });
    return wanted;
  }

  function redraw() {
    const { threshold } = page.state;
    const prediction = predictionsAt(samples, threshold);
    const matrix = matrixOf(samples, prediction);
    const classes = manifest.is_live ? countsByClass(matrix) : null;
    document.body.classList.toggle("moved", threshold !== null);
    for (const view of views) view.draw({ threshold, prediction, matrix, classes, rows: samples.rows });
    for (const table of tables) table.sort();
  }

  page.redraw = redraw;
  redraw();
  return page;
}

/** The line of the matrix that stands for several classes; -1 if none does. */
function summedLine() {
  const last = Math.max(...manifest.line_of);
  return manifest.line_of.filter((line) => line === last).length > 1 ? last : -1;
}

window.mapgap = {};
window.mapgap.ready = start();
