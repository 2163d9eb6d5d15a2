"""A classifier's numbers with plain loops over samples, written from the definitions."""

from collections.abc import Sequence
from itertools import product

Label = object


def counts(truth: Sequence[Label], prediction: Sequence[Label], label: Label) -> tuple[int, int, int, int]:
    """TP, FP, FN, TN of one label against the rest."""
    tp = fp = fn = tn = 0
    for is_it, is_taken in ((t == label, p == label) for t, p in zip(truth, prediction, strict=True)):
        tp += is_it and is_taken
        fp += is_taken and not is_it
        fn += is_it and not is_taken
        tn += not is_it and not is_taken
    return tp, fp, fn, tn


def ratio(part: float, whole: float) -> float | None:
    """None for 0/0."""
    return part / whole if whole else None


def rates(tp: int, fp: int, fn: int, tn: int) -> dict[str, float | None]:
    """Precision, recall, specificity and F1."""
    return {
        "precision": ratio(tp, tp + fp),
        "recall": ratio(tp, tp + fn),
        "specificity": ratio(tn, tn + fp),
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
    }


def macro(truth: Sequence[Label], prediction: Sequence[Label], labels: Sequence[Label]) -> dict[str, float | None]:
    """The mean of each rate over the labels in which it is defined."""
    by_label = [rates(*counts(truth, prediction, label)) for label in labels]
    means = {}
    for name in ("precision", "recall", "specificity", "f1"):
        defined = [value for value in (row[name] for row in by_label) if value is not None]
        means[name] = ratio(sum(defined), len(defined))
    return means


def auc(scores: Sequence[float], is_positive: Sequence[bool]) -> float | None:
    """The share of pairs of a positive and a negative sample in which the positive one scores higher, ties half."""
    positives = [score for score, positive in zip(scores, is_positive, strict=True) if positive]
    negatives = [score for score, positive in zip(scores, is_positive, strict=True) if not positive]
    won = sum((p > n) + (p == n) / 2 for p, n in product(positives, negatives))
    return ratio(won, len(positives) * len(negatives))


def highest(scores: Sequence[Sequence[float]], labels: Sequence[Label]) -> list[Label]:
    """Of each sample the label of its highest score, of equal ones the first."""
    return [labels[max(range(len(labels)), key=lambda k, row=row: (row[k], -k))] for row in scores]


def slice_rows(
    truth: Sequence[Label], prediction: Sequence[Label], attribute: Sequence[object], labels: Sequence[Label]
) -> dict[tuple[Label | None, object], tuple[int, int, int, int]]:
    """(class or None, value) -> samples, right ones, and both of the rest of the class; no empty groups."""
    rows = {}
    samples = list(zip(truth, prediction, attribute, strict=True))
    for label in [None, *labels]:
        of_class = [(t == p, value) for t, p, value in samples if label is None or t == label]
        for value in set(attribute):
            inside = [is_right for is_right, own in of_class if own == value]
            outside = [is_right for is_right, own in of_class if own != value]
            if inside:
                rows[label, value] = (len(inside), sum(inside), len(outside), sum(outside))
    return rows
