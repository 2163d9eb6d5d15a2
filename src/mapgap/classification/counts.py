"""The confusion matrix, counts of one class against the rest, and the rates and means that follow from them."""

import numpy as np

from mapgap.classification.tables import ClassCounts, Samples
from mapgap.rates import rates
from mapgap.tables import FloatArray, IdArray

RATES = ("precision", "recall", "specificity", "f1")


def matrix_counts(samples: Samples) -> IdArray:
    """(K, K) how many samples of each class (row) were taken for each class (column)."""
    cells = samples.truth.astype(np.int64) * samples.classes + samples.prediction
    return np.bincount(cells, minlength=samples.classes**2).reshape(samples.classes, samples.classes)


def class_counts(matrix: IdArray) -> ClassCounts:
    """Counts of each class against the rest, from the confusion matrix."""
    right = np.diagonal(matrix)
    return ClassCounts(right, matrix.sum(axis=0) - right, matrix.sum(axis=1) - right, np.asarray(matrix.sum()))


def class_rates(counts: ClassCounts) -> dict[str, FloatArray]:
    """Precision, recall, specificity and F1 of each class, in the shape of the counts; NaN for 0/0."""
    precision, recall, f1 = rates(counts.tp, counts.fp, counts.fn)
    return {"precision": precision, "recall": recall, "specificity": specificity(counts.tn, counts.fp), "f1": f1}


def metrics_of(counts: ClassCounts, positive: int | None) -> dict[str, FloatArray]:
    """Every headline number by its name, without the class axis of the counts; NaN where it is not defined.

    `precision` to `f1` are those of the positive class, NaN without one. `micro_...` is of all classes' counts
    together, `macro_...` the mean over the classes in which the rate is defined.
    """
    by_class = class_rates(counts)
    together = ClassCounts(
        tp=counts.tp.sum(axis=-1, keepdims=True),
        fp=counts.fp.sum(axis=-1, keepdims=True),
        fn=counts.fn.sum(axis=-1, keepdims=True),
        samples=counts.samples * counts.tp.shape[-1],
    )
    micro = class_rates(together)
    undefined = np.full(counts.samples.shape, np.nan)
    return {
        "accuracy": _share(counts.tp.sum(axis=-1), counts.samples),
        **{name: undefined if positive is None else by_class[name][..., positive] for name in RATES},
        **{f"micro_{name}": micro[name][..., 0] for name in RATES},
        **{f"macro_{name}": defined_mean(by_class[name]) for name in RATES},
    }


def specificity(tn: IdArray, fp: IdArray) -> FloatArray:
    """TN / (TN + FP); NaN for 0/0."""
    return _share(tn, tn + fp)


def defined_mean(values: FloatArray) -> FloatArray:
    """The mean over the last axis of what is defined; NaN where nothing is."""
    is_defined = ~np.isnan(values)
    return _share(np.where(is_defined, values, 0.0).sum(axis=-1), is_defined.sum(axis=-1))


def worst_pairs(matrix: IdArray, most: int | None = None) -> list[tuple[int, int, int]]:
    """(truth, prediction, how many) of each mistake that was made, most frequent first, then in the order of labels."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    truth, prediction = np.nonzero(wrong)
    numbers = wrong[truth, prediction]
    order = np.argsort(-numbers, kind="stable")[:most]
    return list(zip(truth[order].tolist(), prediction[order].tolist(), numbers[order].tolist(), strict=True))


def _share(part: IdArray | FloatArray, whole: IdArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(np.asarray(whole) == 0, np.nan, np.true_divide(part, whole)))
