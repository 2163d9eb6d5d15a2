"""What a gate reads of a summary.json, checked field by field."""

from collections.abc import Mapping
from os import PathLike

import msgspec

from mapgap.coco.broken_json import decode_text
from mapgap.coco.sources import read_json_text
from mapgap.coco_parameters import METRICS
from mapgap.errors import InputError
from mapgap.report.evaluation import SCHEMA
from mapgap.tables import Where

FIX = "Give the summary.json, or the folder, that mapgap report wrote"


class InputSummary(msgspec.Struct, frozen=True):
    """One of the two files a run was analysed from."""

    name: str
    sha256: str | None = None


class TruthSummary(InputSummary, frozen=True):
    """The ground truth, with its number of images."""

    images: int = msgspec.field(default=-1)


class InputsSummary(msgspec.Struct, frozen=True):
    """Both files."""

    ground_truth: TruthSummary
    detections: InputSummary


class JoinedSummary(msgspec.Struct, frozen=True):
    """The table of attributes that was joined."""

    name: str


class ClassThresholdSummary(msgspec.Struct, frozen=True):
    """The score threshold of one class."""

    id: int
    name: str
    score_threshold: float


class ThresholdsSummary(msgspec.Struct, frozen=True):
    """Score thresholds one a class."""

    classes: tuple[ClassThresholdSummary, ...]


class SettingsSummary(msgspec.Struct, frozen=True):
    """What the analysis was asked to do, as far as another run must do the same."""

    iou_type: str = "bbox"
    score_threshold: float | str | None = "best-f1"
    thresholds: ThresholdsSummary | None = None
    iou_threshold: float = 0.5
    bins: Mapping[str, tuple[float, ...]] = {}
    slices: Mapping[str, str] = {}
    attributes: JoinedSummary | None = None


class PointSummary(msgspec.Struct, frozen=True):
    """Counts and rates at the operating point."""

    score_threshold: float | None
    tp: int
    fp: int
    fn: int
    precision: float | None
    recall: float | None
    f1: float | None


class GapSummary(msgspec.Struct, frozen=True):
    """The gap 1 - AP."""

    total: float | None


class SliceSummary(msgspec.Struct, frozen=True):
    """One slice."""

    where: Where
    objects: int
    tp: int
    fp: int
    fn: int
    recall: float | None
    precision: float | None
    f1: float | None
    AP: float | None
    gap: float | None


class Summary(msgspec.Struct, frozen=True):
    """A summary.json; that of `mapgap evaluate --json` has no operating point, gap and slices."""

    schema: str
    inputs: InputsSummary
    coco: Mapping[str, float | None]
    settings: SettingsSummary = SettingsSummary()
    operating_point: PointSummary | None = None
    gap: GapSummary | None = None
    slices: tuple[SliceSummary, ...] = ()


def read_summary(path: str | PathLike[str]) -> Summary:
    """The summary; AccessError for an unreadable file, InputError for one that is none, with the field."""
    text = read_json_text(path, None)
    try:
        summary = decode_text(text, Summary)
    except msgspec.ValidationError as error:
        raise InputError(f"no summary of mapgap: {error}", file=text.name, fix=FIX) from None
    if summary.schema != SCHEMA:
        what = f"its schema is {summary.schema[:80]!r}, not {SCHEMA}"
        raise InputError(what, file=text.name, fix=FIX)
    missing = [name for name in METRICS if name not in summary.coco]
    if missing:
        raise InputError(f"no summary of mapgap: coco has no {missing[0]}", file=text.name, fix=FIX)
    return summary
