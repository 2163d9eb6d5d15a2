"""What a reader sees on the page, read back as numbers, and the rules by which all views must agree."""

from typing import Any

from playwright.sync_api import Page

# Everything is read from what is written on the page, but for the state, which says what it should be about.
READ = r"""
() => {
  const page = mapgap.page();
  const { state, truth } = page;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const number = (text) => (/^\s*[\d,]+/.test(text) ? Number(text.match(/[\d,]+/)[0].replaceAll(",", "")) : 0);
  const outOf = (text) => (/ of [\d,]+/.test(text) ? number(text.match(/ of ([\d,]+)/)[1]) : 0);
  const words = (element) => element.textContent;
  const figure = (name) => {
    const element = document.querySelector(`#headline [data-figure="${name}"]`);
    return element ? [words(element.querySelector(".value")), words(element.querySelector(".of"))] : ["", ""];
  };
  const rowsOf = (selector) => all(selector).map((row) => [...row.cells].map(words));
  const matrix = () => {
    const table = document.querySelector("table.matrix:not(.heat)");
    const mode = document.querySelector("#confusion .modes button[aria-pressed=true]");
    document.querySelector("#confusion .modes button[data-mode=count]").click();
    const numbers = (row) => [...row.cells].slice(1).map((cell) => number(words(cell)));
    const lines = all("tbody tr, tfoot tr", table).map(numbers);
    mode.click();
    return lines;
  };
  const heat = () => {
    const control = document.querySelector("#heat-map select[aria-label=number]");
    if (!control) return null;
    const kept = control.value;
    const sums = {};
    for (const name of ["missed objects", "errors"]) {
      control.value = [...control.options].find((option) => option.textContent === name).value;
      control.dispatchEvent(new Event("change"));
      sums[name] = all("table.heat tbody td").reduce((sum, cell) => sum + number(words(cell)), 0);
    }
    control.value = kept;
    control.dispatchEvent(new Event("change"));
    return { ...sums, isWhole: words(document.querySelector(".heat-left-out")) === "" };
  };
  const share = (part, whole) => (whole ? part / whole : null);
  const ratesOf = ({ tp, fp, fn }) => [
    page.words.percent(share(tp, tp + fp)), page.words.percent(share(tp, tp + fn)),
    page.words.fraction(share(2 * tp, 2 * tp + fp + fn)),
  ];
  const slices = all("#slices .slice-table:not(.reported)").map((table) => ({
    name: words(table.querySelector("h3")),
    isWhole: !table.querySelector("p"),
    wheres: all("tr[data-where]", table).map((row) => Object.values(JSON.parse(row.dataset.where))[0]),
    rows: all("tr[data-where]", table).map((row) => [...row.cells].map(words)),
  }));
  const bars = all("svg.gap-bar").map((svg) => {
    const widths = all("rect", svg).filter((rect) => !rect.classList.contains("found"));
    const parts = widths.map((rect) => parseFloat(rect.getAttribute("width")) / 100);
    return [Number(svg.dataset.total), parts.reduce((sum, part) => sum + part, 0)];
  });
  const sorted = all("th[aria-sort]").map((head) => {
    const cells = all("tbody tr", head.closest("table")).map((row) => words(row.cells[head.cellIndex]));
    return [head.getAttribute("aria-sort"), head.cellIndex, cells];
  });
  return {
    state: { ...state, where: { ...state.where } },
    named: Object.fromEntries(Object.entries(state.where).map(([name, code]) =>
      [name, truth.attributes.find((one) => one.name === name).values[code]])),
    own: page.ownThreshold,
    classes: truth.classes,
    headline: ["precision", "recall", "F1"].map(figure),
    isMoved: document.body.classList.contains("moved"),
    threshold: words(document.querySelector("output.threshold")),
    spoken: document.querySelector("input[type=range]").getAttribute("aria-valuetext"),
    isReset: all(".slider button").find((button) => words(button) === "as reported").disabled,
    chips: all(".chips li").map(words),
    matrix: matrix(),
    heat: heat(),
    slices,
    classRows: rowsOf("#classes tr[data-class]"),
    images: rowsOf("#image-level tr[data-class]"),
    gap: all("#gap tr[data-cause]").map((row) => [row.dataset.cause, ...[...row.cells].slice(1).map(words)]),
    gapSum: [...document.querySelector("#gap tfoot tr").cells].map(words),
    bars,
    causes: all("#examples .causes button").map((button) => [
      button.querySelector("[class*=cause-]").className.replace(/.*cause-/, ""),
      number(words(button.lastElementChild)), button.getAttribute("aria-pressed"), button.hidden]),
    examples: words(document.querySelector("#examples [role=status]")),
    exampleRows: all("#examples tbody tr").length,
    missed: words(document.querySelector(".missed-lead")),
    missedRows: all("#missed tr[data-cause]").map((row) => number(words(row.cells[1]))),
    missedOthers: all("#missed p:has(+ .show)").flatMap((note) => [...words(note).matchAll(/: ([\d,]+)/g)])
      .map((found) => number(found[1])),
    curves: Object.fromEntries(all("#curves [data-chart]").map((chart) =>
      [chart.dataset.chart, words(chart.querySelector(".readout"))])),
    cards: all("#fix-first .card[aria-current]").map((card) => [card.dataset.cause, card.dataset.where]),
    run: [page.runSelect?.value ?? null, document.querySelector("#runs tr[aria-current] th")?.textContent ?? null],
    sorted,
    rates: ratesOf(page.tally),
    ids: all("[id]").map((one) => one.id),
    foreign: all(
      "main :is(script, style, img, iframe, object, embed, b b), .controls :is(script, style, img, b)",
    ).map((one) => one.outerHTML),
    width: [document.documentElement.scrollWidth, innerWidth],
  };
}
"""


def read(page: Page) -> dict[str, Any]:
    """What all views say, once they have all been drawn."""
    page.evaluate("mapgap.page().change({})")
    page.wait_for_selector("#examples:not([aria-busy])", state="attached")
    page.wait_for_selector("#curves:not([aria-busy])", state="attached")
    told: dict[str, Any] = page.evaluate(READ)
    return told


def first_number(text: str) -> int:
    """The number that a text begins with; 0 where it begins with none."""
    digits = text.strip().split(" ")[0].replace(",", "")
    return int(digits) if digits.isdigit() else 0


def whole_of(text: str) -> int:
    """120 of "38 % of 120", 0 where nothing is told."""
    return first_number(text.split(" of ")[1].rstrip("*")) if " of " in text else 0


def counts_of(told: dict[str, Any]) -> tuple[int, int, int]:
    """True positives, false positives and missed objects, as the headline says them."""
    (_, kept), (_, objects), _ = told["headline"]
    right = first_number(kept)
    return right, whole_of(kept) - right, whole_of(objects) - right


def require_agreement(told: dict[str, Any]) -> None:
    """All views say the same."""
    tp, fp, fn = counts_of(told)
    assert [value for value, _ in told["headline"]] == told["rates"]
    _bar_agrees(told)
    _matrix_agrees(told, tp, fp, fn)
    _tables_agree(told, tp, fp, fn)
    _gap_agrees(told, fp + fn)
    _examples_agree(told)
    _curves_agree(told, tp, fp, fn)
    _missed_agree(told)
    _sorted_tables_are_sorted(told)
    assert len(told["ids"]) == len(set(told["ids"]))
    assert told["foreign"] == []
    assert told["width"][0] <= told["width"][1]


def _bar_agrees(told: dict[str, Any]) -> None:
    state = told["state"]
    at_own = state["threshold"] == told["own"]
    assert told["isMoved"] == (not at_own or bool(state["where"]))
    assert told["isReset"] == at_own
    assert told["spoken"] == f"score at least {told['threshold']}"
    assert (told["threshold"] == "any") == (state["threshold"] is None)
    assert len(told["chips"]) == len(state["where"]) + sum(state[key] is not None for key in ("cause", "cell", "kind"))
    assert told["run"][0] == told["run"][1]


def _matrix_agrees(told: dict[str, Any], tp: int, fp: int, fn: int) -> None:
    *lines, foot = told["matrix"]
    size = len(lines) - 1
    if size == len(told["classes"]):
        assert sum(lines[place][place] for place in range(size)) == tp
    assert sum(line[-1] for line in lines[:-1]) == tp + fn
    for line in lines:
        assert sum(line[:-1]) == line[-1]
    assert [sum(column) for column in zip(*lines, strict=True)] == foot
    kept = sum(foot[:-2])  # those of the filter, and those that take its objects from outside
    assert kept >= tp + fp if told["state"]["where"] else kept == tp + fp


def _tables_agree(told: dict[str, Any], tp: int, fp: int, fn: int) -> None:
    for table in told["slices"]:
        if not table["isWhole"]:
            continue
        missed = sum(first_number(row[3]) for row in table["rows"])
        assert missed == fn, table["name"]
        objects = sum(first_number(row[1]) for row in table["rows"])
        assert objects == tp + fn, table["name"]
        kept = sum(whole_of(row[5]) for row in table["rows"])
        assert kept == tp + fp or ("*" in "".join(row[5] for row in table["rows"]) and kept <= tp + fp), table["name"]
    if len(told["classRows"]) == len(told["classes"]):
        assert sum(whole_of(row[8]) for row in told["classRows"]) == tp + fp
    heat = told["heat"]
    if heat and heat["isWhole"]:
        assert heat["missed objects"] == fn
        assert fn <= heat["errors"] <= fp + fn
    for row in told["images"]:
        present, absent = (first_number(row[1]) + first_number(row[3]), first_number(row[2]) + first_number(row[4]))
        assert whole_of(row[5]) == present + absent
        assert whole_of(row[6]) == absent


def _gap_agrees(told: dict[str, Any], errors: int) -> None:
    for total, parts in told["bars"]:
        assert abs(total - parts) < 1e-4
    by_cause = {cause: number for cause, number, *_ in told["causes"]}
    assert first_number(told["gapSum"][5]) == errors
    assert sum(first_number(row[5]) for row in told["gap"]) == errors
    if told["state"]["kind"] is None:
        assert sum(by_cause.values()) == errors
        for cause, *cells in told["gap"]:
            assert first_number(cells[4]) == by_cause[cause], cause
    for place, row in enumerate((1, 2)):
        said = told["gapSum"][row]
        if not told["state"]["where"] and said.startswith("."):
            assert abs(float(said) - told["bars"][place][0]) <= 0.0005 + 1e-9


def _examples_agree(told: dict[str, Any]) -> None:
    state = told["state"]
    text = told["examples"]
    number = 0 if text.startswith("No such") else whole_of(text.split(" shown")[0])
    assert told["exampleRows"] == min(number, 100)
    by_cause = [number for _, number, *_ in told["causes"]]
    assert [pressed == "true" for _, _, pressed, _ in told["causes"]] == [
        state["cause"] == place for place in range(len(by_cause))
    ]
    if state["cell"] is None:
        assert number == (sum(by_cause) if state["cause"] is None else by_cause[state["cause"]])
        return
    most = min([sum(by_cause), *([] if state["cause"] is None else [by_cause[state["cause"]]])])
    assert number <= most
    row, column = state["cell"]
    if state["cause"] is None and state["kind"] is None and len(told["matrix"]) == len(told["classes"]) + 2:
        assert number == (told["matrix"][row][column] if row != column else number)


def _curves_agree(told: dict[str, Any], tp: int, fp: int, fn: int) -> None:
    rates = told["rates"]
    at = "every score" if told["threshold"] == "any" else f"score ≥ {told['threshold']}"
    precision = f"{rates[0]} of {tp + fp:,} detection{'' if tp + fp == 1 else 's'}"
    recall = f"{rates[1]} of {tp + fn:,} object{'' if tp + fn == 1 else 's'}"
    assert told["curves"]["precision-recall"] == f"{at}: precision {precision}, recall {recall}"
    assert told["curves"]["f1"] == f"{at}: F1 {rates[2]}, precision {precision}, recall {recall}"
    assert f"{fp:,} false positive" in told["curves"]["cost"]
    assert f"{fn:,} missed object" in told["curves"]["cost"]


def _missed_agree(told: dict[str, Any]) -> None:
    missed = first_number(told["missed"])
    assert sum(told["missedRows"]) + sum(told["missedOthers"]) == missed
    for table in told["slices"]:
        if table["name"] == "size" and "small" in table["wheres"]:
            row = table["rows"][table["wheres"].index("small")]
            assert first_number(row[3]) == missed
            assert first_number(row[1]) == whole_of(told["missed"].split(" small")[0])
    for cause, where in told["cards"]:
        assert told["state"]["cause"] is not None, (cause, where)


def _sorted_tables_are_sorted(told: dict[str, Any]) -> None:
    for direction, column, texts in told["sorted"]:
        values = [first_number(text) for text in texts if text[:1].isdigit() and "%" not in text]
        if column in (1, 2) and len(values) == len(texts):
            assert values == sorted(values, reverse=direction == "descending")
