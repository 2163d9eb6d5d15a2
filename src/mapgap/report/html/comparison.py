"""What changed between runs on the page: leaderboard, curve over the runs, steps from AP to AP, fates of objects."""

import json
from collections.abc import Sequence

from mapgap.number_words import count, fraction, interval, percent, rate, signed
from mapgap.report.changed_slices import is_significant
from mapgap.report.compared_view import ComparedView, ComparisonView, Fates, Step, Waterfall
from mapgap.report.comparison_text import LEADERBOARD_COLUMNS, change_text, leaderboard_rows, metric_rows
from mapgap.report.html.charts import Axis, Frame, chart, dot, line
from mapgap.report.html.charts import span as whisker
from mapgap.report.html.markup import Child, Markup, element
from mapgap.report.html.parts import cause_swatch, name, pieces, section, table
from mapgap.report.json_values import Record
from mapgap.report.wording import CAUSE_WORDS, cause_label, value_text, where_pieces

STEP_DIGITS = 4
FEWEST_IN_CURVE = 3
CHANGED_SHOWN = 8
METRIC_NOTES = {
    "AP": "mean over IoU .5 to .95",
    "APs": "small objects",
    "APm": "medium objects",
    "APl": "large objects",
    "precision": "at the operating points",
    "recall": "at the operating points",
    "f1": "at the operating points",
}


def leaderboard_section(view: ComparedView, runs: Sequence[str], place: int, shown_input: str) -> Markup:
    """The runs, best AP first, and which of them the page shows: the one at `place` of `runs`."""
    # The name stands first, because it is the heading of its row.
    rows = [[name(run), rank, *others] for rank, run, *others in leaderboard_rows(view.leaderboard)]
    marks = []
    for record in view.leaderboard:
        at = runs.index(record["run"])
        marks.append({"data_run": str(at)} | ({"aria_current": "true"} if at == place else {}))
    sure = (
        f"In brackets: 95 % intervals from {count(view.resamples)} resamples of the images, the same for all runs. "
        "First in: the share of the resamples in which a run has the highest AP. "
        if view.resamples
        else None
    )
    return section(
        "runs",
        f"{len(runs)} runs",
        table("Runs", ("run", "rank", *LEADERBOARD_COLUMNS[2:]), rows, class_="runs", marks=marks),
        element(
            "p",
            view.points,
            " ",
            sure,
            "What follows is about ",
            element("strong", name(runs[place])),
            ", ",
            name(shown_input),
            ".",
            class_="note",
        ),
        element(
            "p",
            "To show the other runs here the page needs JavaScript; ",
            element("code", f"runs/{runs[1]}/report.md"),
            " and its like have their numbers.",
            class_="note without-scripts",
        ),
        [element("p", element("b", "Warning: "), warning, class_="note") for warning in view.warnings],
        _curve(view.epochs) if len(view.epochs) >= FEWEST_IN_CURVE else None,
    )


def _curve(epochs: Sequence[Record]) -> Markup | None:
    """AP of the runs in the order given, with intervals."""
    known = [(place, record) for place, record in enumerate(epochs, start=1) if record["AP"] is not None]
    if len(known) < FEWEST_IN_CURVE:
        return None
    ends = [end for _, record in known for end in (record["AP_interval"] or [record["AP"]])]
    values = [*ends, *(record["AP"] for _, record in known)]
    low, high = min(values), max(values)
    margin = max((high - low) * 0.08, 1e-3)
    frame = Frame(
        Axis("runs in the order given", 0.5, len(epochs) + 0.5),
        Axis("AP", max(0.0, low - margin), min(1.0, high + margin)),
    )
    drawn: list[Child] = [line(frame, [place for place, _ in known], [record["AP"] for _, record in known])]
    for place, record in known:
        drawn += (
            [whisker(frame, place, record["AP_interval"][0], record["AP_interval"][1], "whisker")]
            if record["AP_interval"]
            else []
        )
        title = f"{record['run']}: AP {fraction(record['AP'])}{interval(record['AP_interval'])}"
        point = element("g", element("title", title), dot(frame, place, record["AP"], "point"))
        drawn.append(element("a", point, href=f"#run={record['run']}", aria_label=title))
    best = max(known, key=lambda row: row[1]["AP"])[1]
    first, last = known[0][1], known[-1][1]
    readout = (
        f"AP {fraction(first['AP'])} for {first['run']}, {fraction(last['AP'])} for {last['run']}; "
        f"the highest is {fraction(best['AP'])} for {best['run']}."
    )
    figure = chart("runs", "AP over the runs", "The axis does not begin at 0.", frame, drawn, readout, has_links=True)
    return element("div", figure, class_="curves over-runs")


def comparison_section(view: ComparedView, runs: Sequence[str], place: int) -> Markup:
    """What changed from the first run to the one shown; on the first run's own page, to the last."""
    of = view.of_run(runs[place])
    more = f" Choose another run above to compare it with {of.before}." if len(runs) > 2 else None
    return element(
        "section",
        element("h2", "What changed from ", name(of.before), " to ", name(of.after), id="changes-heading"),
        element(
            "p",
            "Differences are after minus before. ",
            "Intervals are paired: both runs are counted on the same draws of the images. "
            "“Sure” means that the interval excludes 0, and was drawn from 5 images or more. "
            if view.resamples
            else "There are no resamples, hence no intervals. ",
            more,
            class_="note",
        ),
        _metrics_table(of),
        _steps_by_cause(of),
        _objects(of),
        _changed(of),
        _by_attribute(of),
        id="changes",
        aria_labelledby="changes-heading",
        data_before=str(runs.index(of.before)),
        data_after=str(runs.index(of.after)),
    )


def _metrics_table(of: ComparisonView) -> Markup:
    rows: list[list[Child]] = []
    for record, (metric, *cells) in zip(of.metrics, metric_rows(of.metrics, of.images), strict=True):
        note = METRIC_NOTES.get(record["metric"])
        rows.append([[metric, element("small", note) if note else None], *cells])
    header = ["number", name(of.before), name(of.after), "difference", "sure?"]
    return element("div", table("Numbers before and after", header, rows), class_="fit")


def _steps_by_cause(of: ComparisonView) -> Markup:
    """From AP to AP, one row a cause: what it owes less, or more."""
    record = of.waterfall
    heading = element("h3", "From AP to AP by cause")
    if record["difference"] is None:
        return element("div", heading, element("p", "Not defined: no class has ground truth.", class_="empty"))
    causes = {row["cause"]: row for row in of.causes}
    steps = [(cause, step) for cause, step in record["by_cause"].items() if cause in causes]
    scale = _Scale.of(record["before"], [step for _, step in steps])
    at = record["before"]
    rows: list[list[Child]] = [[f"AP of {of.before}", "", fraction(at, STEP_DIGITS), scale.mark(at), "", ""]]
    for cause, step in steps:
        row = causes[cause]
        rows.append(
            [
                [cause_swatch(cause), cause_label(cause), element("small", CAUSE_WORDS[cause])],
                _step_text(step, row["gap_difference_interval"]),
                "",
                scale.step(at, step, cause),
                f"{fraction(row['gap_before'])} to {fraction(row['gap_after'])}",
                f"{count(row['errors_before'])} to {count(row['errors_after'])}",
            ]
        )
        at += step
    for cause, row in causes.items():
        if cause not in record["by_cause"]:
            errors = f"{count(row['errors_before'])} to {count(row['errors_after'])}"
            rows.append([[cause_swatch(cause), cause_label(cause)], "", "", "", "owes nothing", errors])
    after = record["after"]
    rows.append([f"AP of {of.after}", signed(record["difference"], STEP_DIGITS), fraction(after, STEP_DIGITS)])
    rows[-1] += [scale.mark(after), "", ""]
    header = ["step", "adds", "AP", scale.text(), "gap", "errors"]
    note = element(
        "p",
        "A cause adds what it owed before minus what it owes after, so the steps add up to the difference of AP "
        f"(to {abs(record['residual']):.0e}; the last digit shown is rounded).",
        class_="note",
    )
    return element("div", heading, table("From AP to AP by cause", header, rows, class_="waterfall"), note)


def _step_text(step: float, gap_interval: Sequence[float] | None) -> str:
    """A step with its interval, which is that of the gap turned round."""
    ends = None if gap_interval is None else [-gap_interval[1], -gap_interval[0]]
    text = signed(step, STEP_DIGITS)
    return text if ends is None else f"{text} ({signed(ends[0])} to {signed(ends[1])})"


class _Scale:
    """Where values stand on the strip of a waterfall, which spans what the steps reach and a little more."""

    def __init__(self, low: float, high: float):
        margin = max((high - low) * 0.05, 1e-6)
        self._low, self._high = max(0.0, low - margin), min(1.0, high + margin)

    @classmethod
    def of(cls, start: float, steps: Sequence[float]) -> "_Scale":
        reached = [start]
        for step in steps:
            reached.append(reached[-1] + step)
        return cls(min(reached), max(reached))

    def text(self) -> str:
        return f"AP {fraction(self._low)} to {fraction(self._high)}"

    def mark(self, value: float) -> Markup:
        """A line at a value."""
        at = self._place(value)
        return self._strip(element("line", x1=at, x2=at, y1="0", y2="100%", class_="here"))

    def step(self, start: float, step: float, cause: str | None = None) -> Markup:
        """A bar from where the step begins to where it ends."""
        low, high = sorted((start, start + step))
        width = max(0.0, (high - low) / (self._high - self._low))
        class_ = f"cause-{cause}" if cause else ("gained" if step >= 0 else "lost")
        bar = element("rect", x=self._place(low), width=f"{width * 100:.2f}%", y="0", height="100%", class_=class_)
        return self._strip(bar)

    def _place(self, value: float) -> str:
        return f"{(value - self._low) / (self._high - self._low) * 100:.2f}%"

    def _strip(self, drawn: Markup) -> Markup:
        track = element("rect", width="100%", height="100%", class_="track")
        return element("svg", track, drawn, class_="strip", aria_hidden="true")


def _objects(of: ComparisonView) -> Markup:
    """The objects in two by two, and by their causes."""
    numbers = of.objects
    total = sum(numbers[key] for key in ("found_by_both", "fixed", "broken", "missed_by_both"))

    def cell(fate: str) -> list[Child]:
        return [_fate(numbers[fate], fate), element("small", f"{percent(numbers[fate] / total) if total else ''}")]

    rows: list[list[Child]] = [
        [["found by ", name(of.after)], cell("found_by_both"), ["fixed: ", *cell("fixed")]],
        [["missed by ", name(of.after)], ["broken: ", *cell("broken")], cell("missed_by_both")],
    ]
    header: list[Child] = [f"{count(total)} objects", ["found by ", name(of.before)], ["missed by ", name(of.before)]]
    return element(
        "div",
        element("h3", "Objects found and missed"),
        element(
            "p",
            "At the operating points of both runs. Fixed objects are found by ",
            name(of.after),
            " only, broken ones by ",
            name(of.before),
            " only.",
            class_="note",
        ),
        element("div", table("Objects found and missed", header, rows, class_="fates"), class_="fit"),
        element("div", _fates_table(of, "fixed"), _fates_table(of, "broken"), class_="side-by-side"),
    )


def _fates_table(of: ComparisonView, fate: str) -> Markup:
    by_cause: Sequence[Fates] = of.fixed if fate == "fixed" else of.broken
    own, other = (of.before, of.after) if fate == "fixed" else (of.after, of.before)
    rows = [
        [
            [cause_swatch(row.cause), cause_label(row.cause)],
            count(row.missed),
            _fate(row.found_by_other, fate, cause=row.cause),
            rate(row.found_by_other, row.missed),
        ]
        for row in by_cause
    ]
    header: list[Child] = [["missed by ", name(own)], "objects", fate, ["found by ", name(other)]]
    title = f"Objects that {own} misses, by cause"
    return table(title, header, rows) if rows else element("p", name(own), " misses nothing.", class_="empty")


def _fate(number: int, fate: str, *, cause: str | None = None, where: str | None = None) -> Markup:
    """A number that the scripts make a way to these objects."""
    return element("span", count(number), data_fate=fate if number else None, data_cause=cause, data_where=where)


def _changed(of: ComparisonView) -> Markup:
    """The slices that surely got better or worse."""
    heading = element("h3", "Where it surely changed")
    known = [("better", of.changed.better), ("worse", of.changed.worse)]
    rows = [_changed_row(word, record) for word, records in known for record in records[:CHANGED_SHOWN]]
    if not rows:
        nothing = element("p", "Of no slice the recall changed beyond chance.", class_="empty")
        return element("div", heading, nothing)
    more = [
        f"{count(len(records) - CHANGED_SHOWN)} more got {word}"
        for word, records in known
        if len(records) > CHANGED_SHOWN
    ]
    note = element(
        "p",
        "Slices of 30 objects and more whose recall changed beyond chance (interval without 0, q up to .05), those "
        "first that changed most beyond the whole. ",
        f"And {' and '.join(more)}: comparison.json has them." if more else None,
        class_="note",
    )
    header = ["slice", "which got", "objects", "recall", "change", "fixed", "broken"]
    return element("div", heading, note, table("Where it surely changed", header, rows))


def _changed_row(word: str, record: Record) -> list[Child]:
    where = json.dumps(record["where"])
    return [
        pieces(where_pieces(record["where"])),
        word,
        count(record["objects"]),
        f"{percent(record['recall_before'])} to {percent(record['recall_after'])}",
        change_text(record["recall_difference"], record["recall_difference_interval"]),
        _fate(record["fixed"], "fixed", where=where),
        _fate(record["broken"], "broken", where=where),
    ]


def _by_attribute(of: ComparisonView) -> Child:
    if not of.by_attribute:
        return None
    cards = [_attribute_card(of, waterfall) for waterfall in of.by_attribute]
    compared = sum(len(waterfall.steps) for waterfall in of.by_attribute)
    note = element(
        "p",
        "The steps of each table add up to the difference of AP. * marks a change that is significant: q up to "
        f".05 by Benjamini and Hochberg over all slices compared, of which {count(compared)} are shown. Grey rows have "
        f"fewer than 30 objects or 5 images, too few to judge.",
        class_="note",
    )
    names = [name(waterfall.attribute) for waterfall in of.by_attribute]
    told = [[", " if place else "", of_one] for place, of_one in enumerate(names)]
    return element(
        "details",
        element("summary", "From AP to AP by attribute: ", told),
        note,
        element("div", cards, class_="slice-tables"),
    )


def _attribute_card(of: ComparisonView, waterfall: Waterfall) -> Markup:
    scale = _Scale.of(of.waterfall["before"], [step.ap_change for step in waterfall.steps])
    at = of.waterfall["before"]
    rows, marks = [], []
    for step in waterfall.steps:
        rows.append(_attribute_row(step, scale, at))
        marks.append({"class_": "few"} if step.is_thin else {})
        at += step.ap_change
    header = ["value", "objects", "adds", scale.text(), "recall", "change", "change of AP", "fixed", "broken"]
    total = ["all", count(sum(step.objects for step in waterfall.steps))]
    total += [signed(of.waterfall["difference"], STEP_DIGITS), "", "", "", ""]
    total += [count(sum(step.fixed for step in waterfall.steps)), count(sum(step.broken for step in waterfall.steps))]
    shown = table(f"Changes by {waterfall.attribute}", header, rows, total=total, class_="waterfall", marks=marks)
    return element("div", element("h4", name(waterfall.attribute)), shown, class_="slice-table reported")


def _attribute_row(step: Step, scale: _Scale, at: float) -> list[Child]:
    record = step.record
    if record is None or step.where is None:
        value: Child = f"{count(int(str(step.value)))} others"
        rates: list[Child] = ["", "", ""]
        fates: list[Child] = [count(step.fixed), count(step.broken)]
    else:
        value = name(value_text(step.value))
        recall = f"{percent(record['recall_before'])} to {percent(record['recall_after'])}"
        rates = [recall, _marked_change(record, "recall"), _marked_change(record, "AP")]
        rates = rates if step.objects else ["", "", ""]
        where = json.dumps(step.where)
        fates = [_fate(step.fixed, "fixed", where=where), _fate(step.broken, "broken", where=where)]
    return [
        value, count(step.objects), signed(step.ap_change, STEP_DIGITS), scale.step(at, step.ap_change), *rates, *fates
    ]  # fmt: skip


def _marked_change(record: Record, rate: str) -> str:
    """The change of a rate of a slice with its interval, a star where it is significant."""
    change = change_text(record[f"{rate}_difference"], record[f"{rate}_difference_interval"])
    return change + ("*" if is_significant(record, rate) else "")
