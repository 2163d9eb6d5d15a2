// The missed small objects: how many for which cause at the threshold and within the filter, and a way to see them.

/** Takes over the section where there is one. */
function mountMissed(page) {
  const section = document.getElementById("missed");
  const { truth, run } = page;
  const size = truth.attributes.findIndex(({ name, values }) => name === "size" && values.includes("small"));
  if (!section || size < 0) return { draw() {} };
  const small = truth.attributes[size].values.indexOf("small");
  const lead = section.querySelector(".missed-lead");
  const rows = [...section.querySelectorAll("tr[data-cause]")].map((row) => ({ ...rememberRow(row), cause: causeOf(row.dataset.cause) }));
  const foot = section.querySelector("tfoot tr");
  const all = foot ? foot.cells[1] : null;
  const others = make("p", { class: "note" });
  const show = (cause) => page.showExamples({ where: { ...page.state.where, size: small }, kind: "missed", cause, cell: null });
  for (const { row, cause } of rows) {
    const label = row.cells[0];
    label.replaceChildren(make("button", { type: "button", class: "as-text", title: "Show these", onclick: () => show(cause) }, ...label.childNodes));
  }
  const button = make("button", { type: "button", onclick: () => show(null) }, "show these");
  (foot ? foot.closest(".scroll") : lead).after(others, make("p", { class: "show" }, button));
  return {
    draw({ position }) {
      const told = missedSmall(truth, run, position, page.members, truth.attributes[size].ofObject, small);
      say(lead, `${count(told.missed)} of ${count(told.objects)} small objects are missed ${page.state.threshold === page.ownThreshold ? "at the operating point" : "at this threshold"}${Object.keys(page.state.where).length ? " within the filter" : ""}.`);
      for (const { row, cause } of rows) say(row.cells[1], count(told.byCause[cause]));
      if (all) say(all, count(told.missed));
      const known = new Set(rows.map(({ cause }) => cause));
      say(others, CAUSES.map((_, cause) => cause).filter((cause) => told.byCause[cause] && !known.has(cause))
        .map((cause) => `${causeWords(cause)}: ${count(told.byCause[cause])}`).join(", "));
      button.disabled = told.missed === 0;
    },
  };
}

/** Objects of one value of an attribute, and those of them missed at a position, by cause. */
function missedSmall(truth, run, position, members, codes, code) {
  const byCause = new Uint32Array(CAUSES.length);
  let [objects, missed] = [0, 0];
  for (let object = 0; object < truth.objects; object += 1) {
    if (!members.objects[object] || codes[object] !== code) continue;
    objects += 1;
    if (run.foundRow[object] < position) continue;
    missed += 1;
    byCause[objectCauseAt(run, object)] += 1;
  }
  return { objects, missed, byCause };
}
