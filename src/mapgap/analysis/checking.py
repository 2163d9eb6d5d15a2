"""A gate: is a run worse than its baseline by more than the rules allow?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

from mapgap.analysis.analysis import Analysis, analyze
from mapgap.analysis.baseline import Baseline, read_baseline
from mapgap.analysis.baseline_point import GatePoint, gate_point
from mapgap.analysis.baseline_runs import baseline_detections, with_baseline_outcomes
from mapgap.analysis.baseline_truth import other_file_notice, require_same_truth, truth_difference
from mapgap.analysis.image_sets import image_set_notices
from mapgap.analysis.measuring import Earlier, Measuring
from mapgap.analysis.runs import named_progress
from mapgap.analysis.sources import (
    AttributesSource,
    DetectionsSource,
    GroundTruthSource,
    read_pair,
    require_iou_type,
    telling_of_both,
)
from mapgap.analysis.stages import STAGES, Progress
from mapgap.analysis.truth import Truth
from mapgap.attributes import Expression, parse_expression, select_objects
from mapgap.bootstrap import checked_draws, draw_images
from mapgap.coco.selection import select
from mapgap.coco_parameters import METRICS
from mapgap.errors import InputError
from mapgap.gates import in_order, judge, parse_rule
from mapgap.readings import USUAL, Reading
from mapgap.report.evaluation import tables_inputs_record
from mapgap.tables import Notice, Results
from mapgap.verdicts import Gate, Rule

NOW, BASELINE = "now", "baseline"
CHECK_STAGES = (*(f"{run}: {stage}" for run in (NOW, BASELINE) for stage in STAGES), "comparing", "report")
USUAL_RULES = ("AP drop > 0.5", "recall drop > 1", "precision drop > 1", "recall[*] drop > 2")
"""What holds where nobody says anything."""
SAME = 1e-9
"""Numbers of a summary and of its own tables are no further apart."""


@dataclass(frozen=True)
class Checked:
    """What a gate says of a run, and the analysis of that run."""

    gate: Gate
    now: Analysis


def usual_rules(baseline: Baseline) -> tuple[Rule, ...]:
    """USUAL_RULES; only those on COCO's numbers where the baseline has nothing else."""
    rules = tuple(parse_rule(text) for text in USUAL_RULES)
    return rules if baseline.summary.operating_point else tuple(rule for rule in rules if rule.metric in METRICS)


def check(
    gt: GroundTruthSource,
    dt: DetectionsSource,
    baseline: str | PathLike[str],
    rules: Sequence[Rule] = (),
    *,
    strict: bool = False,
    score_threshold: float | str | None = None,
    common_images: bool = False,
    images: str | PathLike[str] | None = None,
    attributes: AttributesSource | None = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    slices: Mapping[str, str] | None = None,
    resamples: int = 200,
    seed: int = 0,
    jobs: int = 0,
    for_report: bool = False,
    reading: Reading = USUAL,
    progress: Progress | None = None,
) -> Checked:
    """The verdicts of the rules (USUAL_RULES without any) on the run `dt` against its baseline.

    `baseline` is a report folder or a summary.json. IoU type and threshold, bins and named slices are the baseline's,
    and so is its score threshold unless another is given; `bins` and `slices` come on top. `strict` lets every change
    beyond a rule count, sure or not. `common_images` leaves out the images whose ground truth differs. `for_report`
    gives the analysis of the run all that a report needs. `progress` is told each of CHECK_STAGES.
    Raises InputError for rules, baselines and inputs without a meaning, AccessError for unreadable files.
    """
    resamples, seed = checked_draws(resamples, seed)
    rules = tuple(dict.fromkeys(rules))
    parsed = {rule.where: _parsed(rule) for rule in rules if rule.where is not None and not rule.is_about_every_slice}
    known = read_baseline(baseline)
    rules = rules or usual_rules(known)
    settings = known.summary.settings
    require_iou_type(settings.iou_type)
    point = gate_point(known, score_threshold)
    whole = Truth(gt, settings.iou_type, images, attributes, jobs, reading)
    truth, detections, notices = _inputs(whole, dt, known, common_images)
    asked = {
        "iou_type": settings.iou_type,
        "iou_threshold": settings.iou_threshold,
        "score_threshold": point.score_threshold,
        "thresholds": point.thresholds,
        "bins": {**settings.bins, **(bins or {})},
        "slices": {**settings.slices, **(slices or {})},
        "seed": seed,
        "jobs": jobs,
    }
    told = named_progress(progress, NOW)
    now = analyze(truth, detections, resamples=resamples if for_report else 0, progress=told, **asked)  # type: ignore[arg-type]
    lacks = settings.attributes.name if settings.attributes is not None and attributes is None else None
    expressions = _named_expressions(rules, parsed, now.results, lacks)
    earlier = _earlier(known, point, truth, now.results, asked, named_progress(progress, BASELINE))
    if progress is not None:
        progress("comparing")
    drawn = draw_images(len(truth.table.images.ids), resamples=resamples, seed=seed) if resamples else None
    measuring = Measuring(earlier, now.results, expressions, drawn)
    verdicts = [verdict for rule in rules for verdict in judge(rule, measuring.of(rule), strict=strict)]
    gate = Gate(
        rules=rules,
        verdicts=in_order(verdicts),
        inputs=_inputs_record(known, now.results),
        settings={
            "iou_type": settings.iou_type,
            "iou_threshold": settings.iou_threshold,
            "score_threshold": now.results.operating_point.score_threshold,
            "baseline_score_threshold": _threshold_before(earlier),
            "strict": strict,
            "common_images": common_images,
            "resamples": resamples,
            "seed": seed,
        },
        notices=(
            *notices,
            *_not_joined(lacks),
            *_unlike_summary(earlier),
            *(image_set_notices({BASELINE: earlier.results, NOW: now.results}) if earlier.results else ()),
            *now.results.notices,
        ),
    )
    return Checked(gate, now)


def _earlier(
    baseline: Baseline,
    point: GatePoint,
    truth: Truth,
    now: Results,
    asked: Mapping[str, Any],
    progress: Progress | None,
) -> Earlier:
    """What the baseline tells: analysed again where it holds boxes, else what its tables or its summary know."""
    known = Earlier(baseline.summary, is_at_own_point=point.is_own)
    if baseline.tables is None:
        return known
    if baseline.summary.settings.iou_type == "segm":
        at = None if point.is_own else float(point.score_threshold)
        return replace(known, outcomes=with_baseline_outcomes(now, baseline, at))
    run = baseline_detections(truth.table, baseline)
    return replace(known, results=analyze(truth, run, resamples=0, progress=progress, **asked).results)


def _not_joined(name: str | None) -> tuple[Notice, ...]:
    if name is None:
        return ()
    message = f"the baseline joined {name}; its columns are no attributes here without --attributes"
    return (Notice("attributes_not_joined", message, 1),)


def _parsed(rule: Rule) -> Expression:
    assert rule.where is not None
    try:
        return parse_expression(rule.where)
    except InputError as error:
        raise _in_rule(rule, error) from None


def _in_rule(rule: Rule, error: InputError) -> InputError:
    """The complaint with the rule it is about."""
    where = ": ".join(part for part in (f"rule {rule.text}", error.where) if part)
    return InputError(error.what, file=rule.source, where=where, fix=error.fix)


def _inputs(
    truth: Truth, dt: DetectionsSource, baseline: Baseline, common_images: bool
) -> tuple[Truth, DetectionsSource, tuple[Notice, ...]]:
    """The ground truth and the run's detections in the images to look at, and what is to be said of them."""
    with telling_of_both(truth.source, [dt], truth.iou_type, truth.reading):
        table, detections = read_pair(truth.table, dt, truth.iou_type, reading=truth.reading)
    if baseline.tables is None:
        return truth, detections, other_file_notice(table, baseline)
    difference = truth_difference(table, baseline)
    notices = require_same_truth(difference, common_images=common_images)
    if not notices:
        return truth, detections, other_file_notice(table, baseline)
    common, kept = select(table, detections, image_ids=difference.same_images.tolist())
    return replace(truth, source=common), kept, notices


def _named_expressions(
    rules: Sequence[Rule], parsed: Mapping[str, Expression], now: Results, lacks: str | None
) -> dict[str, tuple[str, Expression]]:
    """Of each slice that rules name, by its text: a name that no attribute has, and the condition.

    `lacks` is a file of attributes that the baseline had, for a complaint about an unknown one.
    """
    taken = {attribute.name for attribute in now.attributes}
    named: dict[str, tuple[str, Expression]] = {}
    for rule in rules:
        where = rule.where
        if where is None or where not in parsed or where in named:
            continue
        try:
            select_objects(now.attributes, parsed[where])
        except InputError as error:
            if lacks is not None and error.what.startswith("no attribute"):
                error.fix = f"The baseline joined {lacks}: give it with --attributes. {error.fix or ''}".strip()
            raise _in_rule(rule, error) from None
        name = f"gate {len(named)}"
        while name in taken:
            name += "_"
        named[where] = (name, parsed[where])
    return named


def _unlike_summary(earlier: Earlier) -> tuple[Notice, ...]:
    """That the baseline's tables do not give the numbers of its summary, where they should."""
    again, summary = earlier.results, earlier.summary
    if again is None or summary.inputs.ground_truth.sha256 != again.ground_truth.sha256:
        return ()
    told = {name: (value, again.metrics[name]) for name, value in summary.coco.items() if name in METRICS}
    unlike = [name for name, pair in told.items() if not _is_same(*pair)]
    if not unlike:
        return ()
    first, (old, new) = unlike[0], told[unlike[0]]
    message = f"{first} of the baseline is {old} by its summary.json and {new} by its tables, which are used here"
    return (Notice("baseline_disagrees", message, len(unlike), tuple(unlike[:3])),)


def _is_same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= SAME


def _threshold_before(earlier: Earlier) -> float | None:
    if earlier.paired is not None and not earlier.is_at_own_point:
        return earlier.paired.operating_point.score_threshold
    if earlier.results is not None:
        return earlier.results.operating_point.score_threshold
    point = earlier.summary.operating_point
    return None if point is None else point.score_threshold


def _inputs_record(baseline: Baseline, now: Results) -> dict[str, object]:
    before = baseline.summary.inputs
    return {
        **tables_inputs_record(now.ground_truth, now.detections),
        "baseline": {
            "kind": baseline.kind,
            "ground_truth": {"name": before.ground_truth.name, "sha256": before.ground_truth.sha256},
            "detections": {"name": before.detections.name, "sha256": before.detections.sha256},
        },
    }
