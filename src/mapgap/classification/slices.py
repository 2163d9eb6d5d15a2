"""Groups of samples by attribute: how often they are right, how sure that is, and whether it is worse than the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mapgap.bootstrap import intervals_of
from mapgap.classification.resampling import drawn_sums
from mapgap.classification.roc import Draws
from mapgap.classification.tables import NO_CLASS, SampleAttribute, Samples, SliceTable
from mapgap.significance import ClusterSums, benjamini_hochberg, compare_with_rest
from mapgap.tables import BoolArray, IdArray, IndexArray, Scalar


@dataclass(frozen=True)
class _Cells:
    """One row a cell: those samples of a class, or of any, that have one combination of values."""

    where: list[dict[str, Scalar]]
    class_: int
    codes: IndexArray
    """(N,) the cell of each sample; -1 for samples of another class."""


def slice_table(samples: Samples, crosses: Sequence[Sequence[str]], drawn: Draws) -> SliceTable:
    """Every value of every attribute and of the crosses: of all samples first, then of the samples of each class.

    Groups without a sample are left out. The test asks whether the share that is wrong differs from that of the rest,
    with clusters as groups were given; q-values are over all groups of the table, as far as they can be tested.
    """
    by_name = {attribute.name: attribute for attribute in samples.attributes}
    partitions = [[attribute] for attribute in samples.attributes]
    partitions += [[by_name[name] for name in cross] for cross in crosses if len(cross) > 1]
    combined = [_combined(partition) for partition in partitions]
    is_wrong = samples.truth != samples.prediction
    of_class = [(NO_CLASS, np.ones(len(is_wrong), dtype=bool))]
    of_class += [(place, samples.truth == place) for place in range(samples.classes)]
    parts = [
        _slice_rows(_Cells(where, place, np.where(is_member, codes, -1).astype(np.int32)), samples, is_wrong, drawn)
        for place, is_member in of_class
        for where, codes in combined
    ]
    return _joined([part for part in parts if part is not None])


def _combined(partition: Sequence[SampleAttribute]) -> tuple[list[dict[str, Scalar]], IndexArray]:
    """The cells of a cross that have samples, in the order of the values, and the cell of each sample."""
    sizes = [len(attribute.values) for attribute in partition]
    flat = np.zeros(len(partition[0].codes), dtype=np.int64)
    for attribute, size in zip(partition, sizes, strict=True):
        flat = flat * size + attribute.codes
    present, codes = np.unique(flat, return_inverse=True)
    where = []
    for cell in present.tolist():
        places = np.unravel_index(cell, sizes)
        pairs = [(a.name, a.values[int(place)]) for a, place in zip(partition, places, strict=True)]
        where.append(dict(sorted(pairs)))
    return where, codes.astype(np.int32)


def _slice_rows(cells: _Cells, samples: Samples, is_wrong: BoolArray, drawn: Draws) -> SliceTable | None:
    size = len(cells.where)
    member_codes = cells.codes[cells.codes >= 0]
    number = np.bincount(member_codes, minlength=size)
    kept = np.flatnonzero(number)
    if len(kept) == 0:
        return None
    right = np.bincount(cells.codes[(cells.codes >= 0) & ~is_wrong], minlength=size)
    inside, whole, clusters = _cluster_sums(cells.codes, samples.cluster, is_wrong, size)
    comparison = compare_with_rest(inside, whole, whole.errors.astype(np.float64))
    members = drawn_sums(drawn, samples.cluster, cells.codes, size)
    right_members = drawn_sums(drawn, samples.cluster, np.where(is_wrong, -1, cells.codes).astype(np.int32), size)
    with np.errstate(invalid="ignore", divide="ignore"):
        interval = intervals_of(np.where(members == 0, np.nan, right_members / members))
    return SliceTable(
        where=tuple(cells.where[place] for place in kept.tolist()),
        class_=np.full(len(kept), cells.class_, dtype=np.int32),
        samples=number[kept],
        clusters=clusters[kept],
        right=right[kept],
        rest_samples=number.sum() - number[kept],
        rest_right=right.sum() - right[kept],
        interval=interval[kept],
        p_value=comparison.p_value[kept],
        q_value=np.full(len(kept), np.nan),
    )


def _cluster_sums(
    codes: IndexArray, cluster: IndexArray, is_wrong: BoolArray, size: int
) -> tuple[ClusterSums, ClusterSums, IdArray]:
    """Of each cell, of all members, and the number of clusters of each cell."""
    rows = np.flatnonzero(codes >= 0)
    pairs, place = np.unique(cluster[rows].astype(np.int64) * size + codes[rows], return_inverse=True)
    n = np.bincount(place, minlength=len(pairs))
    m = np.bincount(place[is_wrong[rows]], minlength=len(pairs))
    cell, of_cluster = pairs % size, pairs // size
    all_n, all_m = (np.bincount(of_cluster, weights=part).astype(np.int64) for part in (n, m))
    whole = _sums(all_n, all_m, all_n, all_m, np.zeros(len(all_n), dtype=np.int64), 1)
    inside = _sums(n, m, all_n[of_cluster], all_m[of_cluster], cell, size)
    return inside, whole, np.bincount(cell, minlength=size)


def _sums(n: IdArray, m: IdArray, all_n: IdArray, all_m: IdArray, cell: IdArray, size: int) -> ClusterSums:
    """Sums by cell over rows, each a cluster with n members and m errors in the cell, N and M in all."""

    def summed(values: IdArray) -> IdArray:
        return np.bincount(cell, weights=values, minlength=size).astype(np.int64)

    return ClusterSums(
        summed(n), summed(m), summed(n * n), summed(m * m), summed(m * n),
        summed(n * all_n), summed(m * all_m), summed(m * all_n + n * all_m),
    )  # fmt: skip


def _joined(parts: Sequence[SliceTable]) -> SliceTable:
    """The parts one after another, with q-values over all of them."""
    p_values = np.concatenate([np.zeros(0), *(part.p_value for part in parts)])
    return SliceTable(
        where=tuple(condition for part in parts for condition in part.where),
        class_=np.concatenate([np.zeros(0, dtype=np.int32), *(part.class_ for part in parts)]),
        samples=_whole([part.samples for part in parts]),
        clusters=_whole([part.clusters for part in parts]),
        right=_whole([part.right for part in parts]),
        rest_samples=_whole([part.rest_samples for part in parts]),
        rest_right=_whole([part.rest_right for part in parts]),
        interval=np.concatenate([np.zeros((0, 2)), *(part.interval for part in parts)]),
        p_value=p_values,
        q_value=benjamini_hochberg(p_values),
    )


def _whole(columns: Sequence[IdArray]) -> IdArray:
    return np.concatenate([np.zeros(0, dtype=np.int64), *columns])
