// The sticky bar: which run, from which score on, and the filter as chips.

/** Builds the bar; `draw` brings it up to date. */
function mountBar(page) {
  const threshold = thresholdControl(page);
  const own = ownWords(page);
  const grey = make("p", { class: "note moved-only" }, `Grey: as reported, at ${own} and without a filter.`);
  const chips = make("ul", { class: "chips", "aria-label": "Filter" });
  page.bar = make("div", { class: "controls", role: "region", "aria-label": "Run, score threshold and filter" },
    runSelector(page), threshold?.element, chips, addFilter(page), grey);
  makeRoomFor(page.bar);
  return {
    draw({ position }) {
      threshold?.draw(position);
      if (page.runSelect) page.runSelect.selectedIndex = page.place;
      chips.replaceChildren(...chipsOf(page.truth, page));
    },
  };
}

/** The slider; only words where each class has a threshold of its own, and nothing without a detection. */
function thresholdControl(page) {
  if (!page.run.rows) return null;
  if (page.run.keptRows === null) return thresholdSlider(page);
  return { element: make("p", { class: "own-thresholds" }, `At ${ONE_A_CLASS}, which this page does not move.`), draw() {} };
}

function ownWords({ run, ownThreshold }) {
  if (run.keptRows !== null) return ONE_A_CLASS;
  return ownThreshold === null ? "any score" : `score ≥ ${ownThreshold}`;
}

/** Keeps what is scrolled to below the bar, however tall it is: it grows with filters and on narrow screens. */
function makeRoomFor(bar) {
  new ResizeObserver(([{ target }]) => {
    if (target.isConnected) ROOM.replaceSync(`:root { scroll-padding-top: ${target.offsetHeight + 8}px; }`);
  }).observe(bar);
}

const ROOM = new CSSStyleSheet();
document.adoptedStyleSheets.push(ROOM);

/** What is filtered, each with a button that takes it back. */
function chipsOf(truth, page) {
  const { where, cause, cell, kind } = page.state;
  const chips = Object.entries(where).map(([name, code]) => {
    const attribute = truth.attributes.find((one) => one.name === name);
    const without = { ...where };
    delete without[name];
    const value = String(attribute.values[code]);
    return chip(page, `${name} ${value}`, [nameOf(name), " ", nameOf(value)], { where: without });
  });
  if (cause !== null) {
    const words = causeWords(cause);
    chips.push(chip(page, `examples: ${words}`, ["examples: ", words], { cause: null }));
  }
  if (kind !== null) chips.push(chip(page, "examples: missed objects", ["examples: missed objects"], { kind: null }));
  if (cell !== null) {
    const [actual, predicted] = cell.map((place) => (place === truth.classes.length ? "background" : truth.classes[place]));
    const shown = cell.map((place) => (place === truth.classes.length ? "background" : nameOf(truth.classes[place])));
    chips.push(chip(page, `examples: ${actual} as ${predicted}`, ["examples: ", shown[0], " as ", shown[1]], { cell: null }));
  }
  return chips;
}

function chip(page, told, shown, patch) {
  return make("li", {}, make("button", {
    type: "button", "aria-label": `Remove the filter ${told}`, onclick: () => page.change(patch),
  }, ...shown, " ×"));
}
