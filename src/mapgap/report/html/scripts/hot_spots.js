// The hot spots: a press on a card's title filters everything by it, the button shows its errors too.

/** Gives each card of the ranked list its buttons, and marks the card that is filtered by. */
function mountHotSpots(page) {
  const cards = [...document.querySelectorAll("#fix-first .card[data-cause]")].map((card) => mountCard(page, card));
  return {
    draw() {
      for (const { card, choose, isChosen } of cards) {
        const chosen = isChosen();
        if (chosen) card.setAttribute("aria-current", "true");
        else card.removeAttribute("aria-current");
        choose.setAttribute("aria-pressed", String(chosen));
      }
    },
  };
}

function mountCard(page, card) {
  const cause = causeOf(card.dataset.cause);
  const { where, ignored } = codesOfWhere(page.truth, card.dataset.where);
  const names = Object.keys(where);
  const heading = card.querySelector("h3");
  const title = heading.textContent.trim();
  const patch = { where, cause, cell: null, kind: null };
  const isChosen = () => {
    const { state } = page;
    return state.cause === cause && state.cell === null && state.kind === null
      && Object.keys(state.where).length === names.length && names.every((name) => state.where[name] === where[name]);
  };
  const choose = make("button", {
    type: "button", class: "as-text", "aria-pressed": "false",
    title: "Filter the whole page by this hot spot; again: take the filter back",
    onclick: () => page.change(isChosen() ? { ...patch, where: {}, cause: null } : patch),
  }, ...heading.childNodes);
  heading.replaceChildren(choose);
  card.append(make("p", { class: "show" },
    make("button", { type: "button", "aria-label": `Show examples of ${title}`, onclick: () => page.showExamples(patch) }, "show examples"),
    ignored.length ? make("small", {}, "not narrowed by ", ignored.flatMap((name, at) => [at ? ", " : null, nameOf(name)])) : null));
  return { card, choose, isChosen };
}
