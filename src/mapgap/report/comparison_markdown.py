"""What changed between runs, for report.md."""

from mapgap.number_words import count, percent, signed
from mapgap.report.compared_view import ComparedView, ComparisonView
from mapgap.report.comparison_text import (
    LEADERBOARD_COLUMNS,
    METRIC_COLUMNS,
    change_text,
    leaderboard_rows,
    metric_rows,
)
from mapgap.report.markdown_parts import folded, markdown_text, table, written
from mapgap.report.wording import cause_label, where_pieces

SLICES = 5


def comparison_markdown(view: ComparedView, first: str) -> str:
    """The table of all runs, then what changed from the first to each other one."""
    rows = []
    for rank, run, *cells in leaderboard_rows(view.leaderboard):
        rows.append([rank, markdown_text(run), *cells])
    others = f"Everything below the changes is about {markdown_text(first)}; `runs/NAME` has the same for the others."
    parts = [f"### All {len(rows)} runs", table(LEADERBOARD_COLUMNS, "rl" + "r" * (len(LEADERBOARD_COLUMNS) - 2), rows)]
    parts.append(f"{view.points} {others}")
    parts += [f"**Warning:** {markdown_text(warning, 400)}" for warning in view.warnings]
    for place, comparison in enumerate(view.comparisons):
        title = f"{markdown_text(comparison.before)} to {markdown_text(comparison.after)}"
        if place == 0:
            parts += [f"### What changed from {title}", _changes(comparison)]
        else:
            parts.append(folded(f"What changed from {title}", _changes(comparison)))
    return "\n\n".join(parts)


def _changes(of: ComparisonView) -> str:
    objects = of.objects
    sentence = (
        f"{count(objects['fixed'])} objects fixed, {count(objects['broken'])} broken, "
        f"{count(objects['found_by_both'])} found and {count(objects['missed_by_both'])} missed by both."
    )
    parts = [table(METRIC_COLUMNS, "lrrrl", metric_rows(of.metrics, of.images)), sentence]
    if of.waterfall["difference"] is not None:
        steps = [[cause_label(cause), signed(step, 4)] for cause, step in of.waterfall["by_cause"].items() if step]
        steps.append(["**all**", f"**{signed(of.waterfall['difference'], 4)}**"])
        parts.append(table(["cause", "adds to AP"], "lr", steps))
    changed = _changed_slices(of)
    if changed:
        header = ["slice", "objects", "recall", "change", "fixed", "broken"]
        parts.append(folded("Slices whose recall surely changed", table(header, "lrrrrr", changed)))
    return "\n\n".join(parts)


def _changed_slices(of: ComparisonView) -> list[list[str]]:
    rows = []
    for record in (*of.changed.better[:SLICES], *of.changed.worse[:SLICES]):
        rows.append(
            [
                written(where_pieces(record["where"])),
                count(record["objects"]),
                f"{percent(record['recall_before'])} to {percent(record['recall_after'])}",
                change_text(record["recall_difference"], record["recall_difference_interval"]),
                count(record["fixed"]),
                count(record["broken"]),
            ]
        )
    return rows
