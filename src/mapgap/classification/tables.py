"""The frozen tables of classification; each says its grain in one sentence.

A *class* is a position in `Samples.labels`, a *sample* one row of the input, in its order.
"""

from dataclasses import dataclass, replace

import numpy as np

from mapgap.tables import FloatArray, IdArray, IndexArray, Notice, Scalar

NO_CLASS = -1


@dataclass(frozen=True)
class SampleAttribute:
    """One row a sample: the place of its value in `values`, of which "n/a" comes last where it is needed."""

    name: str
    values: tuple[Scalar, ...]
    codes: IndexArray


@dataclass(frozen=True)
class Scores:
    """(N, S) one row a sample, one column a class that has scores; all are finite."""

    values: FloatArray
    classes: tuple[int, ...]
    """The class of each column."""

    def of_class(self, place: int) -> FloatArray | None:
        """(N,) the scores of a class; None if it has none."""
        return self.values[:, self.classes.index(place)] if place in self.classes else None


@dataclass(frozen=True)
class Samples:
    """One row a sample: what it is, what it was taken for, and what else is known of it."""

    name: str
    sha256: str | None
    labels: tuple[Scalar, ...]
    truth: IndexArray
    prediction: IndexArray
    scores: Scores | None
    positive: int | None
    """The class that counts as positive; None where there are not just two classes, or nobody said."""
    threshold: float | None
    """A sample is taken for positive from this score up; None where predictions were given or the best score wins."""
    threshold_rule: str
    """How the predictions came about: "predictions", "highest score", or the rule for the threshold."""
    ids: tuple[Scalar, ...] | None
    attributes: tuple[SampleAttribute, ...]
    cluster: IndexArray
    """Which samples are drawn together in a resample: each is one of its own unless groups were given."""
    is_grouped: bool
    notices: tuple[Notice, ...] = ()

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.labels)

    @property
    def positive_scores(self) -> FloatArray | None:
        """(N,) the scores of the positive class; None where there is no such class or score."""
        return None if self.scores is None or self.positive is None else self.scores.of_class(self.positive)

    def at(self, threshold: float) -> "Samples":
        """The same samples, taken for positive from this score up. There must be scores of the positive class."""
        score = self.positive_scores
        if score is None or self.positive is None:
            raise ValueError("a threshold needs scores of the positive one of two classes")
        prediction = np.where(score >= threshold, self.positive, 1 - self.positive).astype(np.int32)
        return replace(self, prediction=prediction, threshold=threshold, threshold_rule=repr(threshold))


@dataclass(frozen=True)
class ClassCounts:
    """One row a class, or more axes before it: its samples as one against the rest."""

    tp: IdArray
    fp: IdArray
    fn: IdArray
    samples: IdArray
    """All samples, of any class; one axis less."""

    @property
    def tn(self) -> IdArray:
        """Samples that are not of the class and were not taken for it."""
        return np.asarray(self.samples[..., np.newaxis] - self.tp - self.fp - self.fn)


@dataclass(frozen=True)
class SliceTable:
    """One row a group of samples: those of one class, or of all, that have certain values of attributes."""

    where: tuple[dict[str, Scalar], ...]
    class_: IndexArray
    """The true class of the samples; NO_CLASS where they are of any."""
    samples: IdArray
    clusters: IdArray
    right: IdArray
    rest_samples: IdArray
    """Samples of the same class, or of any, outside the group."""
    rest_right: IdArray
    interval: FloatArray
    """(R, 2) of right / samples; NaN where it is not defined."""
    p_value: FloatArray
    q_value: FloatArray
