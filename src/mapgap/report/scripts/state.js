// The one state of the page: threshold, filter and which errors to show, kept in the address so that a view can be linked.

const state = { run: 0, threshold: null, where: {}, cause: null, cell: null };

/** The state that the address tells; parts that mean nothing here are left out. */
function stateFromAddress(truth, runs) {
  const told = new URLSearchParams(location.hash.slice(1));
  const found = { run: 0, threshold: undefined, where: {}, cause: causeOf(told.get("cause")), cell: cellOf(truth, told.get("cell")) };
  const run = runs.findIndex((one) => one.name === told.get("run"));
  if (run >= 0) found.run = run;
  const score = told.get("s");
  if (score === "all") found.threshold = null;
  else if (score !== null && score.trim() !== "" && Number.isFinite(Number(score))) found.threshold = Number(score);
  for (const attribute of truth.attributes) {
    const code = valueTexts(attribute).indexOf(told.get(`where.${attribute.name}`));
    if (code >= 0) found.where[attribute.name] = code;
  }
  return found;
}

function addressOfState(truth, runs, own) {
  const told = new URLSearchParams();
  if (state.run > 0) told.set("run", runs[state.run].name);
  if (state.threshold !== own) told.set("s", state.threshold === null ? "all" : String(state.threshold));
  for (const attribute of truth.attributes) {
    const code = state.where[attribute.name];
    if (code !== undefined) told.set(`where.${attribute.name}`, valueTexts(attribute)[code]);
  }
  if (state.cause !== null) told.set("cause", CAUSES[state.cause]);
  if (state.cell !== null) told.set("cell", state.cell.map((place) => cellWord(truth, place)).join("."));
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
