// The gap by cause: of the whole run, or the part of it that the filtered objects owe. No threshold moves it.

/** Takes over the bars and the table of the static page; a press on a part chooses its cause. */
function mountGap(page) {
  const section = document.getElementById("gap");
  const bars = [...section.querySelectorAll("svg.gap-bar")].map((svg) => mountGapBar(page, svg));
  if (!bars.length) return { draw() {} };
  const note = make("p", { class: "note gap-note", role: "status" });
  const told = make("p", { class: "note" });
  section.querySelector(".gap-bars").append(told, note);
  for (const { parts } of bars) {
    for (const { rect, title } of parts) {
      for (const event of ["focus", "pointerenter"]) rect.addEventListener(event, () => say(note, title.textContent));
    }
  }
  const rows = [...section.querySelectorAll("tr[data-cause]")].map((row) => ({ ...rememberRow(row), cause: causeOf(row.dataset.cause) }));
  const known = new Set(rows.map(({ cause }) => cause));
  const others = make("p", { class: "note gap-others" }); // causes that have no error as reported have no row
  section.append(others);
  const foot = rememberRow(section.querySelector("tfoot tr"));
  const run = page.run.leftOut;
  const missing = run && run.gap > 0 ? ` False positives that this file does not hold owe ${fraction(run.gap)} more as background.` : "";
  return {
    draw({ tally, whole, isAsReported, isFiltered }) {
      const sums = [whole.byCauseAt50, whole.byCause].map((gaps) => gaps.reduce((sum, gap) => sum + gap, 0));
      bars.forEach((bar, place) => drawGapBar(page, bar, isFiltered ? [whole.byCauseAt50, whole.byCause][place] : null));
      say(told, isFiltered
        ? `Of the ${fraction(bars[1].total)} lacking over .5 to .95, ${fraction(sums[1])} is owed by what is filtered; `
          + `of the ${fraction(bars[0].total)} at IoU .5, ${fraction(sums[0])}. The threshold does not move the gap.${missing}`
        : "Press a part to choose its errors. The threshold does not move the gap.");
      const rest = CAUSES.map((_, cause) => cause).filter((cause) => tally.errors[cause] && !known.has(cause));
      say(others, rest.length ? `Among all errors: ${rest.map((cause) => `${causeWords(cause)} ${count(tally.errors[cause])}`).join(", ")}.` : "");
      for (const line of [...rows, foot]) tellAsReported(line);
      if (isAsReported) return;
      for (const { row, cause } of rows) {
        say(row.cells[5], count(tally.errors[cause]));
        say(row.cells[6], count(tally.imagesOfCause[cause]));
        if (!isFiltered || row.dataset.owes === undefined) continue;
        say(row.cells[1], fraction(whole.byCauseAt50[cause]));
        say(row.cells[2], fraction(whole.byCause[cause]));
        say(row.cells[3], percent(ratio(whole.byCause[cause], bars[1].total)));
      }
      say(foot.row.cells[5], count(tally.errors.reduce((sum, number) => sum + number, 0)));
      if (!isFiltered) return;
      say(foot.row.cells[1], fraction(sums[0]));
      say(foot.row.cells[2], fraction(sums[1]));
    },
  };
}

function mountGapBar(page, svg) {
  svg.setAttribute("role", "group");
  const total = Number(svg.dataset.total);
  const rest = draw("rect", { height: "100%", class: "track" }, draw("title", {}, "owed elsewhere"));
  const parts = [...svg.querySelectorAll("rect[data-cause]")].map((rect) => {
    const cause = causeOf(rect.dataset.cause);
    const title = rect.querySelector("title");
    const choose = () => page.change({ cause: page.state.cause === cause ? null : cause });
    furnish(rect, {
      role: "button", tabindex: 0, onclick: choose,
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      },
    }, []);
    return { rect, title, cause, x: rect.getAttribute("x"), width: rect.getAttribute("width"), told: title.textContent };
  });
  svg.append(rest);
  return { svg, total, parts, rest };
}

/** The parts as reported, or as far as those who are filtered owe them, the rest of the gap behind them. */
function drawGapBar(page, { total, parts, rest }, gaps) {
  let start = 1 - total;
  for (const { rect, title, cause, x, width, told } of parts) {
    const gap = gaps === null ? null : gaps[cause];
    rect.setAttribute("x", gap === null ? x : inPercent(start));
    rect.setAttribute("width", gap === null ? width : inPercent(gap));
    rect.setAttribute("aria-pressed", String(page.state.cause === cause));
    const words = gap === null ? told : `${causeWords(cause)} ${fraction(gap)} of the ${fraction(total)} lacking, owed by what is filtered`;
    say(title, words);
    rect.setAttribute("aria-label", words);
    if (gap !== null) start += gap;
  }
  rest.setAttribute("x", inPercent(start));
  rest.setAttribute("width", gaps === null ? "0" : inPercent(Math.max(0, 1 - start)));
}

function inPercent(share) {
  return `${(Math.max(0, Math.min(1, share)) * 100).toFixed(3)}%`;
}
