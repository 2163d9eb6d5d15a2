// Two attributes against each other: counts where their values meet, at the threshold and within the filter.

const MEASURES = [
  ["recall", (cell) => ratio(cell.tp, cell.tp + cell.fn), percent],
  ["missed objects", (cell) => cell.fn, count],
  ["precision", (cell) => ratio(cell.tp, cell.tp + cell.fp), percent],
  ["F1", (cell) => f1Of(cell.tp, cell.fp, cell.fn), (value) => fraction(value, 2)],
  ["gap", (cell) => cell.gap, fraction],
  ["errors", (cell) => cell.fp + cell.fn, count],
];
const SHARES = new Set(["recall", "precision", "F1"]);

/** Takes over the section where there is one; it counts only while it is in sight. */
function mountHeatMap(page) {
  const section = document.getElementById("heat-map");
  if (!section) return { draw() {} };
  const { truth } = page;
  const { attributes } = truth;
  const table = section.querySelector("table.heat");
  const limits = { values: Number(table.dataset.values), objects: Number(table.dataset.objects), images: Number(table.dataset.images) };
  const leftOut = section.querySelector(".heat-left-out");
  const known = attributes.map((_, index) => index).filter((index) => attributes[index].values.length > 1);
  const select = (label, options, chosen, take) => {
    const control = make("select", { "aria-label": label, onchange: () => { take(Number(control.value)); show(); } },
      options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
    return [make("span", { class: "label", "aria-hidden": "true" }, label), " ", control, " "];
  };
  const places = [table.dataset.down, table.dataset.across].map((name) => attributes.findIndex((one) => one.name === name));
  const names = known.map((index) => [index, optionText(attributes[index].name)]);
  table.dataset.shown = JSON.stringify(places); // the cells of the static page stay, and with them the focus
  let measure = 0;
  let stale = true;
  let isInSight = false;
  let counted = null; // what is on the page, for the tests and for choosing
  const note = make("p", { class: "note" });
  section.querySelector("p.note").after(make("div", { class: "modes" },
    select("rows", names, places[0], (index) => { places[0] = index; }),
    select("columns", names, places[1], (index) => { places[1] = index; }),
    select("number", MEASURES.map(([name], at) => [at, name]), 0, (at) => { measure = at; })), note);
  makeWalkable(table, (cell) => {
    if (stale) show();
    const [row, column] = [counted.rows[cell.parentElement.sectionRowIndex], counted.columns[cell.cellIndex - 1]];
    const [down, across] = places.map((index) => attributes[index].name);
    page.change({ where: { ...page.state.where, [down]: row, [across]: column } });
  });
  page.heatMap = () => { show(); return counted; };

  function show() {
    stale = false;
    const [down, across] = places;
    const rows = mostObjects(truth, down, limits.values);
    const columns = mostObjects(truth, across, limits.values);
    counted = { rows, columns, cells: pairTally(truth, page, down, across) };
    const isSame = down === across;
    say(note, isSame ? "Choose two different attributes." : "A press on a cell filters by both values.");
    const left = [[down, rows], [across, columns]].filter(([index, codes]) => codes.length < attributes[index].values.length)
      .map(([index, codes]) => `${count(attributes[index].values.length - codes.length)} of ${attributes[index].name}`);
    say(leftOut, left.length ? `Left out: ${left.join(", ")}.` : "");
    drawHeat(table, attributes, places, counted, MEASURES[measure], limits);
  }

  new IntersectionObserver((entries) => {
    isInSight = entries.at(-1).isIntersecting; // of several at once the last holds
    if (isInSight && stale) show();
  }, { rootMargin: "100px" }).observe(section);
  return {
    draw() {
      stale = true;
      if (isInSight) show();
    },
  };
}

/** The codes with most objects in the whole run, in natural order. */
function mostObjects(truth, index, most) {
  const { values, ofObject } = truth.attributes[index];
  const objects = new Uint32Array(values.length);
  for (let object = 0; object < truth.objects; object += 1) objects[ofObject[object]] += 1;
  return Array.from(objects.keys()).sort((one, other) => objects[other] - objects[one] || one - other)
    .slice(0, most).sort((one, other) => one - other);
}

/** What each pair of values holds: outcomes, images with objects, and gap, as arrays by first code * values + second. */
function pairTally(truth, page, down, across) {
  const { run, members, position, whole } = page;
  const [first, second] = [truth.attributes[down], truth.attributes[across]];
  const width = second.values.length;
  const size = first.values.length * width;
  const sums = Object.fromEntries(["objects", "images", "tp", "fp", "fn"].map((key) => [key, new Uint32Array(size)]));
  const gap = new Float64Array(size);
  const lastImage = new Int32Array(size).fill(-1);
  const { foundRow } = run;
  for (let object = 0; object < truth.objects; object += 1) {
    if (!members.objects[object]) continue;
    const cell = first.ofObject[object] * width + second.ofObject[object];
    sums.objects[cell] += 1;
    if (foundRow[object] < position) sums.tp[cell] += 1;
    else sums.fn[cell] += 1;
    gap[cell] += whole.gapAtObject[object];
    if (lastImage[cell] !== truth.image[object]) sums.images[cell] += 1; // objects come by image
    lastImage[cell] = truth.image[object];
  }
  const codeAlone = (row) => ownCode(truth, run, down, row) * width + ownCode(truth, run, across, row);
  const until = before(members.wrong, position);
  for (let at = 0; at < until; at += 1) {
    const row = members.wrong[at];
    const object = run.target[row];
    sums.fp[object >= 0 ? first.ofObject[object] * width + second.ofObject[object] : codeAlone(row)] += 1;
  }
  for (const row of run.owing) if (members.rows[row]) gap[codeAlone(row)] += run.ownGap[row];
  return { ...sums, gap, width };
}

function drawHeat(table, attributes, [down, across], { rows, columns, cells }, [name, valueOf, words], limits) {
  const at = (row, column) => {
    const place = row * cells.width + column;
    return Object.fromEntries(["objects", "images", "tp", "fp", "fn", "gap"].map((key) => [key, cells[key][place]]));
  };
  const grid = rows.map((row) => columns.map((column) => at(row, column)));
  const most = Math.max(0, ...grid.flat().map(valueOf).filter((value) => value !== null));
  const shown = JSON.stringify([down, across]);
  if (table.dataset.shown !== shown) {
    table.dataset.shown = shown;
    const [first, second] = [attributes[down], attributes[across]];
    table.tHead.rows[0].replaceChildren(
      make("td", { class: "corner" }, nameOf(first.name), " ↓ ", nameOf(second.name), " →"),
      ...columns.map((code) => make("th", { scope: "col" }, nameOf(second.values[code]))));
    table.tBodies[0].replaceChildren(...rows.map((code) => make("tr", {},
      make("th", { scope: "row" }, nameOf(first.values[code])), columns.map(() => make("td")))));
  }
  say(table.caption, `${name} by ${attributes[down].name} and ${attributes[across].name}`);
  grid.forEach((line, row) => line.forEach((cell, column) => drawHeatCell(table.tBodies[0].rows[row].cells[column + 1], cell, most)));

  function drawHeatCell(element, cell, largest) {
    const value = valueOf(cell);
    const isEmpty = cell.objects + cell.fp === 0;
    const isThin = cell.objects < limits.objects || cell.images < limits.images;
    const share = value === null ? 0 : SHARES.has(name) ? 1 - value : value / (largest || 1);
    const shade = Number(fixed(NUMBER_OF_MATRIX_SHADES * share, 0));
    say(element, isEmpty ? "" : words(value));
    element.className = isEmpty ? "zero" : isThin ? "thin" : shade ? `wrong-${shade}` : "";
    if (isEmpty) element.removeAttribute("title");
    else {
      element.setAttribute("title", `${count(cell.fn)} of ${plural(cell.objects, "object")} missed, `
        + `${plural(cell.fp, "false positive")}, gap ${fraction(cell.gap)}, ${plural(cell.images, "image")}${isThin ? ": too few to judge" : ""}`);
    }
  }
}
