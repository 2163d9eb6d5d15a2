"""The runs of a report that is about several: their main numbers, and which of them the page shows."""

from collections.abc import Sequence

from mapgap.report.content import Report
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import name, section, table
from mapgap.report.run_rows import RUN_COLUMNS, RUNS_EXPLAINED, run_row


def runs_section(reports: Sequence[Report], place: int) -> Markup | None:
    """One row a run; the section of the run at `place` says that what follows is about it. None for a single run."""
    if len(reports) < 2:
        return None
    shown = reports[place]
    rows = [(name(report.run), *run_row(report)) for report in reports]
    marks = [{"aria_current": "true"} if at == place else {} for at in range(len(reports))]
    return section(
        "runs",
        f"{len(reports)} runs",
        table("Runs", ("run", *RUN_COLUMNS), rows, class_="runs", marks=marks),
        element(
            "p",
            RUNS_EXPLAINED,
            " What follows is about ",
            element("strong", name(shown.run)),
            ", ",
            name(shown.summary["inputs"]["detections"]["name"]),
            ".",
            class_="note",
        ),
        element(
            "p",
            "To show the other runs here the page needs JavaScript; ",
            element("code", f"runs/{reports[1].run}/report.md"),
            " and its like have their numbers.",
            class_="note without-scripts",
        ),
    )
