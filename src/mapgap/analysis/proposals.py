"""Score thresholds proposed from a run that has been analysed, as a record, as tables and as a file."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mapgap.alikeness import listed, most_alike_first
from mapgap.analysis.localization_quality import quality_records
from mapgap.analysis.whole_file import write_file
from mapgap.bootstrap import draw_images
from mapgap.error_costs import costs_of_threshold
from mapgap.errors import AccessError, InputError
from mapgap.halves import in_first_half
from mapgap.operating_point import costs_of_keeping
from mapgap.rates import rates
from mapgap.report.columns import target_of_detections
from mapgap.report.evaluation import tables_inputs_record
from mapgap.report.json_files import json_bytes
from mapgap.report.json_values import Record, number
from mapgap.tables import CAUSES, COUNTED_FROM_LABELS, Attribute, FloatArray, IdArray, Results
from mapgap.thresholds import (
    SCHEMA,
    Divided,
    Judged,
    Outcome,
    Partition,
    Population,
    Proposal,
    Proposals,
    measure_of,
    propose,
)

if TYPE_CHECKING:
    import pandas as pd

CLASSES = "class"
"""The partition by predicted class; no attribute by which slices are cut can be called so."""
BELOW_THRESHOLD = CAUSES.index("below_threshold")


@dataclass(frozen=True)
class ProposedThresholds:
    """Thresholds for all, by class and by slice, with what they are worth on images they were not chosen on."""

    record: Record
    """The content of the file, schema mapgap/thresholds/1."""

    @property
    def score_threshold(self) -> float:
        """The threshold for all."""
        return float(self.record["all"])

    def classes(self) -> "pd.DataFrame":
        """One row a class."""
        return _frame(self.record["classes"])

    def slices(self) -> "pd.DataFrame":
        """One row a value of each attribute."""
        return _frame(self.record["slices"])

    def write(self, path: str | PathLike[str]) -> Path:
        """Writes the file, whole or not at all; one of its kind there is replaced, any other is refused.

        AccessError if it cannot be written.
        """
        target = Path(path)
        require_replaceable(target)
        write_file(target, json_bytes(self.record))
        return target


def require_replaceable(target: Path) -> None:
    """Raises AccessError where something else than a file of thresholds is in the place of one."""
    if not os.path.lexists(target):
        return
    try:
        known = target.is_file() and json.loads(target.read_bytes()).get("schema") == SCHEMA
    except (OSError, ValueError, AttributeError, RecursionError):
        known = False
    if not known:
        raise AccessError(f"{target}: there is something else than a file of thresholds. Name another file")


def propose_for(results: Results, rule: float | str, by: Sequence[str] | None) -> ProposedThresholds:
    """The proposals by a rule; slices by the attributes named, or by all those of images that a camera can know.

    Raises InputError for a rule that is none or out of reach, and for attributes that there are not.
    """
    attributes = _attributes(results, by)
    population, counted, objects = _population(results, rule)
    target, _ = target_of_detections(results)
    partitions = {
        CLASSES: Partition(
            results.detections.category[counted],
            results.ground_truth.category[objects],
            len(results.ground_truth.categories.ids),
        )
    }
    for attribute in attributes:
        codes = attribute.codes_at(target, np.arange(len(target), dtype=np.int32))[counted]
        partitions[attribute.name] = Partition(codes, attribute.object_codes[objects], len(attribute.values))
    judged_on = int((~population.chosen_on).sum())
    settings = results.settings
    drawn = draw_images(judged_on, resamples=settings.resamples, seed=settings.seed) if settings.resamples else None
    proposals = propose(population, partitions, rule, drawn=drawn if judged_on else None)
    return ProposedThresholds(_record(results, rule, population, attributes, proposals))


def _attributes(results: Results, by: Sequence[str] | None) -> list[Attribute]:
    known = {attribute.name: attribute for attribute in results.attributes if attribute.kind != "class"}
    if by is None:
        return [attribute for attribute in known.values() if is_known_before(attribute) and len(attribute.values) > 1]
    unknown = [name for name in by if name not in known]
    if CLASSES in unknown:
        raise InputError("thresholds by class are proposed in any case", where="--by", fix="Leave it out")
    if unknown:
        alike = listed(most_alike_first(unknown[0], list(known)))
        raise InputError(f"there is no attribute {unknown[0]!r}", where="--by", fix=f"Attributes: {alike}")
    return [known[name] for name in dict.fromkeys(by)]


def is_known_before(attribute: Attribute) -> bool:
    """Whether who serves the detector knows the value of an image before anything is detected or labelled."""
    return attribute.kind == "image" and attribute.name not in COUNTED_FROM_LABELS


def _population(results: Results, rule: float | str) -> tuple[Population, IdArray, IdArray]:
    """With the detections and the annotations that its rows are."""
    truth, detections, threshold = results.ground_truth, results.detections, results.analysis_threshold
    settings = results.settings if rule == "cost" else replace(results.settings, costs={})
    counted = np.flatnonzero(results.matches.is_counted(threshold, settings.max_detections))
    objects = np.flatnonzero(truth.is_object)
    cost = costs_of_keeping(truth, detections, results.matches, results.causes, settings, threshold)
    population = Population(
        score=detections.score[counted],
        right=results.matches.is_true_positive(threshold, settings.max_detections)[counted],
        cost=cost[counted],
        image=detections.image[counted],
        object_image=truth.image[objects],
        object_cost=_costs_of_missing(results, costs_of_threshold(settings.costs, truth.categories))[objects],
        chosen_on=in_first_half(truth.images.ids),
    )
    return population, counted, objects


def _costs_of_missing(results: Results, table: FloatArray) -> FloatArray:
    """(N,) what each object costs where nothing is kept."""
    errors = results.errors
    cause = np.full(len(results.ground_truth.ids), BELOW_THRESHOLD)
    is_lost = errors.is_false_negative & (errors.cause != BELOW_THRESHOLD)
    cause[errors.object[is_lost]] = errors.cause[is_lost]
    return np.asarray(table[cause, results.ground_truth.category])


def _record(
    results: Results, rule: float | str, population: Population, attributes: Sequence[Attribute], proposals: Proposals
) -> Record:
    has_cost = rule == "cost"
    categories, settings = results.ground_truth.categories, results.settings
    chosen_on = int(population.chosen_on.sum())
    for_all = proposals.for_all
    classes = proposals.divided[CLASSES]
    *qualities, of_all = quality_records(results, for_all.chosen.score_threshold)
    return {
        "schema": SCHEMA,
        "rule": str(rule),
        "measure": measure_of(rule),
        "iou_threshold": results.operating_point.iou_threshold,
        "costs": dict(settings.costs) if has_cost else {},
        "resamples": settings.resamples,
        "seed": settings.seed,
        "inputs": tables_inputs_record(results.ground_truth, results.detections),
        "images": {"chosen_on": chosen_on, "judged_on": len(population.chosen_on) - chosen_on},
        "all": for_all.chosen.score_threshold,
        "for_all": {
            "chosen_on": _chosen_record(for_all),
            "judged_on": {
                "objects": for_all.judged.objects,
                "images": for_all.judged.images,
                **_outcome_record(for_all.judged.with_all, has_cost=has_cost),
            },
            **of_all,
        },
        "classes": [
            {"id": identifier, "name": name, **_proposal_record(proposal, has_cost=has_cost), **quality}
            for identifier, name, proposal, quality in zip(
                categories.ids.tolist(), categories.names, classes.parts, qualities, strict=True
            )
        ],
        "classes_together": _judged_record(classes.together, has_cost=has_cost),
        "slices": [
            {"where": {attribute.name: value}, **_proposal_record(proposal, has_cost=has_cost)}
            for attribute in attributes
            for value, proposal in _shown_parts(attribute, proposals.divided[attribute.name])
        ],
        "slices_together": [
            {
                "attribute": attribute.name,
                "known_before": is_known_before(attribute),
                **_judged_record(proposals.divided[attribute.name].together, has_cost=has_cost),
            }
            for attribute in attributes
        ],
    }


def _shown_parts(attribute: Attribute, divided: Divided) -> list[tuple[Any, Proposal]]:
    """Values that objects have."""
    pairs = zip(attribute.values, divided.parts, strict=True)
    return [(value, part) for value, part in pairs if part.chosen.objects + part.judged.objects]


def _proposal_record(proposal: Proposal, *, has_cost: bool) -> Record:
    chosen = proposal.chosen
    return {
        "score_threshold": chosen.score_threshold,
        "own": chosen.why_for_all is None,
        "why_for_all": chosen.why_for_all,
        "chosen_on": _chosen_record(proposal),
        "judged_on": _judged_record(proposal.judged, has_cost=has_cost),
    }


def _chosen_record(proposal: Proposal) -> Record:
    chosen = proposal.chosen
    return {"objects": chosen.objects, "images": chosen.images, "right": chosen.right}


def _judged_record(judged: Judged, *, has_cost: bool) -> Record:
    return {
        "objects": judged.objects,
        "images": judged.images,
        "with_all": _outcome_record(judged.with_all, has_cost=has_cost),
        "with_own": _outcome_record(judged.with_own, has_cost=has_cost),
        "gain": judged.gain,
        "gain_interval": None if judged.interval is None else list(judged.interval),
        "holds": judged.holds,
    }


def _outcome_record(outcome: Outcome, *, has_cost: bool) -> Record:
    precision, recall, f1 = (number(float(rate)) for rate in rates(outcome.tp, outcome.fp, outcome.fn))
    counts = {"tp": outcome.tp, "fp": outcome.fp, "fn": outcome.fn}
    record = {**counts, "precision": precision, "recall": recall, "f1": f1}
    return {**record, "cost": outcome.cost} if has_cost else record


def _frame(records: Sequence[Record]) -> "pd.DataFrame":
    """Records as rows; what is inside of one has both names, as `judged_on.gain`."""
    import pandas as pd

    return pd.json_normalize([dict(record) for record in records])
