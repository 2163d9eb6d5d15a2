"""The baseline of a gate: the report folder of an earlier run, or its summary.json alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.analysis.baseline_summary import FIX, Summary, read_summary
from mapgap.analysis.exchanging import restore
from mapgap.errors import InputError
from mapgap.report.parquet import read_columns
from mapgap.tables import BoolArray, FloatArray, IdArray

BOX = ("x", "y", "width", "height")
IDENTIFIERS = {"image_id": "BIGINT", "category_id": "BIGINT"}
NUMBERS = dict.fromkeys(BOX, "DOUBLE")
OBJECT_COLUMNS = {
    "object_id": "BIGINT",
    **IDENTIFIERS,
    **NUMBERS,
    "area": "DOUBLE",
    "detection_score": "DOUBLE",
    "outcome": "VARCHAR",
}
DETECTION_COLUMNS = {
    "detection": "BIGINT",
    **IDENTIFIERS,
    **NUMBERS,
    "score": "DOUBLE",
    "outcome": "VARCHAR",
    "kept": "BOOLEAN",
}
TABLES = ("objects.parquet", "detections.parquet")


@dataclass(frozen=True)
class BaselineObjects:
    """One row an object of the baseline, in file order."""

    ids: IdArray
    image_id: IdArray
    category_id: IdArray
    box: FloatArray
    area: FloatArray
    detection_score: FloatArray
    """Of the detection that matched it at the analysis IoU, whatever its score; NaN without one."""
    found: BoolArray
    """At the operating point of the report."""


@dataclass(frozen=True)
class BaselineDetections:
    """One row a detection of the baseline, in file order."""

    record: IdArray
    image_id: IdArray
    category_id: IdArray
    box: FloatArray
    score: FloatArray
    outcome: NDArray[Any]
    """(D,) texts: tp, fp, ignored or cut at the analysis IoU, whatever the score."""
    kept: BoolArray
    """At the operating point of the report."""


@dataclass(frozen=True)
class Baseline:
    """What is known of the earlier run."""

    summary: Summary
    tables: tuple[BaselineObjects, BaselineDetections] | None
    """None where there is a summary alone."""

    @property
    def kind(self) -> str:
        """What it was read from."""
        return "summary" if self.tables is None else "report"


def read_baseline(path: str | PathLike[str]) -> Baseline:
    """The baseline in a report folder, or in a summary.json.

    Raises InputError for a folder that is no report and for files that are none of ours, AccessError for unreadable
    ones.
    """
    place = Path(path)
    if not place.is_dir():
        return Baseline(read_summary(place), None)
    restore(place)
    missing = [name for name in ("summary.json", *TABLES) if not (place / name).exists()]
    if "summary.json" in missing:
        raise InputError("no report folder: it holds no summary.json", file=place.name or str(place), fix=FIX)
    if missing:
        what = f"the report folder holds no {missing[0]}"
        fix = "Copy it whole, or give its summary.json to compare without intervals"
        raise InputError(what, file=place.name or str(place), fix=fix)
    summary = read_summary(place / "summary.json")
    return Baseline(summary, (_objects(place / TABLES[0]), _detections(place / TABLES[1])))


def _objects(path: Path) -> BaselineObjects:
    columns = read_columns(path, OBJECT_COLUMNS)
    box = _finite_boxes(columns, path)
    return BaselineObjects(
        columns["object_id"],
        columns["image_id"],
        columns["category_id"],
        box,
        columns["area"],
        columns["detection_score"],
        np.asarray(columns["outcome"] == "tp", dtype=np.bool_),
    )


def _detections(path: Path) -> BaselineDetections:
    columns = read_columns(path, DETECTION_COLUMNS)
    box = _finite_boxes(columns, path)
    if not np.isfinite(columns["score"]).all():
        row = int(np.argmin(np.isfinite(columns["score"])))
        raise InputError("a score is no number", file=path.name, where=f"row {row}", fix=FIX)
    return BaselineDetections(
        columns["detection"],
        columns["image_id"],
        columns["category_id"],
        box,
        columns["score"],
        columns["outcome"],
        columns["kept"].astype(np.bool_),
    )


def _finite_boxes(columns: Mapping[str, NDArray[Any]], path: Path) -> FloatArray:
    """(R, 4) boxes, xywh."""
    box = np.stack([columns[name] for name in BOX], axis=1).astype(np.float64)
    is_finite = np.isfinite(box).all(axis=1)
    if not is_finite.all():
        raise InputError("a box is no box", file=path.name, where=f"row {int(np.argmin(is_finite))}", fix=FIX)
    return box
