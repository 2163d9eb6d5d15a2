// The hot spots: a button on each card that shows its errors.

/** Gives each card of the ranked list its button. */
function mountHotSpots(page) {
  for (const card of document.querySelectorAll(".card[data-cause]")) {
    const cause = causeOf(card.dataset.cause);
    const { where, ignored } = codesOfWhere(page.truth, card.dataset.where);
    const show = () => page.showExamples({ where, cause, cell: null });
    const title = card.querySelector("h3").textContent;
    card.append(make("p", { class: "show" },
      make("button", { type: "button", "aria-label": `Show examples of ${title}`, onclick: show }, "show examples"),
      ignored.length ? make("small", {}, "not narrowed by ", ignored.flatMap((name, at) => [at ? ", " : null, nameOf(name)])) : null));
  }
}
