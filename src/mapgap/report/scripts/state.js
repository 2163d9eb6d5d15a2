// The one state of the page: threshold and filter, kept in the address so that a view can be linked.

const state = { run: 0, threshold: null, where: {} };

/** The state that the address tells; parts that mean nothing here are left out. */
function stateFromAddress(truth, runs) {
  const told = new URLSearchParams(location.hash.slice(1));
  const found = { run: 0, threshold: undefined, where: {} };
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
  return told.toString();
}

/** Values as JSON, so that the text "1" and the number 1 are two. */
function valueTexts(attribute) {
  return attribute.values.map((value) => JSON.stringify(value));
}
