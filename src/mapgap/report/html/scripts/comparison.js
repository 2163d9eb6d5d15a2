// What changed from one run to another: each number of objects shows them.

/** Makes the counts of fixed, broken and still missed objects ways to see them. */
function mountComparison(page) {
  const section = document.getElementById("changes");
  if (!section) return { draw() {} };
  const [before, after] = [Number(section.dataset.before), Number(section.dataset.after)];
  for (const number of section.querySelectorAll("[data-fate]")) {
    const { fate, cause, where } = number.dataset;
    const view = viewOfFate(fate, before, after, page.place);
    if (!view || manifest.found_by[view.other] === null) continue;
    const show = () => showObjects(page, view, { cause: cause ? causeOf(cause) : null, where: where ?? "{}" });
    number.replaceChildren(make("button", { type: "button", class: "as-text", title: "Show these", onclick: show }, ...number.childNodes));
  }
  return { draw() {} };
}

/** Where objects of a fate are errors: the run that misses them, and whether the other finds them; null for found ones. */
function viewOfFate(fate, before, after, shown) {
  if (fate === "fixed") return { run: before, other: after, isFound: true };
  if (fate === "broken") return { run: after, other: before, isFound: true };
  if (fate !== "missed_by_both") return null;
  return shown === after ? { run: after, other: before, isFound: false } : { run: before, other: after, isFound: false };
}

/** The examples of these objects, each run at its own operating point. */
async function showObjects(page, { run, other, isFound }, { cause, where }) {
  const shown = run === page.place ? page : await page.chooseRun(run);
  const foundBy = JSON.stringify({ [manifest.found_by[other]]: isFound ? "yes" : "no" });
  const codes = { ...codesOfWhere(shown.truth, where).where, ...codesOfWhere(shown.truth, foundBy).where };
  await shown.showExamples({ threshold: shown.ownThreshold, where: codes, cause, cell: null, kind: "missed" });
}
