"""What one cause did at every address: members, errors, cost."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mapgap.tables import (
    CAUSES,
    DETECTION_POPULATION_CAUSES,
    GAP_CAUSES,
    NOT_AVAILABLE,
    NOT_AVAILABLE_BACKGROUND,
    Attribute,
    BoolArray,
    Debts,
    Detections,
    Errors,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    OperatingPoint,
)

BACKGROUND_KINDS = ("image", "geometry", "class")


@dataclass(frozen=True)
class Ledger:
    """One row an address that holds a member of the cause's population, an error or a debt of one cause."""

    cause: str
    attributes: tuple[Attribute, ...]
    """The attributes a hot spot of this cause may use, by name."""
    codes: tuple[IndexArray, ...]
    """The value at each address, one array an attribute; their number where it may not be a hot spot's ("n/a")."""
    place: IdArray
    """Each address: an annotation, or number of annotations + a detection; rising."""
    members: IdArray
    """Objects, or for duplicate and background kept detections, at each address."""
    errors: IdArray
    cost: FloatArray
    """Gap of the cause owed at each address; for causes that owe nothing, errors in its place."""
    error_rows: IdArray
    """Rows of `Errors` of this cause."""
    error_address: IdArray
    """Row of this table for each of `error_rows`."""

    @property
    def owes(self) -> bool:
        """Whether errors of this cause owe any of the gap."""
        return self.cause in GAP_CAUSES

    def contains(self, keys: tuple[int, ...], values: tuple[int, ...]) -> BoolArray:
        """Which addresses are in the slice; `keys` are positions in `attributes`, `values` their codes."""
        is_inside = np.asarray(self.codes[keys[0]] == values[0])
        for key, value in zip(keys[1:], values[1:], strict=True):
            is_inside &= self.codes[key] == value
        return is_inside

    def holders(self, keys: tuple[int, ...], values: tuple[int, ...]) -> NDArray[np.uint8]:
        """Which addresses in the slice hold a member or owe, a bit each: what tells slices of the same members apart.

        Debts count too, because detections that are not kept owe without being members.
        """
        return np.packbits(self.contains(keys, values) & self._holds)

    @cached_property
    def _holds(self) -> BoolArray:
        return np.asarray((self.members > 0) | (self.cost != 0))


@dataclass(frozen=True)
class Book:
    """The tables all ledgers are drawn from; addresses are annotations, then detections."""

    annotations: int
    image: IndexArray
    """Image of each address."""
    attributes: tuple[Attribute, ...]
    """By name."""
    objects: IdArray
    """Objects at each address: 1 or 0."""
    kept_detections: IdArray
    """Kept detections at each address."""
    errors: Errors
    error_address: IdArray
    debts: Debts
    debt_address: IdArray


def open_book(
    ground_truth: GroundTruth,
    detections: Detections,
    attributes: tuple[Attribute, ...],
    operating_point: OperatingPoint,
    errors: Errors,
    debts: Debts,
    detection_address: IndexArray,
) -> Book:
    """What the ledgers of all causes share; `detection_address` (D,) is the object each true positive matched."""
    annotations = len(ground_truth.ids)
    places = annotations + len(detection_address)
    by_name = tuple(sorted(attributes, key=lambda attribute: attribute.name))
    member_object = _member_object(operating_point, errors, detection_address)
    own = np.arange(len(member_object))
    member_address = _address(member_object, own, annotations)[operating_point.kept]
    objects = np.zeros(places, dtype=np.int64)
    objects[:annotations] = ground_truth.is_object
    return Book(
        annotations=annotations,
        image=np.concatenate([ground_truth.image, detections.image]),
        attributes=by_name,
        objects=objects,
        kept_detections=np.bincount(member_address, minlength=places).astype(np.int64),
        errors=errors,
        error_address=_address(errors.object, errors.detection, annotations),
        debts=debts,
        debt_address=_address(debts.object, debts.detection, annotations),
    )


def open_ledger(book: Book, cause: str) -> Ledger:
    """The ledger of one cause."""
    code = CAUSES.index(cause)
    population = book.kept_detections if cause in DETECTION_POPULATION_CAUSES else book.objects
    error_rows = np.flatnonzero(book.errors.cause == code)
    debt_rows = np.flatnonzero(book.debts.cause == code)
    error_place, debt_place = book.error_address[error_rows], book.debt_address[debt_rows]
    is_row = population > 0
    is_row[error_place] = True
    is_row[debt_place] = True
    rows = np.flatnonzero(is_row)
    # Only the places of rows are ever asked for.
    row_of_place = np.empty(len(population), dtype=np.int64)
    row_of_place[rows] = np.arange(len(rows))
    error_address = row_of_place[error_place]
    errors = np.bincount(error_address, minlength=len(rows)).astype(np.int64)
    gap = np.bincount(row_of_place[debt_place], weights=book.debts.gap[debt_rows], minlength=len(rows))
    cost = gap if cause in GAP_CAUSES else errors
    usable = tuple(a for a in book.attributes if cause != "background" or a.kind in BACKGROUND_KINDS)
    return Ledger(
        cause=cause,
        attributes=usable,
        codes=tuple(usable_codes(attribute, rows, book.annotations) for attribute in usable),
        place=rows,
        members=population[rows],
        errors=errors,
        cost=cost.astype(np.float64),
        error_rows=error_rows,
        error_address=error_address,
    )


def _member_object(operating_point: OperatingPoint, errors: Errors, detection_address: IndexArray) -> IndexArray:
    """(D,) the address of each kept detection: a true positive's object, the one an error points at, or -1."""
    member_object = np.where(operating_point.true_positive, detection_address, -1).astype(np.int32)
    is_false_positive = ~errors.is_false_negative
    member_object[errors.detection[is_false_positive]] = errors.object[is_false_positive]
    return member_object


def _address(object_index: IndexArray, detection_index: IndexArray | IdArray, annotations: int) -> IdArray:
    own = detection_index.astype(np.int64) + annotations
    return np.where(object_index >= 0, object_index.astype(np.int64), own)


def codes_at(attribute: Attribute, rows: IdArray, annotations: int) -> IndexArray:
    """The values at addresses, which rise."""
    objects = int(np.searchsorted(rows, annotations))
    of_detection = attribute.detection_codes[rows[objects:] - annotations]
    return np.concatenate([attribute.object_codes[rows[:objects]], of_detection])


def usable_codes(attribute: Attribute, rows: IdArray, annotations: int) -> IndexArray:
    """The values at addresses, which rise; one past the last for "n/a"."""
    codes = codes_at(attribute, rows, annotations)
    is_missing = np.array([value in (NOT_AVAILABLE, NOT_AVAILABLE_BACKGROUND) for value in attribute.values])
    if not is_missing.any():
        return codes
    usable = np.where(is_missing, len(is_missing), np.arange(len(is_missing))).astype(np.int32)
    return np.asarray(usable[codes])
