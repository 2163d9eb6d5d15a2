"""A table of attributes, joined to annotations by id or to images by id or file name."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mapgap.attributes.csv_rows import csv_rows
from mapgap.attributes.expression_text import shown_text
from mapgap.attributes.join_targets import KEYS, Owner, Target, find_target
from mapgap.attributes.row_collecting import EXAMPLES, Collected, collect_rows, shown_key
from mapgap.attributes.row_source import RowSource
from mapgap.attributes.typed_rows import frame_rows, is_parquet, parquet_rows
from mapgap.errors import InputError
from mapgap.tables import GroundTruth, Notice, Scalar

IMAGE_FIELDS = frozenset(["width", "height", "license", "date_captured"])
ANNOTATION_FIELDS = frozenset(["category_id", "bbox", "area", "iscrowd", "segmentation", "ignore"])

NESTED = "its values are lists, objects or bytes"


@dataclass(frozen=True)
class Joined:
    """One value an annotation, or one an image, for each column of a joined table; None where it has no row."""

    key: str
    owner: Owner
    columns: Mapping[str, tuple[Scalar, ...]]
    notices: tuple[Notice, ...]


def join_table(source: object, ground_truth: GroundTruth, name: str) -> Joined:
    """The columns of a CSV file, a Parquet file (known by how it begins) or a DataFrame, where its key is known.

    The key is the column `id` (of an annotation), `image_id` or `file_name`; of several the first of these, and the
    others must name the same image. A row whose key the ground truth does not have is left out, and told in a notice;
    so are annotations or images without a row. What a column of a CSV file means is decided by all its rows.

    Raises InputError, naming line or row, column and value, for a table without key, attributes or rows, for a key
    that is given twice or is none, for rows of which none belongs to the ground truth, and for a file that is not what
    it should be; AccessError for one that cannot be read.
    """
    return join_rows(_open(source, name), ground_truth)


def _open(source: object, name: str) -> RowSource:
    if isinstance(source, str | os.PathLike):
        return parquet_rows(source, name) if is_parquet(source, name) else csv_rows(source, name)
    if hasattr(source, "columns") and hasattr(source, "iloc") and hasattr(source, "index"):
        return frame_rows(source, name)
    what = f"attributes cannot be a {type(source).__name__}"
    raise InputError(what, fix="Give the path of a CSV or Parquet file, or a pandas DataFrame")


def join_rows(source: RowSource, ground_truth: GroundTruth) -> Joined:
    """As `join_table`, from rows."""
    key = _key(source)
    target = find_target(key, ground_truth)
    chosen, left_out = _chosen_columns(source, target.owner)
    collected = collect_rows(source, key, target, chosen)
    _require_some(source, key, target, collected)
    nested = [_left_out(source, chosen.pop(place), NESTED) for place in sorted(collected.nested)]
    columns = {name: target.spread(collected.values(place)) for place, name in chosen.items()}
    notices = [*left_out, *nested, *_unmatched(source, key, target, collected)]
    return Joined(key, target.owner, columns, tuple(notices))


def _key(source: RowSource) -> str:
    for key in KEYS:
        if key in source.columns:
            return key
    shown = ", ".join(shown_text(name) for name in source.columns[:20])
    what = f"no column is called image_id, file_name or id; the columns are {shown or 'none'}"
    raise InputError(what, file=source.name, fix="Rename the column that says which image, or which annotation, it is")


def _chosen_columns(source: RowSource, owner: Owner) -> tuple[dict[int, str], list[Notice]]:
    """(place -> name of the columns that become attributes, notices about the others but the keys)."""
    chosen: dict[int, str] = {}
    notices = []
    own_fields = IMAGE_FIELDS if owner == "image" else ANNOTATION_FIELDS
    for place, name in enumerate(source.columns):
        if name in KEYS:
            continue
        if not name:
            notices.append(_left_out(source, f"number {place + 1}", "it has no name"))
        elif name in own_fields or (owner == "image" and name.lower().endswith("url")):
            notices.append(_left_out(source, name, f"COCO keeps it for {owner}s"))
        else:
            chosen[place] = name
    if not chosen:
        what = f"there is nothing to join: no column besides {', '.join(name for name in source.columns if name)}"
        raise InputError(what, file=source.name, fix="Add a column for each attribute")
    return chosen, notices


def _left_out(source: RowSource, name: str, reason: str) -> Notice:
    message = f"the column {name!r} of {source.name} is no attribute: {reason}"
    return Notice("attribute_left_out", message, 1)


def _require_some(source: RowSource, key: str, target: Target, collected: Collected) -> None:
    if not collected.rows:
        raise InputError("there is a header but no row", file=source.name, fix=f"Write one row for each {key}")
    if collected.cells or not target.groups:
        return
    known = ", ".join(shown_key(value) for value in list(target.groups)[:EXAMPLES])
    given = ", ".join(shown_text(text) if key == "file_name" else text for text in collected.examples)
    has = f"it has {given}, the ground truth {known}"
    what = f"no row of {collected.rows:,} has the {key} of anything in the ground truth: {has}"
    meaning = ". id is the id of an annotation; call the id of an image image_id" if key == "id" else ""
    raise InputError(what, file=source.name, fix=f"Write the {key} as in the ground truth{meaning}")


def _unmatched(source: RowSource, key: str, target: Target, collected: Collected) -> Iterator[Notice]:
    if collected.unknown:
        message = f"rows of {source.name} have a key {key} that the ground truth has not; they are left out"
        yield Notice("joined_rows_unknown", message, collected.unknown, tuple(collected.examples))
    without = [
        group
        for group, is_counted in zip(target.group_of, target.is_counted, strict=True)
        if is_counted and group not in collected.cells
    ]
    if without:
        things = "objects" if target.owner == "annotation" else "images"
        message = f"{things} have no row in {source.name}; their joined attributes are n/a"
        name_of = {group: str(value) for value, group in target.groups.items()}
        examples = tuple(name_of[group] for group in without[:EXAMPLES] if group >= 0)
        yield Notice("joined_rows_missing", message, len(without), examples)
