// The samples behind a cell of the matrix or a blind spot, the surest mistakes first.

function mountSamples(page) {
  const place = document.getElementById("samples");
  const status = make("p", { class: "hidden", role: "status" });
  const content = make("div");
  place.replaceChildren(status, content);
  for (const card of document.querySelectorAll("#blind-spots .card")) {
    const chosen = { class_: Number(card.dataset.class), where: JSON.parse(card.dataset.where), title: card.querySelector("h3").textContent };
    card.append(make("p", { class: "show" }, make("button", {
      type: "button",
      onclick: () => { page.list(chosen); place.scrollIntoView({ block: "nearest" }); },
    }, "show the missed samples")));
  }
  return {
    draw({ prediction }) {
      const chosen = page.listed;
      if (!chosen) {
        content.replaceChildren();
        say(status, "");
        return;
      }
      const rows = surestFirst(page.samples, prediction, rowsOf(page.samples, prediction, chosen));
      const title = chosen.words ? [nameOf(chosen.words[0]), " taken for ", nameOf(chosen.words[1])] : ["missed: ", nameOf(chosen.title)];
      const text = plural(rows.length, "sample");
      say(status, `${text} listed`);
      content.replaceChildren(
        make("h3", {}, ...title),
        make("p", {}, make("span", {}, text), make("button", { type: "button", onclick: () => page.list(null) }, "close the list")),
        ...(rows.length ? [listOf(page.samples, prediction, rows.slice(0, manifest.list_length))] : []),
        ...(rows.length > manifest.list_length
          ? [make("p", { class: "note" }, `And ${count(rows.length - manifest.list_length)} more samples in samples.parquet.`)] : []));
    },
  };
}

function rowsOf(samples, prediction, { line, column, class_, where }) {
  const rows = where ? rowsWhere(samples, where) : Array.from({ length: samples.rows }, (_, row) => row);
  if (where) return rows.filter((row) => samples.truth[row] === class_ && prediction[row] !== class_);
  return rows.filter((row) => manifest.line_of[samples.truth[row]] === line && manifest.line_of[prediction[row]] === column);
}

/** How sure the classifier was of what it said; null without scores. */
function surenessOf(samples, prediction, row) {
  const own = scoresOf(samples, prediction[row]);
  if (own) return own[row];
  const other = manifest.positive === null ? null : scoresOf(samples, manifest.positive);
  return other ? -other[row] : null;
}

function surestFirst(samples, prediction, rows) {
  const sureness = new Map(rows.map((row) => [row, surenessOf(samples, prediction, row)]));
  return rows.sort((one, other) => (sureness.get(other) - sureness.get(one)) || one - other);
}

function listOf(samples, prediction, rows) {
  const isBinary = manifest.positive !== null && manifest.scored.length > 0;
  const scores = isBinary ? ["score"] : manifest.scored.length ? ["score", "score of the truth"] : [];
  const head = ["sample", "truth", "prediction", ...scores, ...manifest.attributes.map(({ name }) => name)];
  const score = (place, row) => {
    const column = scoresOf(samples, place);
    return column ? String(column[row]) : DASH;
  };
  const lines = rows.map((row) => make("tr", {},
    make("th", { scope: "row" }, samples.ids ? nameOf(samples.ids[row]) : `row ${row}`),
    make("td", {}, nameOf(manifest.labels[samples.truth[row]])),
    make("td", {}, nameOf(manifest.labels[prediction[row]])),
    ...(isBinary ? [manifest.positive] : scores.length ? [prediction[row], samples.truth[row]] : [])
      .map((place) => make("td", {}, score(place, row))),
    ...manifest.attributes.map(({ values }, at) => make("td", {}, nameOf(values[samples.codes[at][row]])))));
  const table = make("table", {},
    make("caption", { class: "hidden" }, "Samples"),
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, nameOf(text))))),
    make("tbody", {}, ...lines));
  return make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Samples" }, table);
}
