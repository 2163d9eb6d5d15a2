"""How often paired intervals are right about two runs on the same images: tables from simulated detectors.

    python benchmarks/paired_coverage.py [--trials N] [--setups NAME ...]

Images and detectors are those of coverage.py. Both runs share how hard an image and an object is, and have chance of
their own. Three later runs are compared with the first: an equal one, a better one that finds more at night and
imagines a little more, and one that lost recall of some 200 objects that are marked. The true difference of the equal
one is 0; that of the others is the mean over all trials.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from coverage import SCORE_THRESHOLD, SETUPS, Ends, Setup, ground_truth_of, run_of, scene

import mapgap
from mapgap.analysis.checking import USUAL_RULES
from mapgap.analysis.measuring import Earlier, Measuring
from mapgap.bootstrap import draw_images
from mapgap.changes import Change, Comparison
from mapgap.gates import judge, parse_rule
from mapgap.tables import Results

STUDIED = ["200 images, 3 classes", "500 images, 3 classes", "500 images, 40 uneven classes"]
TRIALS = 80
RESAMPLES = 200
MARKED = 200
"""Objects of the slice that loses recall, on average."""
EASIER_AT_NIGHT, HARDER_IF_MARKED = 0.15, -0.32
"""Of the logit; some 3 points of recall more, and 5 less."""
MORE_IMAGINED = 1.1
LARGEST_Q = 0.05
KINDS = ("equal", "better", "marked worse")


@dataclass(frozen=True)
class Trial:
    """What one comparison says."""

    changes: Mapping[str, tuple[float, Ends]]
    """By number, difference and interval."""
    slices: int
    """How many slices have a q-value of recall."""
    is_any_slice_sure: bool
    q_values: Sequence[float]
    """Of the slices of the gate's rule on every slice."""
    failed: tuple[str, ...]
    """Rules of the usual gate."""


def main() -> None:
    """Prints the tables in Markdown, a column a setup."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--setups", nargs="*", choices=SETUPS, default=STUDIED, metavar="NAME")
    asked = parser.parse_args()
    columns = [study(SETUPS[name], asked.trials) for name in asked.setups]
    for title in columns[0]:
        print("| " + " | ".join([title, *asked.setups]) + " |")
        print("| --- |" + " ---: |" * len(columns))
        for row in columns[0][title]:
            print("| " + " | ".join([row, *(column[title][row] for column in columns)]) + " |")
        print()


def study(setup: Setup, trials: int) -> dict[str, dict[str, str]]:
    """By title of a table, its cells by row."""
    equal, better, worse = ([trial_of(setup, kind, seed) for seed in range(trials)] for kind in KINDS)
    names = list(equal[0].changes)
    slices = np.mean([trial.slices for trial in equal])
    gate = {"slices of the comparison": f"{slices:.0f}"}
    gate["equal: a slice with q up to .05"] = _percent([trial.is_any_slice_sure for trial in equal])
    gate["slices of the gate"] = f"{np.mean([len(trial.q_values) for trial in equal]):.0f}"
    gate["equal: one of these with q up to .05"] = _percent([min(trial.q_values) <= LARGEST_Q for trial in equal])
    for name, of in (("equal", equal), ("marked worse", worse)):
        gate[f"{name}: gate fails"] = _percent([bool(trial.failed) for trial in of])
        for rule in USUAL_RULES:
            gate[f"{name}: {rule} fails"] = _percent([rule in trial.failed for trial in of])
    change = np.mean([trial.changes["recall, marked"][0] for trial in worse])
    gate["marked worse: true change of recall"] = f"{100 * change:+.1f}"
    gate["marked worse: its interval excludes 0"] = _percent([_excludes(t.changes["recall, marked"][1]) for t in worse])
    return {
        "equal: excludes 0": {name: _percent([_excludes(trial.changes[name][1]) for trial in equal]) for name in names},
        "better: true difference, holds it, excludes 0": {name: _better(better, name) for name in names},
        "gate": gate,
    }


def _better(trials: Sequence[Trial], name: str) -> str:
    changes = [trial.changes[name] for trial in trials]
    truth = float(np.mean([difference for difference, _ in changes]))
    holds = [ends is not None and ends[0] <= truth <= ends[1] for _, ends in changes]
    return f"{100 * truth:+.1f}, {_percent(holds)}, {_percent([_excludes(ends) for _, ends in changes])}"


def _excludes(ends: Ends) -> bool:
    return ends is not None and (ends[0] > 0 or ends[1] < 0)


def _percent(said: Sequence[bool]) -> str:
    return f"{100 * float(np.mean(said)):.1f} %"


def trial_of(setup: Setup, kind: str, seed: int) -> Trial:
    """One pair of runs, compared and checked."""
    ground_truth, before, after = pair(setup, kind, seed)
    compared = mapgap.compare(
        ground_truth,
        {"before": before, "after": after},
        common_images=False,
        run_intervals=False,
        score_threshold=SCORE_THRESHOLD,
        resamples=RESAMPLES,
        seed=seed,
        jobs=1,
    )
    (comparison,) = compared.compared.comparisons
    q = np.concatenate([getattr(comparison.slices, name).q_value for name in ("recall", "precision", "ap")])
    failed, q_values = _gate(compared.runs["before"].results, compared.runs["after"].results, setup.images, seed)
    return Trial(
        changes=_changes(comparison),
        slices=int((~np.isnan(comparison.slices.recall.q_value)).sum()),
        is_any_slice_sure=bool((q <= LARGEST_Q).any()),
        q_values=q_values,
        failed=failed,
    )


def _changes(of: Comparison) -> dict[str, tuple[float, Ends]]:
    rows = {tuple(where.items()): row for row, where in enumerate(of.slices.where)}
    changes: dict[str, Change] = {name: of.metrics[name] for name in ("AP", "AP50")}
    changes |= {name: of.rates[name] for name in ("recall", "precision", "f1")}
    for key, value in (("time", "night"), ("size", "small"), ("marked", True)):
        row = rows[(key, value),]
        name = key if value is True else value
        changes[f"recall, {name}"] = of.slices.recall.row(row)
        changes[f"AP, {name}"] = of.slices.ap.row(row)
    return {
        name: (np.nan if change.difference is None else change.difference, change.interval)
        for name, change in changes.items()
    }


def _gate(before: Results, after: Results, images: int, seed: int) -> tuple[tuple[str, ...], list[float]]:
    """The usual rules that fail, from what `mapgap check` measures, without the files in between; and q-values."""
    # The summary is asked only where there are no results.
    earlier = Earlier(cast(Any, None), results=before)
    measuring = Measuring(earlier, after, {}, draw_images(images, resamples=RESAMPLES, seed=seed))
    measured = {rule: measuring.of(rule) for rule in map(parse_rule, USUAL_RULES)}
    failed = [rule.text for rule, of in measured.items() if any(v.outcome == "failed" for v in judge(rule, of))]
    return tuple(failed), [each.q_value for of in measured.values() for each in of if each.q_value is not None]


def pair(setup: Setup, kind: str, seed: int) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """A data set, and two runs on it."""
    chance = np.random.default_rng([seed, setup.images, setup.classes, KINDS.index(kind)])
    night, hard, image, category, box = scene(chance, setup, setup.images)
    ease = chance.normal(0, 1, len(image))
    marked = chance.random(len(image)) < MARKED / len(image)
    before = run_of(chance, hard, image, category, box, setup.classes, ease=ease)
    more = 1.0
    if kind == "better":
        ease, more = ease + EASIER_AT_NIGHT * night[image], MORE_IMAGINED
    elif kind == "marked worse":
        ease = ease + HARDER_IF_MARKED * marked
    after = run_of(chance, hard, image, category, box, setup.classes, ease=ease, imagined_times=more)
    ground_truth = ground_truth_of(night, image, category, box, setup.classes)
    for annotation, is_marked in zip(ground_truth["annotations"], marked.tolist(), strict=True):
        annotation["marked"] = is_marked
    return ground_truth, before, after


if __name__ == "__main__":
    main()
