"""Groups of samples by attribute: how often they are right, how sure that is, and whether it is worse than the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.bootstrap import intervals_of
from mapgap.classification.resampling import drawn_sums
from mapgap.classification.roc import Draws
from mapgap.classification.tables import NO_CLASS, SampleAttribute, Samples, SliceTable
from mapgap.significance import ClusterSums, benjamini_hochberg, compare_with_rest
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS
from mapgap.tables import BoolArray, IdArray, IndexArray, Scalar


@dataclass(frozen=True)
class _Partition:
    """One row a sample: its combination of the values of one attribute or of a cross."""

    where: list[dict[str, Scalar]]
    """Of each combination that some sample has."""
    codes: IdArray


@dataclass(frozen=True)
class _Outcomes:
    """One row a class, combination and outcome that samples have: how many of them, and how many in each resample."""

    class_: IdArray
    code: IdArray
    is_wrong: BoolArray
    samples: IdArray
    drawn: IdArray
    """(O, B)."""


def slice_table(samples: Samples, crosses: Sequence[Sequence[str]], drawn: Draws) -> SliceTable:
    """Every value of every attribute and of the crosses: of all samples first, then of the samples of each class.

    Groups without a sample are left out. The test asks whether the share that is wrong differs from that of the rest,
    with clusters as groups were given. It is tried where both sides have 30 samples (and, if groups were given, 5 of
    these); q-values are over all that were tried.
    """
    by_name = {attribute.name: attribute for attribute in samples.attributes}
    crossed = [[by_name[name] for name in cross] for cross in crosses if len(cross) > 1]
    partitions = [_partition(attributes) for attributes in [*([one] for one in samples.attributes), *crossed]]
    counted = [(partition, _outcomes(samples, partition, drawn)) for partition in partitions]
    nobody = np.full(len(samples.truth), NO_CLASS, dtype=np.int32)
    whole = [_slices(samples, partition, outcomes, nobody) for partition, outcomes in counted]
    by_class = [_slices(samples, partition, outcomes, samples.truth) for partition, outcomes in counted]
    return _joined([*whole, *by_class])


def _partition(attributes: Sequence[SampleAttribute]) -> _Partition:
    """The combinations that samples have, in the order of the values."""
    sizes = [len(attribute.values) for attribute in attributes]
    flat = np.zeros(len(attributes[0].codes), dtype=np.int64)
    for attribute, size in zip(attributes, sizes, strict=True):
        flat = flat * size + attribute.codes
    present, codes = np.unique(flat, return_inverse=True)
    where = []
    for cell in present.tolist():
        places = np.unravel_index(cell, sizes)
        pairs = [(a.name, a.values[int(place)]) for a, place in zip(attributes, places, strict=True)]
        where.append(dict(sorted(pairs)))
    return _Partition(where, codes)


def _outcomes(samples: Samples, partition: _Partition, drawn: Draws) -> _Outcomes:
    """Resamples are counted once for all slices of a partition: that is what takes time."""
    size = len(partition.where)
    keys = (samples.truth * size + partition.codes) * 2 + (samples.truth != samples.prediction)
    present, row = np.unique(keys, return_inverse=True)
    return _Outcomes(
        class_=present // (2 * size),
        code=present // 2 % size,
        is_wrong=present % 2 == 1,
        samples=np.bincount(row, minlength=len(present)),
        drawn=drawn_sums(drawn, samples.cluster, row.astype(np.int32), len(present)),
    )


def _slices(samples: Samples, partition: _Partition, outcomes: _Outcomes, classes: IndexArray) -> SliceTable:
    """The slices of one partition, by class and combination; `classes` (N,) is NO_CLASS where all are one class."""
    size = len(partition.where)
    has_classes = bool(np.any(classes != NO_CLASS))
    outcome_class = outcomes.class_ if has_classes else np.zeros(len(outcomes.class_), dtype=np.int64)
    cells, cell_of_outcome = np.unique(outcome_class * size + outcomes.code, return_inverse=True)
    is_right = ~outcomes.is_wrong
    number = _summed(cell_of_outcome, outcomes.samples, len(cells))
    right = _summed(cell_of_outcome[is_right], outcomes.samples[is_right], len(cells))
    drawn = _summed(cell_of_outcome, outcomes.drawn, len(cells))
    drawn_right = _summed(cell_of_outcome[is_right], outcomes.drawn[is_right], len(cells))
    group = cells // size
    sample_group = np.where(classes == NO_CLASS, 0, classes).astype(np.int64)
    cell = np.searchsorted(cells, sample_group * size + partition.codes)
    inside, whole, clusters, rest_clusters = _cluster_sums(samples, sample_group, cell, group)
    comparison = compare_with_rest(inside, whole, whole.errors.astype(np.float64))
    is_tried = np.minimum(number, whole.members - number) >= LEAST_MEMBERS
    if samples.is_grouped:
        is_tried &= np.minimum(clusters, rest_clusters) >= LEAST_IMAGES
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(drawn == 0, np.nan, drawn_right / drawn)
    return SliceTable(
        where=tuple(partition.where[code] for code in (cells % size).tolist()),
        class_=(group if has_classes else np.full(len(cells), NO_CLASS)).astype(np.int32),
        samples=number,
        clusters=clusters,
        right=right,
        rest_samples=whole.members - number,
        rest_right=whole.members - whole.errors - right,
        interval=intervals_of(shares),
        p_value=np.where(is_tried, comparison.p_value, np.nan),
        q_value=np.full(len(cells), np.nan),
    )


def _cluster_sums(
    samples: Samples, sample_group: IdArray, cell: IdArray, group: IdArray
) -> tuple[ClusterSums, ClusterSums, IdArray, IdArray]:
    """Of each cell, of the whole group (all samples, or a class) it is in; clusters of the cell and of the rest.

    `sample_group` and `cell` have one row a sample, `group` one a cell.
    """
    is_wrong = samples.truth != samples.prediction
    groups, cells = int(group.max()) + 1, len(group)
    of_group, whole_n, whole_m, place = _clustered(samples.cluster, sample_group, is_wrong, groups)
    of_cell, n, m, _ = _clustered(samples.cluster, cell, is_wrong, cells)
    # The row of each (cluster, cell) among those of (cluster, group): any sample of it says which.
    first = np.unique(samples.cluster * np.int64(cells) + cell, return_index=True)[1]
    behind = place[first]
    inside = _sums(n, m, whole_n[behind], whole_m[behind], of_cell, cells)
    whole = _sums(whole_n, whole_m, whole_n, whole_m, of_group, groups)
    by_cell = ClusterSums(**{name: column[group] for name, column in vars(whole).items()})
    is_alone = n == whole_n[behind]
    rest_clusters = np.bincount(of_group, minlength=groups)[group] - np.bincount(of_cell[is_alone], minlength=cells)
    return inside, by_cell, np.bincount(of_cell, minlength=cells), rest_clusters


def _clustered(
    cluster: IndexArray, key: IdArray, is_wrong: BoolArray, keys: int
) -> tuple[IdArray, IdArray, IdArray, IdArray]:
    """One row a cluster and key that samples have: the key, samples, wrong ones; and the row of each sample."""
    pairs, row = np.unique(cluster * np.int64(keys) + key, return_inverse=True)
    return (
        pairs % keys,
        np.bincount(row, minlength=len(pairs)),
        np.bincount(row[is_wrong], minlength=len(pairs)),
        row,
    )


def _sums(n: IdArray, m: IdArray, all_n: IdArray, all_m: IdArray, key: IdArray, keys: int) -> ClusterSums:
    """Sums by key over rows, each a cluster with n members and m errors, N and M in its whole group."""
    return ClusterSums(
        *(
            _summed(key, values, keys)
            for values in (n, m, n * n, m * m, m * n, n * all_n, m * all_m, m * all_n + n * all_m)
        )
    )


def _summed(key: IdArray, values: IdArray, keys: int) -> IdArray:
    """(keys, ...) sums of the rows of each key."""
    sums = np.zeros((keys, *values.shape[1:]), dtype=np.int64)
    np.add.at(sums, key, values)
    return sums


def _joined(parts: Sequence[SliceTable]) -> SliceTable:
    """The parts with the slices of all samples first, then class by class, and with q-values over all of them."""
    class_ = np.concatenate([np.zeros(0, dtype=np.int32), *(part.class_ for part in parts)])
    order = np.argsort(class_, kind="stable")
    where = [condition for part in parts for condition in part.where]
    p_values = np.concatenate([np.zeros(0), *(part.p_value for part in parts)])[order]
    return SliceTable(
        where=tuple(where[row] for row in order.tolist()),
        class_=class_[order],
        samples=_whole([part.samples for part in parts])[order],
        clusters=_whole([part.clusters for part in parts])[order],
        right=_whole([part.right for part in parts])[order],
        rest_samples=_whole([part.rest_samples for part in parts])[order],
        rest_right=_whole([part.rest_right for part in parts])[order],
        interval=np.concatenate([np.zeros((0, 2)), *(part.interval for part in parts)])[order],
        p_value=p_values,
        q_value=benjamini_hochberg(p_values),
    )


def _whole(columns: Sequence[IdArray]) -> IdArray:
    return np.concatenate([np.zeros(0, dtype=np.int64), *columns])
