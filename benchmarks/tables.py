"""Writes the tables of benchmark results into pages, between markers; prints them if no page is given.

    python benchmarks/tables.py results.json [scale.json ...] [PAGE.md ...]

A page says where a table goes, and keeps it there:

    <!-- benchmark: numbers medium -->
    <!-- /benchmark -->

Known are TASK SIZE, such as `tide medium`, TASK SIZE ratios, `summary` (the 12 numbers at all sizes) and `machine`
from peers.py, `growth` and `floor` from scale.py, `page` from page.py, `shards`, `shard rates` and `shard
estimates` from shards.py. A marker without results is left as it is, and told.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shard_tables import estimate_table, rate_table, shard_table

SHOWN_TASKS = {
    "numbers": "From files to the 12 COCO numbers",
    "tide": "TIDE",
    "confusion": "Confusion matrix",
    "slices": "50 slices",
    "together": "mapgap's TIDE, confusion matrix and 50 slices together; the others' TIDE alone",
}
MARKED = re.compile(r"(<!-- benchmark: ([a-z0-9 ]+?) -->\n)(.*?)(<!-- /benchmark -->)", re.DOTALL)

Cells = Sequence[str]
Table = tuple[Cells, Sequence[Cells]]
"""The header and the rows."""
Record = dict[str, Any]


def main() -> int:
    """Exit code 1 if a marker found no results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="results (*.json), then pages (*.md)")
    given = parser.parse_args()
    tables = markdown_tables(joined([json.loads(path.read_text()) for path in given.files if path.suffix == ".json"]))
    pages = [path for path in given.files if path.suffix == ".md"]
    if not pages:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in tables.items()))
    missing = [f"{page}: no results for {name!r}" for page in pages for name in fill(page, tables)]
    print("\n".join(missing), file=sys.stderr, end="\n" if missing else "")
    return int(bool(missing))


def joined(results: Sequence[Record]) -> Record:
    """All results as one; where two tell the same, the later ones hold, and versions are those of all."""
    whole: Record = {}
    for one in results:
        versions = {**whole.get("versions", {}), **one.get("versions", {})}
        contests = {(contest["task"], contest["size"]): contest for contest in whole.get("contests", [])}
        contests |= {(contest["task"], contest["size"]): contest for contest in one.get("contests", [])}
        whole |= {**one, "versions": versions, "contests": list(contests.values())}
    return whole


def fill(page: Path, tables: dict[str, str]) -> list[str]:
    """Puts the tables between the page's markers, and gives the names it has no table for."""
    missing = []

    def replaced(match: re.Match[str]) -> str:
        name = match[2].strip()
        if name not in tables:
            missing.append(name)
            return match[0]
        return f"{match[1]}{tables[name]}\n{match[4]}"

    text = page.read_text(encoding="utf-8")
    page.write_text(MARKED.sub(replaced, text), encoding="utf-8")
    return missing


def markdown_tables(results: Record) -> dict[str, str]:
    """Name of a marker to its table."""
    tables = {}
    if "machine" in results:
        tables["machine"] = machine_text(results)
    contests = results.get("contests", [])
    if any(contest["task"] == "numbers" for contest in contests):
        tables["summary"] = markdown(*summary_table([one for one in contests if one["task"] == "numbers"]))
    for contest in contests:
        tables[f"{contest['task']} {contest['size']}"] = markdown(*contest_table(contest))
        if "ratios" in contest:
            tables[f"{contest['task']} {contest['size']} ratios"] = "\n".join(
                f"* {line}" for line in ratio_lines(contest)
            )
    if "growth" in results:
        tables["growth"] = markdown(*growth_table(results["growth"]))
    if "floor" in results:
        tables["floor"] = markdown(*floor_table(results["floor"]))
    if "shards" in results:
        tables["shards"] = markdown(*shard_table(results["shards"]))
        tables["shard estimates"] = markdown(*estimate_table(results["shards"]))
        tables["shard rates"] = markdown(*rate_table(results["shards"]))
    if "page" in results:
        tables["page"] = markdown(*page_table(results["page"]))
    return tables


def contest_table(contest: Record) -> Table:
    """One row a contender, fastest first: minimum and median of wall and CPU seconds, MiB."""
    header = ("", "wall s", "median", "CPU s", "median", "peak MiB", "runs")
    ordered = sorted(contest["summaries"].items(), key=lambda item: item[1]["wall"])
    rows = [
        (
            f"{name}{' (TIDE alone)' if contest['task'] == 'together' and name != 'mapgap' else ''}",
            seconds(one["wall"]),
            seconds(one["wall_median"]),
            seconds(one["cpu"]),
            seconds(one["cpu_median"]),
            f"{one['peak']:.0f}",
            str(one["runs"]),
        )
        for name, one in ordered
    ]
    return header, rows


def summary_table(contests: Sequence[Record]) -> Table:
    """One row a contender, slowest first, one column a size: minima of wall s, CPU s, peak MiB; a dash if left out."""
    names = list(dict.fromkeys(name for contest in contests for name in contest["summaries"]))
    by_wall = {
        name: tuple(contest["summaries"].get(name, {}).get("wall", 0.0) for contest in contests) for name in names
    }
    rows = [
        (name, *(_cell(contest["summaries"].get(name)) for contest in contests))
        for name in sorted(names, key=by_wall.__getitem__, reverse=True)
    ]
    return ("wall s / CPU s / peak MiB", *(f"{contest['detections']:,} detections" for contest in contests)), rows


def _cell(one: Record | None) -> str:
    return f"{seconds(one['wall'])} / {seconds(one['cpu'])} / {one['peak']:.0f}" if one else "-"


def contest_lines(contest: Record) -> list[str]:
    """The table of one contest as plain text, with what else is to be said of it."""
    about = f"{contest['images']:,} images, {contest['objects']:,} objects, {contest['detections']:,} detections"
    lines = [f"{SHOWN_TASKS[contest['task']]}: {contest['size']} ({about}, {contest['megabytes']:.0f} MB)"]
    lines += plain(*contest_table(contest))
    lines += [f"{name}: {reason}" for name, reason in contest["failed"].items()]
    if "differences" in contest:
        agreement = f"all 12 numbers agree to {contest['largest_difference']:.1g} (reference: {contest['reference']})"
        lines += contest["differences"] or [agreement]
    elif contest["task"] in ("tide", "confusion"):
        lines += [f"{name}: {short(result)}" for name, result in contest["results"].items()]
    return lines + (ratio_lines(contest) if "ratios" in contest else [])


def ratio_lines(contest: Record) -> list[str]:
    """Each of mapgap's ways as a part of the best of the others, who may be another one for each quantity."""
    lines = []
    for name, found in contest["ratios"].items():
        parts = [f"{label} {found[key]['ratio']:.2f} of {found[key]['best']}" for key, label in LABELS.items()]
        lines.append(f"{name}: {', '.join(parts)}")
    return lines


LABELS = {"wall": "wall time", "cpu": "CPU time", "peak": "peak memory"}


def machine_text(results: Record) -> str:
    """The machine and the versions, as a sentence each."""
    machine = results["machine"]
    told = ", ".join(f"{name} {packages[name]}" for name, packages in results.get("versions", {}).items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, {machine['system']}, "
        f"Python {results['python']}.\nVersions: {told}."
    )


def growth_table(growth: Sequence[Record]) -> Table:
    """One row a number of detections."""
    header = ("detections", "images", "MB", "wall s", "CPU s", "peak MiB", "CPU µs a detection")
    rows = [
        (
            f"{one['detections']:,}",
            f"{one['images']:,}",
            f"{one['megabytes']:.1f}",
            seconds(one["wall"]),
            seconds(one["cpu"]),
            f"{one['peak']:.0f}",
            f"{one['cpu'] / one['detections'] * 1e6:.2f}",
        )
        for one in growth
    ]
    return header, rows


def floor_table(floor: Sequence[Record]) -> Table:
    """One row a step."""
    header = ("", "wall ms", "CPU ms", "peak MiB")
    rows = [
        (
            one["step"],
            f"{one['wall'] * 1e3:.0f}",
            f"{one['cpu'] * 1e3:.0f}",
            "" if one["peak"] is None else f"{one['peak']:.0f}",
        )
        for one in floor
    ]
    return header, rows


def page_table(pages: Sequence[Record]) -> Table:
    """One row a size: what the page holds, its bytes, and milliseconds in the browser."""
    header = (
        "detections",
        "of them in the page",
        "objects",
        "images",
        "classes",
        "MB",
        "ready ms",
        "redraw ms",
        "filter ms",
    )
    rows = [
        (
            *(f"{one[key]:,}" for key in ("detections", "rows", "objects", "images", "classes")),
            f"{one['bytes'] / 1e6:.1f}",
            f"{one['ready']:.0f}",
            *(f"{one[key]['median']:.0f} ({one[key]['slowest']:.0f})" for key in ("redraws", "filters")),
        )
        for one in pages
    ]
    return header, rows


def markdown(header: Cells, rows: Sequence[Cells]) -> str:
    """A Markdown table, numbers to the right."""
    aligned = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, aligned, *rows))


def plain(header: Cells, rows: Sequence[Cells]) -> list[str]:
    """Lines of padded columns, numbers to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    ]


def seconds(value: float) -> str:
    """Three digits that count, at most."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def short(result: Record) -> str:
    """A result in one line."""
    cells = [
        f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value:,}" for name, value in result.items()
    ]
    return ", ".join(cells)


if __name__ == "__main__":
    sys.exit(main())
