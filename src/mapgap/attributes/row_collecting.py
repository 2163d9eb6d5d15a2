"""The rows of a table whose key the ground truth has, each looked at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mapgap.attributes.expression_text import shown_text
from mapgap.attributes.join_targets import KEYS, Key, Target
from mapgap.attributes.row_source import NO_SCALAR, Cell, NoScalar, RowSource, is_writable
from mapgap.attributes.text_columns import TextColumn
from mapgap.errors import InputError
from mapgap.tables import Scalar

EXAMPLES = 3


@dataclass
class Collected:
    """The rows of known groups, and what was seen on the way."""

    cells: dict[int, Sequence[Cell]] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    meanings: dict[int, TextColumn] = field(default_factory=dict)
    nested: set[int] = field(default_factory=set)
    """Columns in which a value was no scalar."""
    rows: int = 0
    unknown: int = 0
    examples: list[str] = field(default_factory=list)

    def values(self, place: int) -> dict[int, Scalar]:
        """The scalars of one column by group; not of a nested one."""
        column = [cells[place] for cells in self.cells.values()]
        if place not in self.meanings:
            return dict(zip(self.cells, column, strict=True))  # type: ignore[arg-type]
        return dict(zip(self.cells, self.meanings[place].scalars(column), strict=True))  # type: ignore[arg-type]


def collect_rows(source: RowSource, key: str, target: Target, chosen: Mapping[int, str]) -> Collected:
    """All rows read, those of known groups kept; `chosen` are the columns that become attributes, by place.

    Raises InputError for a key that is missing, is none, or is given twice, for one that disagrees with another key
    column of its row, and for text that is no Unicode.
    """
    collected = Collected(meanings={place: TextColumn() for place in chosen} if source.is_text else {})
    key_place = source.columns.index(key)
    others = [(source.columns.index(other), other) for other in KEYS if other in source.columns and other != key]
    for where, cells in source.rows:
        collected.rows += 1
        _look_at(source, where, cells, chosen, collected)
        value = _key_value(source, where, key, cells[key_place])
        group = target.groups.get(value)
        if group is None:
            collected.unknown += 1
            if len(collected.examples) < EXAMPLES:
                collected.examples.append(str(value))
            continue
        if group in collected.places:
            what = f"{key} {shown_key(value)} is given twice, first in {collected.places[group]}"
            other = "" if key == "id" else "; rows of single annotations need a column id"
            raise InputError(what, file=source.name, where=where, fix=f"Keep one row for each {key}{other}")
        for place, other in others:
            _require_same_image(source, where, key, value, other, cells[place], target.images[group])
        collected.places[group], collected.cells[group] = where, cells
    return collected


def _look_at(
    source: RowSource, where: str, cells: Sequence[Cell], chosen: Mapping[int, str], collected: Collected
) -> None:
    """What columns mean depends on all rows; text that no file could hold is refused wherever it stands."""
    if source.is_text:
        for place, meaning in collected.meanings.items():
            meaning.see(cells[place])  # type: ignore[arg-type]
        return
    for place, name in chosen.items():
        cell = cells[place]
        if isinstance(cell, NoScalar):
            collected.nested.add(place)
        elif isinstance(cell, str) and not is_writable(cell):
            raise InputError(f"{shown_text(cell)} is no Unicode text", file=source.name, where=f"{where}: {name}")


def _key_value(source: RowSource, where: str, key: str, cell: Cell) -> Key:
    if cell is None or cell == "":
        raise InputError(f"the {key} is missing", file=source.name, where=where, fix=f"Give every row its {key}")
    value = _file_name(cell) if key == "file_name" else _whole_number(cell)
    if value is None:
        kind = "text" if key == "file_name" else "a whole number"
        what = f"{shown_key(cell)} is not {kind}"
        fix = f"Write the {key} as in the ground truth"
        raise InputError(what, file=source.name, where=f"{where}: {key}", fix=fix)
    return value


def _file_name(cell: Cell) -> str | None:
    return cell if isinstance(cell, str) else None


def _whole_number(cell: Cell) -> int | None:
    """Also of "000000000139", and of 139.0, which is what tools make of whole numbers where one is missing."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    text = str(cell).strip()
    whole, _, decimals = text.partition(".")
    digits = whole[1:] if whole[:1] in ("-", "+") else whole
    is_whole = digits.isascii() and digits.isdigit() and len(digits) <= 40 and not decimals.strip("0")
    return int(whole) if is_whole else None


def _require_same_image(
    source: RowSource, where: str, key: str, value: Key, other: str, cell: Cell, image: tuple[int, str | None]
) -> None:
    if cell is None or cell == "":
        return
    own: Key | None = image[0] if other == "image_id" else image[1]
    if own is None or _key_value(source, where, other, cell) == own:
        return
    what = f"{key} {shown_key(value)} is of {other} {shown_key(own)}, not {shown_key(cell)}"
    meaning = " (id is the id of an annotation)" if key == "id" else ""
    raise InputError(what, file=source.name, where=where, fix=f"Drop the column that is no key{meaning}")


def shown_key(value: Cell | Key) -> str:
    """A key as messages write it."""
    if value is NO_SCALAR:
        return "a list, an object or bytes"
    return shown_text(value) if isinstance(value, str) else str(value)
