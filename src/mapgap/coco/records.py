"""One list of records as it was given, and what turns out to be wrong with it while it is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec
import numpy as np

from mapgap.coco.complaints import LEFT_OUT, Complaints
from mapgap.coco.fields import CODES, EXPECTED, FIXES, IDENTIFIERS
from mapgap.coco.sources import JsonText
from mapgap.coco.values import is_beyond_numbers, is_long_integer, loosely, shown
from mapgap.findings import Place
from mapgap.tables import BoolArray


@dataclass
class Records:
    """One list of records as it was given, with what turned out to be wrong with it; open while it is read.

    A *row* is a place among `content`, a *record* the place in the file's list: they part where bad records were
    taken out of `content`.
    """

    file: str
    list_name: str
    content: bytes | msgspec.Raw | Sequence[object]
    text: JsonText | None = None
    """The file's text where the list is all of it: its syntax has not been checked yet."""
    places: Sequence[int] | None = None
    """Record of each row, where they part."""
    complaints: Complaints = field(init=False)
    bad_rows: set[int] = field(default_factory=set)
    """Rows that mean nothing, found after decoding."""

    def __post_init__(self) -> None:
        self.complaints = Complaints(self.file, self.list_name)

    def record(self, row: int) -> int:
        """The place in the file's list."""
        return int(row if self.places is None else self.places[row])

    def where(self, row: int, identifier: object = None, field: str | None = None) -> str:
        """The place of a record in words: `annotations[17] (id 42), field 'bbox'`."""
        return self.place(self.record(row), identifier, field).words

    def place(self, record: int, identifier: object = None, field: str | None = None, value: object = None) -> Place:
        """The place of a record, for a finding."""
        label = f"{self.list_name}[{record}]"
        label += "" if identifier is None else f" (id {identifier})"
        words = label if field is None else f"{label}, field {field!r}"
        text = None if value is None else shown(value)
        return Place(words, record=record, identifier=identifier, value=text)

    def refuse(self, row: int, identifier: object, field: str, value: object, *, lenient: str = LEFT_OUT) -> None:
        """Complains of a field whose value has no meaning."""
        self._mark(row, lenient)
        self.refuse_record(self.record(row), identifier, field, value, lenient=lenient)

    def complain(
        self,
        code: str,
        row: int,
        what: Callable[[], str],
        *,
        identifier: object = None,
        field: str | None = None,
        value: object = None,
        fix: str | None,
        lenient: str = LEFT_OUT,
    ) -> None:
        """Complains of a row in words of one's own; `what` is asked for those of the first rows."""
        self._mark(row, lenient)
        place = partial(self.place, self.record(row), identifier, field, value)
        self.complaints.add(code, lambda: (what(), place()), fix=fix, field=field, lenient=lenient)

    def refuse_record(self, record: int, identifier: object, field: str, value: object, *, lenient: str) -> None:
        """The same as `refuse` by the place in the file's list, for records that become no row."""
        code = CODES.get(field, "attribute_invalid")
        if is_beyond_numbers(loosely(value)) and not (field in IDENTIFIERS and is_long_integer(value)):
            code = "number_not_finite"
        self.complaints.add(
            code,
            lambda: (
                f"{shown(value)} is not {EXPECTED.get(field, 'what COCO has here')}",
                self.place(record, identifier, field, value),
            ),
            fix=FIXES.get(field),
            field=field,
            lenient=lenient,
        )

    def kept(self, rows: int) -> BoolArray:
        """(rows,) which rows no complaint leaves out."""
        is_kept = np.ones(rows, dtype=np.bool_)
        is_kept[list(self.bad_rows)] = False
        return is_kept

    def _mark(self, row: int, lenient: str) -> None:
        if lenient == LEFT_OUT:
            self.bad_rows.add(int(row))
