"""Scores as columns of classes, and the predictions they make."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mapgap.alikeness import listed
from mapgap.classification.labels import Places, as_rows, label_codes, place_of, plain_labels, shown_label
from mapgap.classification.tables import Scores
from mapgap.errors import InputError
from mapgap.score_rules import choose_score_threshold
from mapgap.tables import BoolArray, FloatArray, IndexArray, Notice, Scalar

DEFAULT_THRESHOLD = 0.5


def by_label(scores: Any) -> Any:
    """A DataFrame whose columns have names as a mapping of these; anything else as it is."""
    if not hasattr(scores, "columns") or type(scores.columns).__name__ == "RangeIndex":
        return scores
    return {label: scores[label] for label in scores.columns.tolist()}


def score_labels(scores: Any) -> list[Scalar]:
    """The labels that scores name themselves, as a mapping of label to column does; else none."""
    return plain_labels(list(scores), "the labels of scores") if isinstance(scores, Mapping) else []


def read_scores(
    scores: Any, labels: Sequence[Scalar], positive: int | None, samples: int, places: Places = None
) -> Scores:
    """The scores by class.

    Takes (N,) of the positive class, (N, K) in the order of the labels, or label -> (N,). Of two classes of which one
    is positive only its scores are kept. Raises InputError for other shapes, for a value that is no finite number, and
    for one score a sample where nobody can tell whose it is.
    """
    if isinstance(scores, Mapping):
        classes = label_codes(plain_labels(list(scores), "the labels of scores"), labels).tolist()
        columns = [_column(values, f"score of {shown_label(label)}", places) for label, values in scores.items()]
    elif len(getattr(scores, "shape", (0,))) == 2:
        if scores.shape[1] != len(labels):
            what = f"scores have {scores.shape[1]} columns, and there are {len(labels)} labels"
            known = listed([shown_label(label) for label in labels])
            raise InputError(what, fix=f"Give labels= in the order of the columns; known: {known}")
        matrix = scores.to_numpy() if hasattr(scores, "to_numpy") else scores
        classes = list(range(len(labels)))
        columns = [_column(matrix[:, k], f"score of {shown_label(labels[k])}", places) for k in classes]
    else:
        rows = as_rows(scores, "scores")
        if rows and isinstance(rows[0], list | tuple | np.ndarray):
            return read_scores(_as_matrix(rows), labels, positive, samples, places)
        classes, columns = [_whose(labels, positive)], [_column(rows, "score", places)]
    for column in columns:
        if len(column) != samples:
            what = f"there are {len(column):,} scores and {samples:,} samples"
            raise InputError(what, fix="Give each sample its score")
    if positive in classes:
        classes, columns = [positive], [columns[classes.index(positive)]]
    return Scores(np.column_stack(columns) if columns else np.zeros((samples, 0)), tuple(classes))


def highest_scoring(scores: Scores) -> IndexArray:
    """(N,) the class of the highest score of each sample; of equal ones the first in the order of the labels."""
    order = np.argsort(scores.classes)
    best = np.argmax(scores.values[:, order], axis=1)
    return np.asarray(np.asarray(scores.classes, dtype=np.int32)[order][best])


def positive_threshold(rule: float | str, score: FloatArray, is_positive: BoolArray) -> float | None:
    """The threshold by a rule: a number, best-f1, precision=P, recall=R, or cost, which makes the fewest errors.

    None if best-f1 finds nothing positive. Where it is best to take nothing for positive, cost is above all scores.
    """
    everything = np.ones(len(score), dtype=bool)
    try:
        return choose_score_threshold(rule, score, everything, is_positive, int(np.count_nonzero(is_positive)))
    except InputError as error:
        raise InputError(error.what, where="threshold", fix=error.fix) from None


def score_notices(scores: Scores, positive: int | None, *, threshold: float | None, is_default: bool) -> list[Notice]:
    """A word on scores outside 0 to 1 that are cut at .5 because nobody gave another threshold."""
    if threshold is None or positive is None or not is_default:
        return []
    outside = (scores.values < 0) | (scores.values > 1)
    if not np.any(outside):
        return []
    examples = tuple(repr(value) for value in scores.values[outside][:3].tolist())
    message = (
        f"scores are no probabilities, and {threshold} may mean nothing to them; give the threshold, "
        "such as 0 for logits, or best-f1"
    )
    return [Notice("scores_outside_0_to_1", message, int(np.count_nonzero(outside)), examples)]


def _whose(labels: Sequence[Scalar], positive: int | None) -> int:
    """The class of one score a sample."""
    if positive is not None:
        return positive
    if len(labels) > 2:
        what = f"there is one score a sample, and there are {len(labels)} classes"
        raise InputError(what, where="scores", fix="Give a column of scores for each class")
    known = listed([shown_label(label) for label in labels])
    raise InputError("nobody said which label the scores are of", where="scores", fix=f"Give positive, one of {known}")


def _as_matrix(rows: Sequence[Any]) -> FloatArray:
    widths = {len(row) for row in rows if hasattr(row, "__len__")}
    if len(widths) != 1 or not all(hasattr(row, "__len__") for row in rows):
        raise InputError("the rows of scores have different lengths", where="scores", fix="Give one score a class")
    return np.array([[_number(value) for value in row] for row in rows], dtype=np.float64)


def _column(values: Any, name: str, places: Places) -> FloatArray:
    """(N,) finite numbers."""
    rows = as_rows(values, name)
    numbers = np.array([_number(value) for value in rows], dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        first = int(wrong[0])
        shown = repr(rows[first]) if rows[first] is not None else "nothing"
        raise InputError(
            f"{shown} is no score", where=f"{place_of(first, places)}: {name}", fix="Give finite numbers, such as .93"
        )
    return numbers + 0.0  # -0.0 and 0.0 are one score


def _number(value: Any) -> float:
    """The value as a number; NaN if it is none."""
    if isinstance(value, bool | np.bool_):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
