// The examples: the selected errors as pictures and as a table, and as files to save.

const PICTURES_AT_A_TIME = 12;
const ERRORS_IN_TABLE = 100;
const LEAST_TOLD_ROUNDING = 0.05; // pixels
const REST = 60; // milliseconds without a change before the pictures follow: a slider in motion draws none

/** Fills the section of the examples; it is drawn while in sight. */
function mountGallery(page) {
  const { truth, run } = page;
  const section = document.getElementById("examples");
  const parts = galleryParts(page);
  section.append(parts.causes, parts.status, parts.pictures, parts.more, parts.actions, parts.table);
  section.hidden = false;
  linkInNavigation();
  const detectionBoxes = once(() => decodeBoxes(run, `boxes-${page.place}`));
  const byCost = once(() => errorsByCost(truth, run));
  let isInSight = false;
  let timer = null;
  let drawing = 0;
  let shown = null; // what is on the page: errors, boxes and how many pictures

  /** The errors of the state as it is now, described one by one when asked for. */
  page.selection = () => {
    const { position, members, pairs, state: { cause, cell, kind } } = page;
    const order = byCost();
    const entries = selectErrors(truth, run, order, { position, members, pairs, cause, cell, kind });
    return {
      number: entries.length,
      imageAt: (place) => imageOf(truth, run, entries[place]),
      at: (place) => describeError(truth, run, order, pairs, cell, entries[place]),
    };
  };
  page.showExamples = async (patch) => {
    await page.change(patch);
    section.scrollIntoView();
    section.querySelector("h2").focus({ preventScroll: true });
  };

  function drawSoon() {
    section.setAttribute("aria-busy", "true");
    clearTimeout(timer);
    if (isInSight) timer = setTimeout(drawNow, REST);
  }

  async function drawNow() {
    drawing += 1;
    const mine = drawing;
    const [boxes, crops] = await Promise.all([detectionBoxes(), cropsOfFile()]);
    if (mine !== drawing) return; // a later change draws
    const errors = page.selection();
    const pictured = crops && errors.number ? `. Pictures for ${count(numberWithPicture(truth, boxes, errors, crops))} of ${plural(errors.number, "error")} are in this file.` : "";
    shown = { errors, boxes, crops, pictured, pictures: 0 };
    parts.pictures.replaceChildren();
    addPictures();
    parts.table.replaceChildren(...tableOf(truth, run, boxes, errors, crops));
    for (const button of parts.actions.querySelectorAll("button")) button.disabled = errors.number === 0;
    section.removeAttribute("aria-busy");
  }

  function addPictures() {
    const { errors, boxes, crops, pictured } = shown;
    const until = Math.min(errors.number, shown.pictures + PICTURES_AT_A_TIME);
    for (; shown.pictures < until; shown.pictures += 1) {
      parts.pictures.append(figureOf(truth, run, boxes, errors.at(shown.pictures), crops));
    }
    say(parts.status, errors.number ? `${count(until)} of ${plural(errors.number, "error")} shown${pictured}` : "No such error at this threshold.");
    parts.more.hidden = until === errors.number;
  }

  parts.more.addEventListener("click", () => {
    const first = shown.pictures;
    addPictures();
    if (parts.more.hidden) parts.pictures.children[first].focus(); // the button is gone
  });
  parts.save((asText) => {
    const { errors, boxes } = shown;
    return asText(truth, run, boxes, Array.from({ length: errors.number }, (_, place) => errors.at(place)));
  });
  new IntersectionObserver((entries) => {
    isInSight = entries.at(-1).isIntersecting; // of several at once the last holds
    if (isInSight && section.hasAttribute("aria-busy")) drawSoon();
  }, { rootMargin: "200px" }).observe(section);

  return {
    draw({ tally }) {
      const { errors, falsePositivesOfCause } = tally;
      parts.drawCauses(page.state.kind === null ? errors : errors.map((number, code) => number - falsePositivesOfCause[code]));
      drawSoon();
    },
  };
}

/** The boxes of the detections, which nothing else needs. */
async function decodeBoxes(run, chunk) {
  const chunks = { [chunk]: await inflate(chunk) };
  return run.boxRecords.map((record) => run.sorted(column(record, chunks)));
}

function linkInNavigation() {
  const after = document.querySelector('nav a[href="#confusion"]');
  if (after && !document.querySelector('nav a[href="#examples"]')) after.after(make("a", { href: "#examples" }, "Examples"));
}

function galleryParts(page) {
  const save = [make("button", { type: "button" }, "save as COCO JSON"), make("button", { type: "button" }, "save as CSV")];
  const numbers = CAUSES.map(() => make("span"));
  const buttons = CAUSES.map((name, code) => make("button", {
    type: "button",
    onclick: () => page.change({ cause: page.state.cause === code ? null : code }),
  }, make("span", { class: `swatch cause-${name}`, "aria-hidden": "true" }), causeWords(code), " ", numbers[code]));
  return {
    causes: make("div", { class: "causes", role: "group", "aria-label": "Cause of the examples" }, buttons),
    status: make("p", { class: "note", role: "status" }),
    pictures: make("ul", { class: "gallery" }),
    more: make("button", { type: "button", hidden: true }, `show ${PICTURES_AT_A_TIME} more`),
    actions: make("p", { class: "actions" }, save[0], " ", save[1]),
    table: make("div"),
    drawCauses(errors) {
      errors.forEach((number, code) => {
        say(numbers[code], count(number));
        buttons[code].hidden = number === 0 && page.state.cause !== code;
        buttons[code].setAttribute("aria-pressed", String(page.state.cause === code));
      });
    },
    save(textOf) {
      save[0].addEventListener("click", () => saveAs("mapgap-examples.json", "application/json", `${JSON.stringify(textOf(errorsAsCoco), null, 1)}\n`));
      save[1].addEventListener("click", () => saveAs("mapgap-examples.csv", "text/csv", textOf(errorsAsCsv)));
    },
  };
}

function figureOf(truth, run, boxes, error, crops) {
  const sight = sightOf(truth, boxes, error);
  const crop = cropFor(crops, error.image, sight.frame);
  const record = errorRecord(truth, run, boxes, error);
  const facts = [
    record.score === null ? null : ["score ", String(record.score)],
    record.iou === null ? null : ["IoU ", fraction(record.iou)],
    error.cost > 0 ? ["gap ", fraction(error.cost, 4)] : null,
    ["image ", String(record.image_id)],
    record.file_name ? [linkedName(crops, error.image, record.file_name)] : null,
    record.object_id === null ? null : ["object ", String(record.object_id)],
    record.detection === null ? null : ["detection ", String(record.detection)],
    crops && !crop ? ["no picture in this file"] : null,
  ].filter((fact) => fact !== null);
  return make("li", { tabindex: -1 }, make("figure", {},
    pictureOf(truth, error, sight, crops, crop),
    make("figcaption", {},
      make("strong", {}, make("span", { class: `swatch cause-${record.cause}`, "aria-hidden": "true" }), causeWords(error.cause), ": ", classesOf(record)),
      make("small", {}, facts.flatMap((fact, at) => [at ? " · " : null, ...fact])))));
}

/** The class of the object; with that of the detection where it is another. */
function classesOf(record) {
  if (record.object_class === null) return [nameOf(record.detection_class)];
  if (record.detection_class === null || record.detection_class === record.object_class) return [nameOf(record.object_class)];
  return [nameOf(record.object_class), " as ", nameOf(record.detection_class)];
}

const TABLE_COLUMNS = [
  ["cause", (record) => record.cause.replace("_", " ")],
  ["error", (record) => record.error],
  ["class", (record) => (record.object_class === null ? DASH : nameOf(record.object_class))],
  ["detected as", (record) => (record.detection_class === null ? DASH : nameOf(record.detection_class))],
  ["score", (record) => record.score ?? DASH],
  ["IoU", (record) => fraction(record.iou)],
  ["area", (record) => (record.object_area === null ? DASH : count(Math.round(record.object_area)))],
  ["gap", (record) => fraction(record.gap, 4)],
  ["image", (record) => record.image_id],
  ["file", (record, link) => (record.file_name ? link(record.file_name) : DASH)],
  ["object", (record) => record.object_id ?? DASH],
  ["detection", (record) => record.detection ?? DASH],
];

/** What large pages say of their boxes. */
function roundingOf(run) {
  if (!(run.boxRoundedTo > LEAST_TOLD_ROUNDING)) return "";
  return ` Boxes of detections are rounded to ${run.boxRoundedTo} pixels, here and in the files; "detection" tells their place in your file.`;
}

/** The first errors as a table, with a line that tells how many there are. */
function tableOf(truth, run, boxes, errors, crops) {
  if (errors.number === 0) return [];
  const number = Math.min(errors.number, ERRORS_IN_TABLE);
  const caption = number < errors.number ? `The first ${number} of ${plural(errors.number, "error")}` : plural(errors.number, "error");
  const rows = Array.from({ length: number }, (_, place) => {
    const error = errors.at(place);
    const record = errorRecord(truth, run, boxes, error);
    const link = (text) => linkedName(crops, error.image, text);
    return make("tr", {}, TABLE_COLUMNS.map(([, cell], at) => (at ? make("td", {}, cell(record, link)) : make("th", { scope: "row" }, cell(record)))));
  });
  const head = make("thead", {}, make("tr", {}, TABLE_COLUMNS.map(([name]) => make("th", { scope: "col" }, name))));
  return [
    make("p", { class: "note" }, `${caption}. The files hold all of them.${roundingOf(run)}`),
    make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Table of the examples" },
      make("table", {}, make("caption", { class: "hidden" }, caption), head, make("tbody", {}, rows))),
  ];
}
