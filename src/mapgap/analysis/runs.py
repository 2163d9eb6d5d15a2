"""Several runs on one ground truth: the same analysis of each, and one report on all of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, overload

from mapgap.analysis.analysis import Analysis, analyze
from mapgap.analysis.reporting import report_on
from mapgap.analysis.run_names import checked_run_names
from mapgap.analysis.shown import ReportFolder, ShownReport
from mapgap.analysis.sources import DetectionsSource, GroundTruthSource, read_pair, telling_of_both
from mapgap.analysis.stages import CountingProgress, Progress
from mapgap.analysis.truth import truth_of
from mapgap.changes import Compared
from mapgap.errors import InputError

Count = Callable[[int, int], None]
"""Told how many are done, and of how many."""


@dataclass(frozen=True)
class Runs(Mapping[str, Analysis]):
    """The analysis of each run by its name, in the order in which they were given."""

    analyses: Mapping[str, Analysis]

    def __getitem__(self, name: str) -> Analysis:
        return self.analyses[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.analyses)

    def __len__(self) -> int:
        return len(self.analyses)

    @overload
    def report(
        self,
        output: None = None,
        *,
        link_images: bool = False,
        command: str | None = None,
        count: Count | None = None,
        compared: Compared | None = None,
    ) -> ShownReport: ...

    @overload
    def report(
        self,
        output: str | PathLike[str],
        *,
        link_images: bool = False,
        command: str | None = None,
        count: Count | None = None,
        compared: Compared | None = None,
    ) -> ReportFolder: ...

    def report(
        self,
        output: str | PathLike[str] | None = None,
        *,
        link_images: bool = False,
        command: str | None = None,
        count: Count | None = None,
        compared: Compared | None = None,
    ) -> ShownReport | ReportFolder:
        """One report on all runs, as `Analysis.report` makes it of one, with what changed from the first to the others.

        The files beside report.html are those of the first run; those of another are in `runs/NAME`. `command` is the
        command line to name in the report; `count` is told how many crops are cut; `compared` spares the
        comparison where it was made already.
        """
        first = next(iter(self.values()))
        return report_on(
            {name: analysis.results for name, analysis in self.items()},
            output,
            images=first.images,
            link_images=link_images,
            jobs=first.jobs,
            command=command,
            count=count,
            compared=compared,
        )


def analyze_runs(
    gt: GroundTruthSource,
    runs: Mapping[str, DetectionsSource],
    *,
    progress: Progress | None = None,
    **options: Any,
) -> Runs:
    """`analyze` for each of several runs; the ground truth is read once, and its pictures are looked at once.

    `runs` gives the detections of each run by its name, which may have letters, digits and . _ + -; `options` are those
    of `analyze`, the same for all. `progress` is told "NAME: stage" as each stage begins.
    Raises InputError for names that are no names or not distinct, and whatever `analyze` raises.
    """
    if not isinstance(runs, Mapping):
        raise InputError(f"runs is a {type(runs).__name__}", fix="Give a dict, as in {'small': 'small.json'}")
    names = checked_run_names(runs)
    iou_type = options.get("iou_type", "bbox")
    truth = truth_of(gt, options)
    # All files are read before the first is analysed: what is wrong with the last one is told at once.
    with telling_of_both(gt, [runs[name] for name in names], iou_type, truth.reading):
        read = {name: read_pair(truth.table, runs[name], iou_type, reading=truth.reading)[1] for name in names}
    return Runs(
        {name: analyze(truth, read[name], progress=named_progress(progress, name), **options) for name in names}
    )


def named_progress(progress: Progress | None, run: str) -> Progress | None:
    """The same progress, told which run a stage is of."""
    if progress is None:
        return None
    return _CountingOfRun(progress, run) if isinstance(progress, CountingProgress) else _OfRun(progress, run)


@dataclass(frozen=True)
class _OfRun:
    progress: Progress
    run: str

    def __call__(self, stage: str) -> None:
        self.progress(f"{self.run}: {stage}")


@dataclass(frozen=True)
class _CountingOfRun:
    progress: CountingProgress
    run: str

    def __call__(self, stage: str) -> None:
        self.progress(f"{self.run}: {stage}")

    def count(self, done: int, of: int) -> None:
        self.progress.count(done, of)
