// Elements made of text nodes: nothing that comes from the data is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

const FOR_PEOPLE = new Set(["title", "alt", "aria-label", "aria-valuetext", "aria-description"]);

// As in visible_text.py: what hides, or turns the text around it. Joiners are part of words behind Armenian only.
const HIDDEN = new RegExp("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u3164\\uffa0"
  + "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{d800}-\\u{dfff}\\ufdd0-\\ufdef\\ufffe\\uffff"
  + "\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e00ff}\\u{e01f0}-\\u{e0fff}]", "gu");

/** Text from the data as people read it: hidden characters by their code point. */
function visible(text) {
  return text.replace(HIDDEN, (sign, at) => {
    const code = sign.codePointAt(0);
    const isJoiner = code === 0x200c || code === 0x200d;
    if (isJoiner && at > 0 && text.charCodeAt(at - 1) > 0x58f && text.charCodeAt(at + 1) > 0x58f) return sign;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

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
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, FOR_PEOPLE.has(name) ? visible(String(value)) : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) element.append(child instanceof Node ? child : visible(String(child)));
  }
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
  const shown = visible(String(text));
  if (element.textContent !== shown) element.textContent = shown;
}
