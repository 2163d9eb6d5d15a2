"""What the analysis of one run named as recoverable, and what a better run recovered of it.

    python benchmarks/before_and_after.py GT BEFORE AFTER [PAGE.md ...]

Prints tables, or writes them into pages between markers, as tables.py does:

    <!-- benchmark: summary -->
    <!-- /benchmark -->

Known are `summary`, `causes`, `sizes`, `modes` and `actions`. Each run is taken at its own operating point. An object
is *recovered* if BEFORE misses it and AFTER finds it, *lost* if it is the other way round.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
from tables import Table, fill, markdown

import mapgap
from mapgap.number_words import count, fraction, percent
from mapgap.tables import CAUSES
from mapgap.where_text import where_text

MISSES = ("missed", "localization", "classification", "both", "crowded_out", "below_threshold", "max_detections")
SIZES = ("small", "medium", "large")
NO_ADVICE = "none"


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 if a marker of a page is not known."""
    ground_truth, before, after, *pages = arguments
    tables = {name: markdown(*table) for name, table in compare(ground_truth, before, after).items()}
    if not pages:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in tables.items()))
    unknown = [f"{page}: no table {name!r}" for page in pages for name in fill(Path(page), tables)]
    print("\n".join(unknown), file=sys.stderr, end="\n" if unknown else "")
    return int(bool(unknown))


def compare(ground_truth: str | Path, before: str | Path, after: str | Path) -> dict[str, Table]:
    """The tables by name."""
    runs = [mapgap.analyze(ground_truth, run, resamples=0) for run in (before, after)]
    objects = fates(*runs)
    modes = [mode for mode in runs[0].summary["failure_modes"] if mode["cause"] in MISSES]
    return {
        "summary": summary_table(*runs),
        "causes": causes_table(objects),
        "sizes": sizes_table(objects),
        "modes": modes_table(modes, objects, runs),
        "actions": actions_table(modes, objects),
    }


def fates(before: mapgap.Analysis, after: mapgap.Analysis) -> pd.DataFrame:
    """One row an object: its attributes, its cause before, and whether each run finds it."""
    objects, later = before.objects(), after.objects()
    assert objects["object_id"].equals(later["object_id"])
    objects["found_before"] = objects["outcome"] == "tp"
    objects["found_after"] = later["outcome"] == "tp"
    objects["recovered"] = ~objects["found_before"] & objects["found_after"]
    return objects


def summary_table(before: mapgap.Analysis, after: mapgap.Analysis) -> Table:
    """The main numbers of both runs."""
    runs = [before.summary, after.summary]
    points = [run["operating_point"] for run in runs]
    rows = [
        ("AP", *(fraction(run["coco"]["AP"]) for run in runs)),
        ("AP50", *(fraction(run["coco"]["AP50"]) for run in runs)),
        ("APs, APm, APl", *(", ".join(fraction(run["coco"][f"AP{s}"]) for s in "sml") for run in runs)),
        ("score threshold (best F1)", *(fraction(point["score_threshold"], 4) for point in points)),
        ("recall", *(fraction(point["recall"]) for point in points)),
        ("precision", *(fraction(point["precision"]) for point in points)),
        ("missed objects", *(count(point["fn"]) for point in points)),
        ("false positives", *(count(point["fp"]) for point in points)),
    ]
    return ("", "before", "after"), rows


def causes_table(objects: pd.DataFrame) -> Table:
    """What became of the objects missed before, by the cause they were missed for, and of those found."""
    lost = objects[objects["found_before"] & ~objects["found_after"]]
    missed = objects[~objects["found_before"]]
    rows = [
        (cause, *_recovered(missed[missed["cause"] == cause])) for cause in MISSES if (missed["cause"] == cause).any()
    ]
    found = int(objects["found_before"].sum())
    return ("cause before", "objects", "found after", "share"), [
        *rows,
        ("**all missed objects**", *_recovered(missed)),
        ("found before, missed after", count(found), count(len(lost)), percent(len(lost) / found)),
    ]


def sizes_table(objects: pd.DataFrame) -> Table:
    """Recall before and after by size, and the share of the missed ones that was recovered."""
    rows = []
    for size in SIZES:
        inside = objects[objects["size"] == size]
        missed, recovered, share = _recovered(inside[~inside["found_before"]])
        recall = (percent(float(inside[column].mean())) for column in ("found_before", "found_after"))
        rows.append((size, count(len(inside)), *recall, missed, recovered, share))
    return ("size", "objects", "recall before", "recall after", "missed before", "recovered", "share"), rows


def modes_table(modes: Iterable[dict], objects: pd.DataFrame, runs: Sequence[mapgap.Analysis]) -> Table:
    """One row a hot spot of missed objects."""
    header = ("hot spot", "advice", "gain", "missed for it", "recovered", "share", "gap before", "gap after")
    rows = []
    for mode in modes:
        inside = objects[inside_of(mode["where"], objects)]
        of_cause = inside[~inside["found_before"] & (inside["cause"] == mode["cause"])]
        rows.append(
            (
                f"{count(mode['rank'])}. {mode['cause']}: `{where_text(mode['where'])}`",
                action_of(mode),
                fraction(mode["gain"]),
                *_recovered(of_cause),
                *(fraction(gap_of(run, mode["cause"], mode["where"])) for run in runs),
            )
        )
    return header, rows


def actions_table(modes: Sequence[dict], objects: pd.DataFrame) -> Table:
    """What was recovered of the missed objects of all hot spots with one advice, each object once; then of the rest."""
    in_any = pd.Series(False, index=objects.index)
    rows = []
    for action in sorted({action_of(mode) for mode in modes}, key=lambda name: (name == NO_ADVICE, name)):
        chosen = pd.Series(False, index=objects.index)
        for mode in modes:
            if action_of(mode) == action:
                chosen |= inside_of(mode["where"], objects) & (objects["cause"] == mode["cause"])
        in_any |= chosen
        rows.append((action, *_recovered(objects[chosen & ~objects["found_before"]])))
    rest = objects[~in_any & ~objects["found_before"]]
    return ("advice", "missed objects", "recovered", "share"), [*rows, ("in no hot spot", *_recovered(rest))]


def gap_of(analysis: mapgap.Analysis, cause: str, where: dict) -> float:
    """What the errors of a cause in a slice owe."""
    debts = analysis.results.debts
    inside = debts.cause == CAUSES.index(cause)
    for attribute in analysis.results.attributes:
        if attribute.name in where:
            codes = attribute.codes_at(debts.object, debts.detection)
            inside &= codes == attribute.values.index(where[attribute.name])
    return float(debts.gap[inside].sum())


def action_of(mode: dict) -> str:
    """The action advised, or "none"."""
    return mode["recommendation"]["action"] if mode["recommendation"] else NO_ADVICE


def inside_of(where: dict, objects: pd.DataFrame) -> pd.Series:
    """Which rows are in the slice."""
    inside = pd.Series(True, index=objects.index)
    for name, value in where.items():
        inside &= objects[name].astype(object) == value
    return inside


def _recovered(missed: pd.DataFrame) -> tuple[str, str, str]:
    """Missed objects, how many of them are found after, and their share."""
    recovered = int(missed["recovered"].sum())
    return count(len(missed)), count(recovered), percent(recovered / len(missed) if len(missed) else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
