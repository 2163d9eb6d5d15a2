// Which of several runs the page shows.

/** The choice of the run for the bar; null where there is one run only. */
function runSelector(page) {
  if (manifest.runs.length < 2) return null;
  const options = manifest.runs.map(({ name }, place) => make("option", { selected: place === page.place }, name));
  page.runSelect = make("select", { onchange: () => page.chooseRun(page.runSelect.selectedIndex) }, options);
  return make("label", { class: "run" }, make("span", { class: "label" }, "run "), page.runSelect);
}

/** The names in the table of runs become buttons that show them; how to read of them elsewhere need not be told. */
function mountRuns(page) {
  document.querySelector("#runs .without-scripts")?.remove();
  for (const row of document.querySelectorAll("#runs tbody tr")) {
    const place = Number(row.dataset.run);
    if (place === page.place) continue;
    const [name] = row.cells;
    name.replaceChildren(make("button", { type: "button", class: "as-text", onclick: () => page.chooseRun(place) }, ...name.childNodes));
  }
}
