// A filter by any class or attribute from the bar: an attribute, one of its values, add.

/** The control; it holds nothing but what is about to be added. */
function addFilter(page) {
  const { attributes } = page.truth;
  const known = attributes.filter(({ values }) => values.length > 1);
  if (!known.length) return null;
  const value = make("select", { "aria-label": "Value to filter by" });
  const attribute = make("select", { "aria-label": "Attribute to filter by", onchange: () => fill() },
    known.map(({ name }) => make("option", { value: attributes.findIndex((one) => one.name === name) }, optionText(name))));
  function fill() {
    value.replaceChildren(...attributes[Number(attribute.value)].values.map((one, code) => make("option", { value: code }, optionText(one))));
  }
  fill();
  const add = () => page.change({ where: { ...page.state.where, [attributes[Number(attribute.value)].name]: Number(value.value) } });
  return make("form", { class: "add-filter", onsubmit: (event) => { event.preventDefault(); add(); } },
    attribute, " ", value, " ", make("button", { type: "submit" }, "add filter"));
}

/** Data as an option, which holds plain text only. */
function optionText(text) {
  const shown = String(text);
  return shown.trim() ? shown : shown ? `(${shown.length} blanks)` : "(no name)";
}
