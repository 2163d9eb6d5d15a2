"""`evaluate`: a classifier's numbers, how sure they are, and where it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mapgap.bootstrap import checked_draws
from mapgap.classification.attributes import checked_crosses
from mapgap.classification.blind_spots import BlindSpot, blind_spots
from mapgap.classification.counts import (
    class_counts,
    class_rates,
    defined_mean,
    matrix_counts,
    metrics_of,
)
from mapgap.classification.labels import plain_labels, shown_label
from mapgap.classification.resampling import class_intervals, draws, metric_intervals, resampled_counts
from mapgap.classification.roc import Draws, Roc, roc_of
from mapgap.classification.sampling import read_samples
from mapgap.classification.slices import slice_table
from mapgap.classification.tables import ClassCounts, Samples, SliceTable
from mapgap.errors import InputError
from mapgap.report.json_values import Record, number
from mapgap.tables import FloatArray, IdArray, Interval, Notice, Scalar

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 200


def evaluate(
    y_true: Any,
    y_pred: Any = None,
    *,
    scores: Any = None,
    labels: Sequence[Scalar] | None = None,
    positive: Scalar = None,
    threshold: float | str | None = None,
    attributes: Any = None,
    by: Sequence[Sequence[str] | str] = (),
    groups: Any = None,
    ids: Any = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    name: str = "samples",
) -> "Classification":
    """What a classifier got right: counts, rates, ROC, slices, blind spots.

    `y_true` and `y_pred` hold one label a sample: text, whole numbers or truth values, as a list, array or Series.
    `scores` are (N,) of the positive one of two classes; or (N, K), a column a label in the order of `labels`; or a
    mapping of labels to columns. Without `y_pred` two classes are told apart by `threshold`: a sample is positive from
    that score up; a number (.5 unless given), "best-f1", "precision=P", "recall=R", or "cost" for the fewest errors.
    More classes take the label of the highest score, of equal ones the first. With both, the predictions count, unless
    a threshold is given.

    `labels` gives the order of the classes, and classes that no sample has; else they are sorted. `positive` is needed
    for two labels of which none says so by itself, as 1, True and "yes" do. `attributes` maps names to columns that
    samples are sliced by, `by` crosses some of them; `groups` says which samples belong together, as frames of one
    video do, for intervals and tests; `ids` names the samples.

    Raises InputError for what has no meaning: a missing label, a score that is no finite number, other lengths.
    """
    resamples, seed = checked_draws(resamples, seed)
    samples = read_samples(
        y_true,
        y_pred,
        scores=scores,
        labels=labels,
        positive=positive,
        threshold=threshold,
        attributes=attributes,
        groups=groups,
        ids=ids,
        name=name,
    )
    return classification_of(samples, by=by, resamples=resamples, seed=seed)


def classification_of(
    samples: Samples, *, by: Sequence[Sequence[str] | str] = (), resamples: int = RESAMPLES, seed: int = 0
) -> "Classification":
    """The evaluation of samples that were read and checked."""
    return Classification(samples, tuple(checked_crosses(by, samples.attributes)), resamples, seed)


@dataclass(frozen=True)
class Classification:
    """A classifier's results. Numbers are fractions of 1; what is not defined, such as 0/0, is None or NaN, never 0."""

    samples: Samples
    crosses: tuple[tuple[str, ...], ...]
    resamples: int
    seed: int

    @property
    def labels(self) -> tuple[Scalar, ...]:
        """The classes in the order of every table."""
        return self.samples.labels

    @property
    def positive(self) -> Scalar:
        """The label that counts as positive; None where none does."""
        return None if self.samples.positive is None else self.labels[self.samples.positive]

    @property
    def threshold(self) -> float | None:
        """The score from which a sample is taken for positive; None where no threshold was applied."""
        return self.samples.threshold

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Warnings that belong to the numbers."""
        return self.samples.notices

    @cached_property
    def matrix(self) -> IdArray:
        """(K, K) counts: rows the truth, columns the prediction."""
        return matrix_counts(self.samples)

    @cached_property
    def counts(self) -> ClassCounts:
        """Of each class against the rest."""
        return class_counts(self.matrix)

    @cached_property
    def metrics(self) -> Record:
        """The headline numbers.

        `accuracy`; `precision`, `recall`, `specificity` and `f1` of the positive class, None without one; `auc` of the
        positive class, else the mean over classes; `micro` and `macro` with the four rates, and `macro["classes"]`
        with the number of classes each mean is over, as a class without a defined value is left out.
        """
        flat = {name: number(float(value)) for name, value in metrics_of(self.counts, self.samples.positive).items()}
        over = {name: int(np.count_nonzero(~np.isnan(values))) for name, values in class_rates(self.counts).items()}
        nested = nested_metrics(flat, self.auc)
        nested["macro"]["classes"] = over
        return nested

    @cached_property
    def intervals(self) -> Record | None:
        """The 95 % intervals of the headline numbers, in the shape of `metrics`; None without resamples."""
        if not self.resamples:
            return None
        found = metric_intervals(self.samples, self._resampled, self._drawn)
        flat = {name: interval_or_none(ends) for name, ends in found.items() if name != "auc"}
        return nested_metrics(flat, interval_or_none(found["auc"]))

    @cached_property
    def auc(self) -> float | None:
        """The area under the ROC curve of the positive class; else the mean over the classes in which it is defined."""
        if self.samples.scores is None:
            return None
        values = [self._auc_of(place) for place in self.samples.scores.classes]
        return number(float(defined_mean(np.array([np.nan if value is None else value for value in values]))))

    def confusion_matrix(self) -> "pd.DataFrame":
        """Counts: rows the truth, columns the prediction, both in the order of `labels`."""
        import pandas as pd

        return pd.DataFrame(
            self.matrix, index=pd.Index(self.labels, name="truth"), columns=pd.Index(self.labels, name="prediction")
        )

    def per_class(self) -> "pd.DataFrame":
        """One row a class, as one against the rest: its counts, rates, support and AUC."""
        import pandas as pd

        counts, rates = self.counts, class_rates(self.counts)
        columns: dict[str, Any] = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn, **rates}
        columns["support"] = counts.tp + counts.fn
        columns["auc"] = [np.nan if value is None else value for value in self.class_auc]
        return pd.DataFrame(columns, index=pd.Index(self.labels, name="label"))

    @cached_property
    def class_auc(self) -> tuple[float | None, ...]:
        """The AUC of each class against the rest; None where it is not defined."""
        return tuple(self._auc_of(place) for place in range(len(self.labels)))

    @cached_property
    def class_intervals(self) -> Mapping[str, FloatArray] | None:
        """(K, 2) of precision, recall, specificity and f1 of each class; None without resamples."""
        return class_intervals(self._resampled) if self.resamples else None

    def roc(self, label: Scalar = None) -> "pd.DataFrame":
        """One row a threshold, falling: counts of a class against the rest, its recall and false positive rate.

        Of the positive class unless another label is given. Raises InputError for a label without scores.
        """
        import pandas as pd

        curve = self.roc_curve(self._scored_place(label))
        return pd.DataFrame(
            {
                "threshold": curve.threshold,
                "tp": curve.tp,
                "fp": curve.fp,
                "fn": curve.positives - curve.tp,
                "tn": curve.negatives - curve.fp,
                "recall": curve.tp / curve.positives if curve.positives else np.nan,
                "false_positive_rate": curve.fp / curve.negatives if curve.negatives else np.nan,
            }
        )

    def roc_curve(self, place: int) -> Roc:
        """The curve of a class by its place; there must be scores of it or of the positive one of two."""
        scores = self._scores_of(place)
        assert scores is not None
        return roc_of(scores, self.samples.truth == place)

    @cached_property
    def slice_table(self) -> SliceTable:
        """Groups of samples by attribute, of all classes and of each."""
        return slice_table(self.samples, self.crosses, self._drawn)

    @cached_property
    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """Where a class is recognised worse than elsewhere, the costliest first."""
        return blind_spots(self.samples, self.slice_table)

    @cached_property
    def slice_records(self) -> list[Record]:
        """The rows of `slices()` as they stand in summary.json."""
        from mapgap.classification.summary import slice_records

        return slice_records(self)

    def slices(self) -> "pd.DataFrame":
        """One row a group of samples: those with certain values of attributes, of all classes or of one."""
        import pandas as pd

        records = self.slice_records
        frame = pd.DataFrame(records)
        if records:
            frame["class"] = pd.Series([record["class"] for record in records], dtype=object)  # 1 stays no 1.0
        return frame

    def at(self, threshold: float) -> "Classification":
        """The same samples at another threshold. Raises InputError where there are no scores of a positive class."""
        if self.samples.positive_scores is None:
            raise InputError("a threshold has no meaning here", fix="Give scores of the positive one of two classes")
        return Classification(self.samples.at(float(threshold)), self.crosses, self.resamples, self.seed)

    @cached_property
    def summary(self) -> Record:
        """What summary.json holds."""
        from mapgap.classification.summary import summary_record

        return summary_record(self)

    def report(self, output: str | PathLike[str], *, command: str | None = None) -> Path:
        """Writes the report folder and gives its path. Raises AccessError for a folder that is no such report."""
        from mapgap.classification.folder import write_report

        return write_report(self, output, command)

    @cached_property
    def _drawn(self) -> Draws:
        return draws(self.samples, resamples=self.resamples, seed=self.seed)

    @cached_property
    def _resampled(self) -> ClassCounts:
        return resampled_counts(self.samples, self._drawn)

    def _auc_of(self, place: int) -> float | None:
        scores = self._scores_of(place)
        return None if scores is None else roc_of(scores, self.samples.truth == place).auc

    def _scores_of(self, place: int) -> FloatArray | None:
        """The scores of a class; of the negative one of two the positive's, turned over."""
        own = None if self.samples.scores is None else self.samples.scores.of_class(place)
        turned = self.samples.positive_scores
        return own if own is not None or turned is None else -turned

    def _scored_place(self, label: Scalar) -> int:
        if self.samples.scores is None:
            raise InputError("there are no scores", fix="Give scores=")
        if label is None:
            if self.samples.positive is None:
                raise InputError("no class is the positive one", where="label", fix="Say which class, as in roc('cat')")
            return self.samples.positive
        (plain,) = plain_labels([label], "label")
        place = self.labels.index(plain) if plain in self.labels else -1
        if place < 0 or self._scores_of(place) is None:
            known = ", ".join(shown_label(self.labels[k]) for k in self.samples.scores.classes[:20])
            raise InputError(f"there are no scores of {shown_label(plain)}", where="label", fix=f"Labels: {known}")
        return place


def nested_metrics(flat: Mapping[str, Any], auc: Any) -> Record:
    """Names such as `micro_recall` as `micro`: `recall`."""
    top = {name: value for name, value in flat.items() if not name.startswith(("micro_", "macro_"))}
    parts = {
        part: {name.removeprefix(f"{part}_"): value for name, value in flat.items() if name.startswith(f"{part}_")}
        for part in ("micro", "macro")
    }
    return {**top, "auc": auc, **parts}


def interval_or_none(ends: FloatArray) -> Interval | None:
    """The two ends; None where they are not defined."""
    low, high = ends.tolist()
    return None if np.isnan(low) else (low, high)
