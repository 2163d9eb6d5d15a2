"""Label doubt and reliability of a run that has been analysed; computed when somebody asks."""

from dataclasses import replace
from typing import Any

import numpy as np

from mapgap.errors import InputError
from mapgap.label_doubt import find_label_doubts
from mapgap.reliability import score_reliability
from mapgap.report.columns import target_of_detections
from mapgap.tables import Attribute, LabelDoubts, Results

CALIBRATION_KEYS = ("score_low", "score_high", "detections", "tp", "confidence", "precision", "d_ece")


def with_label_doubts(results: Results) -> Results:
    """The results with the labels that may be wrong, as a report shows them."""
    return results if results.label_doubts is not None else replace(results, label_doubts=label_doubts(results))


def label_doubts(results: Results) -> LabelDoubts:
    """The labels that may be wrong, most doubtful first."""
    return find_label_doubts(
        results.ground_truth,
        results.detections,
        results.matches,
        results.causes,
        results.operating_point,
        results.attributes,
        threshold=results.analysis_threshold,
        max_detections=results.settings.max_detections,
    )


def calibration_rows(results: Results, by: str | None, minimum_score: float | None) -> list[dict[str, Any]]:
    """The rows of `Analysis.calibration`: one a value of the attribute and a bin that holds a detection."""
    threshold, most = results.analysis_threshold, results.settings.max_detections
    is_counted = results.matches.is_counted(threshold, most)
    if minimum_score is not None:
        is_counted &= results.detections.score >= minimum_score
    rows = np.flatnonzero(is_counted)
    attribute = None if by is None else _attribute(results, by)
    group = np.zeros(len(rows), dtype=np.int32) if attribute is None else _codes(results, attribute)[rows]
    reliability = score_reliability(
        results.detections.score[rows],
        results.matches.is_true_positive(threshold, most)[rows],
        group,
        1 if attribute is None else len(attribute.values),
    )
    columns = (
        reliability.low,
        reliability.high,
        reliability.detections,
        reliability.true_positives,
        reliability.confidence,
        reliability.true_positives / reliability.detections,
        reliability.d_ece[reliability.group],
    )
    rows_of = zip(*(column.tolist() for column in columns), strict=True)
    records = [dict(zip(CALIBRATION_KEYS, row, strict=True)) for row in rows_of]
    if attribute is None:
        return records
    values = [attribute.values[code] for code in reliability.group.tolist()]
    return [{attribute.name: value, **record} for value, record in zip(values, records, strict=True)]


def _attribute(results: Results, name: str) -> Attribute:
    for attribute in results.attributes:
        if attribute.name == name:
            return attribute
    known = ", ".join(attribute.name for attribute in results.attributes)
    raise InputError(f"there is no attribute {name!r}", fix=f"Known attributes: {known}")


def _codes(results: Results, attribute: Attribute) -> Any:
    """(D,) values at the object a detection matched or points at, else its own; a class is the predicted one."""
    if attribute.kind == "class":
        return attribute.detection_codes
    target, _ = target_of_detections(results)
    return attribute.codes_at(target, np.arange(len(target), dtype=np.int32))
