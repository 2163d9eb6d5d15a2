"""Findings of rows that are read as they stand but mislead: from counts and first rows of the kernel to words.

No NumPy here: columns are any buffers, memoryviews too, so that `mapgap evaluate` can do without it.
"""

from collections.abc import Mapping, Sequence

from mapgap import _kernel
from mapgap.coco_parameters import MAX_DETECTIONS
from mapgap.findings import Finding, Place

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself would be imported for nothing
    from typing import Any

    Odd = Mapping[str, tuple[int, Sequence[int]]]
    """Name -> (how many rows, the first of them)."""

TOLERANCE_PIXELS = 2.0
"""So far an annotation's box may reach beyond its image: rounding, and boxes that count pixels from 1."""
OVERHANG = 0.5
"""So much of its longer side a detection's box may reach beyond: detectors guess what they do not see."""
LARGEST_PERCENT = 100.0

SHARE_OF_PERCENT = 0.5

NEED_MORE = ("scores_equal", "detections_without_ground_truth", "detections_cut")
"""Oddities that take matching, or names of classes, to tell."""


class Extents:
    """Sizes of the images, in any order, and the place of each image in them."""

    __slots__ = ("height", "order", "width")

    def __init__(self, width: "Any", height: "Any", order: "Any"):
        self.width = width
        """(I,) pixels, NaN or 0 for unknown."""
        self.height = height
        self.order = order
        """(I,)"""


class ObjectRows:
    """The columns of annotations that are looked at; (N,) buffers, `box` (N, 4)."""

    __slots__ = ("area", "box", "category", "crowd", "ids", "image", "name", "record")

    def __init__(
        self,
        name: str,
        *,
        ids: "Any",
        record: "Any",
        image: "Any",
        category: "Any",
        box: "Any",
        area: "Any",
        crowd: "Any",
    ):
        self.name = name
        """Of the file."""
        self.ids = ids
        self.record = record
        """Place in the file's list; None where it is the row."""
        self.image = image
        self.category = category
        self.box = box
        self.area = area
        self.crowd = crowd

    def place(self, row: int, field: str) -> Place:
        """Where a row stands, with the value of the field that is odd."""
        record = row if self.record is None else int(self.record[row])
        identifier = int(self.ids[row])
        value = box_text(self.box, row) if field == "bbox" else f"{float(self.area[row]):g}"
        words = f"annotations[{record}] (id {identifier}), field {field!r}"
        return Place(words, record=record, identifier=identifier, value=value)


class DetectionRows:
    """The columns of detections that are looked at; (D,) buffers, `box` (D, 4)."""

    __slots__ = ("box", "category", "image", "name", "record", "score")

    def __init__(self, name: str, *, record: "Any", image: "Any", category: "Any", box: "Any", score: "Any"):
        self.name = name
        """Of the file."""
        self.record = record
        """Place in the file's list; None where it is the row."""
        self.image = image
        self.category = category
        self.box = box
        self.score = score

    def place(self, row: int, field: str | None = None) -> Place:
        """Where a row stands, with the value of the field that is odd."""
        record = row if self.record is None else int(self.record[row])
        value = f"{float(self.score[row]):g}" if field == "score" else box_text(self.box, row)
        return Place(f"detections[{record}]{'' if field is None else f', field {field!r}'}", record=record, value=value)


def odd_objects(rows: ObjectRows, extents: Extents) -> tuple[Finding, ...]:
    """What misleads among the annotations, one finding a kind."""
    odd = _kernel.examine_objects(
        rows.image, rows.box, rows.area, rows.crowd, extents.width, extents.height, extents.order, TOLERANCE_PIXELS
    )
    return tuple(_object_finding(rows, code, *odd[code]) for code in OBJECT_WORDS if code in odd)


def odd_detections(rows: DetectionRows, objects: ObjectRows, extents: Extents, categories: int) -> "Odd":
    """What is odd about the detections, as the kernel counts it, for `detection_findings`."""
    return _kernel.examine_detections(
        rows.image,
        rows.category,
        rows.box,
        rows.score,
        objects.category,
        objects.crowd,
        categories,
        extents.width,
        extents.height,
        extents.order,
        OVERHANG,
        MAX_DETECTIONS[-1],
    )


def detection_findings(rows: DetectionRows, odd: "Odd") -> tuple[Finding, ...]:
    """What misleads among the detections and can be told from them alone."""
    found = [_detection_finding(rows, code, *odd[code]) for code in DETECTION_WORDS if code in odd]
    return (*found, *_score_findings(rows, odd))


OBJECT_WORDS = {
    "box_without_size": (
        "bbox",
        "the box has no width or no height, so that no detection can match it",
        "Draw the box again or remove the annotation",
    ),
    "box_outside_image": (
        "bbox",
        "the box reaches beyond its image",
        "Look whether the box is of this image, and in pixels of it: [x, y, width, height]",
    ),
    "area_inconsistent": (
        "area",
        "the area is 0 or larger than the box, and decides in which size class the object counts",
        "Write the area in square pixels or leave the field out: it is then the box's",
    ),
}
DETECTION_WORDS = {
    "box_without_size": (
        "bbox",
        "the box has no width or no height, so that it can match nothing and counts as a false positive",
        "Remove such detections, or look whether boxes are written as corners: --box-format xyxy",
    ),
    "box_outside_image": (
        "bbox",
        "half of the box or more lies beyond its image",
        "Look whether the box is in pixels of the whole picture: [x, y, width, height]",
    ),
    "repeated_detections": (
        None,
        "image, class, box and score are those of an earlier detection: each copy counts as a false positive",
        "Remove the copies; results of several evaluation processes were perhaps joined with overlap",
    ),
}


def box_text(box: "Any", row: int) -> str:
    """The box as it stands in a message."""
    return f"[{', '.join(f'{float(box[row, side]):g}' for side in range(4))}]"


def _object_finding(rows: ObjectRows, code: str, count: int, first: Sequence[int]) -> Finding:
    field, message, fix = OBJECT_WORDS[code]
    examples = [rows.place(row, field) for row in first]
    return Finding(
        code,
        f"{examples[0].value}: {message}",
        file=rows.name,
        fix=fix,
        count=count,
        examples=examples,
        list_name="annotations",
        field=field,
    )


def _detection_finding(rows: DetectionRows, code: str, count: int, first: Sequence[int]) -> Finding:
    field, message, fix = DETECTION_WORDS[code]
    examples = [rows.place(row, field) for row in first]
    value = "" if field is None else f"{examples[0].value}: "
    return Finding(
        code,
        f"{value}{message}",
        file=rows.name,
        fix=fix,
        count=count,
        examples=examples,
        list_name="detections",
        field=field,
    )


def _score_findings(rows: DetectionRows, odd: "Odd") -> tuple[Finding, ...]:
    above, below = odd.get("scores_above_one", (0, ())), odd.get("scores_below_zero", (0, ()))
    if not above[0] and not below[0]:
        return ()
    places = [rows.place(row, "score") for row in above[1] or below[1]]
    extremes = float(min(rows.score)), float(max(rows.score))
    return (score_finding(rows.name, extremes, above[0], below[0], len(rows.score), places),)


def score_finding(
    name: str, extremes: "tuple[float, float]", above: int, below: int, total: int, places: "Sequence[Place]"
) -> Finding:
    """What scores beyond 0 to 1 look like, of which `above` are over 1 and `below` under 0."""
    lowest, highest = extremes
    code, what, command = "scores_beyond_one", "a probability is from 0 to 1", None
    if not below and highest <= LARGEST_PERCENT and above > SHARE_OF_PERCENT * total:
        code, what, command = "scores_in_percent", "they look like percent", "--score-format percent"
    elif below:
        code, what, command = "scores_are_logits", "they look like logits", "--score-format logit"
    return Finding(
        code,
        f"scores run from {lowest:g} to {highest:g}: {what}. AP looks at their order only, thresholds do not",
        file=name,
        fix="Write scores from 0 to 1",
        count=above + below,
        examples=places,
        list_name="detections",
        field="score",
        command=command,
        is_about_all=True,
    )
