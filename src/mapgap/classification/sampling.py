"""From what the caller gave to samples: labels, scores, predictions and attributes, checked against each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mapgap.classification.attributes import sample_attributes
from mapgap.classification.labels import (
    Places,
    as_rows,
    checked_labels,
    label_codes,
    ordered_labels,
    other_label,
    place_of,
    plain_labels,
    positive_class,
)
from mapgap.classification.scores import (
    DEFAULT_THRESHOLD,
    by_label,
    highest_scoring,
    positive_threshold,
    read_scores,
    score_labels,
    score_notices,
)
from mapgap.classification.tables import Samples, Scores
from mapgap.errors import InputError
from mapgap.tables import IndexArray, Scalar

MOST_CLASSES = 5_000
PREDICTIONS, HIGHEST_SCORE = "predictions", "highest score"


def read_samples(
    y_true: Any,
    y_pred: Any = None,
    *,
    scores: Any = None,
    labels: Any = None,
    positive: Scalar = None,
    threshold: float | str | None = None,
    attributes: Any = None,
    groups: Any = None,
    ids: Any = None,
    name: str = "samples",
    sha256: str | None = None,
    places: Places = None,
) -> Samples:
    """The samples; see `mapgap.classification.evaluate` for what is taken. `places` says where each row stands."""
    scores = by_label(scores)
    truth = plain_labels(y_true, "y_true", places)
    given = None if y_pred is None else plain_labels(y_pred, "y_pred", places)
    if not truth:
        raise InputError("there is no sample", where="y_true", fix="Give at least one label")
    if given is None and scores is None:
        raise InputError("there are neither predictions nor scores", fix="Give y_pred, or scores=, or both")
    if given is not None and len(given) != len(truth):
        what = f"there are {len(given):,} predictions and {len(truth):,} samples"
        raise InputError(what, where="y_pred", fix="Give each sample its prediction")
    known = _labels(labels, truth, given, scores, positive)
    if len(known) > MOST_CLASSES:
        what = f"there are {len(known):,} different labels, and at most {MOST_CLASSES:,} make a confusion matrix"
        raise InputError(what, fix="Give labels of classes, not names of samples or scores")
    place = positive_class(positive, known)
    read = None if scores is None else read_scores(scores, known, place, len(truth), places)
    truth_codes = label_codes(truth, known)
    prediction, at, rule = _predictions(truth_codes, given, known, read, place, threshold)
    found, notices = sample_attributes(attributes, len(truth))
    if read is not None:
        notices += score_notices(read, place, threshold=at, is_default=threshold is None)
    return Samples(
        name=name,
        sha256=sha256,
        labels=known,
        truth=truth_codes,
        prediction=prediction,
        scores=read,
        positive=place,
        threshold=at,
        threshold_rule=rule,
        ids=None if ids is None else _ids(ids, len(truth)),
        attributes=found,
        cluster=_clusters(groups, len(truth)),
        is_grouped=groups is not None,
        notices=tuple(notices),
    )


def _labels(
    given: Any, truth: Sequence[Scalar], prediction: Sequence[Scalar] | None, scores: Any, positive: Scalar
) -> tuple[Scalar, ...]:
    """All classes: as given, else those that are seen, and of one class with one score a sample its opposite too."""
    present = list(dict.fromkeys([*truth, *(prediction or ()), *score_labels(scores)]))
    if given is not None:
        return checked_labels(given, ordered_labels(present))
    if positive is not None and len(present) == 1:
        present = list(dict.fromkeys([*present, *plain_labels([positive], "positive")]))
    has_one_score = scores is not None and not score_labels(scores) and len(getattr(scores, "shape", (0,))) == 1
    if has_one_score and len(present) == 1:
        present.append(other_label(present[0]))
    return ordered_labels(present)


def _predictions(
    truth: IndexArray,
    given: Sequence[Scalar] | None,
    labels: Sequence[Scalar],
    scores: Scores | None,
    positive: int | None,
    rule: float | str | None,
) -> tuple[IndexArray, float | None, str]:
    """(N,) the class each sample is taken for, the threshold that was applied, and how it came about."""
    if rule is not None and (scores is None or positive is None):
        why = "there are no scores" if scores is None else "no class is the positive one of two"
        raise InputError(f"a threshold has no meaning: {why}", where="threshold", fix="Leave it out")
    if given is not None and rule is None:
        return label_codes(given, labels), None, PREDICTIONS
    assert scores is not None
    column = None if positive is None else scores.of_class(positive)
    if column is None or positive is None:
        if not scores.classes:
            raise InputError("there is no column of scores", where="scores", fix="Give one a class")
        return highest_scoring(scores), None, HIGHEST_SCORE
    threshold = positive_threshold(DEFAULT_THRESHOLD if rule is None else rule, column, truth == positive)
    is_taken = np.zeros(len(column), dtype=bool) if threshold is None else column >= threshold
    prediction = np.where(is_taken, positive, 1 - positive).astype(np.int32)
    return prediction, threshold, str(DEFAULT_THRESHOLD if rule is None else rule)


def _ids(ids: Any, samples: int) -> tuple[Scalar, ...]:
    rows = as_rows(ids, "ids")
    if len(rows) != samples:
        raise InputError(f"there are {len(rows):,} ids and {samples:,} samples", fix="Give each sample one id")
    return tuple(
        value if isinstance(value, str | int) and not isinstance(value, bool) else str(value) for value in rows
    )


def _clusters(groups: Any, samples: int) -> IndexArray:
    """Numbers of groups in the order of their first samples; each sample is one of its own without groups."""
    if groups is None:
        return np.arange(samples, dtype=np.int32)
    rows = as_rows(groups, "groups")
    if len(rows) != samples:
        raise InputError(f"there are {len(rows):,} groups and {samples:,} samples", fix="Give each sample its group")
    missing = next((at for at, value in enumerate(rows) if value in (None, "") or _is_nan(value)), None)
    if missing is not None:
        raise InputError("the group is missing", where=place_of(missing, None), fix="Give every sample its group")
    try:
        numbers = {value: number for number, value in enumerate(dict.fromkeys(rows))}
    except TypeError:
        what = "a group is a list, or something else that is no plain value"
        raise InputError(what, where="groups", fix="Give text or whole numbers") from None
    return np.fromiter((numbers[value] for value in rows), dtype=np.int32, count=samples)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and value != value
