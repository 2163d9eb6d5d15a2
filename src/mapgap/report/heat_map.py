"""Which two attributes the heat map starts with, and its cells: the slices of that pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapgap.report.json_values import Record
from mapgap.tables import Results, Scalar

HEAT_VALUES_SHOWN = 15


@dataclass(frozen=True)
class HeatMap:
    """The slices of two attributes: rows are values of the first, columns those of the second."""

    attributes: tuple[str, str]
    rows: tuple[Scalar, ...]
    columns: tuple[Scalar, ...]
    left_out: tuple[int, int]
    """How many values of each have fewer objects than those shown."""
    cells: Mapping[tuple[int, int], Record]
    """The slice of each value of `rows` and `columns`, by position; none where nothing is."""


def heat_map(results: Results, slices: Sequence[Record]) -> HeatMap | None:
    """The pair of the hottest listed slice of two attributes, else size by time of day, by what else images have, or
    by the class, else the first pair.
    """
    pairs: dict[tuple[str, ...], list[Record]] = {}
    for record in slices:
        if len(record["where"]) == 2:
            pairs.setdefault(tuple(sorted(record["where"])), []).append(record)
    values = {attribute.name: attribute.values for attribute in results.attributes}
    pairs = {pair: records for pair, records in pairs.items() if all(len(values.get(one, ())) > 1 for one in pair)}
    if not pairs:
        return None
    hot = [tuple(sorted(mode.where)) for mode in results.failure_modes if len(mode.where) == 2]
    kinds = {attribute.name: attribute.kind for attribute in results.attributes}
    with_size = sorted((pair for pair in pairs if "size" in pair), key=lambda pair: _dullness(pair, kinds))
    pair = next(one for one in (*hot, *with_size, *pairs) if one in pairs)
    # The attribute with more values goes down the page.
    down, across = sorted(pair, key=lambda one: (-len(values[one]), one))
    objects = {one: _objects_of(slices, one) for one in pair}
    shown = {one: _most_objects(values[one], objects[one]) for one in pair}
    cells = {}
    for record in pairs[pair]:
        row, column = _key(record["where"][down]), _key(record["where"][across])
        if row in shown[down] and column in shown[across]:
            cells[shown[down][row], shown[across][column]] = record
    return HeatMap(
        (down, across),
        tuple(value for value in values[down] if _key(value) in shown[down]),
        tuple(value for value in values[across] if _key(value) in shown[across]),
        (len(values[down]) - len(shown[down]), len(values[across]) - len(shown[across])),
        cells,
    )


def _dullness(pair: Sequence[str], kinds: Mapping[str, str]) -> int:
    """How late size and another attribute come: time of day, what else images have, the class, the rest."""
    if "time_of_day" in pair:
        return 0
    of_pair = {kinds[name] for name in pair}
    return 1 if "image" in of_pair else 2 if "class" in of_pair else 3


def _objects_of(slices: Sequence[Record], name: str) -> dict[tuple[type, Scalar], int]:
    return {_key(r["where"][name]): r["objects"] for r in slices if list(r["where"]) == [name]}


def _most_objects(
    values: Sequence[Scalar], objects: Mapping[tuple[type, Scalar], int]
) -> dict[tuple[type, Scalar], int]:
    """The values with most objects, each with its place among them in natural order."""
    ranked = sorted(range(len(values)), key=lambda code: (-objects.get(_key(values[code]), 0), code))
    return {_key(values[code]): place for place, code in enumerate(sorted(ranked[:HEAT_VALUES_SHOWN]))}


def _key(value: Scalar) -> tuple[type, Scalar]:
    """True and 1 are two values."""
    return type(value), value
