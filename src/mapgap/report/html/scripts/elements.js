// Elements made of text nodes: nothing that comes from the data is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a child is an element, a text or null. */
function make(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** The same for a drawing. */
function draw(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/** Data as a word: isolated, so that right-to-left marks in it cannot turn its surroundings. */
function nameOf(text) {
  const shown = String(text);
  if (!shown.trim()) return make("span", { class: "muted" }, shown ? `(${shown.length} blanks)` : "(no name)");
  return make("bdi", { class: "name", title: shown.length > 28 ? shown : null }, shown);
}

/** Sets a text where it changed. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
