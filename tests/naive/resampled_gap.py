"""The gap by cause of resamples taken literally: rows are repeated, or images copied, and the gap is divided again."""

from fractions import Fraction

from tests.generated import CocoPair
from tests.naive.bootstrap import copied
from tests.naive.gap import debts_at, divide

Row = tuple[int, int, int, int, tuple[int, ...]]
"""A detection: class, image, bits of the thresholds at which it counts and is right, its cause at each threshold."""
Object = tuple[int, int, tuple[int, ...]]
"""Class, image, cause at each threshold: -1 where it is found."""


def resampled_gap(
    rows: list[Row], objects: list[Object], drawn: list[int], thresholds: int, causes: int
) -> list[Fraction] | None:
    """The gap of each cause where rows, in rank order, and objects stand as often as their image was drawn.

    None without an object.
    """
    gap, cells = [Fraction(0)] * causes, 0
    for k in sorted({k for k, image, _ in objects if drawn[image]}):
        for t in range(thresholds):
            here = [row for row in rows if row[0] == k and row[2] >> t & 1 for _ in range(drawn[row[1]])]
            there = [one for one in objects if one[0] == k for _ in range(drawn[one[1]])]
            ranked = [(0.0, image, place, bool(right >> t & 1)) for place, (_, image, _, right, _) in enumerate(here)]
            missed = [place for place, one in enumerate(there) if one[2][t] >= 0]
            of_rows, of_objects = debts_at(ranked, len(there), missed)
            for place, debt in of_rows.items():
                gap[here[place][4][t]] += debt
            for place, debt in of_objects.items():
                gap[there[place][2][t]] += debt
            cells += 1
    return [debt / cells for debt in gap] if cells else None


def gap_of_copies(pair: CocoPair, drawn: list[int]) -> tuple[dict[str, Fraction], Fraction | None]:
    """The gap by cause of the data set in which each image stands as often as it was drawn, and its 1 - AP."""
    copies = copied(pair, drawn).pair
    debts, gap = divide(copies.ground_truth, copies.detections)
    by_cause: dict[str, Fraction] = {}
    for (_, _, cause), debt in debts.items():
        by_cause[cause] = by_cause.get(cause, Fraction(0)) + debt
    return by_cause, gap
