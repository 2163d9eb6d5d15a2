"""From the results of several runs to what changed between them, all from one set of draws of the images."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mapgap.analysis.image_sets import image_set_notices
from mapgap.bootstrap import (
    RunSamples,
    RunSlices,
    ap_changes,
    change_of,
    changes_of,
    draw_images,
    found_by_either,
    interval_of,
    precision_changes,
    recall_changes,
    run_samples,
)
from mapgap.changes import METRICS_COMPARED, RATES_COMPARED, CauseChanges, Compared, Comparison, SliceChanges, Standing
from mapgap.comparison import align_slices, best_run, crossed_steps, object_changes, standings
from mapgap.gap import counted_and_right, resampled_gap_by_cause
from mapgap.rates import micro
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS
from mapgap.slices.average_precision import average_precision_by_slice
from mapgap.tables import (
    CAUSES,
    GAP_CAUSES,
    IOU_THRESHOLDS,
    BoolArray,
    DrawnArray,
    FloatArray,
    GroundTruth,
    IdArray,
    Results,
)


def compare_results(
    runs: Mapping[str, Results],
    *,
    resamples: int | None = None,
    seed: int | None = None,
) -> Compared:
    """Who leads, and what changed from the first run to each other one; the runs must share their ground truth.

    `resamples` and `seed` are those of the first run's settings unless given.
    """
    first, *others = runs
    settings = runs[first].settings
    resamples = settings.resamples if resamples is None else resamples
    seed = settings.seed if seed is None else seed
    images = len(runs[first].ground_truth.images.ids)
    drawn = draw_images(images, resamples=resamples, seed=seed) if resamples else None
    sides = {name: _Side(name, results, drawn) for name, results in runs.items()}
    comparisons = tuple(_compare(sides[first], sides[name]) for name in others)
    return Compared(resamples, seed, _standings(sides), comparisons, image_set_notices(runs))


@dataclass(frozen=True)
class _Side:
    """One of the runs, with what is drawn from it; made when first asked for."""

    name: str
    results: Results
    drawn: DrawnArray | None

    @cached_property
    def samples(self) -> RunSamples:
        assert self.drawn is not None
        of = self.results
        return run_samples(of.ground_truth, of.detections, of.matches, of.operating_point, self.drawn)

    @cached_property
    def cause_gap_samples(self) -> FloatArray:
        """(causes, B) what each cause owes in each resample."""
        assert self.drawn is not None
        of = self.results
        return resampled_gap_by_cause(of.ground_truth, of.detections, of.matches, of.causes, self.drawn)

    @cached_property
    def slices(self) -> RunSlices:
        of, thresholds = self.results, len(IOU_THRESHOLDS)
        counted = counted_and_right(of.matches, thresholds)
        return RunSlices(of, average_precision_by_slice(of.ground_truth, of.matches, of.causes, *counted, thresholds))

    def rate(self, name: str) -> float | None:
        """A rate at the operating point."""
        return dict(zip(RATES_COMPARED, micro(self.results.operating_point), strict=True))[name]

    def errors(self) -> IdArray:
        """By cause."""
        return np.bincount(self.results.errors.cause, minlength=len(CAUSES)).astype(np.int64)

    def gap_by_cause(self) -> FloatArray:
        """(causes,) NaN without ground truth."""
        gap = self.results.gap
        nothing = gap.total is None
        return np.array([np.nan if nothing else gap.by_cause[cause] for cause in GAP_CAUSES])


def _compare(before: _Side, after: _Side) -> Comparison:
    is_drawn = before.drawn is not None
    both = (before.samples, after.samples) if is_drawn else None
    first, second = before.results, after.results
    return Comparison(
        before=before.name,
        after=after.name,
        metrics={
            name: change_of(
                first.metrics[name], second.metrics[name], both and (both[0].metrics[name], both[1].metrics[name])
            )
            for name in METRICS_COMPARED
        },
        rates={
            name: change_of(before.rate(name), after.rate(name), both and (both[0].rates[name], both[1].rates[name]))
            for name in RATES_COMPARED
        },
        class_ap=changes_of(
            first.class_ap,
            second.class_ap,
            both and (both[0].class_ap, both[1].class_ap),
            _has_enough_to_test(first.ground_truth),
        ),
        causes=CauseChanges(
            gap=changes_of(
                before.gap_by_cause(),
                after.gap_by_cause(),
                (before.cause_gap_samples, after.cause_gap_samples) if is_drawn else None,
            ),
            errors_before=before.errors(),
            errors_after=after.errors(),
        ),
        slices=_slice_changes(before, after),
        crossed=tuple(crossed_steps(first, second)),
        objects=object_changes(first, second),
    )


def _has_enough_to_test(truth: GroundTruth) -> BoolArray:
    """(K,) which classes have enough objects in enough images to be compared."""
    objects = np.flatnonzero(truth.is_object)
    classes = len(truth.categories.ids)
    pairs = np.unique(np.stack([truth.category[objects], truth.image[objects]]), axis=1)
    enough_objects = np.bincount(truth.category[objects], minlength=classes) >= LEAST_MEMBERS
    return np.asarray(enough_objects & (np.bincount(pairs[0], minlength=classes) >= LEAST_IMAGES))


def _slice_changes(before: _Side, after: _Side) -> SliceChanges:
    first, second, drawn = before.results, after.results, before.drawn
    aligned = align_slices(first, second)
    where = aligned.where
    _, broken, fixed, _ = found_by_either(first, second, where, aligned.objects).T
    columns = (aligned.recall, aligned.precision, aligned.ap)
    unsure = [changes_of(column[:, 0], column[:, 1], None) for column in columns]
    is_tested = (aligned.objects >= LEAST_MEMBERS) & (aligned.images >= LEAST_IMAGES)
    if drawn is not None:
        unsure = [
            recall_changes(first, second, where, aligned.objects, is_tested, aligned.recall, drawn),
            precision_changes(first, second, where, is_tested, aligned.precision, drawn),
            ap_changes(before.slices, after.slices, where, is_tested, aligned.ap, drawn),
        ]
    recall, precision, ap = unsure
    return SliceChanges(
        where=where,
        objects=aligned.objects,
        images=aligned.images,
        gap_before=aligned.gap[:, 0],
        gap_after=aligned.gap[:, 1],
        fixed=fixed,
        broken=broken,
        recall=recall,
        precision=precision,
        ap=ap,
    )


def _standings(sides: Mapping[str, _Side]) -> tuple[Standing, ...]:
    ap = {name: side.results.metrics["AP"] for name, side in sides.items()}
    best = sides[best_run(ap)]
    if best.drawn is None:
        return standings(ap, None, dict.fromkeys(ap, (None, None)))
    samples = {name: side.samples.metrics["AP"] for name, side in sides.items()}
    intervals = {
        name: (interval_of(of_run), interval_of(samples[best.name] - of_run)) for name, of_run in samples.items()
    }
    return standings(ap, samples, intervals)
