// The one state of the page: run, threshold, filter and which errors to show, kept in the address so that a view can be linked.

// `kind` "missed" shows missed objects only; null shows false positives too.
const state = { run: 0, threshold: null, where: {}, cause: null, cell: null, kind: null };

/** The state that the address tells; parts that mean nothing here are left out. `own` is the threshold of the report. */
function stateFromAddress(truth, own) {
  const told = new URLSearchParams(location.hash.slice(1));
  const codes = truth.attributes
    .map((attribute) => [attribute.name, valueTexts(attribute).indexOf(told.get(`where.${attribute.name}`))])
    .filter(([, code]) => code >= 0);
  return {
    threshold: thresholdOf(told.get("s"), own),
    where: Object.fromEntries(codes),
    cause: causeOf(told.get("cause")),
    cell: cellOf(truth, told.get("cell")),
    kind: told.get("kind") === "missed" ? "missed" : null,
  };
}

/** The place of the run that the address tells; the first where it tells none. */
function runOfAddress() {
  const told = new URLSearchParams(location.hash.slice(1)).get("run");
  return Math.max(0, manifest.runs.findIndex(({ name }) => name === told));
}

function thresholdOf(text, own) {
  if (text === "all") return null;
  return text !== null && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : own;
}

/** Writes the state into the address. The frame in a notebook has no address of its own: no view of it can be linked. */
function keepAddress(address) {
  try {
    history.replaceState(null, "", `#${address}`);
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
  }
}

function addressOfState(truth, own) {
  const told = new URLSearchParams();
  if (state.run > 0) told.set("run", manifest.runs[state.run].name);
  if (state.threshold !== own) told.set("s", state.threshold === null ? "all" : String(state.threshold));
  for (const attribute of truth.attributes.filter(({ name }) => Object.hasOwn(state.where, name))) {
    told.set(`where.${attribute.name}`, valueTexts(attribute)[state.where[attribute.name]]);
  }
  if (state.cause !== null) told.set("cause", CAUSES[state.cause]);
  if (state.cell !== null) told.set("cell", state.cell.map((place) => cellWord(truth, place)).join("."));
  if (state.kind !== null) told.set("kind", state.kind);
  return told.toString();
}

/** The code of a cause by its name; null for anything else. */
function causeOf(name) {
  const code = CAUSES.indexOf(name);
  return code < 0 ? null : code;
}

/** A class in the address of a cell: its id, as names may occur twice. */
function cellWord(truth, place) {
  return place === truth.classes.length ? "background" : truth.classId(place);
}

/** [truth, predicted] from text such as "1.background"; null for anything that is no cell. */
function cellOf(truth, text) {
  if (text === null) return null;
  const words = Array.from({ length: truth.classes.length + 1 }, (_, place) => cellWord(truth, place));
  const cell = text.split(".").map((word) => words.indexOf(word));
  return cell.length === 2 && cell.every((place) => place >= 0) ? cell : null;
}

/** Values as JSON, so that the text "1" and the number 1 are two. */
function valueTexts(attribute) {
  return attribute.values.map((value) => JSON.stringify(value));
}

/** The codes of the values that a slice names, as JSON; names and values the page does not know are left out. */
function codesOfWhere(truth, text) {
  const codes = Object.entries(JSON.parse(text)).map(([name, value]) => {
    const attribute = truth.attributes.find((one) => one.name === name);
    return [name, attribute ? valueTexts(attribute).indexOf(JSON.stringify(value)) : -1];
  });
  return {
    where: Object.fromEntries(codes.filter(([, code]) => code >= 0)),
    ignored: codes.filter(([, code]) => code < 0).map(([name]) => name),
  };
}
